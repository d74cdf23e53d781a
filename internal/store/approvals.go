package store

import (
	"context"
	"database/sql"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// approvalsKept is how long an approval can be looked at after it lapsed.
const approvalsKept = 30 * 24 * time.Hour

const approvalColumns = `id, pool, operation, account, agent, session, ticket, reason, proof, created_at, expires_at, state,
	decided_by, decided_at`

// PutApproval keeps a new request and answers its ID. Said again after ErrUnavailable, it may be there twice.
func (s *database) PutApproval(ctx context.Context, a helpdesk.Approval) (id int64, err error) {
	err = s.writeReturning(ctx, "put approval", `INSERT INTO approvals (pool, operation, account, agent, session, ticket,
		reason, proof, created_at, expires_at, state, decided_by, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'requested', '', 0) RETURNING id`,
		[]any{
			clean(a.Pool), clean(string(a.Operation)), clean(a.Account), clean(a.Agent), clean(a.Session), clean(a.Ticket),
			clean(a.Reason), clean(a.Proof), micros(s.now()), micros(a.ExpiresAt),
		}, &id)
	return id, err
}

// DecideApproval answers a request that still waits, once: ErrConflict when it does not, ErrNotFound when there is none.
func (s *database) DecideApproval(ctx context.Context, id int64, state helpdesk.ApprovalState, by string) error {
	return s.changeApproval(ctx, "decide approval", `UPDATE approvals SET state = $2, decided_by = $3, decided_at = $4
		WHERE id = $1 AND state = 'requested' AND expires_at > $4`, id, string(state), clean(by), micros(s.now()))
}

// UseApproval spends an approval. Of all who try one succeeds, the others get ErrConflict. Said again after
// ErrUnavailable, ErrConflict may mean that the first time succeeded.
func (s *database) UseApproval(ctx context.Context, id int64) error {
	return s.changeApproval(ctx, "use approval", `UPDATE approvals SET state = 'used'
		WHERE id = $1 AND state = 'approved' AND expires_at > $2`, id, micros(s.now()))
}

func (s *database) changeApproval(ctx context.Context, op, query string, id int64, args ...any) error {
	n, err := s.write(ctx, op, query, append([]any{id}, args...)...)
	if n > 0 || err != nil {
		return err
	}
	if _, err := s.Approval(ctx, id); err != nil {
		return err
	}
	return s.fail(op, ErrConflict)
}

// Approval is the approval with an ID.
func (s *database) Approval(ctx context.Context, id int64) (helpdesk.Approval, error) {
	var a helpdesk.Approval
	err := s.read(ctx, "look up approval", `SELECT `+approvalColumns+` FROM approvals WHERE id = $1`, []any{id}, approvalFields(&a)...)
	return a, err
}

// Approvals lists a pool's requests that can still be answered or used, the oldest first.
func (s *database) Approvals(ctx context.Context, pool string, limit int) ([]helpdesk.Approval, error) {
	var list []helpdesk.Approval
	err := s.readAll(ctx, "list approvals", `SELECT `+approvalColumns+` FROM approvals WHERE pool = $1
		AND state IN ('requested', 'approved') AND expires_at > $2 ORDER BY id LIMIT $3`,
		[]any{clean(pool), micros(s.now()), limit}, func(rows *sql.Rows) error {
			var a helpdesk.Approval
			err := rows.Scan(approvalFields(&a)...)
			list = append(list, a)
			return err
		})
	return list, err
}

func approvalFields(a *helpdesk.Approval) []any {
	return []any{
		&a.ID, &a.Pool, &a.Operation, &a.Account, &a.Agent, &a.Session, &a.Ticket, &a.Reason, &a.Proof,
		instant{&a.CreatedAt},
		instant{&a.ExpiresAt},
		&a.State, &a.DecidedBy,
		instant{&a.DecidedAt},
	}
}
