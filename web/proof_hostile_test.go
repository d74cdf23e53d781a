package web_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// Requests that no browser sends, to every route, in every state of a visit: whatever they are, none is answered with
// 5xx, nothing panics, no secret comes back or is logged, and nothing is changed in pool or store.
func TestProofHostileRequests(t *testing.T) {
	began := prove.Begin()
	file := filepath.Join(t.TempDir(), "portal.db")
	p := openPortal(t, withDesk, func(o *portalOptions) { o.store, o.storeTimeout = "sqlite:"+file, patience })
	for _, name := range []string{"ada", "grace"} {
		p.addUser(name, userpool.StateNew)
	}
	p.addAgent("dana", "desk")
	grace := p.browser()
	grace.signIn("grace", password).at("/set-up").submit("/set-up/verify", "code", p.code(grace.key())).at("/done")
	agent := p.browser()
	agent.deskSignIn("dana")
	ada := p.browser()
	ada.signIn("ada", password).at("/set-up")
	key := ada.key()
	h := &hostility{portal: p, routes: hostileRoutes(p), secrets: map[string]string{"password": password, "key": key, "api key": apiKey}}
	for _, b := range []*browser{ada, grace, agent} {
		v := visit{cookies: b.cookies(), token: b.page.Attr(`input[name="flow"]`, "value")}
		h.visits = append(h.visits, v)
		for name, value := range v.cookies {
			h.secrets["cookie "+name+" of "+value[:8]] = value[len(value)/2:][:24]
		}
	}
	p.calls()
	before := storeDump(t, file)
	h.storm(prove.Times(1_000_000, 10_000))
	p.sweepLog(h)

	if after := storeDump(t, file); !maps.Equal(before, after) {
		for table := range after {
			if before[table] != after[table] {
				t.Errorf("table %s has changed:\n%s\n%s", table, before[table], after[table])
			}
		}
	}
	harmless := []string{"InitiateAuth", "ForgotPassword", "ConfirmForgotPassword", "ConfirmSignUp", "ResendConfirmationCode", "AdminGetUser", "ListUsers", "AdminListGroupsForUser", "AdminListUserAuthEvents"}
	for operation, count := range h.calls {
		if !slices.Contains(harmless, operation) {
			t.Errorf("%d calls of %s", count, operation)
		}
	}
	ada.get("/set-up").submit("/set-up/verify", "code", p.code(key)).at("/done") // it was all still there
	began.Record(t, prove.Row{
		What: "hostile requests over all routes: methods, paths, headers, cookies, forms", Goal: "1,000,000: no 5xx, no panic, no secret, no state changed",
		Reached: fmt.Sprintf("%d requests to %d routes, %d of them answered with a page of a form or flow; %d with 5xx", h.sent.Load(), len(h.routes), h.pages.Load(), h.failed.Load()),
		Met:     h.sent.Load() >= 1_000_000 && h.failed.Load() == 0,
	})
}

// visit is what an attacker may have got hold of.
type visit struct {
	cookies map[string]string
	token   string
}

type hostility struct {
	*portal

	routes  []string // method and path
	visits  []visit
	secrets map[string]string

	sent, pages, failed atomic.Int64
	mu                  sync.Mutex
	calls               map[string]int
}

func hostileRoutes(p *portal) []string {
	server := p.handler.Load()
	fill := strings.NewReplacer(":locator", strings.Repeat("A", 26), ":token", strings.Repeat("B", 40), ":id", "7", ":file", "logo.svg", ":account", "ada", ":user", "ada")
	var routes []string
	for _, path := range server.Pages() {
		routes = append(routes, "GET "+fill.Replace(path))
	}
	for _, post := range server.Posts() {
		routes = append(routes, fill.Replace(post))
	}
	return append(routes, "GET /healthz", "GET /readyz", "GET /static/css/portal.css", "GET /brand/x", "GET /api/v1/openapi.json", "GET /.well-known/change-password", "GET /nope")
}

// storm sends so many, from as many goroutines as there are processors to wait for.
func (h *hostility) storm(count int) {
	h.t.Helper()
	h.calls = map[string]int{}
	began := h.clock.Now()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			m := &mutator{Rand: rand.New(rand.NewPCG(uint64(worker), 5)), h: h} //nolint:gosec // reproducible
			for n := h.sent.Add(1); n <= int64(count); n = h.sent.Add(1) {
				m.attack()
				if n%10 == 0 { // the visits last, though the desk moves the clock whenever a link is tried
					h.clock.advance(began.Add(100 * time.Second * time.Duration(n) / time.Duration(count)).Sub(h.clock.Now()))
				}
				if n%5000 == 0 {
					h.mu.Lock()
					for operation := range strings.FieldsSeq(h.portal.calls()) {
						h.calls[operation]++
					}
					h.sweepLog(h)
					h.mu.Unlock()
				}
				if n%100_000 == 0 {
					h.t.Logf("%d of %d", n, count)
				}
			}
		})
	}
	all.Wait()
	h.sent.Store(int64(count))
	for operation := range strings.FieldsSeq(h.portal.calls()) {
		h.calls[operation]++
	}
}

// sweepLog looks for secrets and panics in what was logged since the last time, and forgets it.
func (p *portal) sweepLog(h *hostility) {
	p.log.mu.Lock()
	log := bytes.Clone(p.log.buf.Bytes())
	p.log.buf.Reset()
	p.log.mu.Unlock()
	if bytes.Contains(log, []byte(`"msg":"panic"`)) {
		p.t.Errorf("a panic: %.3000s", log[bytes.Index(log, []byte(`"msg":"panic"`)):])
	}
	for what, text := range h.secrets {
		for form, encoded := range sweeptest.Encodings(text) {
			if bytes.Contains(log, []byte(encoded)) {
				p.t.Errorf("the log has the %s (%s)", what, form)
			}
		}
	}
}

// mutator makes hostile requests.
type mutator struct {
	*rand.Rand
	h *hostility
}

func (m *mutator) one(of ...string) string { return of[m.IntN(len(of))] }

func (m *mutator) chance(percent int) bool { return m.IntN(100) < percent }

// bytes are some that nobody expects.
func (m *mutator) bytes(atMost int) string {
	b := make([]byte, m.IntN(atMost+1))
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return string(b)
}

func (m *mutator) text() string {
	switch m.IntN(8) {
	case 0:
		return m.bytes(40)
	case 1:
		return strings.Repeat(m.one("A", "%00", "é", "😀", "../", "\x00", " "), m.IntN(3000))
	case 2:
		return fmt.Sprintf("%06d", m.IntN(1_000_000))
	}
	return m.one("", "nobody", "null", "-1", "1e309", "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "%2e%2e%2f", "a\r\nSet-Cookie: x=1",
		"\u202e", "٣٤٥٦٧٨", "１２３４５６", "\xff\xfe", "AAAA-AAAA", "true", "[]", "javascript:alert(1)", "//evil.example", `\\evil.example`, "https://evil.example/")
}

// attack sends one and looks at the answer.
func (m *mutator) attack() {
	method, path, _ := strings.Cut(m.h.routes[m.IntN(len(m.h.routes))], " ")
	v := m.h.visits[m.IntN(len(m.h.visits))]
	r := &http.Request{Method: method, Header: http.Header{}, Host: "127.0.0.1", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	own := strings.TrimPrefix(m.h.server.URL, "https://")
	r.Host = own
	body, harmless := "", true
	// Of cookie, token and origin at least one is not the visitor's, where a request could have an effect.
	token, origin, cookies := v.token, "https://"+own, maps.Clone(v.cookies)
	switch spoilt := m.IntN(5); {
	case method == http.MethodGet && cookies["__Host-desk"] == "":
	case spoilt == 0:
		cookies = nil
	case spoilt == 1:
		token = m.one("", strings.Repeat("0", 32), m.bytes(32), v.token+"x")
	case spoilt == 2:
		origin = m.one("https://evil.example", "null", "http://"+own, "https://"+own+".evil.example")
	default:
		for name, value := range cookies {
			at := m.IntN(len(value))
			cookies[name] = m.one(value[:at], value[:at]+"A"+value[at:], value[:at]+m.one("~", "=", "!", "\xff")+value[min(at+1, len(value)):], "1~", "3"+value, m.bytes(60))
		}
		harmless = false // its bytes are no visitor's: nothing of his may come back
	}
	if cookies == nil {
		harmless = false
	}
	if cookies["__Host-desk"] != "" && token == v.token && origin == "https://"+own { // an agent's pages have their own token
		token = "x"
	}
	form := url.Values{"flow": {token}}
	for range m.IntN(6) {
		form.Add(m.one("username", "password", "code", "device", "again", "return_to", "method", "ticket", "reason", "proof", "account", "piece", "resend", "", "flow[]", "__proto__", m.bytes(8)), m.text())
	}
	if method != http.MethodGet {
		body = form.Encode()
	}
	m.distort(r, &path, &body)
	target, err := url.ParseRequestURI(path)
	if err != nil || target.Host != "" { // a server answers that by itself
		return
	}
	r.URL, r.RequestURI = target, path
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	if m.chance(10) {
		r.ContentLength = -1
	}
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:%d", m.IntN(256), m.IntN(256), m.IntN(256), 1+m.IntN(65535))
	r.Header.Set("Origin", origin)
	if site := m.one("", "same-origin", "same-site", "cross-site", "none"); site != "" {
		if origin != "https://"+own {
			site = m.one("cross-site", "same-site") // a browser tells no lies
		}
		r.Header.Set("Sec-Fetch-Site", site)
	}
	var line []string
	for name, value := range cookies {
		line = append(line, name+"="+value)
	}
	if m.chance(5) {
		line = append(line, line...)
	}
	if m.chance(3) {
		line = append(line, strings.Repeat("x=y; ", m.IntN(4000)))
	}
	if len(line) > 0 {
		r.Header.Set("Cookie", strings.Join(line, "; "))
	}
	m.judge(r, harmless)
}

// distort changes whatever else a request has.
func (m *mutator) distort(r *http.Request, path, body *string) {
	if m.chance(25) {
		r.Method = m.one("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X", m.one("A", "B")+strings.Repeat("Z", 100))
	}
	if m.chance(20) {
		*path = m.one("/", "//", "/%2e%2e", "/.", "/%00", "/\\", "") + *path + m.one("", "/", "/..", "%2f", "%00", ";a=b", "/%ff", "?x=y", "?code=123456&password=x", "?"+url.QueryEscape(m.text()), "?%zz", "#")
	}
	kind := "application/x-www-form-urlencoded"
	if m.chance(25) {
		kind = m.one("", "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded, x", "a/b; c=\"", kind+"\x80")
		*body = m.one(*body, `{"code":"123456"}`, "--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n1\r\n--x--", m.bytes(200), strings.Repeat("a=b&", m.IntN(5000)), "code=1;device=2", "code=%zz", "%")
	}
	r.Header.Set("Content-Type", kind)
	for range m.IntN(5) {
		name := m.one("Accept-Language", "Accept-Encoding", "User-Agent", "HX-Request", "HX-Request-Type", "HX-Current-URL", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
			"X-HTTP-Method-Override", "Range", "If-None-Match", "If-Modified-Since", "Referer", "Traceparent", "Authorization", "Idempotency-Key", "Content-Encoding", "Transfer-Encoding", "Sec-Purpose", "Upgrade", "Forwarded")
		r.Header.Set(name, strings.Map(headerByte, m.one(m.text(), "true", "gzip", "bytes=0-1", "de-DE,de;q=0.9,*;q=0", "Bearer "+m.bytes(30), "00-"+strings.Repeat("a", 32)+"-"+strings.Repeat("b", 16)+"-01", "10.0.0.1, ::1, x")))
	}
	if m.chance(3) {
		r.Host = m.one("evil.example", "", "127.0.0.1:1", "[::1]", "a b")
	}
}

// headerByte drops what no server takes in a header.
func headerByte(b rune) rune {
	if b < ' ' || b == 0x7f {
		return -1
	}
	return b
}

func (m *mutator) judge(r *http.Request, intact bool) {
	w := &answerOf{header: http.Header{}}
	m.h.handler.Load().ServeHTTP(w, r)
	if w.status == http.StatusOK || w.status == http.StatusUnprocessableEntity {
		m.h.pages.Add(1)
	}
	if w.status >= http.StatusInternalServerError {
		if m.h.failed.Add(1) < 5 {
			log := m.h.log.String()
			m.h.t.Errorf("status %d: %s %q %v\n%s", w.status, r.Method, r.RequestURI, r.Header, log[max(0, len(log)-2000):])
		}
	}
	answer := w.body.Bytes()
	for what, text := range m.h.secrets {
		inBody := bytes.Contains(answer, []byte(text)) || what == "key" && bytes.Contains(answer, []byte(sweeptest.InFours(text)))
		if inBody && !intact || strings.Contains(fmt.Sprint(w.header["Location"]), text) {
			m.h.t.Errorf("the %s came back: %s %q", what, r.Method, r.RequestURI)
		}
	}
}

// answerOf is an answer without the checks that httptest's recorder adds.
type answerOf struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answerOf) Header() http.Header { return a.header }

func (a *answerOf) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answerOf) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// storeDump is the store's tables but those that count tries.
func storeDump(t *testing.T, file string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	texts := func(query string) (list []string) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, _ := rows.Columns()
		for rows.Next() {
			row := make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
			if err := rows.Scan(row...); err != nil {
				t.Fatal(err)
			}
			line := ""
			for _, value := range row {
				line += fmt.Sprint(*value.(*any), "|")
			}
			list = append(list, strings.TrimSuffix(line, "|"))
		}
		return list
	}
	all := map[string]string{}
	for _, table := range texts(`SELECT name FROM sqlite_master WHERE type = 'table'`) {
		if table != "throttles" && table != "shared" {
			all[table] = strings.Join(texts(`SELECT * FROM "`+table+`"`), "\n")
		}
	}
	return all
}
