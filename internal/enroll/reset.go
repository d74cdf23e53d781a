package enroll

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"cognito-enroll/internal/secret"
)

// ForgotPassword sends a code, if there is an account that can get one. Nobody learns whether there is: whatever the
// pool says of the account itself, the next page is the same.
func (s *Service) ForgotPassword(ctx context.Context, f Flow, username string) (Flow, error) {
	if plausibleUsername(username) {
		if err := s.pool.ForgotPassword(ctx, username); err != nil && !aboutAccount(err) {
			return f, err
		}
	}
	next := Flow{Step: StepReset, Username: username, ReturnTo: f.ReturnTo, Held: f.Held, newer: f.newer}
	if f.Step == StepReset {
		next.Notice = NoticeSentAgain
	}
	return next, nil
}

// ResetPassword sets a new password with the code that was sent.
func (s *Service) ResetPassword(ctx context.Context, f Flow, typed string, password, again secret.Text) (Flow, error) {
	if err := s.checkNewPassword("ResetPassword", password, again); err != nil {
		return f, err
	}
	code, err := s.mailedCode("ResetPassword", f.Username, typed)
	if err != nil {
		return f, err
	}
	next := Flow{Username: f.Username, ReturnTo: f.ReturnTo, Held: f.Held, Notice: NoticePasswordSet, newer: f.newer}
	err = s.pool.ResetPassword(ctx, f.Username, code, password)
	if KindOf(err) == ResultUnknown {
		return next.passwordUnsure("ResetPassword", err)
	}
	if err != nil {
		return f, wrongMailedCode("ResetPassword", err)
	}
	return next, nil
}

// ConfirmSignUp confirms a new account with the code that was sent.
func (s *Service) ConfirmSignUp(ctx context.Context, f Flow, username, typed string) (Flow, error) {
	code, err := s.mailedCode("ConfirmSignUp", username, typed)
	if err != nil {
		return f, err
	}
	if err := s.pool.ConfirmSignUp(ctx, username, code); err != nil {
		return f, wrongMailedCode("ConfirmSignUp", err)
	}
	return Flow{Username: username, ReturnTo: f.ReturnTo, Held: f.Held, Notice: NoticeConfirmed, newer: f.newer}, nil
}

// ResendConfirmation sends the code of a new account again, if there is such an account.
func (s *Service) ResendConfirmation(ctx context.Context, username string) error {
	if !plausibleUsername(username) {
		return nil
	}
	if err := s.pool.ResendConfirmation(ctx, username); err != nil && !aboutAccount(err) {
		return err
	}
	return nil
}

// maxMailedCode is more than any code that Cognito mails; the service model allows 2,048 characters.
const maxMailedCode = 64

// mailedCode reads a code that was mailed or texted: digits of any script, or letters and digits as they are.
func (s *Service) mailedCode(op, username, typed string) (secret.Text, error) {
	code := strings.Join(strings.Fields(typed), "")
	if digits, ok := ReadCode(typed); ok {
		code = digits
	}
	if code == "" || utf8.RuneCountInString(code) > maxMailedCode || !plausibleUsername(username) {
		return secret.Text{}, &Error{Kind: WrongMailedCode, Op: op, Err: errors.New("cannot be a code or a user name")}
	}
	return secret.New(code), nil
}

// wrongMailedCode makes one answer of all that would tell whether an account exists.
func wrongMailedCode(op string, err error) error {
	if kind := KindOf(err); kind == WrongCode || aboutAccount(err) {
		return &Error{Kind: WrongMailedCode, Op: op, Err: err}
	}
	return err
}

// aboutAccount reports whether err tells something of the account: that there is none, or in which state it is.
func aboutAccount(err error) bool {
	switch KindOf(err) { //nolint:exhaustive // the others are about the pool or about what was typed
	case WrongPassword, SignInAgain, NotConfirmed, ResetRequired, NotAllowed, PasswordExpired, NoWayToReach:
		return true
	}
	return false
}
