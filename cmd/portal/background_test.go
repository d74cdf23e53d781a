package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"cognito-enroll/internal/enroll"
)

// What nobody waits for is done nevertheless: after its request has ended, and before the process does.
func TestTheProcessEndsAfterWhatNobodyWaitsFor(t *testing.T) {
	var log bytes.Buffer
	b := &background{log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	answered, done := make(chan struct{}), false
	b.revoker("true")(ctx, func(ctx context.Context) error {
		<-answered
		done = ctx.Err() == nil
		return errors.New("blocked")
	})
	cancel() // the browser has its answer
	close(answered)
	b.drain(t.Context())
	if !done {
		t.Error("it ended with its request, or the process did not wait for it")
	}
	if !strings.Contains(log.String(), "not revoked") || !strings.Contains(log.String(), "blocked") {
		t.Errorf("the log says: %s", log.String())
	}
}

// A pool that does not answer does not keep a node from stopping.
func TestStoppingDoesNotWaitForever(t *testing.T) {
	b := &background{log: slog.New(slog.DiscardHandler)}
	never := make(chan struct{})
	defer close(never)
	b.revoker("true")(t.Context(), func(context.Context) error { <-never; return nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.drain(ctx)
}

func TestHowTokensAreRevoked(t *testing.T) {
	b := &background{log: slog.New(slog.DiscardHandler)}
	if b.revoker("false") != nil {
		t.Error("false revokes all the same")
	}
	for name, wait := range map[string]enroll.Later{"revoker": b.revoker("wait"), "later": b.later("wait")} {
		done := false
		wait(t.Context(), func(context.Context) error { done = true; return nil })
		if !done {
			t.Errorf("%s: wait does not wait", name)
		}
	}
	for _, how := range []string{"true", "false"} { // whether tokens are revoked is another question
		hung := make(chan struct{})
		b.later(how)(t.Context(), func(context.Context) error { <-hung; return nil })
		close(hung)
	}
	b.drain(t.Context())
}
