// Package web is the portal in HTTP: the only package that knows Echo.
//
//	request ── middleware.go: id, headers, log ── origin.go: for us, from us ── measure.go: figures, trace
//	        ── routes.go: the row names a handler, the steps it is for, its limit
//	        ── flow.go: the cookie's flow ── throttle.go: may this be tried now ── <page>.go: read, call enroll, choose
//	        ── flow.go: next, the one dispatcher
//	        ── desk.go: agents of the help desk, whose rows name operations; desk<page>.go
//	        ── render.go: a page, or the fragment that htmx asked for          errors.go: everything that goes wrong
//
// A handler is given the flow and answers with the next one. It never redirects to another page: it stores the flow
// and calls next, which knows where each step lives. A GET changes nothing, neither here nor in the pool; the exceptions
// are the language, a damaged cookie, and the way back from Cognito's own pages (docs/decisions).
package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/internal/trace"
	"cognito-enroll/static"
	"cognito-enroll/views"
)

// Options of a Server.
type Options struct {
	Enroll          *enroll.Service
	Desk            *helpdesk.Desk // nil: there is no help desk
	Policy          enroll.PasswordPolicy
	Sessions        *session.Store
	Store           Store
	OAuth           OAuth          // verifies tokens from elsewhere
	OAuthPending    *session.Store // cookie of those who are signing in at Cognito's pages; nil: nobody does
	NoPasswords     bool           // people sign in at Cognito's pages only
	Devices         *session.Store // cookie of a browser that has signed in before
	Places          *session.Store // cookie of a place in the line
	Guard           *throttle.Guard
	Room            *throttle.Room
	Proxies         []netip.Prefix // whose word on the client's address counts
	OneNetwork      bool           // people come through proxies that are not among those, and cannot be told apart
	Handoffs        *session.Sealer
	Swaps           *session.Sealer // of flows on their way to another screen
	APIKeys         []APIKey
	Returns         []Return // where people may go on afterwards; the first is the default
	SessionAge      time.Duration
	DeskSessions    *session.Store // cookie of the help desk's agents; nil: they have no pages
	QR              *qr.Drawer
	Assets          *static.Assets
	Brand           *brand.Brand
	Maintenance     bool                // closed: every page says so
	PublicURL       *url.URL            // where browsers reach the portal
	OtherHosts      Hosts               // under which a proxy asks for the same pages
	Demo            []views.DemoAccount // nil unless this is the demo
	SessionValidity time.Duration       // how long a step may take on the session path
	Draining        func() bool         // whether this node was told to stop; nil: never
	Log             *slog.Logger
	Metrics         *metrics.Registry // nil: nobody reads them
	Tracer          *trace.Tracer     // nil: traces of others are passed on, none begins here
	Now             func() time.Time  // the pool's time
	Clock           func() time.Time  // this machine's, for durations; nil: Now
}

// Store is what the pages must remember beyond one browser's cookie.
type Store interface {
	// EndSession makes every node refuse the cookies of a sign-in, until they are too old anyway.
	EndSession(ctx context.Context, id enroll.ID, until time.Time) error
	// SessionEnded reports whether that was done.
	SessionEnded(ctx context.Context, id enroll.ID) (bool, error)
	// SessionOver reports whether that was done, or all of the account's sign-ins were ended after this one began.
	SessionOver(ctx context.Context, id enroll.ID, account string, began time.Time) (bool, error)
	// Record adds to our own record of who set up what, and when: Cognito keeps none.
	Record(ctx context.Context, account string, event Event, device string) error
	// Conclude is Record for what a sign-in was for, and EndSession of that sign-in; and, unless others is zero, every sign-in
	// of the account that began before that moment ends, too. All, or nothing.
	Conclude(ctx context.Context, account string, event Event, device string, id enroll.ID, until, others time.Time) error
	// LastRecord is the newest entry of an account.
	LastRecord(ctx context.Context, account string) (event Event, device string, at time.Time, found bool, err error)
	// Ping reports whether the store answers.
	Ping(ctx context.Context) error
	// PutHandoff keeps a hand-off under the hash of its locator.
	PutHandoff(ctx context.Context, locatorHash [32]byte, sealed []byte, expires time.Time) error
	// TakeHandoff takes it, once.
	TakeHandoff(ctx context.Context, locatorHash [32]byte) (sealed []byte, found bool, err error)
	// Allow counts an event of key, on all nodes, and answers 0 if limit has room for it at the moment now. Else it
	// answers how long to wait.
	Allow(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error)
	// ClaimAnswer asks who answers a request of the API that may come again: the caller when claim is not 0; else answer
	// is the kept one, or nil while somebody is at it. [helpdesk.ErrConflict]: the key was another request's.
	ClaimAnswer(ctx context.Context, key, fingerprint [32]byte) (claim int64, answer []byte, err error)
	// KeepAnswer keeps what was answered, ForgetAnswer gives a claim back.
	KeepAnswer(ctx context.Context, key [32]byte, claim int64, answer []byte) error
	ForgetAnswer(ctx context.Context, key [32]byte, claim int64) error
}

// Limit is how often something may happen: Burst times at once, and Events times in every Per in the long run.
type Limit struct {
	Events int
	Per    time.Duration
	Burst  int
}

// Event is what happened to an account's app, in our own record.
type Event string

// The events.
const (
	EventSetUp    Event = "set_up"
	EventReplaced Event = "replaced"
	EventProven   Event = "proven" // by a real sign-in
	EventRemoved  Event = "removed"
)

// Return is a place to go on to when all is done.
type Return struct{ Key, Name, URL string }

// Server is the portal. It is an http.Handler.
type Server struct {
	Options
	echo    *echo.Echo
	origin  string      // as browsers write it; see ours
	headers http.Header // of every answer; see protect
	bodies  sync.Pool   // of *bytes.Buffer, for pages
	meters  meters
	agents  agents // of pages that ask every other second
	names   names  // of accounts in lists
	late    late   // records that the store has missed
}

// New makes a Server.
func New(opts Options) (*Server, error) {
	s := &Server{
		Options: opts, echo: echo.New(), origin: originOf(opts.PublicURL), headers: protective(opts.PublicURL.Scheme == "https"),
		bodies: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.IPExtractor = func(r *http.Request) string { return clientAddr(r, s.Proxies).String() }
	s.echo.HTTPErrorHandler = s.answerError
	// Twice: a panic of what comes before the log has a page, too.
	s.echo.Use(s.identify, s.protect, s.recoverPanic, s.measure, s.speak, s.logRequest, s.recoverPanic)
	s.echo.Use(s.addressed, s.checkOrigin, s.countCookies, s.closeForMaintenance)
	if err := errors.Join(s.addRoutes(), s.addDesk()); err != nil {
		return nil, err
	}
	if s.Clock == nil {
		s.Clock = s.Now
	}
	if s.Metrics == nil {
		s.Metrics = new(metrics.Registry)
	}
	s.meters = newMeters(s.Metrics, s.echo.Routes())
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }
