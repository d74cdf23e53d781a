package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReaders is how many reads of one process run side by side. They never wait for the writer (write-ahead log).
const sqliteReaders = 4

// openSQLite opens a file, or memory. Several processes may open one file: SQLite's locks keep their transactions
// apart, so the command line can make invites, and a backup can copy, while the portal serves.
func openSQLite(ctx context.Context, path string) (engine, error) {
	e := engine{
		lock:     func(context.Context, *sql.Tx, lockName) error { return nil },
		key:      "INTEGER PRIMARY KEY AUTOINCREMENT",
		conflict: sqliteConflict,
		owned:    true,
	}
	if path == ":memory:" {
		db, err := sqlitePool("file::memory:", 1, "_txlock=immediate")
		e.writer, e.reader = db, db // the connection is the database: there must be one
		return e, err
	}
	if path == "" {
		return engine{}, errors.New("sqlite: no file named")
	}
	if err := localDisk(path); err != nil {
		return engine{}, err
	}
	// Made here, because SQLite itself would let others of the group read it. The files beside it inherit the mode.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	switch {
	case err == nil:
		err = file.Close()
	case errors.Is(err, fs.ErrExist):
		err = nil // and not opened: closing it would drop the locks of a store that this process has open
	}
	if err != nil {
		return engine{}, fmt.Errorf("sqlite: make the file: %w", err)
	}

	uri := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
	if e.writer, err = sqlitePool(uri, 1, "_txlock=immediate"); err != nil {
		return engine{}, err
	}
	if err := writeAhead(ctx, e.writer); err != nil {
		return engine{}, errors.Join(fmt.Errorf("sqlite: open %s: %w", path, err), e.writer.Close())
	}
	if e.reader, err = sqlitePool(uri, sqliteReaders, "_query_only=1"); err != nil {
		return engine{}, errors.Join(err, e.writer.Close())
	}
	return e, nil
}

// sqlitePool makes connections that wait for another process's transaction, and whose commits are on disk when they
// answer. One connection writes: with several, the slowest writes take four times as long.
func sqlitePool(uri string, conns int, query string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", uri+"?_busy_timeout=10000&_synchronous=FULL&_dqs=0&_defensive=1&"+query)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// writeAhead sets the journal mode, which the file then keeps. SQLite does not wait for locks here, so that several
// processes that make one file would fail.
func writeAhead(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	for {
		var mode string
		err := db.QueryRowContext(ctx, `PRAGMA journal_mode=WAL`).Scan(&mode)
		if err == nil && mode != "wal" {
			return fmt.Errorf("no write-ahead log on this disk (journal mode %s)", mode)
		}
		if sqliteCode(err)&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func sqliteConflict(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

// sqliteCode is the extended result code of err, 0 when it is not SQLite's.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}
