package helpdesk

import (
	"context"
	"time"
)

// Deed is what somebody was about to do to an account, and what came of it: an intent of the audit trail with its result.
type Deed struct {
	Seq      int64 // of the intent
	At       time.Time
	Actor    string // as in AuditEntry
	Action   string
	Detail   string
	Answered bool // there is a result; without one it was cut off, or is still under way
	Result   string
}

// Trail lists what was done to an account, by its own name or sub, the newest first; before is the last one's Seq of the
// page before, 0 at the beginning. Whoever may look an account up may see who did what to it: the second reset in a week
// is what an agent should know of.
func (d *Desk) Trail(ctx context.Context, agent Agent, account string, before int64, limit int) (Account, []Deed, error) {
	s, err := d.allowed(ctx, OpLookUp, agent, account)
	if err != nil {
		return Account{}, nil, err
	}
	deeds, err := d.deeds(ctx, s, before, limit)
	if err != nil {
		return Account{}, nil, storeDown(string(OpLookUp), err)
	}
	return s.Account, deeds, nil
}

// deeds are the trail's about an account, which it names by its sub, or by sub and name.
func (d *Desk) deeds(ctx context.Context, s subject, before int64, limit int) ([]Deed, error) {
	return d.memory.Deeds(ctx, s.Sub, s.String(), before, min(limit, maxListed))
}
