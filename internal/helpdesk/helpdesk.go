// Package helpdesk is the rules of the people who answer the phone: who may do what to whom, the links that they hand
// out, and the reset of a lost phone. It knows neither HTTP nor HTML nor AWS nor SQL: it declares what it needs of the
// pool ([Directory]), of the store ([Store]) and of whoever writes to people ([Notifier]).
//
//	agent.go      an Agent, from the pool's groups           rules.go     operation -> least rank, channels, approval
//	invite.go     Mint, IssuePiece                           piece.go     locators and spoken pieces: made, read, hashed
//	link.go       Link, Links, Revoke, SendLink              subject.go   the account that something is about
//	open.go       Open, MayStart, Spend: the link's way      policy.go    when a link is needed
//	enrollment.go the same as internal/enroll knows it
//	lostphone.go  LostPhone: one action, recorded parts      parts.go     what each part does
//	approve.go    a second person for privileged accounts    limits.go    how often
//	watch.go      what the caller is doing right now         freeze.go    "this was not me"
//	case.go       Find, Case: an account as agents see it    notice.go    what people are told
//	coverage.go   who has set up, by group and deadline      sweep.go     asking the pool, politely     csv.go
//	audit.go      no audit, no effect; the chain's hashes    export.go    JSON lines, and checking them
//	trail.go      what was done to one account
//	directory.go  the pool                                   store.go     what is remembered
//	errors.go     what can go wrong
//
// # A link
//
//	agent: Mint ──> locator (in the link) and piece (spoken) ──> person: Open(locator, piece) ──> Held, in the cookie
//	         IssuePiece: another piece, ten minutes                        │
//	         Revoke, a newer Mint, Freeze: over                            v
//	                               sign in as ever ──> MayStart(Held) ──> key, QR code ──> MayStart again ──> Verify ──> Spend
//
// A link signs nobody in. Nothing but Open with the right piece changes it, and nothing but Spend uses it up.
//
// # Effects
//
// Whatever changes the pool or a link goes through [auditor.do], which writes the intent first: without it nothing
// happens, because nothing else has the means. Reads do not. What is recorded of a person's own way (tries, happenings) has
// no entry either.
package helpdesk

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// Options of a Desk.
type Options struct {
	Pool      string // the pool's id: links and records of one pool are worth nothing in another
	Directory Directory
	Store     Store
	Notifier  Notifier // nil: nobody is written to, and the part "notices" says so
	Rules     Rules
	Policy    Policy
	// Required says that the pool requires MFA. It then asks for an app that it does not list: our ledger is asked, too.
	Required bool
	// Key is 32 random bytes, the same on every node and for as long as links live: spoken pieces are kept as its MACs,
	// so that who reads the store cannot try them all.
	Key secret.Text
	// APIKey says what an API key that is still valid may do. Nil: there is none.
	APIKey func(name string) (KeyRights, bool)

	Alarm func(context.Context, Alarm) // told of what somebody should look at, beside the log; nil: nobody. Must not block
	// Later does what nobody waits for: telling an owner of a set-up, since a mail server may take its time. Nil: at once.
	Later enroll.Later
	Log   *slog.Logger
	Now   func() time.Time                           // the pool's clock
	Sleep func(context.Context, time.Duration) error // waits, or ends with the context; nil: a timer
	Rand  io.Reader                                  // nil: crypto/rand
}

// Desk is the help desk. It is safe for concurrent use and keeps nothing between calls.
type Desk struct {
	poolID   string
	pool     Reader
	memory   Memory
	changes  Changes
	audit    *auditor // has all that can change something
	notifier Notifier
	rules    Rules
	policy   Policy
	required bool
	keys     keys
	apiKey   func(string) (KeyRights, bool)
	alarm    func(context.Context, Alarm)
	later    enroll.Later
	log      *slog.Logger
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	rand     io.Reader
}

// New makes a Desk. It refuses options with which a rule could not hold.
func New(opts Options) (*Desk, error) {
	if opts.Pool == "" || opts.Directory == nil || opts.Store == nil || opts.Log == nil || opts.Now == nil {
		return nil, errors.New("helpdesk: pool, directory, store, log and clock are needed")
	}
	rules, err := opts.Rules.complete()
	if err != nil {
		return nil, err
	}
	policy, err := opts.Policy.complete()
	if err != nil {
		return nil, err
	}
	keys, err := deriveKeys(opts.Key)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		poolID: opts.Pool, pool: opts.Directory, memory: opts.Store, changes: opts.Store,
		audit:    &auditor{means: means{pool: opts.Directory, journal: opts.Store}, log: opts.Log},
		notifier: opts.Notifier, rules: rules, policy: policy, required: opts.Required, keys: keys, apiKey: opts.APIKey,
		alarm: opts.Alarm, later: opts.Later, log: opts.Log, now: opts.Now, sleep: opts.Sleep, rand: opts.Rand,
	}
	if d.apiKey == nil {
		d.apiKey = func(string) (KeyRights, bool) { return KeyRights{}, false }
	}
	if d.alarm == nil {
		d.alarm = func(context.Context, Alarm) {}
	}
	if d.later == nil {
		d.later = func(ctx context.Context, work func(context.Context) error) { _ = work(ctx) } // it logs by itself
	}
	if d.sleep == nil {
		d.sleep = wait
	}
	if d.rand == nil {
		d.rand = rand.Reader
	}
	return d, nil
}

// Rules are the operator's, with what they left out filled in.
func (d *Desk) Rules() Rules { return d.rules }

// Notifies reports whether anybody can be written to.
func (d *Desk) Notifies() bool { return d.notifier != nil }

// wait is time.Sleep for a request that may end.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Change is a new state of a link or a reset. The store keeps it, for those who are told, together with the state.
type Change struct {
	At      time.Time
	What    string // "link.made", "link.opened", "link.spent", "link.revoked", "link.cancelled", "reset.open", "reset.done", "account.frozen"
	Invite  int64  // 0: not about a link
	Reset   int64  // 0: not about a reset
	Account string // sub
	Ticket  string
	Agent   string
}

// Alarm is something that a person should look at.
type Alarm struct {
	What    string // "agent.many_resets", "agent.too_many_resets", "account.frozen", "link.spent_when_over", "link.agent_lost_rights"
	Agent   string
	Account string // sub
	Detail  string
}

// raise tells the log and whoever listens.
func (d *Desk) raise(ctx context.Context, a Alarm) {
	d.log.WarnContext(ctx, "help desk alarm", "what", a.What, "agent", a.Agent, "account", a.Account, "detail", a.Detail)
	d.alarm(ctx, a)
}

// storeDown is what a store's error means here.
func storeDown(op string, err error) error {
	return &Error{Kind: StoreDown, Op: op, Err: err}
}
