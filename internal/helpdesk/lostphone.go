package helpdesk

import (
	"context"
	"time"
)

// LostPhone is an agent's wish to reset an account whose phone is gone.
type LostPhone struct {
	Account  string // its own name, or its sub
	Ticket   string
	Reason   string
	Proof    string
	Lifetime time.Duration // of the fresh link
	Language string
	Approval int64 // for a privileged account
}

// PartName names a part of a reset.
type PartName string

// The parts, in their order. The link comes first, so that the account always has its old app or a link that works; its
// spoken piece is issued only when the old app is dealt with, so that nobody drops the new one.
const (
	PartLink     PartName = "link"     // a fresh link
	PartApp      PartName = "app"      // the pool forgets the old app
	PartSessions PartName = "sessions" // every session ends, the pool's and the portal's
	PartDevices  PartName = "devices"  // remembered devices are forgotten
	PartNotices  PartName = "notices"  // the owner is told on every verified channel
)

// PartNames is every part, in order.
func PartNames() []PartName {
	return []PartName{PartLink, PartApp, PartSessions, PartDevices, PartNotices}
}

// Part is what came of a part.
type Part struct {
	Name   PartName
	Done   bool
	Result string // a word: "made", "dropped", "nothing", "signed_out", "forgot 2", "told 1"; or the kind of the failure
	At     time.Time
}

// Reset is one reset of a lost phone, as it is recorded.
type Reset struct {
	ID        int64
	Pool      string
	Account   string // sub
	Username  string
	Agent     string // who began it
	Approval  int64
	Ticket    string
	Reason    string
	Proof     string
	Language  string
	Lifetime  time.Duration
	Invite    int64 // the fresh link; 0: not made yet
	CreatedAt time.Time
	DoneAt    time.Time // zero: some part is not done
	Parts     []Part    // those that were tried
}

// ResetReport is a reset after a run. Whatever failed is in Reset.Parts; run it again with Resume.
type ResetReport struct {
	Reset Reset
	// Link has its Locator when this run made it, and its Piece when this run settled the old app.
	Link NewLink
	// TokensUntil is when the last access token that is out there ends, which nobody can call back.
	TokensUntil time.Time
}

// LostPhone does all parts, or goes on with the account's reset that is not done. A part that fails does not stop those
// after it, except the link. The error is nil when all are done, else that of the first part that is not.
func (d *Desk) LostPhone(ctx context.Context, agent Agent, wish LostPhone) (ResetReport, error) {
	return ResetReport{}, nil
}

// Resume goes on with a reset. freshLink makes another link although there is one that works: say it when nobody has the
// first one's locator.
func (d *Desk) Resume(ctx context.Context, agent Agent, reset int64, freshLink bool) (ResetReport, error) {
	return ResetReport{}, nil
}
