package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"cognito-enroll/bench/stub"
	"cognito-enroll/internal/totp"
)

// bench has everything running, and the rows so far.
type bench struct {
	options options
	log     io.Writer
	dir     string // gone afterwards
	pool    *stub.Pool
	poolURL *httptest.Server
	users   atomic.Int64
	running []*server

	portal, inMemory, naive, node, hello *server // node is nil without Node

	rows  []row
	costs []row

	busyBefore, busyAfter float64 // others' part of the processors' time
}

// newBench starts the pool and the servers. Each of them has one processor: what it does in a second of CPU time is
// then what one core can do, and Node has no more anyway.
func newBench(ctx context.Context, o options, log io.Writer) (*bench, error) {
	b := &bench{options: o, log: log, pool: stub.New()}
	b.poolURL = httptest.NewServer(b.pool)
	var err error
	if b.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return nil, errors.Join(err, b.close())
	}
	for server, program := range map[**server]program{
		&b.portal: b.portalProgram("1"), &b.inMemory: b.program("inmemory", "1", "/sign-in"),
		&b.naive: b.program("naive", "1", "/login"), &b.hello: b.program("hello", "1", "/"),
	} {
		if *server, err = b.start(ctx, program); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	if o.node == "" {
		b.note("no Node: its rows are left out")
		return b, nil
	}
	if b.node, err = b.start(ctx, b.nodeProgram()); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) close() error {
	var all []error
	for _, s := range b.running {
		all = append(all, s.stop())
	}
	b.poolURL.Close()
	return errors.Join(append(all, os.RemoveAll(b.dir))...)
}

func (b *bench) start(ctx context.Context, p program) (*server, error) {
	s, err := start(ctx, p)
	if err == nil {
		b.running = append(b.running, s)
	}
	return s, err
}

func (b *bench) note(format string, args ...any) {
	_, _ = fmt.Fprintf(b.log, format+"\n", args...) // a terminal
}

// program is one of ours in a directory of its own. processors "" is as many as there are.
func (b *bench) program(name, processors, ready string) program {
	p := program{
		name: name, path: filepath.Join(b.options.programs, name), args: []string{"-listen", "{address}"}, ready: ready,
		dir: filepath.Join(b.dir, strconv.FormatInt(b.users.Add(1), 10)),
	}
	p.env = []string{"HOME=" + p.dir}
	if processors != "" {
		p.env = append(p.env, "GOMAXPROCS="+processors)
	}
	if name == "naive" {
		p.args = append(p.args, "-endpoint", b.poolURL.URL)
	}
	return p
}

// portalProgram is the portal as released, at the pool, with its store in a file.
func (b *bench) portalProgram(processors string) program {
	p := b.program("portal", processors, "/sign-in")
	p.args = append(p.args, "-auth-flow", "password", "-session-validity", "15m", "-support", "Need help? Call the service desk: 555 0100")
	p.env = append(p.env, "COGNITO_USER_POOL_ID=eu-central-1_Bench0001", "COGNITO_CLIENT_ID=bench", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+b.poolURL.URL,
		"COGNITO_QUOTA_SIGN_IN=100000", "COGNITO_QUOTA_UPDATES=100000", // a pool that takes all that come: nobody waits in line
		"PORTAL_TRUSTED_PROXIES=127.0.0.0/8") // every visitor has a network of his own, as far as limits go
	return p
}

func (b *bench) nodeProgram() program {
	return program{
		name: "node", path: "/usr/bin/env", args: []string{"node", "server.js", "{port}", b.poolURL.URL}, ready: "/login", dir: b.options.node,
		env: []string{"PATH=" + os.Getenv("PATH"), "NODE_ENV=production"},
	}
}

// visitors are so many new browsers.
func (b *bench) visitors(at site, count int) []*visitor {
	all := make([]*visitor, count)
	for i := range all {
		all[i] = b.visitor(at, nil)
	}
	return all
}

func (b *bench) visitor(at site, c *conn) *visitor {
	n := b.users.Add(1)
	return &visitor{site: at, conn: c, user: fmt.Sprintf("user-%07d@example.com", n), from: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)}
}

// ready brings visitors as far as the QR code, which they have not seen yet.
func (b *bench) ready(ctx context.Context, s *server, all []*visitor) error {
	_, err := work{server: s, conns: 16, units: len(all), unit: func(c *conn, i int) error {
		v := all[i]
		v.conn = c
		if err := v.enter(v.setUp); err != nil {
			return err
		}
		if v.picture == "" { // fetches the key with its first page
			return v.view()
		}
		if err := v.see(v.setUp); err != nil {
			return err
		}
		v.page = v.last.body
		return nil
	}}.measure(ctx, 0)
	return err
}

// by makes a unit of work out of what a visitor does, each visitor in turn. What he learns is forgotten: his turn may
// come again on another connection before he is done.
func by(all []*visitor, do func(*visitor) error) func(*conn, int) error {
	return func(c *conn, i int) error {
		v := *all[i%len(all)]
		v.conn, v.cookies = c, v.cookies.clone()
		return do(&v)
	}
}

// pages are the scan page's rows.
func (b *bench) pages(ctx context.Context) error {
	// By the time that a fresh visitor's turn comes again, the portal has forgotten his picture.
	fresh, again := b.visitors(ours, b.options.visitors), b.visitors(ours, 64)
	naive, node := b.visitors(theirs, 64), b.visitors(theirs, 64)
	if err := errors.Join(b.ready(ctx, b.portal, fresh), b.ready(ctx, b.portal, again), b.ready(ctx, b.naive, naive)); err != nil {
		return err
	}
	if err := again[0].revisit(ctx, b.portal); err != nil {
		return err
	}
	hello := func(queries ...string) func(*conn, int) error {
		return func(c *conn, _ int) error {
			for _, query := range queries {
				if _, err := c.do(http.MethodGet, "/?bytes="+query, "", "", ""); err != nil {
					return err
				}
			}
			return nil
		}
	}
	page, picture := strconv.Itoa(len(again[0].page)), strconv.Itoa(len(again[0].last.body))
	draw := "&draw=" + url.QueryEscape(totp.URI("Northwind", again[0].user, strings.Repeat("KRSXG5CT", 6)+"KRSQ"))
	units := b.options.units
	all := []work{
		{"scan page and QR code, first view", b.portal, 64, len(fresh), by(fresh, (*visitor).view)},
		{"naive: scan page", b.naive, 64, units * 2, by(naive, (*visitor).view)},
		{"(drawn again)", b.portal, 64, 64, by(again, (*visitor).view)},
		{"page and QR code again", b.portal, 64, units * 20, by(again, (*visitor).view)},
		{"page again", b.portal, 64, units * 20, by(again, func(v *visitor) error { return v.see(v.setUp) })},
		{"wrong code", b.portal, 64, units * 20, by(again, (*visitor).mistype)},
		{"hello, and go-qrcode's Bitmap()", b.hello, 64, units * 4, hello(page+draw, picture)},
		{"hello: page", b.hello, 64, units * 40, hello(page)},
		{"hello: page and picture", b.hello, 64, units * 40, hello(page, picture)},
	}
	if b.node != nil {
		if err := b.ready(ctx, b.node, node); err != nil {
			return err
		}
		all = append(all, work{"Node: scan page", b.node, 64, units, by(node, (*visitor).view)})
	}
	r, err := b.takeTurns(ctx, all)
	if err != nil {
		return err
	}
	b.spent(r, all, "(drawn again)")
	ofNaive := func(name string) spans { return pairs(r[name], r["naive: scan page"], cost) }
	b.atMost("scan page and its QR code, first view, CPU ÷ naive", ofNaive("scan page and QR code, first view"), 0.42, "%.2f")
	b.limit("… the least it could be: hello, and go-qrcode's Bitmap()", ofNaive("hello, and go-qrcode's Bitmap()"), "%.2f")
	b.atMost("page again, with the QR code: CPU ÷ naive", ofNaive("page and QR code again"), 0.03, "%.3f")
	b.atMost("… the page alone: CPU ÷ naive", ofNaive("page again"), 0.03, "%.3f")
	b.atMost("… a wrong code, by htmx: CPU ÷ naive", ofNaive("wrong code"), 0.03, "%.3f")
	b.atMost("page again, with the QR code: CPU ÷ hello for both", pairs(r["page and QR code again"], r["hello: page and picture"], cost), 4, "%.1f")
	b.atMost("… the page alone: CPU ÷ hello", pairs(r["page again"], r["hello: page"], cost), 4, "%.1f")
	b.atMost("… a wrong code, by htmx: CPU ÷ hello", pairs(r["wrong code"], r["hello: page"], cost), 4, "%.1f")
	return nil
}

// revisit looks at the page once, so that it is known.
func (v *visitor) revisit(ctx context.Context, s *server) error {
	var err error
	if v.conn, err = dial(ctx, s.address); err != nil {
		return err
	}
	defer v.conn.close()
	return v.view()
}

// enrollments are the rows of the whole way, from signing in to done.
func (b *bench) enrollments(ctx context.Context) error {
	enroll := func(at site) func(*conn, int) error {
		return func(c *conn, _ int) error { return b.visitor(at, c).enroll() }
	}
	units := b.options.units
	all := []work{
		{"enrollment", b.portal, 64, units * 2, enroll(ours)},
		{"naive: enrollment", b.naive, 64, units, enroll(theirs)},
		{"enrollment, pool in memory", b.inMemory, 64, units * 2, enroll(ours)},
	}
	if b.node != nil {
		all = append(all, work{"Node: enrollment", b.node, 64, max(1, units/2), enroll(theirs)})
	}
	r, err := b.takeTurns(ctx, all)
	if err != nil {
		return err
	}
	b.spent(r, all)
	b.atLeast("full enrollment, per core-second ÷ naive", pairs(r["enrollment"], r["naive: enrollment"], yield), 2.4)
	if b.node != nil {
		b.atLeast("full enrollment, per core-second ÷ Node", pairs(r["enrollment"], r["Node: enrollment"], yield), 6.5)
	}
	b.atLeast("full enrollment, pool in memory ÷ naive", pairs(r["enrollment, pool in memory"], r["naive: enrollment"], yield), 3.5)
	return nil
}

// calls counts what the pool is asked.
func (b *bench) calls(ctx context.Context) error {
	c, err := dial(ctx, b.portal.address)
	if err != nil {
		return err
	}
	defer c.close()
	v, token := b.visitor(ours, c), b.visitor(ours, c)
	token.user = "token-" + token.user
	counts := make(map[string]int)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"from sign-in to done", b.visitor(ours, c).enroll},
		{"", func() error { return v.enter(v.setUp) }},
		{"reload twice, wrong code", func() error { return errors.Join(v.view(), v.view(), v.mistype()) }},
		{"", func() error { return token.enter("/authenticator") }},
		{"token path after sign-in", func() error {
			return errors.Join(token.see("/authenticator"), token.begin(), token.view(), token.finish())
		}},
	} {
		before := b.called()
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		counts[step.name] = b.called() - before
	}
	b.exactly("calls to the pool, from sign-in to done", counts["from sign-in to done"], 4)
	b.exactly("… on the token path, after signing in", counts["token path after sign-in"], 3)
	b.exactly("… for two reloads and a wrong code", counts["reload twice, wrong code"], 0)
	return nil
}

// begin presses the button of the review page.
func (v *visitor) begin() error {
	v.page = v.last.body
	return v.ask(http.MethodPost, "/authenticator/start", "flow="+v.flow(), "", http.StatusSeeOther, v.setUp)
}

func (b *bench) called() int {
	sum := 0
	for _, count := range b.pool.Calls() {
		sum += count
	}
	return sum
}
