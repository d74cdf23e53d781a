package store

import (
	"context"
	"database/sql"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// LedgerEntry is one event in the life of an account's authenticator, LedgerPage which of them to list.
type (
	LedgerEntry = helpdesk.LedgerEntry
	LedgerPage  = helpdesk.LedgerPage
)

// AppendLedger adds an entry and answers its ID. Said again after ErrUnavailable, it may be there twice.
func (s *database) AppendLedger(ctx context.Context, entry LedgerEntry) (id int64, err error) {
	err = s.writeReturning(ctx, "append to ledger", appendLedger+` RETURNING id`, s.ledgerValues(entry), &id)
	return id, err
}

// Conclude is AppendLedger for the last event of a session, EndSession, and, unless others is zero, EndAllBefore that moment:
// in one transaction, so that whoever waits for all of it waits for the disk once.
func (s *database) Conclude(ctx context.Context, entry LedgerEntry, sid [16]byte, until, others time.Time) error {
	err := s.transact(ctx, "conclude session", func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, endSession, sid[:], micros(until)); err != nil {
			return err
		}
		if !others.IsZero() {
			if _, err := tx.ExecContext(ctx, endAllBefore, clean(entry.Account), micros(others)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, appendLedger, s.ledgerValues(entry)...)
		return err
	})
	if err == nil {
		s.over.end(sid)
	}
	if err == nil && !others.IsZero() {
		s.over.endAll(clean(entry.Account), micros(others))
	}
	return err
}

const appendLedger = `INSERT INTO ledger (moment, pool, account, event, actor, detail) VALUES ($1, $2, $3, $4, $5, $6)`

func (s *database) ledgerValues(entry LedgerEntry) []any {
	return []any{micros(s.now()), clean(entry.Pool), clean(entry.Account), clean(string(entry.Event)), clean(entry.Actor), clean(entry.Detail)}
}

// Latest is the newest entry of an account: ErrNotFound when it has none.
func (s *database) Latest(ctx context.Context, pool, account string) (LedgerEntry, error) {
	var entry LedgerEntry
	err := s.read(ctx, "look up ledger", `SELECT `+ledgerColumns+` FROM ledger WHERE pool = $1 AND account = $2
		ORDER BY id DESC LIMIT 1`, []any{clean(pool), clean(account)}, ledgerFields(&entry)...)
	return entry, err
}

// LatestOfAll lists the newest entry of every account of a pool, in the order of accounts, starting behind the account
// after ("" at the beginning).
func (s *database) LatestOfAll(ctx context.Context, pool, after string, limit int) ([]LedgerEntry, error) {
	return s.ledger(ctx, `SELECT `+ledgerColumns+` FROM ledger WHERE id IN (SELECT max(id) FROM ledger
		WHERE pool = $1 AND account > $2 GROUP BY account ORDER BY account LIMIT $3) ORDER BY account`,
		clean(pool), clean(after), limit)
}

// Ledger lists entries, the newest first. The last one's ID is the next page's Before.
func (s *database) Ledger(ctx context.Context, page LedgerPage) ([]LedgerEntry, error) {
	before := or(page.Before, 1<<62)
	if page.Account == "" {
		return s.ledger(ctx, `SELECT `+ledgerColumns+` FROM ledger WHERE pool = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
			clean(page.Pool), before, page.Limit)
	}
	return s.ledger(ctx, `SELECT `+ledgerColumns+` FROM ledger WHERE pool = $1 AND account = $2 AND id < $3
		ORDER BY id DESC LIMIT $4`, clean(page.Pool), clean(page.Account), before, page.Limit)
}

const ledgerColumns = `id, moment, pool, account, event, actor, detail`

func ledgerFields(e *LedgerEntry) []any {
	return []any{&e.ID, instant{&e.At}, &e.Pool, &e.Account, &e.Event, &e.Actor, &e.Detail}
}

func (s *database) ledger(ctx context.Context, query string, args ...any) ([]LedgerEntry, error) {
	var list []LedgerEntry
	err := s.readAll(ctx, "list ledger", query, args, func(rows *sql.Rows) error {
		var entry LedgerEntry
		err := rows.Scan(ledgerFields(&entry)...)
		list = append(list, entry)
		return err
	})
	return list, err
}
