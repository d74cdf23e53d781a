package enroll

import (
	"context"
	"time"

	"cognito-enroll/internal/secret"
)

// Later sees to it that work is done, and says in the log when it failed. Nobody waits for it, and nobody is told: it may
// outlive the request that ctx is of.
type Later func(ctx context.Context, work func(ctx context.Context) error)

// Vault keeps the refresh tokens of sign-ins that go on: a cookie with one in it would be more than many proxies take.
type Vault interface {
	// Put keeps a token under a name that nobody else knows, until it is taken or the time is over.
	Put(ctx context.Context, name ID, token secret.Text, until time.Time) error
	// Take takes it, once; it answers the zero Text when there is none.
	Take(ctx context.Context, name ID) (secret.Text, error)
}

// vaultTimeout is how long signing in waits for the vault. Without it the token is dropped unread.
const vaultTimeout = 250 * time.Millisecond

// keep puts the refresh token of a sign-in away until it is left.
func (s *Service) keep(ctx context.Context, f Flow, refresh secret.Text) Flow {
	if s.revoke == nil || refresh.IsZero() {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, vaultTimeout)
	defer cancel()
	name := newID()
	if err := s.vault.Put(ctx, name, refresh, f.Began.Add(longest+remembered)); err != nil {
		s.revoke(ctx, func(context.Context) error { return err })
		return f
	}
	f.Grant = name
	return f
}

// Leave ends what the flow's sign-in could still be used for: its refresh token, and the access token with it. Nobody
// else has ever had them.
func (s *Service) Leave(ctx context.Context, f Flow) {
	if s.revoke == nil || f.Grant == (ID{}) {
		return
	}
	s.revoke(ctx, func(ctx context.Context) error {
		refresh, err := s.vault.Take(ctx, f.Grant)
		if err != nil || refresh.IsZero() {
			return err
		}
		return s.pool.Revoke(ctx, refresh)
	})
}

// end is Leave for a sign-in that is over as soon as it has a token.
func (s *Service) end(ctx context.Context, refresh secret.Text) {
	if s.revoke != nil && !refresh.IsZero() {
		s.revoke(ctx, func(ctx context.Context) error { return s.pool.Revoke(ctx, refresh) })
	}
}
