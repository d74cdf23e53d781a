package enroll

import (
	"context"
	"errors"
	"time"

	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/totp"
)

// Desk is the help desk, as far as enrollment needs one: may this set-up go on, and what has become of the link that the
// person was given. Errors are *[Error].
type Desk interface {
	// MayStart says whether a set-up may go on: nil, NeedsLink, NeedsAppCode, LinkOver, LinkForOther, or that the desk
	// cannot tell. It is asked before a temporary password is replaced, before a key is made, and before the first code
	// goes to the pool.
	MayStart(ctx context.Context, attempt Attempt) error
	// Spend uses a held link up, once the pool has verified the app. It may be said again. LinkOver: it was over already.
	Spend(ctx context.Context, held, account string) error
	// Note tells whoever watches over the link how far its holder is; diagnosis is HappeningWrongCode's. Nothing depends on it.
	Note(ctx context.Context, held string, what Happening, diagnosis Diagnosis)
}

// Attempt is a set-up that is about to begin, or its first code that is about to be sent.
type Attempt struct {
	Held    string    // the link that this browser has opened; "": none
	Account string    // the account's own name
	Began   time.Time // no later than this sign-in
	HasApp  bool      // an app works already
	ByApp   bool      // and its code was given to sign in
}

// Happening is something on the way of whoever has a link.
type Happening string

// The happenings that enrollment sees.
const (
	HappeningSignedIn  Happening = "signed_in"
	HappeningShown     Happening = "shown"      // the key is made: the next page shows it
	HappeningWrongCode Happening = "wrong_code" // with the doctor's diagnosis
)

// noDesk is the desk of a portal that has none: whoever has the password may set up for the first time.
type noDesk struct{}

var _ Desk = noDesk{}

func (noDesk) MayStart(_ context.Context, attempt Attempt) error {
	if attempt.HasApp && !attempt.ByApp {
		return &Error{Kind: NeedsAppCode, Op: "MayStart", Err: errors.New("an app works, and its code was not given to sign in")}
	}
	return nil
}

func (noDesk) Spend(context.Context, string, string) error { return nil }

func (noDesk) Note(context.Context, string, Happening, Diagnosis) {}

// HoldLink begins with a link that was opened in this browser, for the account of that name. It signs nobody in.
func (s *Service) HoldLink(f Flow, held, username string) Flow {
	next := Flow{Username: username, ReturnTo: f.ReturnTo, Held: held, Notice: NoticeLink, newer: f.newer}
	if f.Username == username { // an entry that was scanned before is still in the app
		next.Earlier, next.DeviceName = f.shelve().Earlier, f.DeviceName
	}
	return next
}

// mayStart asks the desk. Where the answer is no, the flow goes back to signing in.
func (s *Service) mayStart(ctx context.Context, f Flow) (Flow, error) {
	account := f.Account
	if account == "" {
		account = f.Username
	}
	began := f.Began
	if !f.SignedInAt.IsZero() && f.SignedInAt.Before(began) { // at Cognito's own pages, or in another application
		began = f.SignedInAt
	}
	err := s.desk.MayStart(ctx, Attempt{Held: f.Held, Account: account, Began: began, HasApp: f.HasApp, ByApp: f.ByApp})
	switch kind := KindOf(err); {
	case kind == LinkForOther: // the link stays open for whom it is for
		return Flow{ReturnTo: f.ReturnTo, Held: f.Held, Notice: NoticeLink, newer: f.newer}, err
	case kind == LinkOver && f.Unsure:
		// The lost answer may have been a yes, and the link over because of it. Signing in again tells.
		err = &Error{Kind: SessionSpent, Op: "MayStart", Err: err}
		return f.orSignInAgain(err), err
	case kind == LinkOver:
		f.Held = ""
		fallthrough
	case kind == NeedsLink:
		f.Step, f.Authority, f.Until = StepSignIn, Authority{}, time.Time{}
	}
	return f, err
}

// note tells the desk how far the holder of a link is.
func (s *Service) note(ctx context.Context, f Flow, what Happening, err error) {
	if f.Held == "" {
		return
	}
	var diagnosis Diagnosis
	if failure, ok := errors.AsType[*Error](err); ok {
		diagnosis = failure.Diagnosis
	}
	s.desk.Note(ctx, f.Held, what, diagnosis)
}

// spend uses the flow's link up, once the app is verified. Whatever goes wrong, the app stays set up; while the desk
// cannot tell, the flow keeps the link, and the next step tries again.
func (s *Service) spend(ctx context.Context, f Flow) Flow {
	if f.Held == "" {
		return f
	}
	// The app works already: the link is used up, whether or not the browser waits to hear of it.
	if err := s.desk.Spend(context.WithoutCancel(ctx), f.Held, f.Account); err == nil || KindOf(err) == LinkOver {
		f.Held = ""
	}
	return f
}

// ownCode reports whether a code is one of a key that was made in this browser and whose set-up did not end: if the pool
// takes it, that set-up had succeeded after all.
func (f Flow) ownCode(code string, now time.Time) bool {
	for _, key := range append([]secret.Text{f.Key}, f.Earlier...) {
		raw, err := totp.Decode(key.Reveal())
		if err != nil || key.IsZero() {
			continue
		}
		for step := totp.Step(now) - window; step <= totp.Step(now)+window; step++ {
			if totp.Code(raw, step) == code {
				return true
			}
		}
	}
	return false
}
