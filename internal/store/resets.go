package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"cognito-enroll/internal/helpdesk"
)

const resetColumns = `id, pool, account, username, agent, approval, ticket, reason, proof, language, lifetime, invite,
	created_at, done_at`

// PutReset keeps a new reset and answers its ID: ErrConflict when the account has one that is not done, which after
// ErrUnavailable may be this one.
func (s *database) PutReset(ctx context.Context, r helpdesk.Reset) (id int64, err error) {
	err = s.announce(ctx, "put reset", func(ctx context.Context, tx *sql.Tx) ([]helpdesk.Change, error) {
		err := tx.QueryRowContext(ctx, `INSERT INTO resets (pool, account, username, agent, approval, ticket, reason,
			proof, language, lifetime, invite, created_at, done_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, 0) RETURNING id`,
			clean(r.Pool), clean(r.Account), clean(r.Username), clean(r.Agent), r.Approval, clean(r.Ticket), clean(r.Reason),
			clean(r.Proof), clean(r.Language), r.Lifetime.Microseconds(), micros(s.now())).Scan(&id)
		return []helpdesk.Change{{
			At: s.now(), What: "reset.open", Reset: id, Account: clean(r.Account), Ticket: clean(r.Ticket), Agent: clean(r.Agent),
		}}, err
	})
	return id, err
}

// PutPart records what came of a reset's part, in place of what was recorded before. What is done stays done.
func (s *database) PutPart(ctx context.Context, reset int64, part helpdesk.Part) error {
	_, err := s.write(ctx, "put part", `INSERT INTO reset_parts (reset, part, done, result, moment) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (reset, part) DO UPDATE SET done = excluded.done, result = excluded.result, moment = excluded.moment
		WHERE reset_parts.done <= excluded.done`,
		reset, string(part.Name), yes(part.Done), clean(part.Result), micros(s.now()))
	return err
}

// SetResetInvite notes the link that belongs to a reset.
func (s *database) SetResetInvite(ctx context.Context, reset, invite int64) error {
	_, err := s.write(ctx, "put reset's invite", `UPDATE resets SET invite = $2 WHERE id = $1`, reset, invite)
	return err
}

// SetResetApproval notes the approval that a reset needs since its account has become privileged.
func (s *database) SetResetApproval(ctx context.Context, reset, approval int64) error {
	_, err := s.write(ctx, "put reset's approval", `UPDATE resets SET approval = $2 WHERE id = $1`, reset, approval)
	return err
}

// FinishReset ends a reset: ErrConflict when it is done already.
func (s *database) FinishReset(ctx context.Context, reset int64) error {
	err := s.announce(ctx, "finish reset", func(ctx context.Context, tx *sql.Tx) ([]helpdesk.Change, error) {
		done := helpdesk.Change{At: s.now(), What: "reset.done", Reset: reset}
		err := tx.QueryRowContext(ctx, `UPDATE resets SET done_at = $2 WHERE id = $1 AND done_at = 0
			RETURNING invite, account, ticket, agent`, reset, micros(s.now())).Scan(&done.Invite, &done.Account, &done.Ticket, &done.Agent)
		return []helpdesk.Change{done}, err
	})
	if errors.Is(err, ErrNotFound) {
		return s.fail("finish reset", ErrConflict)
	}
	return err
}

// Reset is the reset with an ID.
func (s *database) Reset(ctx context.Context, id int64) (helpdesk.Reset, error) {
	return s.oneReset(ctx, `WHERE id = $1`, id)
}

// OpenReset is the account's reset that is not done: ErrNotFound when there is none.
func (s *database) OpenReset(ctx context.Context, pool, account string) (helpdesk.Reset, error) {
	return s.oneReset(ctx, `WHERE pool = $1 AND account = $2 AND done_at = 0`, clean(pool), clean(account))
}

func (s *database) oneReset(ctx context.Context, where string, args ...any) (helpdesk.Reset, error) {
	list, err := s.resets(ctx, where, args...)
	switch {
	case err != nil:
		return helpdesk.Reset{}, err
	case len(list) == 0:
		return helpdesk.Reset{}, s.fail("look up reset", ErrNotFound)
	}
	return list[0], nil
}

// Resets lists an account's resets, the newest first.
func (s *database) Resets(ctx context.Context, pool, account string, limit int) ([]helpdesk.Reset, error) {
	return s.resets(ctx, `WHERE pool = $1 AND account = $2 ORDER BY id DESC LIMIT $3`, clean(pool), clean(account), limit)
}

func (s *database) resets(ctx context.Context, where string, args ...any) ([]helpdesk.Reset, error) {
	var list []helpdesk.Reset
	err := s.readAll(ctx, "list resets", `SELECT `+resetColumns+` FROM resets `+where, args, func(rows *sql.Rows) error {
		var (
			r        helpdesk.Reset
			lifetime int64
		)
		err := rows.Scan(&r.ID, &r.Pool, &r.Account, &r.Username, &r.Agent, &r.Approval, &r.Ticket, &r.Reason, &r.Proof,
			&r.Language, &lifetime, &r.Invite, instant{&r.CreatedAt}, instant{&r.DoneAt})
		r.Lifetime = time.Duration(lifetime) * time.Microsecond
		list = append(list, r)
		return err
	})
	for i := range list {
		if err == nil {
			list[i].Parts, err = s.parts(ctx, list[i].ID)
		}
	}
	return list, err
}

func (s *database) parts(ctx context.Context, reset int64) ([]helpdesk.Part, error) {
	var list []helpdesk.Part
	err := s.readAll(ctx, "list parts", `SELECT part, done, result, moment FROM reset_parts WHERE reset = $1`, []any{reset},
		func(rows *sql.Rows) error {
			var (
				p    helpdesk.Part
				done int64
			)
			err := rows.Scan(&p.Name, &done, &p.Result, instant{&p.At})
			p.Done = done == 1
			list = append(list, p)
			return err
		})
	sortParts(list)
	return list, err
}

// sortParts puts parts into the order in which they are done.
func sortParts(list []helpdesk.Part) {
	order := helpdesk.PartNames()
	slices.SortFunc(list, func(a, b helpdesk.Part) int { return slices.Index(order, a.Name) - slices.Index(order, b.Name) })
}
