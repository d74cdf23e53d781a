package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Purge deletes at most limit rows of each kind that nobody can ask for any more, and answers how many it deleted. Call
// it again until it answers 0; one node at a time does the work. What it has not deleted yet does no harm. A moment that
// can still move is compared twice, lest a row be deleted that another node has just renewed.
func (s *database) Purge(ctx context.Context, limit int) (int64, error) {
	now := s.now()
	var deleted int64
	err := s.transact(ctx, "purge", func(ctx context.Context, tx *sql.Tx) error {
		deleted = 0
		if err := s.lock(ctx, tx, lockPurge); err != nil {
			return err
		}
		for _, expired := range []struct {
			name  string
			query string        // $1 is the moment up to which rows are deleted, $2 how many
			kept  time.Duration // how long after the moment in the row
		}{
			{name: "ended sessions", query: `DELETE FROM ended_sessions WHERE sid IN
				(SELECT sid FROM ended_sessions WHERE until <= $1 LIMIT $2) AND until <= $1`},
			{name: "accounts signed out", kept: notBeforeKept, query: `DELETE FROM not_before WHERE account IN
				(SELECT account FROM not_before WHERE moment <= $1 LIMIT $2) AND moment <= $1`},
			{name: "hand-offs", query: `DELETE FROM handoffs WHERE locator_hash IN
				(SELECT locator_hash FROM handoffs WHERE expires_at <= $1 LIMIT $2)`},
			{name: "answers", query: `DELETE FROM answers WHERE key_hash IN
				(SELECT key_hash FROM answers WHERE expires_at <= $1 LIMIT $2) AND expires_at <= $1`},
			{name: "invites", kept: invitesKept, query: `DELETE FROM invites WHERE id IN
				(SELECT id FROM invites WHERE expires_at <= $1 LIMIT $2)`},
			{name: "invites' events", kept: eventsKept, query: `DELETE FROM invite_events WHERE id IN
				(SELECT id FROM invite_events WHERE moment <= $1 LIMIT $2)`},
			{name: "approvals", kept: approvalsKept, query: `DELETE FROM approvals WHERE id IN
				(SELECT id FROM approvals WHERE expires_at <= $1 LIMIT $2)`},
			{name: "throttles", query: `DELETE FROM throttles WHERE key_hash IN
				(SELECT key_hash FROM throttles WHERE due <= $1 LIMIT $2) AND due <= $1`},
		} {
			result, err := tx.ExecContext(ctx, expired.query, micros(now.Add(-expired.kept)), limit)
			if err != nil {
				return fmt.Errorf("%s: %w", expired.name, err)
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			deleted += n
		}
		return nil
	})
	s.over.forget()
	return deleted, err
}
