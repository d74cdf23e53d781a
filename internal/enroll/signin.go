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
	answer, err := s.pool.SignIn(ctx, username, password)
	if KindOf(err) == ResetRequired { // the password was right: the next page takes the code that was sent
		next := f.begin(username, s.now())
		next.Step = StepReset
		return next, nil
	}
	if err != nil {
		return f, err
	}
	return s.proceed(ctx, f.begin(username, s.now()), answer)
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
	answer, err := s.pool.SetNewPassword(ctx, f.Authority.Session, password, given)
	if err != nil {
		return f.orSignInAgain(err), err
	}
	return s.proceed(ctx, f, answer)
}

// ChooseMethod picks one of the second factors that the pool offered.
func (s *Service) ChooseMethod(ctx context.Context, f Flow, method Method) (Flow, error) {
	if !slices.Contains(f.Methods, method) {
		return f, nil
	}
	answer, err := s.pool.ChooseMethod(ctx, f.Authority.Session, method)
	if err != nil {
		return f.orSignInAgain(err), err
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
		return f.orSignInAgain(err), err
	}
	if f.Method == MethodApp {
		f.Spent = Spent{Code: secret.New(code), At: s.now()}
		if f.Trying && answer.Challenge == NoChallenge {
			return f.proven(s.now()), nil
		}
		f.HasApp = true
	}
	return s.proceed(ctx, f, answer)
}

// proceed follows the pool's answer to the next step.
func (s *Service) proceed(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	f.Authority, f.Until = Authority{Session: answer.Session, AccessToken: answer.AccessToken}, answer.Until
	f.Notice = NoNotice
	if answer.Session.UserID != "" {
		f.Account = answer.Session.UserID
	}
	switch answer.Challenge {
	case ChallengeNewPassword:
		f.Step, f.Attributes = StepNewPassword, answer.Attributes
	case ChallengeChoose:
		f.Step, f.Methods = StepChoose, answer.Methods
	case ChallengeCode:
		f.Step, f.Method, f.Destination = StepCode, answer.Method, answer.Destination
		if answer.Method == MethodApp && !f.Trying {
			f.DeviceName = answer.DeviceName
		}
	case ChallengeSetUp:
		f.Step, f.Trying, f.Verified = StepReview, false, false
		return s.Start(ctx, f)
	case NoChallenge:
		return s.enter(ctx, f, answer)
	}
	return f, nil
}

// EnterFromPages begins where somebody has signed in at Cognito's own pages. They ask for the code of an app that is
// set up, so that a fresh sign-in there may replace it.
func (s *Service) EnterFromPages(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	f.Elsewhere = true
	next, err := s.enter(ctx, f, answer)
	if err != nil || next.Step != StepReview {
		return next, err
	}
	next.HasApp, err = s.hasApp(ctx, answer.AccessToken)
	return next, err
}

// HandOver begins where another application has signed its user in. How it did so is not known, so an app that works
// already is replaced only after signing in here.
func (s *Service) HandOver(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	f.Elsewhere = true
	next, err := s.enter(ctx, f, answer)
	if err != nil {
		return f, err
	}
	has, err := s.hasApp(ctx, answer.AccessToken)
	if err != nil {
		return f, err
	}
	if has {
		return Flow{Username: answer.Username, ReturnTo: f.ReturnTo, Notice: NoticeReplace}, nil
	}
	return next, nil
}

// hasApp asks the pool whether the account has an app. Cognito tells what is preferred, not what is registered; but in
// a pool that requires MFA somebody who holds an access token, and has nothing on that list, has used an app.
func (s *Service) hasApp(ctx context.Context, accessToken secret.Text) (bool, error) {
	account, err := s.pool.Account(ctx, accessToken)
	if err != nil {
		return false, err
	}
	return slices.Contains(account.Methods, MethodApp) || !s.removable && len(account.Methods) == 0, nil
}

// enter begins where somebody is signed in.
func (s *Service) enter(ctx context.Context, f Flow, answer Answer) (Flow, error) {
	if answer.Federated {
		return f, &Error{Kind: Federated, Op: "SignIn", Err: errors.New("account of another identity provider")}
	}
	if f.Username == "" {
		f.Username = answer.Username
	}
	f.Account = answer.Username
	if f.ID == (ID{}) {
		f.ID, f.Began = newID(), s.now()
	}
	f.Authority, f.Until, f.SignedInAt = Authority{AccessToken: answer.AccessToken}, answer.Until, answer.SignedInAt
	f.Step, f.Trying, f.Methods, f.Looked = StepReview, false, nil, false
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
