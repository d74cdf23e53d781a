// Package throttle says how often somebody may act, and when to come back. It knows neither HTTP nor AWS.
//
//	people     guard.go   Guard: tries on an account, failures of a network and of all     rules.go  the numbers
//	           network.go whose network an address belongs to, how wide a net one owner may cast
//	the pool   budget.go  Budget: calls that the account's quotas allow, evenly spaced     queue.go  whose call is next
//	           room.go    Room: who may begin to sign in, when everybody comes at once     line.go   the line's arithmetic
//
//	figures    measure.go
//	counting   local.go   in this process, in bounded memory                               shared.go in the nodes' store
//	together   shelf.go   what nodes change together, and the time that they have in common
//
// Everything is counted by the generic cell rate algorithm: one number for each key, the moment at which the next event
// would come if events came evenly. The clocks of nodes differ: a number from later than it can be does not count (local.go),
// and turns, which are milliseconds apart, go by a time of their own (shelf.go).
package throttle

import (
	"context"
	"time"
)

// Limit is how often something may happen: Burst times at once, and Events times in every Per in the long run. The zero
// Limit does not limit.
type Limit struct {
	Events int
	Per    time.Duration
	Burst  int
}

// times is a limit for n of those whom l is for.
func (l Limit) times(n int) Limit { return Limit{l.Events * n, l.Per, l.Burst * n} }

// Counter counts events by key.
type Counter interface {
	// Allow counts an event of key, if limit has room for it at the moment now, and answers 0. Otherwise it answers how
	// long to wait until there is room, and the event is not counted.
	Allow(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error)
	// Wait answers what Allow would, and counts nothing.
	Wait(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error)
}
