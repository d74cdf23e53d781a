package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// migrations are numbered from 0001 without gaps and never change once released. They go forward only, and a release
// still works on the tables of the next one: add, fill and stop using in one release, remove in a later one. So nodes
// of two releases may run side by side, and a release can be taken back (migrate_test.go; decision 89).
//
// The SQL is that of both engines: SQLite takes any name for a type. $KEY is a primary key that counts up by itself.
//
//go:embed migrations/*.sql
var migrations embed.FS //nolint:gochecknoglobals // embedded files can be nothing else

// openTimeout bounds the opening of a store, with the wait for another node that migrates it.
const openTimeout = 30 * time.Second

// migrate applies the migrations that the store has not seen. Nodes that start at the same time do so one after the
// other, and all but the first find nothing to do.
func (s *database) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	return s.fail("migrate", s.inTransaction(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.lock(ctx, tx, lockMigrate); err != nil {
			return err
		}
		if err := s.makeSchema(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations
			(version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
			return err
		}
		var latest int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM migrations`).Scan(&latest); err != nil {
			return err
		}
		for i, path := range names { // sorted
			name := strings.TrimPrefix(path, "migrations/")
			number, _, _ := strings.Cut(name, "_")
			if version, err := strconv.Atoi(number); err != nil || version != i+1 {
				return fmt.Errorf("%s is not number %d", name, i+1)
			}
			if i < latest {
				continue
			}
			if err := s.apply(ctx, tx, i+1, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}))
}

// plainName is a name that PostgreSQL takes as it is written. Schemas of other names, and lists of them, are the operator's.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`) //nolint:gochecknoglobals // a constant

// makeSchema makes the schema that the store's URL names, if there is none: who may not make it must be given it.
func (s *database) makeSchema(ctx context.Context, tx *sql.Tx) error {
	if !plainName.MatchString(s.schema) {
		return nil
	}
	var exists bool
	if err := tx.QueryRowContext(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, s.schema).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := tx.ExecContext(ctx, `CREATE SCHEMA "`+s.schema+`"`) //nolint:gosec // the name is plain
	return err
}

func (s *database) apply(ctx context.Context, tx *sql.Tx, version int, name string) error {
	text, err := migrations.ReadFile("migrations/" + name)
	if err != nil {
		return errors.Join(errors.New("not embedded"), err)
	}
	if _, err := tx.ExecContext(ctx, strings.ReplaceAll(string(text), "$KEY", s.key)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO migrations (version, name, applied_at) VALUES ($1, $2, $3)`,
		version, name, micros(s.now()))
	return err
}
