package helpdesk

import (
	"context"
	"errors"

	"cognito-enroll/internal/enroll"
)

// Enrollment is a Desk as enrollment knows it.
type Enrollment struct{ Desk *Desk }

var _ enroll.Desk = Enrollment{}

// MayStart is [Desk.MayStart].
func (e Enrollment) MayStart(ctx context.Context, a enroll.Attempt) error {
	held, err := readHeld(a.Held)
	if err != nil {
		return ToEnroll(err)
	}
	return ToEnroll(e.Desk.MayStart(ctx, Attempt{Account: a.Account, Began: a.Began, HasApp: a.HasApp, ByApp: a.ByApp, Held: held}))
}

// Spend is [Desk.Spend].
func (e Enrollment) Spend(ctx context.Context, text, account string) error {
	held, err := readHeld(text)
	if err != nil {
		return ToEnroll(err)
	}
	return ToEnroll(e.Desk.Spend(ctx, held, account))
}

// Note is [Desk.Note].
func (e Enrollment) Note(ctx context.Context, text string, what enroll.Happening, diagnosis enroll.Diagnosis) {
	if held, err := readHeld(text); err == nil {
		e.Desk.Note(ctx, held, Happening(what), diagnosis)
	}
}

// readHeld reads what HoldLink was given. What cannot be read is a link that is over.
func readHeld(text string) (Held, error) {
	var held Held
	if err := held.UnmarshalText([]byte(text)); err != nil {
		return held, linkOver(err.Error())
	}
	return held, nil
}

// ToEnroll is an error as enrollment tells it to the person with the link.
func ToEnroll(err error) error {
	if err == nil {
		return nil
	}
	return &enroll.Error{Kind: enrollKind(err), Op: "desk", Err: err}
}

func enrollKind(err error) enroll.Kind {
	switch KindOf(err) { //nolint:exhaustive // the others are about agents
	case NeedsLink:
		return enroll.NeedsLink
	case NeedsAppCode:
		return enroll.NeedsAppCode
	case LinkOver, LinkNotGood:
		if e, ok := errors.AsType[*Error](err); ok && e.Field == "account" {
			return enroll.LinkForOther
		}
		return enroll.LinkOver
	case NoSuchAccount:
		return enroll.SignInAgain
	case TooMany, PoolBusy:
		return enroll.Busy
	case PoolDown:
		return enroll.PoolDown
	case PoolRefused, PoolCannot:
		return enroll.Misconfigured
	case StoreDown:
		return enroll.StoreDown
	}
	return enroll.Unknown
}
