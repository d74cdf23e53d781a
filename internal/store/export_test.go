package store

import (
	"context"
	"database/sql"
)

// Exec executes a statement past the store's methods, as somebody with access to the database would.
func Exec(ctx context.Context, s *Store, query string, args ...any) error {
	_, err := s.backend.(*database).writer.ExecContext(ctx, query, args...)
	return err
}

// QueryText answers the first column of the first row as text.
func QueryText(ctx context.Context, s *Store, query string, args ...any) (text string, err error) {
	err = s.backend.(*database).writer.QueryRowContext(ctx, query, args...).Scan(&text)
	return text, err
}

// Rehash gives an audit entry the hash that fits it.
func Rehash(entry *AuditEntry) { entry.Hash = entry.Sum() }

// Transact runs do in one transaction, as the store's methods do.
func Transact(ctx context.Context, s *Store, do func(context.Context, *sql.Tx) error) error {
	return s.backend.(*database).transact(ctx, "test", do)
}
