package enroll

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cognito-enroll/internal/secret"
)

// BeginProof begins a sign-in that counts only with the code of an authenticator app: that of somebody who wants to do
// something for others. It sets nothing up. NeedsAppCode: the account signs in otherwise.
func (s *Service) BeginProof(ctx context.Context, username string, password secret.Text) (Session, error) {
	if !plausibleUsername(username) || !plausiblePassword(password) {
		return Session{}, &Error{Kind: WrongPassword, Op: "BeginProof", Err: errors.New("cannot be a user name or password")}
	}
	answer, err := s.pool.SignIn(ctx, username, password)
	if KindOf(err) == ResetRequired { // see SignIn
		return Session{}, &Error{Kind: WrongPassword, Op: "BeginProof", Err: err}
	}
	if err == nil && answer.Challenge == ChallengeChoose && slices.Contains(answer.Methods, MethodApp) {
		answer, err = s.pool.ChooseMethod(ctx, answer.Session, MethodApp)
	}
	switch {
	case err != nil:
		return Session{}, err
	case answer.Challenge != ChallengeCode || answer.Method != MethodApp:
		return Session{}, &Error{Kind: NeedsAppCode, Op: "BeginProof", Err: fmt.Errorf("the pool asks for challenge %d, method %s", answer.Challenge, answer.Method)}
	}
	return answer.Session, nil
}

// Prove ends it with the app's code, and answers the account's own name.
func (s *Service) Prove(ctx context.Context, session Session, typed string) (account string, err error) {
	code, ok := ReadCode(typed)
	if !ok {
		return "", wrongCode("Prove", Diagnosis{Verdict: NotSixDigits})
	}
	answer, err := s.pool.AnswerCode(ctx, session, MethodApp, secret.New(code))
	s.end(ctx, answer.Refresh) // the proof is all that was wanted
	switch {
	case err != nil:
		return "", err
	case answer.Challenge != NoChallenge || answer.Federated:
		return "", &Error{Kind: OtherMethod, Op: "Prove", Err: fmt.Errorf("the pool asks for challenge %d after the code", answer.Challenge)}
	}
	return answer.Username, nil
}
