// Package mail writes to the owners of accounts for the help desk: links, and what happened to their authenticator app.
//
//	helpdesk ── Notify(Notice) ──> write: views.Mail ──┬── MailPage: HTML ──┐
//	                               (account's language)└── plain: text ─────┴──> envelope ──> SMTP
//
//	mail.go   who writes                    message.go   what is said, in HTML and in text
//	smtp.go   the server, and sending       letter.go    headers and parts: nothing that somebody typed reaches them raw
//
// A message goes to the address that the pool has verified, tracks nobody and loads nothing. A link's spoken piece is not in
// a [helpdesk.Notice], so it cannot be in a message. Notify answers once the mail server has the message: what comes of a
// reset says so, and resuming the reset tries again. The same notice has the same Message-ID, so that a mail program shows
// it once.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"time"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/helpdesk"
)

// Options of a Mailer.
type Options struct {
	Server    Server
	From      netmail.Address
	PublicURL *url.URL            // where links lead
	Brand     func() *brand.Brand // as it is now
	Now       func() time.Time
}

// Mailer is [helpdesk.Notifier] by mail. It is safe for concurrent use.
type Mailer struct{ Options }

var _ helpdesk.Notifier = (*Mailer)(nil)

// New makes a Mailer.
func New(opts Options) (*Mailer, error) {
	if opts.Server.Host == "" || opts.PublicURL == nil || opts.Brand == nil || opts.Now == nil {
		return nil, errors.New("mail: server, public URL, brand and clock are needed")
	}
	if _, err := readAddress(opts.From.Address); err != nil {
		return nil, fmt.Errorf("mail: from: %w", err)
	}
	if _, err := netip.ParseAddr(opts.PublicURL.Hostname()); err != nil && opts.Server.Hello == "" { // not a number
		opts.Server.Hello = opts.PublicURL.Hostname()
	}
	return &Mailer{opts}, nil
}

// Notify mails a notice: nil when the server has taken it. [helpdesk.ErrNoSuchChannel] for anything but mail. Errors name
// no address.
func (m *Mailer) Notify(ctx context.Context, notice helpdesk.Notice) error {
	if notice.Via != helpdesk.ViaEmail {
		return helpdesk.ErrNoSuchChannel
	}
	letter, err := m.letter(ctx, notice)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := m.Server.send(ctx, letter); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}
