package helpdesk_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// faultyStore is a store whose chosen call fails: before anything is written, or after, when only the answer is lost.
type faultyStore struct {
	helpdesk.Store

	mu    sync.Mutex
	op    string
	after bool
	skip  int // calls of op that still succeed
	down  bool
}

// failAt makes the call number n (from 0) of op fail, once.
func (f *faultyStore) failAt(op string, n int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.skip, f.after = op, n, after
}

// fail makes every later call of an op fail until it is called with "".
func (f *faultyStore) fail(op string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.skip, f.after, f.down = op, 0, false, op != ""
}

// around does a call, or fails.
func (f *faultyStore) around(op string, do func() error) error {
	f.mu.Lock()
	hit := f.op == op
	if hit && f.skip > 0 {
		f.skip--
		hit = false
	}
	if hit && !f.down {
		f.op = ""
	}
	after := f.after
	f.mu.Unlock()
	if !hit {
		return do()
	}
	if after {
		_ = do()
	}
	return fmt.Errorf("%s: %w", op, helpdesk.ErrUnavailable)
}

func (f *faultyStore) AppendAudit(ctx context.Context, e helpdesk.AuditEntry) (out helpdesk.AuditEntry, err error) {
	err = f.around("AppendAudit", func() (err error) { out, err = f.Store.AppendAudit(ctx, e); return err })
	return out, err
}

func (f *faultyStore) PutInvite(ctx context.Context, i helpdesk.Invite) (id int64, err error) {
	err = f.around("PutInvite", func() (err error) { id, err = f.Store.PutInvite(ctx, i); return err })
	return id, err
}

func (f *faultyStore) PutPiece(ctx context.Context, id int64, hash []byte, until time.Time) error {
	return f.around("PutPiece", func() error { return f.Store.PutPiece(ctx, id, hash, until) })
}

func (f *faultyStore) PutReset(ctx context.Context, r helpdesk.Reset) (id int64, err error) {
	err = f.around("PutReset", func() (err error) { id, err = f.Store.PutReset(ctx, r); return err })
	return id, err
}

func (f *faultyStore) SetResetInvite(ctx context.Context, reset, invite int64) error {
	return f.around("SetResetInvite", func() error { return f.Store.SetResetInvite(ctx, reset, invite) })
}

func (f *faultyStore) PutPart(ctx context.Context, reset int64, p helpdesk.Part) error {
	return f.around("PutPart", func() error { return f.Store.PutPart(ctx, reset, p) })
}

func (f *faultyStore) FinishReset(ctx context.Context, reset int64) error {
	return f.around("FinishReset", func() error { return f.Store.FinishReset(ctx, reset) })
}

func (f *faultyStore) AppendLedger(ctx context.Context, e helpdesk.LedgerEntry) (id int64, err error) {
	err = f.around("AppendLedger", func() (err error) { id, err = f.Store.AppendLedger(ctx, e); return err })
	return id, err
}

func (f *faultyStore) EndAllBefore(ctx context.Context, account string, at time.Time) error {
	return f.around("EndAllBefore", func() error { return f.Store.EndAllBefore(ctx, account, at) })
}

func (f *faultyStore) SpendInvite(ctx context.Context, id int64, holder [16]byte) error {
	return f.around("SpendInvite", func() error { return f.Store.SpendInvite(ctx, id, holder) })
}

func (f *faultyStore) Allow(ctx context.Context, key string, limit helpdesk.Limit, now time.Time) (wait time.Duration, err error) {
	err = f.around("Allow", func() (err error) { wait, err = f.Store.Allow(ctx, key, limit, now); return err })
	return wait, err
}

func (f *faultyStore) Latest(ctx context.Context, pool, account string) (e helpdesk.LedgerEntry, err error) {
	err = f.around("Latest", func() (err error) { e, err = f.Store.Latest(ctx, pool, account); return err })
	return e, err
}

func (f *faultyStore) Ledger(ctx context.Context, page helpdesk.LedgerPage) (list []helpdesk.LedgerEntry, err error) {
	err = f.around("Ledger", func() (err error) { list, err = f.Store.Ledger(ctx, page); return err })
	return list, err
}

func (f *faultyStore) Mark(ctx context.Context, pool, account string, mark helpdesk.Mark) error {
	return f.around("Mark", func() error { return f.Store.Mark(ctx, pool, account, mark) })
}

func (f *faultyStore) Marked(ctx context.Context, pool, account string, mark helpdesk.Mark) (at time.Time, err error) {
	err = f.around("Marked", func() (err error) { at, err = f.Store.Marked(ctx, pool, account, mark); return err })
	return at, err
}
