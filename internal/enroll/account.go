package enroll

import (
	"context"
	"errors"
	"slices"
)

// Look asks the pool which methods the account has. It is asked for by hand: setting up an app does not need it.
func (s *Service) Look(ctx context.Context, f Flow) (Flow, error) {
	if f.Authority.AccessToken.IsZero() {
		return f, nil
	}
	account, err := s.pool.Account(ctx, f.Authority.AccessToken)
	if err != nil {
		return f.orSignInAgain(err), err
	}
	f.Looked, f.Methods, f.Method, f.Prefers = true, account.Methods, account.Preferred, account.Prefers
	f.HasApp = f.HasApp || slices.Contains(account.Methods, MethodApp)
	return f, nil
}

// Prefer makes the pool ask for a method that the account has.
func (s *Service) Prefer(ctx context.Context, f Flow, method Method) (Flow, error) {
	if stale, ok := s.fresh(f); !ok {
		return stale, nil
	}
	if !slices.Contains(f.Methods, method) {
		return f, nil
	}
	if err := s.pool.Prefer(ctx, f.Authority.AccessToken, method); err != nil {
		return f.orSignInAgain(err), err
	}
	f.Method, f.Prefers, f.Notice = method, true, NoticePreferred
	return f, nil
}

// MayRemove reports whether the account's app can be switched off: the pool does not insist on it, and its code was
// given to sign in.
func (s *Service) MayRemove(f Flow) bool { return s.removable && f.HasApp && f.ByApp }

// Remove switches the account's app off.
func (s *Service) Remove(ctx context.Context, f Flow) (Flow, error) {
	if !s.MayRemove(f) {
		return f, &Error{Kind: NotAllowed, Op: "Remove", Err: errors.New("the pool requires MFA, or no app was used to sign in")}
	}
	if stale, ok := s.fresh(f); !ok {
		return stale, nil
	}
	if err := s.pool.Remove(ctx, f.Authority.AccessToken); err != nil {
		return f.orSignInAgain(err), err
	}
	f.HasApp, f.ByApp, f.DeviceName, f.Looked, f.Methods, f.Notice = false, false, "", false, nil, NoticeRemoved
	return f, nil
}

// SignOutEverywhere ends every session of the account, this one included.
func (s *Service) SignOutEverywhere(ctx context.Context, f Flow) (Flow, error) {
	if f.Authority.AccessToken.IsZero() {
		return f, nil
	}
	if err := s.pool.SignOutEverywhere(ctx, f.Authority.AccessToken); err != nil {
		return f.orSignInAgain(err), err // not done: this session had ended, others may not have
	}
	return Flow{ReturnTo: f.ReturnTo, Notice: NoticeSignedOut}, nil
}
