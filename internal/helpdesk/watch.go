package helpdesk

import (
	"context"
	"time"

	"cognito-enroll/internal/enroll"
)

// Happening is something on the way of whoever has a link.
type Happening string

// The happenings.
const (
	HappeningOpened    Happening = "opened" // the piece was right (the link alone, shown by a scanner too, tells nothing)
	HappeningSignedIn  Happening = "signed_in"
	HappeningShown     Happening = "shown"      // the QR code is on the page
	HappeningWrongCode Happening = "wrong_code" // with the doctor's verdict
	HappeningDone      Happening = "done"
)

// InviteEvent is a happening, as it is recorded: never a key, a code or a piece.
type InviteEvent struct {
	ID        int64 // rising
	Invite    int64
	At        time.Time
	Happening Happening
	Verdict   string        // with HappeningWrongCode: enroll.Verdict's name
	Off       time.Duration // with ClockSlow and ClockFast: how far the phone's clock is off, whole minutes
}

// Note records a happening. It never fails: the person goes on whether or not an agent can watch. Nothing without a link.
func (d *Desk) Note(ctx context.Context, held Held, what Happening, diagnosis enroll.Diagnosis) {
	if held == (Held{}) {
		return
	}
	event := InviteEvent{Invite: held.Invite, Happening: what}
	if what == HappeningWrongCode {
		event.Verdict, event.Off = diagnosis.Verdict.String(), diagnosis.Off
	}
	if err := d.changes.AppendInviteEvent(ctx, event); err != nil {
		d.log.WarnContext(ctx, "happening not recorded", "link", held.Invite, "happening", string(what), "error", err)
	}
}

// maxListed bounds every list that is not paged.
const maxListed = 200

// Watch answers what happened with a link since the event with the number after, and how it stands. It asks the store
// alone: agents ask every other second.
func (d *Desk) Watch(ctx context.Context, agent Agent, invite, after int64) (Link, []InviteEvent, error) {
	if err := d.Allowed(OpWatch, agent, Target{}); err != nil {
		return Link{}, nil, err
	}
	i, err := d.memory.InviteByID(ctx, invite)
	if err == nil && i.Pool != d.poolID {
		err = ErrNotFound
	}
	if err != nil {
		return Link{}, nil, linkError(OpWatch, err)
	}
	events, err := d.memory.InviteEvents(ctx, invite, after, maxListed)
	if err != nil {
		return Link{}, nil, storeDown(string(OpWatch), err)
	}
	return d.view(i), events, nil
}
