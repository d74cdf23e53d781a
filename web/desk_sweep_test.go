package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/mail"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/internal/webhook"
)

// mailServer is a real one, on loopback, that keeps what it is given.
type mailServer struct {
	mu    sync.Mutex
	mails []string
}

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (*mailServer) Reset()                                        {}
func (*mailServer) Logout() error                                 { return nil }
func (*mailServer) Mail(string, *smtp.MailOptions) error          { return nil }
func (*mailServer) Rcpt(string, *smtp.RcptOptions) error          { return nil }

func (m *mailServer) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, string(text))
	return err
}

// mailer writes to the server as the portal does.
func (m *mailServer) mailer(t *testing.T) helpdesk.Notifier {
	t.Helper()
	server := smtp.NewServer(m)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	languages, err := i18n.New()
	must(err)
	look, err := brand.Load(nil, languages, brand.Settings{Name: "Northwind"})
	must(err)
	parsed, err := mail.ParseServer(secret.New("smtp://" + listener.Addr().String()))
	must(err)
	mailer, err := mail.New(mail.Options{
		Server: parsed, From: netmail.Address{Address: "mfa@northwind.test"}, PublicURL: &url.URL{Scheme: "https", Host: "mfa.northwind.test"},
		Brand: func() *brand.Brand { return look }, Now: time.Now,
	})
	must(err)
	return mailer
}

// TestNothingSecretLeavesTheDesk is a new employee and a lost phone, with all that the desk says on the way: its answers,
// mails, webhooks, the log and the database file hold no key, code, password, token or cookie; and what opens a link is only
// where it has to be.
func TestNothingSecretLeavesTheDesk(t *testing.T) {
	file, mails := filepath.Join(t.TempDir(), "portal.db"), &mailServer{}
	p := openPortal(t, func(o *portalOptions) {
		o.store, o.outbox = "sqlite:"+file, webhook.NewOutbox()
		o.desk = &deskOptions{policy: helpdesk.Policy{Mode: helpdesk.PolicyTicket}, notifier: mails.mailer(t)}
	})
	p.addAgent("dana", "admins")
	p.addCaller("alice", userpool.StateNew)
	var said bytes.Buffer // by the desk
	agent, caller := p.browser(), p.browser()
	agent.heard = &said
	agent.deskSignIn("dana")
	secrets := map[string]string{"password": password, "agent's key": agentKey, "token": "eyJ", "agent's cookie": agent.cookies()["__Host-desk"]}
	codes := []string{}
	opens := map[string]string{}
	finish := func(name, path, piece string) {
		opens[name+"'s locator"], opens[name+"'s piece"], opens[name+"'s piece, unbroken"] = strings.TrimPrefix(path, "/i/"), piece, strings.ReplaceAll(piece, "-", "")
		caller.opens(path, piece).at("/prepare").get("/sign-in").submit("/sign-in", "username", "alice", "password", password).at("/set-up")
		key := caller.key()
		secrets[name+"'s key"], secrets[name+"'s cookie"] = key, caller.cookies()["__Host-enroll"]
		wrong, right := p.codeAt(key, p.clock.Now().Add(-4*time.Minute)), p.code(key)
		codes = append(codes, wrong, right)
		caller.submit("/set-up/verify", "code", wrong).status(http.StatusUnprocessableEntity)
		agent.get(agent.path())
		caller.submit("/set-up/verify", "code", right).at("/done")
		agent.get(agent.path())
	}
	path, piece := agent.makesLink("alice")
	agent.submit(agent.path()+"/mail").text(".msg.ok", "on its way")
	finish("first", path, piece)

	p.clock.advance(time.Hour)
	agent.deskSignIn("dana")
	at := agent.lookedUp("alice").path()
	agent.get(at+"/lost-phone").submit(at+"/lost-phone", "ticket", "HD-2", "reason", "stolen", "proof", "called back").text(".msg.ok", "All parts are done")
	agent.get(agent.page.Attr(".row a.btn", "href"))
	path, piece = agent.handedOut()
	finish("second", path, piece)
	for _, page := range []string{"/desk", at, at + "/trail", "/desk/approvals", "/desk/coverage", "/desk/audit"} {
		agent.get(page).status(http.StatusOK)
	}
	for _, download := range []string{"/desk/coverage.csv", "/desk/audit.jsonl"} {
		agent.get("/desk").deskRequest(http.MethodPost, download, nil).status(http.StatusOK)
	}

	sinks := map[string]string{"the desk's answers": said.String(), "the log": p.log.String(), "the mails": "", "the webhooks": ""}
	deliveries, err := p.store.TakeDeliveries(t.Context(), 1000, time.Hour)
	p.must(err)
	for _, d := range deliveries {
		sinks["the webhooks"] += string(d.Body)
	}
	mails.mu.Lock()
	for _, text := range mails.mails {
		sinks["the mails"] += strings.ReplaceAll(text, "=\r\n", "") // quoted-printable breaks lines
	}
	mails.mu.Unlock()
	for _, name := range []string{file, file + "-wal"} {
		raw, err := os.ReadFile(name)
		p.must(err)
		sinks[filepath.Base(name)] = string(raw)
	}
	for name, text := range sinks {
		if len(text) < 500 {
			t.Errorf("%s are %d bytes: nothing was tested", name, len(text))
		}
		for what, value := range secrets {
			forms := map[string]string{"as it is": value}
			if len(value) > 6 {
				forms = sweeptest.Encodings(value)
			}
			for form, encoded := range forms {
				if strings.Contains(text, encoded) {
					t.Errorf("%s: %s (%s)", name, what, form)
				}
			}
		}
		for _, code := range codes { // within longer numbers it is chance
			if regexp.MustCompile(fmt.Sprintf(`(^|[^0-9A-Za-z.])%s([^0-9A-Za-z]|$)`, code)).MatchString(text) {
				t.Errorf("%s: the code %s", name, code)
			}
		}
		for what, value := range opens {
			there := strings.Contains(strings.ToLower(text), strings.ToLower(value))
			// The agent reads both out; the mail has the first link's address.
			allowed := name == "the desk's answers" || name == "the mails" && what == "first's locator"
			if there && !allowed {
				t.Errorf("%s: %s", name, what)
			}
		}
	}
}
