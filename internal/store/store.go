// Package store remembers what more than one request, process or node must agree on: which sessions were ended, which
// links were spent, how often somebody tried, what was done by whom.
//
//	sqlite:portal.db   one file, made at the first start (sqlite.go)     one process serves, others may look and act
//	sqlite::memory:    nothing outlives the process                      the demo, tests
//	postgres://…       many nodes (postgres.go, pgdriver.go)             several portals behind one address
//	  …?search_path=a  the same, in a schema of its own                  one of several pools in one database
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
//	migrate.go     migrations/*.sql, applied in order when a store is opened, by one node while the others wait
//	query.go       deadlines and transactions: every statement goes through it
//	values.go      how moments, hashes and texts are stored
//	errors.go      what callers learn of a failure
//	purge.go       deletes what has had its time
//	measure.go     how often it was asked, how long that took, and what came of it
//
// The same SQL runs on both engines, and one suite of tests holds both to the same contract. What must happen exactly
// once is one statement or one transaction that compares before it writes, never a read followed by a write. Moments
// are whole microseconds since 1970, taken from the clock in [Options]: the engines' own clocks are never asked.
//
// A call that answers nil is on disk. A writing call that answers [ErrUnavailable] may have happened or not, like any
// other whose answer was lost. Saying it again does no harm, except where its comment says what it does.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cognito-enroll/internal/metrics"
)

// Options say how a Store behaves.
type Options struct {
	Now func() time.Time // the clock

	// ReadTimeout ends a read that takes too long. Who can do without the answer gives up sooner, by the context. Zero: two
	// seconds.
	ReadTimeout time.Duration
	// WriteTimeout ends a write that takes too long. Giving up leaves open whether it happened. Zero: two seconds.
	WriteTimeout time.Duration
	// MaxConns is how many connections to PostgreSQL one node holds at most. Zero: eight.
	MaxConns int

	// Outbox makes messages of what changes with links and resets. Each is kept in the transaction that makes the change.
	// Nil: nobody is told.
	Outbox Outbox

	// Metrics is where calls are counted. Nil: nobody reads them.
	Metrics *metrics.Registry
	// Clock is this machine's, for durations. Nil: Now.
	Clock func() time.Time
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	engine
	now                       func() time.Time
	readTimeout, writeTimeout time.Duration
	statements                sync.Map // of *sql.Stmt by query; see prepared
	over                      over     // of an engine that is owned
	meters                    meters
	outbox                    Outbox
}

// engine is what differs between SQLite and PostgreSQL.
type engine struct {
	writer *sql.DB
	reader *sql.DB // may be the same

	// lock makes a transaction wait for every other that took the same lock, until it ends. SQLite has one writer at a
	// time anyway.
	lock func(ctx context.Context, tx *sql.Tx, name lockName) error
	// key is the type of a primary key that counts up by itself.
	key string
	// schema is what the tables are in: "" where the engine has one, or its URL names none.
	schema string
	// conflict reports whether an error says that a row with the same key exists.
	conflict func(error) bool
	// owned reports whether one process serves from the store, so that it may go by its memory for a moment: see over.
	owned bool
	// commits reports whether a single statement that returns rows tells of a failed commit. SQLite's driver may
	// commit when the rows are closed, and database/sql drops what that says: there, such a statement needs a transaction.
	commits bool
}

// lockName is the key of an advisory lock: any number that no other user of the database takes.
type lockName int64

const (
	lockMigrate lockName = 0x656e726f6c6c0001 + iota // "enroll"
	lockPurge
)

// Open opens the store that url names, makes it if it does not exist, and brings its tables up to date.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if opts.Now == nil {
		return nil, errors.New("store: no clock")
	}
	s := &Store{
		now:          opts.Now,
		readTimeout:  or(opts.ReadTimeout, 2*time.Second),
		writeTimeout: or(opts.WriteTimeout, 2*time.Second),
		meters:       newMeters(opts),
		outbox:       opts.Outbox,
	}
	var err error
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		s.engine, err = openSQLite(ctx, rest)
	case "postgres", "postgresql":
		s.engine, err = openPostgres(url, or(opts.MaxConns, 8), s.meters.now)
	default:
		err = errors.New("want sqlite:<file>, sqlite::memory: or postgres://…") // not the URL: it may hold a password
	}
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for the calls in progress and closes the store.
func (s *Store) Close() error {
	if s.reader == s.writer {
		return s.writer.Close()
	}
	return errors.Join(s.reader.Close(), s.writer.Close()) // the writer last: it then tidies up the file
}

// Ping reports whether the store answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read(ctx, "ping", `SELECT 1`, nil, &one)
}
