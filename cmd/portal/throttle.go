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

func newLimits(cfg config, memory *store.Store, now func() time.Time, log *slog.Logger, figures *metrics.Registry) limits {
	var counter throttle.Counter
	var shelf throttle.Shelf
	if cfg.sharedStore() {
		counter, shelf = throttle.NewShared(storeCounter{memory}, now, log), storeShelf{memory}
	}
	return limits{
		guard:  throttle.NewGuard(throttle.GuardOptions{Counter: counter, Now: now}),
		room:   throttle.NewRoom(throttle.RoomOptions{Rate: cfg.peopleEachSecond(), Shelf: shelf, Now: now, Log: log, Metrics: figures}),
		budget: throttle.NewBudget(throttle.BudgetOptions{Quotas: cognito.Quotas(cfg.QuotaSignIn, cfg.QuotaUpdates), Counter: counter, Now: now, Metrics: figures}),
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

// storeShelf is the store as the line of people who wait wants it.
type storeShelf struct{ memory *store.Store }

var _ throttle.Shelf = storeShelf{}

func (s storeShelf) Load(ctx context.Context) ([]byte, int64, error) {
	return s.memory.LoadShared(ctx, lineName)
}

func (s storeShelf) Save(ctx context.Context, value []byte, version int64) (bool, error) {
	return s.memory.SaveShared(ctx, lineName, value, version)
}

// lineName is what the line is called in the store.
const lineName = "line"
