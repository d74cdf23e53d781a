package helpdesk

import (
	"context"
	"time"
)

// SweepBudget bounds what a sweep asks of the pool.
type SweepBudget struct {
	PerSecond int // calls; zero: ten, a third of the smallest quota that it touches
}

// SweepReport is what a sweep did.
type SweepReport struct {
	Accounts, WithApp int
	Found, Gone       int // ledger entries added because the pool knew better
	Calls             int
	Took              time.Duration
}

// Sweep asks the pool about every account, slowly, and makes our record agree with it. One sweep at a time and hour:
// TooMany otherwise.
func (d *Desk) Sweep(ctx context.Context, agent Agent, budget SweepBudget) (SweepReport, error) {
	return SweepReport{}, nil
}
