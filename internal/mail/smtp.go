package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"cognito-enroll/internal/secret"
)

// Server is a mail server that takes our messages.
type Server struct {
	Host     string
	Port     int
	TLS      TLS
	Username string
	Password secret.Text
	Roots    *x509.CertPool // nil: the system's
	Hello    string         // what we call ourselves; "": this machine's name
}

// TLS says how the connection is kept private.
type TLS uint8

// The ways.
const (
	Implicit TLS = iota // from the first byte: smtps
	StartTLS            // before anything else is said; without it nothing is sent
	Plain               // not at all: on loopback alone
)

// sendTimeout bounds a message's way to the server, for which a request waits.
const sendTimeout = 15 * time.Second

// ParseServer reads smtps://USER:PASSWORD@HOST:PORT or smtp://…, which is StartTLS, or Plain on loopback. User, password
// and port may be left out: the ports are 465 and 587, and 25 on loopback. Errors do not repeat the text.
func ParseServer(text secret.Text) (Server, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil || u.Hostname() == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return Server{}, errors.New("want smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:PORT")
	}
	s := Server{Host: u.Hostname(), Username: u.User.Username()}
	password, _ := u.User.Password()
	s.Password = secret.New(password)
	switch {
	case u.Scheme == "smtps":
		s.TLS, s.Port = Implicit, 465
	case u.Scheme == "smtp" && loopback(s.Host):
		s.TLS, s.Port = Plain, 25
	case u.Scheme == "smtp":
		s.TLS, s.Port = StartTLS, 587
	default:
		return Server{}, errors.New("want a URL that begins with smtps:// or smtp://")
	}
	if (s.Username == "") != s.Password.IsZero() {
		return Server{}, errors.New("want user and password, or neither")
	}
	if u.Port() != "" {
		if s.Port, err = strconv.Atoi(u.Port()); err != nil || s.Port < 1 || s.Port > 65535 {
			return Server{}, errors.New("want a port from 1 to 65535")
		}
	}
	return s, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// send hands a letter to the server.
func (s Server) send(ctx context.Context, l letter) error {
	msg, err := l.message()
	if err != nil {
		return err
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return withoutAddresses(client.DialAndSendWithContext(ctx, msg))
}

func (s Server) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(sendTimeout), gomail.WithoutNoop(),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.TLS {
	case Implicit:
		options = append(options, gomail.WithSSL())
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.Hello != "" {
		options = append(options, gomail.WithHELO(s.Hello))
	}
	if s.Username != "" {
		options = append(options, gomail.WithUsername(s.Username), gomail.WithPassword(s.Password.Reveal()), gomail.WithSMTPAuth(s.auth()))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, errors.New("SMTP client: settings that cannot be used")
	}
	return client, nil
}

// auth is what the server likes best; on loopback without TLS, what all have.
func (s Server) auth() gomail.SMTPAuthType {
	if s.TLS == Plain {
		return gomail.SMTPAuthPlainNoEnc
	}
	return gomail.SMTPAuthAutoDiscover
}

// withoutAddresses is an error for logs and the audit trail. What servers say repeats the addressee, so of a refusal only
// its step and numbers are kept.
func withoutAddresses(err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*gomail.SendError](err); ok {
		return fmt.Errorf("SMTP: %s: code %d %s", refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode())
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("SMTP: %w", network)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("SMTP: %w", context.DeadlineExceeded)
	}
	return fmt.Errorf("SMTP: %w", err)
}
