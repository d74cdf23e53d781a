package enroll

import (
	"context"
	"errors"
	"time"

	"cognito-enroll/internal/secret"
)

// freshFor is how long after signing in somebody may change his factors without doing so again.
const freshFor = 10 * time.Minute

// fresh sends somebody who signed in a while ago back to do so again. On the session path the session is the proof.
func (s *Service) fresh(f Flow) (Flow, bool) {
	if f.Authority.AccessToken.IsZero() || s.now().Sub(f.SignedInAt) <= freshFor {
		return f, true
	}
	f.Step, f.Authority, f.Until, f.Notice = StepSignIn, Authority{}, time.Time{}, NoticeFresh
	return f, false
}

// Start makes a new key and leads to the page that shows it.
func (s *Service) Start(ctx context.Context, f Flow) (Flow, error) {
	if stale, ok := s.fresh(f); !ok {
		return stale, nil
	}
	f, err := s.mayStart(ctx, f)
	if err != nil {
		return f, err
	}
	association, err := s.pool.Associate(ctx, f.Authority)
	if err != nil {
		return f.orSignInAgain(err), err
	}
	f.Step, f.Key, f.KeyMade = StepScan, association.Key, s.now()
	if !association.Session.Text.IsZero() {
		f.Authority.Session, f.Until = association.Session, f.until(association.Until)
	}
	s.note(ctx, f, HappeningShown, nil)
	return f, nil
}

// Again makes another key for a set-up whose key the pool no longer takes, because it was begun again elsewhere. A
// challenge session was spent on its one key: who has none but that signs in again.
func (s *Service) Again(ctx context.Context, f Flow) (Flow, error) {
	if f.Authority.AccessToken.IsZero() {
		f.Step, f.Authority, f.Until = StepSignIn, Authority{}, time.Time{}
		return f, nil
	}
	next, err := s.Start(ctx, f.shelve())
	if err != nil && next.Step == StepScan {
		return f, err // the key at hand may count after all
	}
	next.Unsure = false // that was about the key before
	return next, err
}

// Verify takes the first code of the new entry. Only a code that the key itself makes goes to the pool.
func (s *Service) Verify(ctx context.Context, f Flow, typed, deviceName string) (Flow, error) {
	f.DeviceName = CleanDeviceName(deviceName)
	code, diagnosis := diagnose(f, typed, s.now())
	if diagnosis.Verdict != Match {
		err := wrongCode("Verify", diagnosis)
		s.note(ctx, f, HappeningWrongCode, err)
		return f, err
	}
	f, err := s.mayStart(ctx, f)
	if err != nil {
		return f, err
	}
	next, err := s.pool.Verify(ctx, f.Authority, secret.New(code), f.DeviceName)
	if KindOf(err) == AppsOff && !f.Authority.AccessToken.IsZero() {
		// No key waits for verification any more, and the code fits ours: a lost answer was yes, another request of ours
		// was quicker, or somebody else has set up another key since. If the pool has any app, the next sign-in asks for
		// its code, and that alone tells whose it is. A question that was not answered has told nothing.
		switch answer := s.pool.Prefer(ctx, f.Authority.AccessToken, MethodApp); {
		case answer == nil:
			err = &Error{Kind: SessionSpent, Op: "Verify", Err: err}
		case authorityEnded(answer):
			err = answer
		case KindOf(answer) != Conflict && KindOf(answer) != AppsOff:
			err = &Error{Kind: ResultUnknown, Op: "Verify", Err: errors.Join(err, answer)}
		}
	}
	if kind := KindOf(err); kind == ResultUnknown || kind == SessionSpent { // the code may have been accepted
		f.Spent, f.Unsure = Spent{Code: secret.New(code), At: s.now()}, true
	}
	if err != nil {
		return f.orSignInAgain(err), err
	}
	f.Step, f.Spent = StepFinish, Spent{Code: secret.New(code), At: s.now()}
	f.Authority.Session = next
	return s.Finish(ctx, s.spend(ctx, f))
}

// Finish does what is left after the app is verified. It can be asked for again after a failure; nothing is scanned
// a second time.
func (s *Service) Finish(ctx context.Context, f Flow) (Flow, error) {
	var err error
	if f.Authority.AccessToken.IsZero() {
		var answer Answer
		answer, err = s.pool.FinishSetUp(ctx, f.Authority.Session)
		s.end(ctx, answer.Refresh)
		if authorityEnded(err) || askedForMore(err) {
			// The session has ended or is spent, or the pool has yet another question. The app is verified, and a pool that
			// insists on an app needs no more than that: the next sign-in asks for its code.
			err = nil
		}
	} else {
		err = s.pool.Prefer(ctx, f.Authority.AccessToken, MethodApp)
	}
	if KindOf(err) == Conflict { // the pool knows no verified app: another set-up has replaced this one
		f = f.shelve()
		f.Step, f.Verified = StepReview, false
	}
	if err != nil {
		return f.orSignInAgain(err), err
	}
	s.Leave(ctx, f)
	return s.spend(ctx, f.done(s.now())), nil
}

// Try begins a real sign-in with the app that was just set up.
func (s *Service) Try(f Flow) Flow {
	f.Step, f.Trying = StepSignIn, true
	return f
}
