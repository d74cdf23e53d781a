package helpdesk

import (
	"context"
	"maps"
	"slices"
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

// coverageBatch is how many accounts are read at a time.
const coverageBatch = 500

// Coverage counts accounts by group and standing.
func (d *Desk) Coverage(ctx context.Context, agent Agent) (Coverage, error) {
	if err := d.Allowed(OpCoverage, agent, Target{}); err != nil {
		return Coverage{}, err
	}
	report, places := d.emptyCoverage()
	err := d.eachCovered(ctx, func(c Covered) error {
		standing := d.standing(c)
		report.Groups[places[""]].Counts[standing]++
		for _, group := range c.Groups {
			if place, ok := places[group]; ok && group != "" {
				report.Groups[place].Counts[standing]++
			}
		}
		return nil
	})
	if err != nil {
		return Coverage{}, err
	}
	if report.SweptAt, err = d.memory.Swept(ctx, d.poolID); err != nil {
		return Coverage{}, storeDown(string(OpCoverage), err)
	}
	return report, nil
}

// emptyCoverage has a row for everybody and for each group with a deadline, and where they are.
func (d *Desk) emptyCoverage() (Coverage, map[string]int) {
	names := slices.Sorted(maps.Keys(d.rules.Deadlines))
	if _, ok := d.rules.Deadlines[""]; !ok {
		names = slices.Insert(names, 0, "")
	}
	var report Coverage
	places := map[string]int{}
	for i, name := range names {
		counts := map[Standing]int{}
		for _, s := range Standings() {
			counts[s] = 0
		}
		report.Groups, places[name] = append(report.Groups, GroupCoverage{name, d.rules.Deadlines[name], counts}), i
	}
	return report, places
}

// eachCovered calls do for every account of the last sweep.
func (d *Desk) eachCovered(ctx context.Context, do func(Covered) error) error {
	for after := ""; ; {
		batch, err := d.memory.Covered(ctx, d.poolID, after, coverageBatch)
		if err != nil {
			return storeDown(string(OpCoverage), err)
		}
		for _, c := range batch {
			if err := do(c); err != nil {
				return err
			}
			after = c.Username
		}
		if len(batch) < coverageBatch {
			return nil
		}
	}
}

// standing is how far an account has come.
func (d *Desk) standing(c Covered) Standing {
	now, deadline := d.now(), d.deadline(c)
	switch {
	case !expected(c.Status, c.Enabled):
		return NotExpected
	case c.HasApp && c.Event == EventProven:
		return Proven
	case c.HasApp:
		return SetUp
	case !deadline.IsZero() && !now.Before(deadline):
		return Overdue
	case (c.Invite == InviteLive || c.Invite == InviteOpened) && !now.Before(c.InviteEnd):
		return LinkLapsed
	}
	return Pending
}

// expected reports whether an account could set up an app at all.
func expected(status Status, enabled bool) bool {
	return enabled && status != StatusExternal && status != StatusUnconfirmed
}

// deadline is the earliest that holds for an account: the zero time when none does.
func (d *Desk) deadline(c Covered) time.Time {
	earliest := d.rules.Deadlines[""]
	for _, group := range c.Groups {
		if at := d.rules.Deadlines[group]; !at.IsZero() && (earliest.IsZero() || at.Before(earliest)) {
			earliest = at
		}
	}
	return earliest
}
