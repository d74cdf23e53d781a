package store

import (
	"context"
	"database/sql"
	"errors"
)

// The ways to the engine. op names the call in errors. Each has the caller's deadline or the store's own, whichever is
// earlier.

// read scans the one row that a query answers.
func (s *database) read(ctx context.Context, op, query string, args []any, dest ...any) (err error) {
	defer s.meters.begin(callRead)(&err)
	ctx, cancel := context.WithTimeout(ctx, s.readTimeout)
	defer cancel()
	statement, err := s.prepared(ctx, query)
	if err != nil {
		return s.fail(op, err)
	}
	return s.fail(op, statement.QueryRowContext(ctx, args...).Scan(dest...))
}

// prepared is a query whose text the engine reads once per connection: half of what a small query costs SQLite. Queries
// are constants, so there are few.
func (s *database) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement, found := s.statements.Load(query); found {
		return statement.(*sql.Stmt), nil //nolint:forcetypeassert // the map holds nothing else
	}
	statement, err := s.reader.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if first, found := s.statements.LoadOrStore(query, statement); found { // somebody else was quicker
		return first.(*sql.Stmt), statement.Close() //nolint:forcetypeassert // see above
	}
	return statement, nil
}

// readAll calls scan for every row that a query answers.
func (s *database) readAll(ctx context.Context, op, query string, args []any, scan func(*sql.Rows) error) (err error) {
	defer s.meters.begin(callRead)(&err)
	ctx, cancel := context.WithTimeout(ctx, s.readTimeout)
	defer cancel()
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return s.fail(op, err)
	}
	defer func() { _ = rows.Close() }() // its error is also Err's
	for rows.Next() {
		if err := scan(rows); err != nil {
			return s.fail(op, err)
		}
	}
	return s.fail(op, rows.Err())
}

// write executes one statement and answers how many rows it changed.
func (s *database) write(ctx context.Context, op, query string, args ...any) (n int64, err error) {
	defer s.meters.begin(callWrite)(&err)
	ctx, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	result, err := s.writer.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, s.fail(op, err)
	}
	n, err = result.RowsAffected()
	return n, s.fail(op, err)
}

// writeReturning executes one statement and scans the row that it returns.
func (s *database) writeReturning(ctx context.Context, op, query string, args []any, dest ...any) (err error) {
	if s.commits {
		defer s.meters.begin(callWrite)(&err)
		ctx, cancel := context.WithTimeout(ctx, s.writeTimeout)
		defer cancel()
		return s.fail(op, s.writer.QueryRowContext(ctx, query, args...).Scan(dest...))
	}
	return s.transact(ctx, op, func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(dest...)
	})
}

// transact runs do in one transaction: all of it happens, or nothing.
func (s *database) transact(ctx context.Context, op string, do func(context.Context, *sql.Tx) error) (err error) {
	defer s.meters.begin(callWrite)(&err)
	ctx, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	return s.fail(op, s.inTransaction(ctx, do))
}

func (s *database) inTransaction(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}
