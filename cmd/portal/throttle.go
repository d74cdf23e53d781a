package main

import (
	"context"
	"log/slog"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/throttle"
)

// limits are what keeps people, and the portal as a whole, from doing too much at once. What several nodes share is
// counted in their store; one node counts for itself.
type limits struct {
	guard  *throttle.Guard
	room   *throttle.Room
	budget *throttle.Budget
}

// newLimits makes them. People are held to limits by the pool's time, which is about the same on all nodes; spaces between
// calls and turns in line are this machine's own, so that no correction moves them.
func newLimits(cfg config, memory *store.Store, now, own func() time.Time, log *slog.Logger, figures *metrics.Registry) limits {
	var counter throttle.Counter
	var shelf throttle.Shelf
	if cfg.sharedStore() {
		counter, shelf = throttle.NewShared(storeCounter{memory}, own, log), storeShelf{memory}
	}
	return limits{
		guard:  throttle.NewGuard(throttle.GuardOptions{Counter: counter, Now: now}),
		room:   throttle.NewRoom(throttle.RoomOptions{Rate: cfg.peopleEachSecond(), Shelf: shelf, Now: own, Log: log, Metrics: figures}),
		budget: throttle.NewBudget(throttle.BudgetOptions{Quotas: cognito.Quotas(cfg.QuotaSignIn, cfg.QuotaUpdates), Shelf: shelf, Now: own, Log: log, Metrics: figures}),
	}
}

// peopleEachSecond is how many may begin: so many that their set-ups fit the narrow quota. One takes a key and its proof
// and, where the pool does not insist on an app, the preference for it. So half of the quota, or more, is left for those
// who are past their password.
func (c config) peopleEachSecond() float64 {
	calls := 3.0
	if c.mfa() == "on" {
		calls = 2
	}
	return float64(c.QuotaUpdates) * throttle.Share / calls
}

// storeCounter is the store as limits want it.
type storeCounter struct{ memory *store.Store }

var _ throttle.Counter = storeCounter{}

func (s storeCounter) Allow(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	return s.memory.Allow(ctx, key, store.Limit(limit), now)
}

func (s storeCounter) Wait(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	return s.memory.Wait(ctx, key, store.Limit(limit), now)
}

// storeShelf is the store as what nodes change together wants it.
type storeShelf struct{ memory *store.Store }

var _ throttle.Shelf = storeShelf{}

func (s storeShelf) Load(ctx context.Context, name string) ([]byte, int64, error) {
	return s.memory.LoadShared(ctx, name)
}

func (s storeShelf) Save(ctx context.Context, name string, value []byte, version int64) (bool, error) {
	return s.memory.SaveShared(ctx, name, value, version)
}
