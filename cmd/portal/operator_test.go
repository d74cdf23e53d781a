package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"cognito-enroll/internal/session"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/internal/webhook"
)

// office is an organisation: a pool, a store, a mail server, a ticket system, and the settings of its portal.
type office struct {
	t    *testing.T
	pool *userpool.Pool
	file string // the store
	env  []string

	secrets *sweeptest.Secrets
	log     io.Writer

	told  chan struct{} // one for each hook
	mu    sync.Mutex
	mails []string
	hooks []string
}

const ticketKey = "the-ticket-system's-key"

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, file: filepath.Join(t.TempDir(), "portal.db"), told: make(chan struct{}, 100)}
	var err error
	o.pool, err = userpool.New(userpool.Options{MFA: userpool.MFAOn, SessionValidity: 15 * time.Minute, AccessKeyID: "local", SecretAccessKey: "local"})
	o.must(err)
	o.secrets = sweeptest.Of(t)
	o.secrets.Store("sqlite:" + o.file)
	cognito := httptest.NewServer(o.secrets.Handler(o.pool))
	t.Cleanup(cognito.Close)
	tickets := httptest.NewServer(http.HandlerFunc(o.takeHook))
	t.Cleanup(tickets.Close)
	info := o.pool.Info()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	o.env = []string{
		"COGNITO_USER_POOL_ID", info.UserPoolID, "COGNITO_CLIENT_ID", info.ClientID, "AWS_REGION", info.Region,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", cognito.URL, "COGNITO_MFA", "on",
		"PORTAL_STORE", "sqlite:" + o.file, "PORTAL_PUBLIC_URL", "https://mfa.example.com", "PORTAL_LINK_KEY", session.NewKey().Encode().Reveal(),
		"PORTAL_DESK_GROUPS", "desk=agent,desk-leads=lead", "PORTAL_PRIVILEGED_GROUPS", "finance", "PORTAL_DEADLINES", "staff=2020-01-01",
		"PORTAL_SMTP_URL", "smtp://" + o.openMail(), "PORTAL_MAIL_FROM", "mfa@example.com",
		"PORTAL_WEBHOOK_URL", tickets.URL, "PORTAL_WEBHOOK_SECRETS", webhook.NewSecret().Encode().Reveal(), "SUDO_USER", "olivia",
	}
	o.log = o.secrets.Log(t.Output())
	o.secrets.Artefact("webhooks", func() []byte { return []byte(strings.Join(o.hooks, "\n")) })
	o.secrets.Artefact("mails", func() []byte { return []byte(strings.Join(o.mails, "\n")) }, sweeptest.Link) // their address, see mail
	key, _ := o.run("api-key", "tickets", "-scopes", "invites")
	printed := regexp.MustCompile(`application: +(\S+)\n.*KEYS: +(\S+)`).FindStringSubmatch(key)
	o.env = append(o.env, "PORTAL_API_KEYS", printed[2], ticketKey, printed[1])
	for i := 0; i+1 < len(o.env); i += 2 {
		o.secrets.Settings(o.env[i] + "=" + o.env[i+1])
	}
	for name, groups := range map[string][]string{"ada": {"staff"}, "alan": {"staff"}, "cfo": {"finance"}} {
		o.must(o.pool.AddUser(userpool.User{
			Username: name, Password: "Correct-Horse-9", Groups: groups, Attributes: map[string]string{"email": name + "@example.test", "email_verified": "true"},
		}))
	}
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// run is the real command line.
func (o *office) run(args ...string) (stdout string, err error) {
	o.t.Helper()
	var out bytes.Buffer
	err = run(o.t.Context(), args, environment(o.env...), &out, o.log)
	return out.String(), err
}

// done is run for commands that must succeed.
func (o *office) done(args ...string) string {
	o.t.Helper()
	out, err := o.run(args...)
	if err != nil {
		o.t.Fatalf("portal %q: %v", args, err)
	}
	return out
}

// without is the office's settings but one.
func (o *office) without(name string) []string {
	i := slices.Index(o.env, name)
	return slices.Concat(o.env[:i], o.env[i+2:])
}

// serve starts the portal, and answers its address. The command line works beside it, on the same file.
func (o *office) serve() string {
	o.t.Helper()
	ctx, stop := context.WithCancel(o.t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"serve", "-listen", "127.0.0.1:0", "-drain-delay", "0s"}, environment(o.env...), write, o.log)
		_ = write.Close()
		ended <- err
	}()
	o.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			o.t.Errorf("serve: %v", err)
		}
	})
	line := make([]byte, 4096)
	n, err := read.Read(line)
	o.must(err)
	go func() { _, _ = io.Copy(io.Discard, read) }()
	return "http://" + regexp.MustCompile(`listens on (\S+)`).FindStringSubmatch(string(line[:n]))[1]
}

func (o *office) takeHook(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		o.t.Error(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hooks = append(o.hooks, string(body))
	o.told <- struct{}{}
}

// openMail starts a mail server, and answers where.
func (o *office) openMail() string {
	o.t.Helper()
	server := smtp.NewServer(o)
	listener, err := (&net.ListenConfig{}).Listen(o.t.Context(), "tcp", "127.0.0.1:0")
	o.must(err)
	go func() { _ = server.Serve(listener) }()
	o.t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// NewSession implements smtp.Backend.
func (o *office) NewSession(*smtp.Conn) (smtp.Session, error) { return postman{o}, nil }

type postman struct{ *office }

func (postman) Reset()                               {}
func (postman) Logout() error                        { return nil }
func (postman) Mail(string, *smtp.MailOptions) error { return nil }
func (postman) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (p postman) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, string(text))
	return err
}

func TestInviteMakesALinkThatThePortalKnows(t *testing.T) {
	o := openOffice(t)
	address := o.serve()
	out := o.done("invite", "ada", "-ticket", "INC-1", "-reason", "new employee", "-proof", "in person", "-for", "30m", "-lang", "de", "-mail")
	link := regexp.MustCompile(`  https://mfa\.example\.com/i/([0-9a-z]{26})\n`).FindStringSubmatch(out)
	piece := regexp.MustCompile(`\n  ([0-9A-Z]{4}-[0-9A-Z]{4})\n`).FindStringSubmatch(out)
	if link == nil || piece == nil || !strings.Contains(out, "▀") || !strings.Contains(out, "Link 1 for ada, until ") {
		t.Fatalf("got %s", out)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1/invites/1", nil)
	o.must(err)
	key, _ := environment(o.env...)(ticketKey)
	r.Host = "mfa.example.com"
	r.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(r)
	o.must(err)
	defer answer.Body.Close()
	var invite struct {
		Status, Agent, Ticket, Language string
		CreatedAt                       time.Time `json:"created_at"`
		ExpiresAt                       time.Time `json:"expires_at"`
	}
	o.must(json.NewDecoder(answer.Body).Decode(&invite))
	if invite.Status != "live" || !strings.HasPrefix(invite.Agent, "cli:olivia") || invite.Language != "de" || invite.ExpiresAt.Sub(invite.CreatedAt).Round(time.Second) != 30*time.Minute {
		t.Errorf("the portal knows %+v", invite)
	}
	o.mu.Lock()
	if len(o.mails) != 1 || !strings.Contains(o.mails[0], "To: <ada@example.test>") || !strings.Contains(o.mails[0], "Richten Sie") {
		t.Errorf("%d mails: %s", len(o.mails), o.mails)
	}
	if strings.Contains(strings.Join(o.mails, ""), piece[1]) {
		t.Error("the characters are in the mail")
	}
	o.mu.Unlock()
	if quiet := o.done("invite", "ada", "-ticket", "INC-1", "-reason", "again", "-proof", "in person", "-qr=false"); strings.Contains(quiet, "▀") {
		t.Errorf("with -qr=false: %s", quiet)
	}
	trail := o.done("audit", "export")
	if !strings.Contains(trail, `"actor":"cli:olivia as `) || !strings.Contains(trail, `"action":"make link"`) || strings.Contains(trail, link[1]) || strings.Contains(trail, piece[1]) {
		t.Errorf("the audit trail: %s", trail)
	}
	<-o.told
	<-o.told
	o.mu.Lock()
	defer o.mu.Unlock()
	if all := strings.Join(o.hooks, " "); len(o.hooks) != 2 || !strings.Contains(all, `"type":"link.made"`) || strings.Contains(all, link[1]) {
		t.Errorf("the ticket system was told %s", all)
	}
}

func TestWhatInviteRefuses(t *testing.T) {
	o := openOffice(t)
	o.makeStore()
	good := []string{"-ticket", "INC-1", "-reason", "lost", "-proof", "in person"}
	for _, test := range []struct {
		what string
		args []string
		want string
	}{
		{"no account", good, "exit status 2"},
		{"two accounts", append([]string{"ada", "alan"}, good...), "exit status 2"},
		{"no ticket", []string{"ada", "-reason", "lost", "-proof", "in person"}, "say -ticket"},
		{"no reason", []string{"ada", "-ticket", "1", "-proof", "in person"}, "say -reason"},
		{"no proof", []string{"ada", "-ticket", "1", "-reason", "lost"}, "say -proof"},
		{"nobody", append([]string{"nobody"}, good...), "no_such_account"},
		{"a year", append([]string{"ada", "-for", "8760h"}, good...), "PORTAL_LINK_LIFETIMES"},
		{"Klingon", append([]string{"ada", "-lang", "tlh"}, good...), "one of those that the portal speaks"},
		{"privileged", append([]string{"cfo"}, good...), "-request"},
		{"unknown flag", append([]string{"ada", "-now"}, good...), "flags"},
	} {
		out, err := o.run(append([]string{"invite"}, test.args...)...)
		if err == nil || !strings.Contains(err.Error(), test.want) || out != "" {
			t.Errorf("%s: %v, want %q; printed %q", test.what, err, test.want, out)
		}
	}
	if out := o.done(append([]string{"invite", "cfo", "-request"}, good...)...); !strings.Contains(out, "Request 1 waits") || !strings.Contains(out, "-approval 1") {
		t.Errorf("asked: %s", out)
	}
	if _, err := o.run(append([]string{"invite", "cfo", "-approval", "1"}, good...)...); err == nil || !strings.Contains(err.Error(), "needs_approval") {
		t.Errorf("with an approval that nobody gave: %v", err)
	}
}

// makeStore makes the file, as the portal's first start does.
func (o *office) makeStore() {
	o.t.Helper()
	o.must(os.WriteFile(o.file, nil, 0o600))
}

func TestTheCommandLineNeedsThePortalsSettings(t *testing.T) {
	o := openOffice(t)
	commands := [][]string{{"invite", "ada", "-ticket", "1", "-reason", "r", "-proof", "p"}, {"ledger"}, {"audit", "export"}, {"audit", "verify"}}
	refused := func(want string, env []string) {
		t.Helper()
		for _, args := range commands {
			if err := run(t.Context(), args, environment(env...), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("portal %q: %v, want a word of %s", args, err, want)
			}
		}
	}
	refused("PORTAL_STORE: no store at", o.env)
	if _, err := os.Stat(o.file); err == nil {
		t.Error("a store was made")
	}
	o.makeStore()
	for _, name := range []string{"PORTAL_DESK_GROUPS", "PORTAL_PUBLIC_URL", "PORTAL_LINK_KEY"} {
		refused(name, o.without(name))
	}
	refused("COGNITO_USER_POOL_ID", nil)

	var lines []string // the same settings, in a file that a flag names
	for i := 0; i < len(o.env); i += 2 {
		if slices.ContainsFunc(settings(), func(s setting) bool { return s.env == o.env[i] }) {
			lines = append(lines, o.env[i]+"="+o.env[i+1])
		}
	}
	file := settingsFile(t, lines...)
	for _, args := range commands {
		o.must(run(t.Context(), append(args, "-config", file), environment(), io.Discard, t.Output()))
	}
}

func TestLedgerCounts(t *testing.T) {
	o := openOffice(t)
	o.makeStore()
	if out := o.done("ledger"); !strings.Contains(out, "run this with -sweep") {
		t.Errorf("before the first sweep: %s", out)
	}
	out := o.done("ledger", "-sweep", "-calls", "100")
	for _, want := range []string{`\(everybody\) +- +0 +0 +1 +0 +2 +0`, `staff +2020-01-01 +0 +0 +0 +0 +2 +0`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if _, err := o.run("ledger", "-sweep"); err == nil || !strings.Contains(err.Error(), "try again in") {
		t.Errorf("a second sweep: %v", err)
	}
	if rows := strings.Split(strings.TrimSpace(o.done("ledger", "-csv")), "\r\n"); len(rows) != 4 || !strings.HasPrefix(rows[1], "ada,staff,overdue,2020-01-01T00:00:00Z,") {
		t.Errorf("rows %q", rows)
	}
	for _, args := range [][]string{{"ledger", "ada"}, {"ledger", "-calls", "-1"}, {"ledger", "-nonsense"}} {
		if _, err := o.run(args...); err == nil {
			t.Errorf("portal %q is done", args)
		}
	}
}

func TestAuditNamesTheFirstBrokenEntry(t *testing.T) {
	o := openOffice(t)
	o.makeStore()
	for i := range 3 {
		o.done("invite", "ada", "-ticket", fmt.Sprintf("INC-%d", i), "-reason", "r", "-proof", "p", "-qr=false")
	}
	verdict := o.done("audit", "verify")
	if !regexp.MustCompile(`^12 entries, unbroken; the last one's hash is [0-9a-f]{64}\n$`).MatchString(verdict) {
		t.Errorf("verify: %s", verdict)
	}
	exported := o.done("audit", "export")
	lines := strings.SplitAfter(exported, "\n")
	lines = lines[:len(lines)-1]
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	verify := func(lines []string) error {
		o.must(os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
		return run(t.Context(), []string{"audit", "verify", file}, environment(), io.Discard, io.Discard) // no settings needed
	}
	if err := verify(lines); err != nil {
		t.Errorf("as exported: %v", err)
	}
	for entry := 1; entry <= len(lines); entry++ {
		changed := slices.Clone(lines)
		changed[entry-1] = strings.Replace(changed[entry-1], `"detail":"`, `"detail":"x`, 1)
		if err := verify(changed); err == nil || err.Error() != fmt.Sprintf("audit entry %d: was changed", entry) {
			t.Errorf("entry %d changed: %v", entry, err)
		}
		if err := verify(slices.Delete(slices.Clone(lines), entry-1, entry)); entry < len(lines) && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("entry %d:", entry))) {
			t.Errorf("entry %d dropped: %v", entry, err)
		}
	}
	db, err := sql.Open("sqlite", o.file)
	o.must(err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `UPDATE audit SET actor = 'cli:somebody else' WHERE seq = 5`)
	o.must(err)
	if _, err := o.run("audit", "verify"); err == nil || !strings.Contains(err.Error(), "audit entry 5: was changed") {
		t.Errorf("changed in the database: %v", err)
	}
	for _, args := range [][]string{{"audit"}, {"audit", "sing"}, {"audit", "export", "x"}, {"audit", "verify", filepath.Join(t.TempDir(), "missing")}} {
		if _, err := o.run(args...); err == nil {
			t.Errorf("portal %q is done", args)
		}
	}
}
