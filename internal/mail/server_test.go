package mail_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"cognito-enroll/internal/mail"
	"cognito-enroll/internal/secret"
)

// received is a message that a server has taken.
type received struct {
	from, to string
	private  bool // over TLS
	user     string
	data     []byte
}

// server is a real SMTP server on loopback.
type server struct {
	t      testing.TB
	smtp   *smtp.Server
	port   int
	roots  *x509.CertPool
	refuse error // what it says to the addressee

	mu       sync.Mutex
	mails    []received
	sessions int
	secrets  []string // passwords that were tried
}

type serverOptions struct {
	implicit, startTLS bool
	refuse             error
}

const smtpPassword = "the-mail-server's-password"

func openServer(t testing.TB, opts serverOptions) *server {
	t.Helper()
	s := &server{t: t, refuse: opts.refuse}
	s.smtp = smtp.NewServer(s)
	s.smtp.Domain, s.smtp.AllowInsecureAuth = "mail.test", true
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = 10*time.Second, 10*time.Second
	certificates := httptest.NewUnstartedServer(nil) // only for its certificate, which is for 127.0.0.1
	certificates.StartTLS()
	t.Cleanup(certificates.Close)
	s.roots = x509.NewCertPool()
	s.roots.AddCert(certificates.Certificate())
	config := &tls.Config{Certificates: certificates.TLS.Certificates} //nolint:gosec // the client says what it wants
	if opts.startTLS {
		s.smtp.TLSConfig = config
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	if opts.implicit {
		listener = tls.NewListener(listener, config)
	}
	go func() { _ = s.smtp.Serve(listener) }()
	t.Cleanup(func() { _ = s.smtp.Close() })
	return s
}

// at is how the mailer is told of the server.
func (s *server) at(how mail.TLS, user bool) mail.Server {
	server := mail.Server{Host: "127.0.0.1", Port: s.port, TLS: how, Roots: s.roots}
	if user {
		server.Username, server.Password = "portal", secret.New(smtpPassword)
	}
	return server
}

func (s *server) taken() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails
}

// NewSession implements smtp.Backend.
func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	_, private := c.TLSConnectionState()
	if _, ok := c.Conn().(*tls.Conn); ok {
		private = true
	}
	return &session{server: s, mail: received{private: private}}, nil
}

// session is one connection.
type session struct {
	server *server
	mail   received
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.secrets = append(s.server.secrets, password)
		if user != "portal" || password != smtpPassword {
			return errors.New("no")
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.refuse != nil {
		return s.server.refuse
	}
	if s.mail.to != "" {
		return errors.New("one addressee is enough")
	}
	s.mail.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.data = bytes.Clone(data)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	s.mail.to = ""
	return nil
}

func TestServersThatAreTaken(t *testing.T) {
	for name, test := range map[string]struct {
		opts serverOptions
		how  mail.TLS
		user bool
	}{
		"TLS from the first byte":    {serverOptions{implicit: true}, mail.Implicit, true},
		"STARTTLS":                   {serverOptions{startTLS: true}, mail.StartTLS, true},
		"STARTTLS without a user":    {serverOptions{startTLS: true}, mail.StartTLS, false},
		"loopback":                   {serverOptions{}, mail.Plain, false},
		"loopback with a user":       {serverOptions{}, mail.Plain, true},
		"loopback that could do TLS": {serverOptions{startTLS: true}, mail.Plain, false},
	} {
		s := openServer(t, test.opts)
		if err := mailer(t, s.at(test.how, test.user)).Notify(t.Context(), link("en")); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := s.taken()
		if len(got) != 1 || got[0].private != (test.how != mail.Plain) || (got[0].user != "") != test.user || got[0].to != "ada@example.test" || got[0].from != "mfa@northwind.test" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestServersThatAreNot(t *testing.T) {
	for name, test := range map[string]struct {
		opts   serverOptions
		change func(*mail.Server)
	}{
		"no STARTTLS":                {serverOptions{}, func(s *mail.Server) { s.TLS = mail.StartTLS }},
		"a stranger's certificate":   {serverOptions{startTLS: true}, func(s *mail.Server) { s.TLS, s.Roots = mail.StartTLS, x509.NewCertPool() }},
		"another host's certificate": {serverOptions{startTLS: true}, func(s *mail.Server) { s.TLS, s.Host = mail.StartTLS, "localhost" }},
		"no TLS where it should be":  {serverOptions{}, func(s *mail.Server) { s.TLS = mail.Implicit }},
		"wrong password":             {serverOptions{startTLS: true}, func(s *mail.Server) { s.TLS, s.Password = mail.StartTLS, secret.New("wrong") }},
		"the addressee is refused": {serverOptions{startTLS: true, refuse: &smtp.SMTPError{
			Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<ada@example.test> is unknown here",
		}}, func(s *mail.Server) { s.TLS = mail.StartTLS }},
		"nobody is there": {serverOptions{}, func(s *mail.Server) { s.TLS, s.Port = mail.Plain, 1 }},
	} {
		s := openServer(t, test.opts)
		at := s.at(mail.StartTLS, true)
		test.change(&at)
		err := mailer(t, at).Notify(t.Context(), link("en"))
		if err == nil || len(s.taken()) != 0 {
			t.Errorf("%s: %v, %d taken", name, err, len(s.taken()))
			continue
		}
		for _, canary := range []string{"ada@", smtpPassword, "secret-locator", "secret-token"} {
			if strings.Contains(err.Error(), canary) {
				t.Errorf("%s: %q is in the error %v", name, canary, err)
			}
		}
		if name != "wrong password" && name != "the addressee is refused" && len(s.secrets) != 0 {
			t.Errorf("%s: a password was sent", name)
		}
	}
}

func TestParseServer(t *testing.T) {
	for text, want := range map[string]mail.Server{
		"smtps://mail.example.com":               {Host: "mail.example.com", Port: 465, TLS: mail.Implicit},
		"smtps://mail.example.com:2465/":         {Host: "mail.example.com", Port: 2465, TLS: mail.Implicit},
		"smtp://mail.example.com":                {Host: "mail.example.com", Port: 587, TLS: mail.StartTLS},
		"smtp://u%40x:p%3Aw%2F@mail.example.com": {Host: "mail.example.com", Port: 587, TLS: mail.StartTLS, Username: "u@x", Password: secret.New("p:w/")},
		"smtp://127.0.0.1:1025":                  {Host: "127.0.0.1", Port: 1025, TLS: mail.Plain},
		"smtp://localhost":                       {Host: "localhost", Port: 25, TLS: mail.Plain},
		"smtp://[::1]:2525":                      {Host: "::1", Port: 2525, TLS: mail.Plain},
		"smtps://127.0.0.1":                      {Host: "127.0.0.1", Port: 465, TLS: mail.Implicit},
		"smtp://localhost.example.com":           {Host: "localhost.example.com", Port: 587, TLS: mail.StartTLS},
		"":                                       {},
		"mail.example.com":                       {},
		"http://mail.example.com":                {},
		"smtp://":                                {},
		"smtp://user@mail.example.com":           {},
		"smtp://:password@mail.example.com":      {},
		"smtp://mail.example.com/inbox":          {},
		"smtp://mail.example.com?starttls=none":  {},
		"smtp://mail.example.com:0":              {},
		"smtp://mail.example.com:65536":          {},
		"smtp://user:hunter2@mail.example.com:" + strconv.Itoa(1<<20): {},
		"smtp://user:hunter2@mail example.com":                        {},
	} {
		got, err := mail.ParseServer(secret.New(text))
		if (err == nil) != (want.Host != "") {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the password is in the error", text)
		}
		if err == nil && (got.Host != want.Host || got.Port != want.Port || got.TLS != want.TLS || got.Username != want.Username || got.Password.Reveal() != want.Password.Reveal()) {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}
