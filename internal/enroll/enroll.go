// Package enroll is the way of one account through setting up its authenticator app: what comes after what, what is
// asked of the pool, and what is told to the person. It knows neither HTTP nor AWS.
//
// Everything is one value, the [Flow], which the caller keeps (in the browser's cookie) and passes to the [Service];
// each method answers the next Flow, also when it fails: what a remote call has changed is in it.
//
//	                                  ┌─ StepNewPassword ─┐   ┌── StepCode ──┐
//	                                  │ temporary password│   │ app is set up│
//	StepSignIn ── SignIn ── pool asks ┤                   ├───┤              ├── token ──> StepReview ── Start ──┐
//	     ^                            └───────────────────┘   └──────────────┘                                  │
//	     │                                  └── MFA_SETUP session ── (Associate at once) ──────────────> StepScan
//	     │                                                                                                  Verify
//	     └── Flow.At: the authority has ended                                                                   │
//	                       StepDone <── Finish (preference or last answer, again if it failed) <── StepFinish <─┘
//	                          └── Try: sign in for real with the next code, back to StepDone
//
// Two authorities, one path: an access token (the pool lets the account in; Finish is SetUserMFAPreference) or a
// challenge session (the pool insists on an app; Finish is the answer to MFA_SETUP).
//
// A wrong code is diagnosed here (doctor.go): we hold the key, so only a code that matches it goes to the pool.
package enroll

import (
	"context"
	"errors"
	"time"

	"cognito-enroll/internal/secret"
)

// Pool is what enrollment needs of a user pool. Errors are *[Error]; when one is returned the other results mean
// nothing. Every method is one call to the pool.
type Pool interface {
	// SignIn begins with user name and password (Cognito: InitiateAuth).
	SignIn(ctx context.Context, username string, password secret.Text) (Answer, error)
	// SetNewPassword replaces a temporary password (RespondToAuthChallenge, NEW_PASSWORD_REQUIRED).
	SetNewPassword(ctx context.Context, session Session, password secret.Text) (Answer, error)
	// AnswerCode gives the code of the app that is set up (RespondToAuthChallenge, SOFTWARE_TOKEN_MFA).
	AnswerCode(ctx context.Context, session Session, code secret.Text) (Answer, error)
	// Associate makes a new key (AssociateSoftwareToken). On the session path the answer's session replaces the one
	// given. The app that works today goes on working until Verify.
	Associate(ctx context.Context, authority Authority) (Association, error)
	// Verify proves that the app has the key (VerifySoftwareToken). On the session path it answers the session that
	// Finish needs. It is sent once and never again for the same code.
	Verify(ctx context.Context, authority Authority, code secret.Text, deviceName string) (Session, error)
	// Prefer makes the pool ask for the app's code from now on (SetUserMFAPreference).
	Prefer(ctx context.Context, accessToken secret.Text) error
	// FinishSetUp ends the challenge MFA_SETUP (RespondToAuthChallenge).
	FinishSetUp(ctx context.Context, session Session) (Answer, error)
}

// Session is a challenge session: the pool's opaque text and the name that answers to it must carry (Cognito:
// USER_ID_FOR_SRP, the immutable user name).
type Session struct {
	Text   secret.Text
	UserID string
}

// Authority is what authorizes the calls of a set-up: exactly one of the two is set.
type Authority struct {
	AccessToken secret.Text
	Session     Session
}

// Challenge is what the pool wants next.
type Challenge uint8

// The challenges that this portal answers.
const (
	NoChallenge          Challenge = iota // signed in: the answer has an access token
	ChallengeNewPassword                  // the password is temporary
	ChallengeCode                         // an authenticator app is set up and must be used
	ChallengeSetUp                        // an authenticator app must be set up
)

// Answer is the pool's answer to a step of signing in.
type Answer struct {
	Challenge   Challenge
	Session     Session     // with a challenge
	DeviceName  string      // with ChallengeCode, when the app was given a name
	AccessToken secret.Text // with NoChallenge
	Until       time.Time   // when Session or AccessToken ends, as far as can be told
}

// Association is a new key.
type Association struct {
	Key     secret.Text // base32, as the pool gives it
	Session Session     // session path only
	Until   time.Time   // session path only
}

// Service moves flows forward. It keeps nothing between calls and is safe for concurrent use.
type Service struct {
	pool   Pool
	policy PasswordPolicy
	now    func() time.Time
}

// Options of a Service.
type Options struct {
	Pool   Pool
	Policy PasswordPolicy
	Now    func() time.Time
}

// New makes a Service.
func New(opts Options) *Service {
	return &Service{pool: opts.Pool, policy: opts.Policy, now: opts.Now}
}

// SignIn begins or begins again. It keeps what the browser's earlier flow knows of the same account: keys that were
// scanned and never finished, and an app that is verified but not yet preferred.
func (s *Service) SignIn(ctx context.Context, f Flow, username string, password secret.Text) (Flow, error) {
	if !plausibleUsername(username) || !plausiblePassword(password) {
		return f, &Error{Kind: WrongPassword, Op: "SignIn", Err: errors.New("cannot be a user name or password")}
	}
	answer, err := s.pool.SignIn(ctx, username, password)
	if err != nil {
		return f, err
	}
	return s.proceed(ctx, f.begin(username, s.now()), answer)
}

// SetNewPassword replaces the temporary password.
func (s *Service) SetNewPassword(ctx context.Context, f Flow, password, again secret.Text) (Flow, error) {
	if failed := s.policy.Check(password); len(failed) > 0 {
		return f, &Error{Kind: WeakPassword, Op: "SetNewPassword", Err: errors.New("does not keep the policy"), Rules: failed}
	}
	if !password.Equal(again) {
		return f, &Error{Kind: PasswordsDiffer, Op: "SetNewPassword", Err: errors.New("typed two different passwords")}
	}
	answer, err := s.pool.SetNewPassword(ctx, f.Authority.Session, password)
	if err != nil {
		return f.orSignInAgain(err), err
	}
	return s.proceed(ctx, f, answer)
}

// AnswerCode gives the code of the app that is set up.
func (s *Service) AnswerCode(ctx context.Context, f Flow, typed string) (Flow, error) {
	code, diagnosis := diagnose(f, typed, s.now())
	if diagnosis.Verdict == NotSixDigits || diagnosis.Verdict == JustUsed {
		return f, wrongCode("AnswerCode", diagnosis)
	}
	answer, err := s.pool.AnswerCode(ctx, f.Authority.Session, secret.New(code))
	if err != nil {
		return f.orSignInAgain(err), err
	}
	f.Spent = Spent{Code: secret.New(code), At: s.now()}
	if f.Trying && answer.Challenge == NoChallenge {
		return f.proven(s.now()), nil
	}
	f.HasApp = true
	return s.proceed(ctx, f, answer)
}

// Start makes a new key and leads to the page that shows it.
func (s *Service) Start(ctx context.Context, f Flow) (Flow, error) {
	association, err := s.pool.Associate(ctx, f.Authority)
	if err != nil {
		return f.orSignInAgain(err), err
	}
	f.Step, f.Key, f.KeyMade = StepScan, association.Key, s.now()
	if !association.Session.Text.IsZero() {
		f.Authority.Session, f.Until = association.Session, association.Until
	}
	return f, nil
}

// Verify takes the first code of the new entry. Only a code that the key itself makes goes to the pool.
func (s *Service) Verify(ctx context.Context, f Flow, typed, deviceName string) (Flow, error) {
	f.DeviceName = CleanDeviceName(deviceName)
	code, diagnosis := diagnose(f, typed, s.now())
	if diagnosis.Verdict != Match {
		return f, wrongCode("Verify", diagnosis)
	}
	next, err := s.pool.Verify(ctx, f.Authority, secret.New(code), f.DeviceName)
	if f.Unsure && KindOf(err) == AppsOff {
		// No key waits for verification any more, and the code fits the last one: the lost answer was yes. What is
		// left, the preference, fails unless the pool agrees.
		next, err = f.Authority.Session, nil
	}
	if kind := KindOf(err); kind == ResultUnknown || kind == SessionSpent { // the code may have been accepted
		f.Spent, f.Unsure = Spent{Code: secret.New(code), At: s.now()}, true
	}
	if err != nil {
		return f.orSignInAgain(err), err
	}
	f.Step, f.Spent = StepFinish, Spent{Code: secret.New(code), At: s.now()}
	f.Authority.Session = next
	return s.Finish(ctx, f)
}

// Finish does what is left after the app is verified. It can be asked for again after a failure; nothing is scanned
// a second time.
func (s *Service) Finish(ctx context.Context, f Flow) (Flow, error) {
	var err error
	if f.Authority.AccessToken.IsZero() {
		_, err = s.pool.FinishSetUp(ctx, f.Authority.Session)
		if authorityEnded(err) {
			// The session has ended or is spent. The app is verified, and a pool that insists on an app needs no more
			// than that: the next sign-in asks for its code.
			err = nil
		}
	} else {
		err = s.pool.Prefer(ctx, f.Authority.AccessToken)
	}
	if KindOf(err) == Conflict { // the pool knows no verified app: another set-up has replaced this one
		f.Step, f.Key, f.KeyMade = StepReview, secret.Text{}, time.Time{}
	}
	if err != nil {
		return f.orSignInAgain(err), err
	}
	return f.done(s.now()), nil
}

// Try begins a real sign-in with the app that was just set up.
func (s *Service) Try(f Flow) Flow {
	f.Step, f.Trying = StepSignIn, true
	return f
}

// proceed follows the pool's answer to the next step.
func (s *Service) proceed(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	f.Authority, f.Until = Authority{Session: answer.Session, AccessToken: answer.AccessToken}, answer.Until
	switch answer.Challenge {
	case ChallengeNewPassword:
		f.Step = StepNewPassword
	case ChallengeCode:
		f.Step = StepCode
		if !f.Trying {
			f.DeviceName = answer.DeviceName
		}
	case ChallengeSetUp:
		f.Step, f.Trying, f.Verified = StepReview, false, false
		return s.Start(ctx, f)
	case NoChallenge:
		f.Step, f.Trying = StepReview, false
		if f.Verified { // an earlier flow ended between Verify and Prefer
			f.Step = StepFinish
			return s.Finish(ctx, f)
		}
	}
	return f, nil
}
