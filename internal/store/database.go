package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// database keeps the contract with SQL, on either engine.
type database struct {
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

// openDatabase opens an engine and brings its tables up to date.
func openDatabase(ctx context.Context, opts Options, openEngine func() (engine, error)) (*database, error) {
	s := &database{now: opts.Now, readTimeout: opts.ReadTimeout, writeTimeout: opts.WriteTimeout, meters: newMeters(opts), outbox: opts.Outbox}
	var err error
	if s.engine, err = openEngine(); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for the calls in progress and closes the engine.
func (s *database) Close() error {
	if s.reader == s.writer {
		return s.writer.Close()
	}
	return errors.Join(s.reader.Close(), s.writer.Close()) // the writer last: it then tidies up the file
}

// Ping reports whether the store answers.
func (s *database) Ping(ctx context.Context) error {
	var one int
	return s.read(ctx, "ping", `SELECT 1`, nil, &one)
}

// fail gives a driver's error its meaning.
func (e *engine) fail(op string, err error) error {
	if err != nil {
		switch {
		case errors.Is(err, sql.ErrNoRows):
			err = ErrNotFound
		case e.conflict(err):
			err = ErrConflict
		}
	}
	return fail(op, err)
}
