package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"testing"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
)

// PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which a statement has failed, and calls that a success.
func TestPostgresRollsBackInsteadOfCommitting(t *testing.T) {
	w := newWorld(t, postgrestest.Database(t))
	err := store.Transact(t.Context(), w.first, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO not_before (account, moment) VALUES ($1, $2)`, "ada", 1); err != nil {
			return err
		}
		_, _ = tx.ExecContext(ctx, `SELECT 1/0`) // somebody forgot to look
		return nil
	})
	wantKind(t, err, store.ErrUnavailable)
	if at, err := w.first.NotBefore(t.Context(), "ada"); err != nil || !at.IsZero() {
		t.Errorf("got %v, %v, want nothing written", at, err)
	}
}

// What the store sends comes back as it was, and no value is none.
func TestPostgresValues(t *testing.T) {
	w := newWorld(t, postgrestest.Database(t))
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	must(t, store.Transact(t.Context(), w.first, func(ctx context.Context, tx *sql.Tx) error {
		var (
			number       int64
			text         string
			raw, none    []byte
			empty        []byte
			yes, no      bool
			missing      sql.NullString
			count, small int
		)
		err := tx.QueryRowContext(ctx, `SELECT $1::bigint, $2::text, $3::bytea, $4::bytea, $5::bytea, $6::boolean, $7::boolean, $8::text,
			count(*), 7::integer FROM migrations`, int64(-1<<63), `'"\x Ünï 🦦`, all, nil, []byte{}, true, false, nil,
		).Scan(&number, &text, &raw, &none, &empty, &yes, &no, &missing, &count, &small)
		if number != -1<<63 || text != `'"\x Ünï 🦦` || !bytes.Equal(raw, all) || none != nil || empty == nil || len(empty) != 0 ||
			!yes || no || missing.Valid || count < 12 || small != 7 {
			t.Errorf("got %d, %q, %x, %v, %v, %t, %t, %v, %d, %d", number, text, raw, none, empty, yes, no, missing, count, small)
		}
		return err
	}))
}
