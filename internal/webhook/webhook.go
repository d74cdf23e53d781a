// Package webhook tells another server, a ticket system say, what became of links and resets.
//
//	store: a change, and the Outbox's message in its transaction ──┐
//	helpdesk ── Alarmed ────────────────────────────────────────> Queue, in the store ── Run ──> POST, signed ── 2xx ──> dropped
//	                                      a restart, or another node, goes on from here ──┘   └── else: later, ten tries in three days
//
//	webhook.go   what is said, and the queue      deliver.go   how it gets there      sign.go   secrets and signatures
//
// Messages, headers and signatures are those of Standard Webhooks (https://www.standardwebhooks.com, specification 1.0),
// for which there are libraries in many languages. A message may come twice, late, or after a younger one: its id says
// whether it was seen, its time when it happened, and the API how things stand. It names accounts by their sub and holds
// no address, link, piece or code.
//
// The address is the operator's, never a caller's. It is https, or http on loopback, redirects are not followed, and of
// the answer only the status is read.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// Delivery is a message that waits to be taken.
type Delivery struct {
	ID        int64
	Message   string // its name, the same at every try
	Body      []byte
	Tries     int // this one included
	CreatedAt time.Time
}

// Queue keeps messages. internal/store provides it.
type Queue interface {
	// PutDelivery keeps a message that is due at once.
	PutDelivery(ctx context.Context, message string, body []byte) error
	// TakeDeliveries answers messages that are due, which nobody else then gets for as long as lease.
	TakeDeliveries(ctx context.Context, limit int, lease time.Duration) ([]Delivery, error)
	// DropDelivery ends a message.
	DropDelivery(ctx context.Context, id int64) error
	// DelayDelivery makes a message due at a moment.
	DelayDelivery(ctx context.Context, id int64, until time.Time) error
}

// Options of a Sender.
type Options struct {
	URL       *url.URL          // see CheckURL
	Secrets   []Secret          // every one signs, so that the other server can change over: at least one
	Outbox    *Outbox           // whose messages are sent as soon as they are kept; nil: at the next look
	Queue     Queue             // whose clock is Now
	Transport http.RoundTripper // nil: Go's usual one
	Log       *slog.Logger
	Now       func() time.Time
}

// Sender sends messages to one address. It is safe for concurrent use.
type Sender struct {
	Options
	http *http.Client
	wake <-chan struct{}
}

// New makes a Sender. It sends nothing until Run.
func New(opts Options) (*Sender, error) {
	if err := CheckURL(opts.URL); err != nil {
		return nil, err
	}
	if len(opts.Secrets) == 0 {
		return nil, errors.New("webhook: no secret to sign with")
	}
	if opts.Outbox == nil {
		opts.Outbox = NewOutbox()
	}
	return &Sender{
		Options: opts, wake: opts.Outbox.wake,
		http: &http.Client{
			Transport: opts.Transport, Timeout: sendTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// CheckURL refuses addresses that messages must not go to: anything but https, or http on this machine.
func CheckURL(u *url.URL) error {
	ip, _ := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || ip.IsLoopback()
	if u.Hostname() == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && (u.Scheme != "http" || !local)) {
		return errors.New("webhook: want an https address, or http on loopback, without a user or fragment")
	}
	return nil
}

// message is what is said (Standard Webhooks, "Payload structure").
type message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of what happened
	Data      any       `json:"data"`
}

// change is the data of a change: 0 and "" are left out.
type change struct {
	Invite  int64  `json:"invite,omitempty"`
	Reset   int64  `json:"reset,omitempty"`
	Account string `json:"account"` // sub
	Ticket  string `json:"ticket,omitempty"`
	Agent   string `json:"agent,omitempty"`
}

// alarm is the data of an alarm.
type alarm struct {
	What    string `json:"what"`
	Account string `json:"account,omitempty"`
	Agent   string `json:"agent,omitempty"`
}

// Outbox is the store's: it words changes, whose messages the store keeps in the transaction that makes the change. So
// there is no change without its message, whenever a process ends.
type Outbox struct {
	wake chan struct{} // holds one while there is something new
}

// NewOutbox makes an Outbox, for the store and the Sender.
func NewOutbox() *Outbox { return &Outbox{wake: make(chan struct{}, 1)} }

// Message is what is said of a change.
func (o *Outbox) Message(c helpdesk.Change) (name string, body []byte, err error) {
	return newMessage(message{c.What, c.At.UTC(), change{c.Invite, c.Reset, c.Account, c.Ticket, c.Agent}})
}

// Kept has the sender look at once.
func (o *Outbox) Kept() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func newMessage(m message) (name string, body []byte, err error) {
	body, err = json.Marshal(m)
	return "msg_" + rand.Text(), body, err
}

// Alarmed is [helpdesk.Options.Alarm]: when it returns, the message outlives this process. One that cannot be kept is
// lost, and the log says which. Details stay in the log.
func (s *Sender) Alarmed(ctx context.Context, a helpdesk.Alarm) {
	name, body, err := newMessage(message{"alarm", s.Now().UTC(), alarm{a.What, a.Account, a.Agent}})
	if err == nil {
		err = s.Queue.PutDelivery(context.WithoutCancel(ctx), name, body) // it has happened, whoever has left
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "webhook lost", "message", name, "type", "alarm", "error", err)
		return
	}
	s.Outbox.Kept()
}
