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
	HappeningOpened    Happening = "opened"      // the piece was right (the link alone, shown by a scanner too, tells nothing)
	HappeningWrong     Happening = "wrong_piece" // a wrong spoken piece
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
func (d *Desk) Note(ctx context.Context, held Held, what Happening, diagnosis enroll.Diagnosis) {}

// Watch answers what happened with a link since the event with the number after, and how it stands.
func (d *Desk) Watch(ctx context.Context, agent Agent, invite, after int64) (Link, []InviteEvent, error) {
	return Link{}, nil, nil
}
