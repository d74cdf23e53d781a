package enroll

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"cognito-enroll/internal/secret"
)

// SignIn begins or begins again. It keeps what the browser's earlier flow knows of the same account: keys that were
// scanned and never finished, and an app that is verified but not yet preferred.
func (s *Service) SignIn(ctx context.Context, f Flow, username string, password secret.Text) (Flow, error) {
	if !plausibleUsername(username) || !plausiblePassword(password) {
		return f, &Error{Kind: WrongPassword, Op: "SignIn", Err: errors.New("cannot be a user name or password")}
	}
	began := s.now() // before the pool has it: this sign-in is not the last one before itself
	answer, err := s.pool.SignIn(ctx, username, password)
	if KindOf(err) == ResetRequired {
		// Cognito may say so whatever the password was: it is told like a wrong one, which mentions the way out.
		return f, &Error{Kind: WrongPassword, Op: "SignIn", Err: err}
	}
	if err != nil {
		return f, err
	}
	return s.proceed(ctx, f.begin(username, began), answer)
}

// SetNewPassword replaces the temporary password and gives the attributes that were asked for.
func (s *Service) SetNewPassword(ctx context.Context, f Flow, password, again secret.Text, attributes map[string]string) (Flow, error) {
	if err := s.checkNewPassword("SetNewPassword", password, again); err != nil {
		return f, err
	}
	given := make(map[string]string, len(f.Attributes))
	for _, name := range f.Attributes { // what the pool asked for, and nothing else
		value := attributes[name]
		if value == "" || utf8.RuneCountInString(value) > maxAttribute {
			return f, &Error{Kind: MissingAttribute, Op: "SetNewPassword", Err: errors.New("attribute missing or too long")}
		}
		given[name] = value
	}
	f, err := s.mayStart(ctx, f)
	if err != nil {
		return f, err
	}
	answer, err := s.pool.SetNewPassword(ctx, f.Authority.Session, password, given)
	if KindOf(err) == Misconfigured && len(given) > 0 { // the pool did not take an attribute: a date, a phone number
		return f, &Error{Kind: MissingAttribute, Op: "SetNewPassword", Err: err}
	}
	if KindOf(err) == ResultUnknown || KindOf(err) == SessionSpent { // or an earlier request was quicker: a double click
		f.Step, f.Authority, f.Until = StepSignIn, Authority{}, time.Time{}
		return f.passwordUnsure("SetNewPassword", err)
	}
	if askedForMore(err) {
		f = f.orStartAgain(err)
		f.Notice = NoticePasswordSet
		return f, err
	}
	if err != nil {
		return f.orSignInAgain(err), err
	}
	return s.proceed(ctx, f, answer)
}

// passwordUnsure sends somebody to sign in whose new password may count already. Signing in tells, and nothing else does.
func (f Flow) passwordUnsure(op string, err error) (Flow, error) {
	f.Notice = NoticePasswordUnsure
	return f, &Error{Kind: SessionSpent, Op: op, Err: err}
}

// ChooseMethod picks one of the second factors that the pool offered.
func (s *Service) ChooseMethod(ctx context.Context, f Flow, method Method) (Flow, error) {
	if !slices.Contains(f.Methods, method) {
		return f, nil
	}
	answer, err := s.pool.ChooseMethod(ctx, f.Authority.Session, method)
	if err != nil {
		return f.orStartAgain(err), err
	}
	return s.proceed(ctx, f, answer)
}

// AnswerCode gives the code of the second factor that the pool asked for.
func (s *Service) AnswerCode(ctx context.Context, f Flow, typed string) (Flow, error) {
	code, diagnosis := diagnoseAt(f, typed, s.now())
	if diagnosis.Verdict == NotSixDigits || diagnosis.Verdict == JustUsed {
		return f, wrongCode("AnswerCode", diagnosis)
	}
	answer, err := s.pool.AnswerCode(ctx, f.Authority.Session, f.Method, secret.New(code))
	if err != nil {
		return f.orStartAgain(err), err
	}
	if f.Method == MethodApp {
		f.Spent = Spent{Code: secret.New(code), At: s.now()}
		if f.ownCode(code, s.now()) {
			f = s.spend(ctx, f)
		}
		if f.Trying && answer.Challenge == NoChallenge {
			s.end(ctx, answer.Refresh)
			return s.spend(ctx, f.proven(s.now())), nil
		}
		f.HasApp, f.ByApp = true, true
	}
	f, err = s.proceed(ctx, f, answer)
	if err == nil && f.Step == StepReview && !f.ByApp { // signed in by a message: there may be an app all the same
		account, err := s.pool.Account(ctx, f.Authority.AccessToken)
		if err != nil {
			return f.unproven(), err
		}
		f.HasApp = slices.Contains(account.Methods, MethodApp)
	}
	return f, err
}

// unproven sends somebody back to signing in of whom it could not be found out whether he has an app: as if he had none, he
// would be let replace it.
func (f Flow) unproven() Flow {
	f.Step, f.Authority, f.Until = StepSignIn, Authority{}, time.Time{}
	return f
}

// proceed follows the pool's answer to the next step.
func (s *Service) proceed(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	f.Authority, f.Until = Authority{Session: answer.Session, AccessToken: answer.AccessToken}, f.until(answer.Until)
	f.Notice = NoNotice
	if answer.Session.UserID != "" {
		f.Account = answer.Session.UserID
	}
	switch answer.Challenge {
	case ChallengeNewPassword:
		f.Step, f.Attributes = StepNewPassword, answer.Attributes
		return s.mayStart(ctx, f) // afterwards the pool no longer tells that the account is new
	case ChallengeChoose:
		f.Step, f.Methods = StepChoose, answer.Methods
	case ChallengeCode:
		f.Step, f.Method, f.Destination = StepCode, answer.Method, answer.Destination
		if answer.Method == MethodApp && !f.Trying {
			f.DeviceName = answer.DeviceName
		}
	case ChallengeSetUp:
		f.Step, f.Trying, f.Verified = StepReview, false, false
		s.note(ctx, f, HappeningSignedIn, nil)
		return s.Start(ctx, f)
	case NoChallenge:
		return s.enter(ctx, f, answer)
	}
	return f, nil
}

// EnterFromPages begins where somebody has signed in at Cognito's own pages, which have asked for the factor that the
// account prefers. What this browser knew of the same account is kept.
func (s *Service) EnterFromPages(ctx context.Context, f Flow, returnTo string, answer Answer) (Flow, error) {
	begun := f
	if f.Account != answer.Username || f.Username == "" {
		begun = Flow{Username: answer.Username, Held: f.Held, newer: f.newer}
	}
	begun = begun.begin(begun.Username, s.now())
	begun.ReturnTo, begun.Elsewhere = returnTo, true
	next, err := s.enter(ctx, begun, answer)
	if err != nil || next.Step != StepReview {
		return next, err
	}
	if next.HasApp, next.ByApp, err = s.app(ctx, answer.AccessToken); err != nil {
		return next.unproven(), err
	}
	return next, nil
}

// HandOver begins where another application has signed its user in. How it did so is not known, so an app that works
// already is replaced only after signing in here.
func (s *Service) HandOver(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	f.Elsewhere = true
	next, err := s.enter(ctx, f, answer)
	if err != nil {
		return f, err
	}
	has, _, err := s.app(ctx, answer.AccessToken)
	if err != nil {
		return f, err
	}
	if has {
		return Flow{Username: answer.Username, ReturnTo: f.ReturnTo, Notice: NoticeReplace}, nil
	}
	return next, nil
}

// app asks the pool whether the account has an app, and whether a sign-in asks for its code. Cognito tells what is
// switched on, not what is registered; but in a pool that is known to require MFA, somebody who holds an access token
// and has nothing on that list has used an app.
func (s *Service) app(ctx context.Context, accessToken secret.Text) (has, asked bool, err error) {
	account, err := s.pool.Account(ctx, accessToken)
	if err != nil {
		return false, false, err
	}
	if len(account.Methods) == 0 {
		return s.required, s.required, nil
	}
	has = slices.Contains(account.Methods, MethodApp)
	return has, has && (len(account.Methods) == 1 || account.Prefers && account.Preferred == MethodApp), nil
}

// enter begins where somebody is signed in.
func (s *Service) enter(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	if answer.Federated {
		s.end(ctx, answer.Refresh)
		f.Step, f.Authority, f.Until = StepSignIn, Authority{}, time.Time{}
		return f, &Error{Kind: Federated, Op: "SignIn", Err: errors.New("account of another identity provider")}
	}
	if f.Username == "" {
		f.Username = answer.Username
	}
	f.Account = answer.Username
	if f.ID == (ID{}) {
		f.ID, f.Began = newID(), s.now()
	}
	f.Authority, f.Until, f.SignedInAt = Authority{AccessToken: answer.AccessToken}, f.until(answer.Until), answer.SignedInAt
	f.Step, f.Trying, f.Methods, f.Looked = StepReview, false, nil, false
	f = s.keep(ctx, f, answer.Refresh)
	s.note(ctx, f, HappeningSignedIn, nil)
	if f.Verified { // an earlier flow ended between Verify and Prefer
		f.Step = StepFinish
		return s.Finish(ctx, f)
	}
	return f, nil
}

// EnterSession begins where another application has got as far as MFA_SETUP with its user.
func (s *Service) EnterSession(f Flow, username string, session secret.Text, until time.Time) (Flow, error) {
	if !plausibleUsername(username) || session.IsZero() {
		return f, &Error{Kind: SignInAgain, Op: "EnterSession", Err: errors.New("no user name or session")}
	}
	return Flow{
		ID: newID(), Began: s.now(), Step: StepReview, Username: username, Account: username, ReturnTo: f.ReturnTo, Elsewhere: true, Until: until,
		Authority: Authority{Session: Session{Text: session, UserID: username}},
	}, nil
}

// checkNewPassword checks a password that is to be set.
func (s *Service) checkNewPassword(op string, password, again secret.Text) error {
	if failed := s.policy.Check(password); len(failed) > 0 {
		return &Error{Kind: WeakPassword, Op: op, Err: errors.New("does not keep the policy"), Rules: failed}
	}
	if !password.Equal(again) {
		return &Error{Kind: PasswordsDiffer, Op: op, Err: errors.New("typed two different passwords")}
	}
	return nil
}
