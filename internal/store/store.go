// Package store remembers what more than one request, process or node must agree on: which sessions were ended, which
// links were spent, how often somebody tried, what was done by whom.
//
//	sqlite:portal.db   one file, made at the first start (sqlite.go)     one process serves, others may look and act
//	sqlite::memory:    nothing outlives the process                      the demo, tests
//	postgres://…       many nodes (postgres.go, pgdriver.go)             several portals behind one address
//	  …?search_path=a  the same, in a schema of its own                  one of several pools in one database
//	dynamodb:TABLE     many nodes, no server of one's own (dynamo.go)    AWS Lambda; a table for each of several pools
//
//	what                                             file          kept until
//	sessions that ended; accounts signed out         sessions.go   their cookies have expired (over.go: in memory)
//	flows on their way into another browser          handoffs.go   taken, or expired
//	answers to requests that may be sent again       answers.go    a day
//	messages to another server                       deliveries.go it took them, or too many tries
//	invites: links that agents made                  invites.go    a month after they expired
//	how often somebody acted                         throttles.go  it no longer matters
//	values that all nodes change together            shared.go     replaced
//	ledger: what became of every account's app       ledger.go     the operator deletes it
//	audit: who did what, as a chain of hashes        audit.go      the operator deletes it
//	resets of lost phones, part by part              resets.go     the operator deletes them
//	a second person's agreement                      approvals.go  a month after it lapsed
//	what happens with an invite; marks               events.go     two months; taken back
//	what sweeps saw of the pool                      sweeps.go     the next sweep
//
//	database.go    the SQL of both its engines; the files above are its methods
//	migrate.go     migrations/*.sql, applied in order when a database is opened, by one node while the others wait
//	query.go       deadlines and transactions: every statement goes through it
//	purge.go       deletes what has had its time
//	dynamo.go      the other way to keep the same contract: dynamo_invites.go stands beside invites.go, and so on
//	values.go      how moments, hashes and texts are stored
//	errors.go      what callers learn of a failure
//	measure.go     how often it was asked, how long that took, and what came of it
//
// The same SQL runs on both engines, and one suite of tests holds all to the same contract, which the comments of the
// SQL's methods state. What must happen exactly once is one statement or one transaction that compares before it
// writes, never a read followed by a write. Moments are whole microseconds since 1970, taken from the clock in
// [Options]: the engines' own clocks are never asked.
//
// A call that answers nil is on disk. A writing call that answers [ErrUnavailable] may have happened or not, like any
// other whose answer was lost. Saying it again does no harm, except where its comment says what it does.
package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/webhook"
)

// Options say how a Store behaves.
type Options struct {
	Now func() time.Time // the clock

	// ReadTimeout ends a read that takes too long. Who can do without the answer gives up sooner, by the context. Zero: two
	// seconds.
	ReadTimeout time.Duration
	// WriteTimeout ends a write that takes too long. Giving up leaves open whether it happened. Zero: two seconds.
	WriteTimeout time.Duration
	// MaxConns is how many connections one node holds at most. Zero: eight to PostgreSQL, 64 to DynamoDB.
	MaxConns int
	// AWS is whom DynamoDB takes us for, and where it is.
	AWS aws.Config

	// Outbox makes messages of what changes with links and resets. Each is kept in the transaction that makes the change.
	// Nil: nobody is told.
	Outbox Outbox

	// Metrics is where calls are counted. Nil: nobody reads them.
	Metrics *metrics.Registry
	// Clock is this machine's, for durations. Nil: Now.
	Clock func() time.Time
}

// Store is an open store, of whichever kind. It is safe for concurrent use.
type Store struct{ backend }

// backend is the contract.
type backend interface {
	helpdesk.Store
	webhook.Queue

	EndSession(ctx context.Context, sid [16]byte, until time.Time) error
	SessionEnded(ctx context.Context, sid [16]byte) (bool, error)
	SessionOver(ctx context.Context, sid [16]byte, account string, began time.Time) (bool, error)
	NotBefore(ctx context.Context, account string) (time.Time, error)
	Conclude(ctx context.Context, entry LedgerEntry, sid [16]byte, until, others time.Time) error
	LatestOfAll(ctx context.Context, pool, after string, limit int) ([]LedgerEntry, error)

	PutHandoff(ctx context.Context, h Handoff) error
	TakeHandoff(ctx context.Context, locatorHash [32]byte) (Handoff, error)
	ClaimAnswer(ctx context.Context, key, fingerprint [32]byte) (claim int64, answer []byte, err error)
	KeepAnswer(ctx context.Context, key [32]byte, claim int64, answer []byte) error
	ForgetAnswer(ctx context.Context, key [32]byte, claim int64) error
	Wait(ctx context.Context, key string, limit Limit, now time.Time) (time.Duration, error)
	LoadShared(ctx context.Context, name string) (value []byte, version int64, err error)
	SaveShared(ctx context.Context, name string, value []byte, version int64) (saved bool, err error)

	Purge(ctx context.Context, limit int) (int64, error)
	Ping(ctx context.Context) error
	Close() error
}

var (
	_ backend = (*database)(nil)
	_ backend = (*dynamo)(nil)
)

// Open opens the store that url names. A file or database is made and brought up to date; a DynamoDB table must be there.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if opts.Now == nil {
		return nil, errors.New("store: no clock")
	}
	if opts.Clock == nil {
		opts.Clock = opts.Now
	}
	opts.ReadTimeout = or(opts.ReadTimeout, 2*time.Second)
	opts.WriteTimeout = or(opts.WriteTimeout, 2*time.Second)
	var (
		opened backend
		err    error
	)
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		opened, err = openDatabase(ctx, opts, func() (engine, error) { return openSQLite(ctx, rest) })
	case "postgres", "postgresql":
		opened, err = openDatabase(ctx, opts, func() (engine, error) { return openPostgres(url, or(opts.MaxConns, 8), opts.Clock) })
	case "dynamodb":
		opened, err = openDynamo(ctx, rest, opts)
	default: // not the URL: it may hold a password
		err = errors.New("store: want sqlite:<file>, sqlite::memory:, postgres://… or dynamodb:<table>")
	}
	if err != nil {
		return nil, err
	}
	return &Store{opened}, nil
}
