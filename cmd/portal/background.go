package main

import (
	"context"
	"log/slog"
	"sync"

	"cognito-enroll/internal/enroll"
)

// background does what nobody waits for. The process stops when it is done.
type background struct {
	running sync.WaitGroup
	log     *slog.Logger
}

// revoker is how refresh tokens are revoked, by PORTAL_REVOKE_TOKENS: nil for not at all.
func (b *background) revoker(how string) enroll.Later {
	switch how {
	case "true":
		return func(ctx context.Context, work func(context.Context) error) {
			b.running.Go(func() { b.do(context.WithoutCancel(ctx), work) })
		}
	case "wait":
		return b.do
	}
	return nil
}

// later is how all else is done that nobody waits for, but where processes are frozen between requests.
func (b *background) later(how string) enroll.Later {
	if how == "wait" {
		return b.do
	}
	return b.revoker("true")
}

func (b *background) do(ctx context.Context, work func(context.Context) error) {
	if err := work(ctx); err != nil {
		b.log.WarnContext(ctx, "a sign-in's tokens were not revoked: nobody has them, and they end by themselves", "error", err)
	}
}

// drain waits for what is running, until ctx ends.
func (b *background) drain(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		b.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		b.log.WarnContext(ctx, "stopped before all was done that nobody waits for")
	}
}
