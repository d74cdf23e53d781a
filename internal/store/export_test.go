package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
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

// ReplaceAudit makes of the entries before the entries after, which may have any fields, and does not touch the head.
func ReplaceAudit(ctx context.Context, s *Store, before, after []AuditEntry) error {
	if d, ok := s.backend.(*dynamo); ok {
		return d.replaceAudit(ctx, before, after)
	}
	for i, entry := range before {
		if i < len(after) && after[i] == entry {
			continue
		}
		if err := Exec(ctx, s, `DELETE FROM audit WHERE seq = $1`, entry.Seq); err != nil {
			return err
		}
	}
	for i, e := range after {
		if i < len(before) && before[i] == e {
			continue
		}
		if err := Exec(ctx, s, `INSERT INTO audit (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, e.Seq, micros(e.At), e.Actor,
			e.Action, e.Target, e.Stage, e.Intent, e.Detail, e.Previous[:], e.Hash[:]); err != nil {
			return err
		}
	}
	return nil
}

func (d *dynamo) replaceAudit(ctx context.Context, before, after []AuditEntry) error {
	steps := map[int64]step{}
	for i, entry := range before {
		if i >= len(after) || after[i] != entry {
			steps[entry.Seq] = remove(change{key: auditKey(entry.Seq)})
		}
	}
	for i, entry := range after {
		if i >= len(before) || before[i] != entry {
			steps[entry.Seq] = put(auditKey(entry.Seq), itemOf(auditAttributes(&entry)))
		}
	}
	for some := range slices.Chunk(slices.Collect(maps.Values(steps)), 10) {
		if err := d.api.transact(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

// SetAuditHead makes an entry the newest.
func SetAuditHead(ctx context.Context, s *Store, entry AuditEntry) error {
	if d, ok := s.backend.(*dynamo); ok {
		return d.api.transact(ctx, put(headKey(), item{"seq": number(entry.Seq), "hash": blob(entry.Hash[:])}))
	}
	return Exec(ctx, s, `UPDATE audit_head SET seq = $1, hash = $2`, entry.Seq, entry.Hash[:])
}

// Transact runs do in one transaction, as the store's methods do.
func Transact(ctx context.Context, s *Store, do func(context.Context, *sql.Tx) error) error {
	return s.backend.(*database).transact(ctx, "test", do)
}

// DynamoEndpoint is where DynamoDB is thought to be.
func DynamoEndpoint(ctx context.Context, settings aws.Config, region string) (string, error) {
	return dynamoEndpoint(ctx, settings, region)
}
