package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// BeginSweep answers a number for a new sweep of a pool. A sweep that began earlier can no longer finish.
func (s *database) BeginSweep(ctx context.Context, pool string) (sweep int64, err error) {
	err = s.writeReturning(ctx, "begin sweep", `INSERT INTO sweeps (pool, begun, finished_at) VALUES ($1, 1, 0)
		ON CONFLICT (pool) DO UPDATE SET begun = sweeps.begun + 1 RETURNING begun`, []any{clean(pool)}, &sweep)
	return sweep, err
}

// PutSwept keeps what a sweep saw of some accounts, all or none.
func (s *database) PutSwept(ctx context.Context, pool string, sweep int64, accounts []helpdesk.Swept) error {
	return s.transact(ctx, "put swept", func(ctx context.Context, tx *sql.Tx) error {
		for _, a := range accounts {
			if _, err := tx.ExecContext(ctx, `INSERT INTO swept
				(pool, username, sub, status, enabled, has_app, groups, created_at, seen_at, sweep)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
				ON CONFLICT (pool, username) DO UPDATE SET sub = excluded.sub, status = excluded.status, enabled = excluded.enabled,
				has_app = excluded.has_app, groups = excluded.groups, created_at = excluded.created_at, seen_at = excluded.seen_at,
				sweep = excluded.sweep WHERE swept.sweep <= excluded.sweep`,
				clean(pool), clean(a.Username), clean(a.Sub), clean(string(a.Status)), yes(a.Enabled), yes(a.HasApp),
				clean(strings.Join(a.Groups, "\n")), micros(a.Created), micros(a.SeenAt), sweep); err != nil {
				return err
			}
		}
		return nil
	})
}

// FinishSweep makes a sweep the last one and forgets the accounts that it did not see: ErrConflict when a newer one has
// begun.
func (s *database) FinishSweep(ctx context.Context, pool string, sweep int64) error {
	return s.transact(ctx, "finish sweep", func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE sweeps SET finished_at = $3 WHERE pool = $1 AND begun = $2`,
			clean(pool), sweep, micros(s.now()))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrConflict)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM swept WHERE pool = $1 AND sweep < $2`, clean(pool), sweep)
		return err
	})
}

// Swept is when the last sweep of a pool finished: the zero time when none has.
func (s *database) Swept(ctx context.Context, pool string) (at time.Time, err error) {
	err = s.read(ctx, "look up sweep", `SELECT finished_at FROM sweeps WHERE pool = $1`, []any{clean(pool)}, instant{&at})
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return at, err
}

// Covered lists the accounts that sweeps saw, each with its newest ledger entry and invite, in the order of user names,
// starting behind after. Entries of an account that had the name before count for nothing.
func (s *database) Covered(ctx context.Context, pool, after string, limit int) ([]helpdesk.Covered, error) {
	var list []helpdesk.Covered
	err := s.readAll(ctx, "list swept", `SELECT s.username, s.sub, s.status, s.enabled, s.has_app, s.groups, s.created_at,
		s.seen_at, coalesce(l.event, ''), coalesce(l.moment, 0), coalesce(i.state, ''), coalesce(i.expires_at, 0)
		FROM swept s
		LEFT JOIN ledger l ON l.id = (SELECT max(id) FROM ledger
			WHERE pool = s.pool AND account = s.username AND moment >= s.created_at)
		LEFT JOIN invites i ON i.id = (SELECT max(id) FROM invites WHERE pool = s.pool AND account = s.sub)
		WHERE s.pool = $1 AND s.username > $2 ORDER BY s.username LIMIT $3`,
		[]any{clean(pool), clean(after), limit}, func(rows *sql.Rows) error {
			var (
				c               helpdesk.Covered
				enabled, hasApp int64
				groups          string
			)
			err := rows.Scan(&c.Username, &c.Sub, &c.Status, &enabled, &hasApp, &groups, instant{&c.Created}, instant{&c.SeenAt},
				&c.Event, instant{&c.EventAt}, &c.Invite, instant{&c.InviteEnd})
			c.Enabled, c.HasApp = enabled == 1, hasApp == 1
			if groups != "" {
				c.Groups = strings.Split(groups, "\n")
			}
			list = append(list, c)
			return err
		})
	return list, err
}
