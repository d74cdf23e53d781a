package throttle

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cognito-enroll/internal/metrics"
)

// ErrNoRoom says that a call's turn would not come in time. Nothing was sent.
var ErrNoRoom = errors.New("throttle: the call budget has no room")

// Share is the part of a quota that is used, at most: of n calls at least three quarters of one are left. As they leave
// evenly spaced, any second then has at most n, wherever the service's second begins (see serve).
const (
	Share = 0.97
	spare = 0.75
)

const (
	// patience is how long a call waits for its turn. The call itself and its caller have deadlines beyond that.
	patience = 5 * time.Second
	// restEvery is after how many turns somebody has one who is not urgent.
	restEvery = 4
	// lease is how long the turns last that one question to the nodes' store may be for: a node with many who wait asks
	// five times a second, and no other waits longer for it.
	lease = 200 * time.Millisecond
	// horizon is how far ahead turns are reserved. Were it patience, callers who give up would leave turns that nobody takes.
	horizon = time.Second
)

// Budget keeps calls under quotas of so many each second, which all nodes share. Calls that do not fit wait a little,
// the urgent ones first. While nobody waits nobody is slowed: a call goes at once unless another went
// in the last forty milliseconds, at 25 a second.
//
// A turn is reserved: the node writes down when the next one begins, and waits. Who asks next comes after it, however his
// clock differs, so that each node has its share.
type Budget struct {
	shelf   Shelf
	breaker breaker
	now     func() time.Time
	lanes   map[string]*lane
	meters  budgetMeters
}

// BudgetOptions of a Budget.
type BudgetOptions struct {
	Quotas  map[string]int // calls each second, by category
	Shelf   Shelf          // that all nodes share; nil: this process counts
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *metrics.Registry // nil: nobody reads them
}

// NewBudget makes a Budget.
func NewBudget(opts BudgetOptions) *Budget {
	b := &Budget{
		shelf: opts.Shelf, breaker: breaker{now: opts.Now, log: opts.Log}, now: opts.Now, lanes: make(map[string]*lane),
	}
	for category, quota := range opts.Quotas {
		b.lanes[category] = &lane{
			name: "budget " + category, interval: interval(quota), most: max(quota, 1) * int(patience/time.Second), clock: newClock(opts.Now),
		}
	}
	b.meters = b.newMeters(opts.Metrics)
	return b
}

// interval is the space between calls under a quota of so many each second, two at least.
func interval(quota int) time.Duration {
	n := float64(max(quota, 2))
	return time.Duration(float64(time.Second) / min(n*Share, n-spare))
}

// lane is one category: who waits, and whether somebody is seeing to it.
type lane struct {
	name     string // on the shelf
	interval time.Duration
	most     int // how many may wait, of each kind

	clock    clock    // these are serve's
	reserved reserved // as far as this node knows

	mu           sync.Mutex
	urgent, rest queue
	turns        int
	served       bool
}

// Take waits until a call of category may be sent. Otherwise it answers [ErrNoRoom], or why ctx ended. A category
// without a quota is free.
func (b *Budget) Take(ctx context.Context, category string, urgent bool) error {
	l := b.lanes[category]
	if l == nil {
		return nil
	}
	began := b.now()
	err := b.await(ctx, l, urgent)
	b.meters.took(category, b.now().Sub(began), err)
	return err
}

func (b *Budget) await(ctx context.Context, l *lane, urgent bool) error {
	w := b.enqueue(ctx, l, urgent)
	if w == nil {
		return ErrNoRoom
	}
	timer, err := time.NewTimer(patience), ErrNoRoom
	defer timer.Stop()
	select {
	case <-w.turn:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = fmt.Errorf("throttle: waiting for the call budget: %w", ctx.Err())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue(urgent).remove(w)
	return err
}

// enqueue answers who waits now: nobody when too many do.
func (b *Budget) enqueue(ctx context.Context, l *lane, urgent bool) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &waiter{site: siteOf(ctx), turn: make(chan struct{})}
	if !l.queue(urgent).push(w, l.most) {
		return nil
	}
	if !l.served {
		l.served = true
		go b.serve(context.WithoutCancel(ctx), l)
	}
	return w
}

// serve gives turns until nobody waits.
func (b *Budget) serve(ctx context.Context, l *lane) {
	for n := l.wanted(); n > 0; n = l.wanted() {
		first, ok := b.reserve(ctx, l, n)
		for i := 0; ok && i < n; i++ {
			time.Sleep(first.Add(time.Duration(i) * l.interval).Sub(l.clock.time()))
			ok = l.next()
		}
	}
}

// reserve reserves n turns for this node and answers when the first comes. Otherwise it answers false, after a while: so
// many are reserved that it would be too long, or another node was quicker.
func (b *Budget) reserve(ctx context.Context, l *lane, n int) (first time.Time, ok bool) {
	saved := true
	if b.shelf == nil || !b.breaker.try(ctx, func(ctx context.Context) error {
		value, version, err := b.shelf.Load(ctx, l.name)
		if err != nil {
			return err
		}
		l.reserved.unmarshal(value)
		if first, ok = l.extend(n); ok {
			saved, err = b.shelf.Save(ctx, l.name, l.reserved.marshal(), version)
		}
		return err
	}) {
		first, ok = l.extend(n)
	}
	switch {
	case !ok: // nodes that all come again after the same time would find the same ones before them each time
		var chance [8]byte
		_, _ = rand.Read(chance[:]) // never fails (crypto/rand, since Go 1.24)
		time.Sleep(lease/2 + time.Duration(binary.BigEndian.Uint64(chance[:])%uint64(lease)))
	case !saved:
		time.Sleep(l.interval / 8)
	}
	return first, ok && saved
}

// extend adds n turns to those that are reserved, unless they reach too far ahead already.
func (l *lane) extend(n int) (first time.Time, ok bool) {
	l.clock.heard(l.reserved.at)
	now := l.clock.time()
	first = l.reserved.until
	if first.Before(now) {
		first = now
	}
	if first.Sub(now) > horizon {
		return first, false
	}
	l.reserved = reserved{at: now, until: first.Add(time.Duration(n) * l.interval)}
	return first, true
}

// reserved is what nodes know of each other's turns.
type reserved struct {
	at    time.Time // when it was written, by the clock that all have in common
	until time.Time // when the next turn comes that nobody has
}

func (r reserved) marshal() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(r.at.UnixMicro()))
	return binary.BigEndian.AppendUint64(b, uint64(r.until.UnixMicro()))
}

// unmarshal leaves r as it is when b is something else.
func (r *reserved) unmarshal(b []byte) {
	if len(b) == 16 {
		r.at = time.UnixMicro(int64(binary.BigEndian.Uint64(b)))
		r.until = time.UnixMicro(int64(binary.BigEndian.Uint64(b[8:])))
	}
}

// wanted is how many turns to ask for. When it is none, the lane is left alone.
func (l *lane) wanted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.served = l.waiting() > 0
	return min(l.waiting(), max(1, int(lease/l.interval)))
}

func (l *lane) waiting() int { return len(l.urgent.waiting) + len(l.rest.waiting) }

func (l *lane) queue(urgent bool) *queue {
	if urgent {
		return &l.urgent
	}
	return &l.rest
}

// next gives a turn to who is next, and reports whether others wait. Of restEvery turns one is for the others, lest
// they never come: so much is reserved for who is urgent, should he need it.
func (l *lane) next() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turns++
	urgent := l.turns%restEvery != 0
	w := l.queue(urgent).pop()
	if w == nil {
		w = l.queue(!urgent).pop()
	}
	if w != nil {
		close(w.turn)
	}
	return l.waiting() > 0
}

// siteKey is where a request's network is in its context.
type siteKey struct{}

// WithSite says in ctx with which network the calls of a request have their turn.
func WithSite(ctx context.Context, site string) context.Context {
	return context.WithValue(ctx, siteKey{}, site)
}

func siteOf(ctx context.Context) string {
	site, _ := ctx.Value(siteKey{}).(string)
	return site
}
