package helpdesk

import (
	"context"
	"io"
	"time"
)

// Standing is how far an account has come. Each account has one.
type Standing string

// The standings.
const (
	Proven      Standing = "proven"       // has an app, and signed in with it
	SetUp       Standing = "set_up"       // has an app
	Pending     Standing = "pending"      // has none yet
	LinkLapsed  Standing = "link_expired" // has none, and its last link was not used in time
	Overdue     Standing = "overdue"      // has none, and its group's deadline has passed
	NotExpected Standing = "not_expected" // switched off, not confirmed, or signs in elsewhere
)

// Standings is every standing, in the order in which they are shown.
func Standings() []Standing {
	return []Standing{Proven, SetUp, Pending, LinkLapsed, Overdue, NotExpected}
}

// Coverage is who has set up.
type Coverage struct {
	SweptAt time.Time       // of when the figures are; zero: no sweep has finished yet
	Groups  []GroupCoverage // "" (everybody) first, then by name
}

// GroupCoverage is a group's figures.
type GroupCoverage struct {
	Group    string
	Deadline time.Time // zero: none
	Counts   map[Standing]int
}

// Swept is what a sweep saw of one account.
type Swept struct {
	Sub, Username string
	Status        Status
	Enabled       bool
	HasApp        bool
	Groups        []string // those with a deadline
	Created       time.Time
	SeenAt        time.Time
}

// Covered is an account of the last sweep with what we know of it.
type Covered struct {
	Swept
	Event     Event // of its newest ledger entry; "": none
	EventAt   time.Time
	Invite    InviteState // of its newest invite; "": none
	InviteEnd time.Time
}

// Coverage counts accounts by group and standing.
func (d *Desk) Coverage(ctx context.Context, agent Agent) (Coverage, error) { return Coverage{}, nil }

// CoverageCSV writes a row for each account: user name, groups, standing, deadline, last event and its time, link. No
// cell begins a formula.
func (d *Desk) CoverageCSV(ctx context.Context, agent Agent, w io.Writer) error { return nil }
