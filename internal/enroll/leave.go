package enroll

import (
	"context"

	"cognito-enroll/internal/secret"
)

// Later sees to it that work is done, and says in the log when it failed. Nobody waits for it, and nobody is told: it may
// outlive the request that ctx is of.
type Later func(ctx context.Context, work func(ctx context.Context) error)

// Leave ends what the flow's sign-in could still be used for: its refresh token, and the access token with it. Nobody
// else has ever had them. A flow that has no refresh token had none to begin with, or is done with it.
func (s *Service) Leave(ctx context.Context, f Flow) { s.end(ctx, f.Refresh) }

func (s *Service) end(ctx context.Context, refresh secret.Text) {
	if s.revoke != nil && !refresh.IsZero() {
		s.revoke(ctx, func(ctx context.Context) error { return s.pool.Revoke(ctx, refresh) })
	}
}

// keepRefresh remembers the refresh token that a sign-in produced until it is left. On the session path it is left as
// soon as there is one, so that it never gets into a cookie.
func (s *Service) keepRefresh(f Flow, answer Answer) Flow {
	if s.revoke != nil && !answer.Refresh.IsZero() {
		f.Refresh = answer.Refresh
	}
	return f
}
