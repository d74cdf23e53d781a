package throttle

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// How much the nodes' store may slow a request down: one call waits so long for it, and after a failure nobody asks it
// for a while.
const (
	storePatience = 250 * time.Millisecond
	storeRest     = 5 * time.Second
)

// Shared is a Counter that all nodes have in common. While it does not answer each node counts for itself, so that a
// store that is down lets strangers try as often as there are nodes, and keeps nobody out (docs/decisions).
type Shared struct {
	counter Counter
	local   *Local
	breaker breaker
}

var _ Counter = (*Shared)(nil)

// NewShared makes a Shared of the nodes' store.
func NewShared(counter Counter, now func() time.Time, log *slog.Logger) *Shared {
	return &Shared{counter: counter, local: NewLocal(), breaker: breaker{now: now, log: log}}
}

// Allow implements [Counter]. It never fails.
func (s *Shared) Allow(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error) {
	if s.breaker.try(ctx, func(ctx context.Context) (err error) {
		wait, err = s.counter.Allow(ctx, key, limit, now)
		return err
	}) {
		return wait, nil
	}
	return s.local.Allow(ctx, key, limit, now)
}

// Wait implements [Counter]. It never fails.
func (s *Shared) Wait(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error) {
	if s.breaker.try(ctx, func(ctx context.Context) (err error) {
		wait, err = s.counter.Wait(ctx, key, limit, now)
		return err
	}) {
		return wait, nil
	}
	return s.local.Wait(ctx, key, limit, now)
}

// breaker leaves a store alone that has just failed.
type breaker struct {
	now   func() time.Time
	log   *slog.Logger
	until atomic.Int64 // Unix microseconds
}

// try reports whether ask was tried and did not fail. It goes on when the request is cancelled: what is half done
// must be known.
func (b *breaker) try(ctx context.Context, ask func(context.Context) error) bool {
	now := b.now()
	rest := b.until.Load() - now.UnixMicro()
	if rest > 0 && rest <= storeRest.Microseconds() { // more was written by a clock that has been put right since
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	err := ask(ctx)
	if err != nil {
		b.until.Store(now.Add(storeRest).UnixMicro())
		b.log.WarnContext(ctx, "the nodes' store does not count: this node counts for itself", "error", err, "rest", storeRest.String())
	}
	return err == nil
}
