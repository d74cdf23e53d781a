package throttle

import (
	"context"
	"errors"
	"fmt"
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
)

// Budget keeps calls under quotas of so many each second, which all nodes share. Calls that do not fit wait a little,
// the urgent ones first. While nobody waits nobody is slowed: a call goes at once unless another went
// in the last forty milliseconds, at 25 a second.
type Budget struct {
	counter Counter
	now     func() time.Time
	lanes   map[string]*lane
	meters  budgetMeters
}

// BudgetOptions of a Budget.
type BudgetOptions struct {
	Quotas  map[string]int // calls each second, by category
	Counter Counter        // that all nodes have in common; nil: this process counts
	Now     func() time.Time
	Metrics *metrics.Registry // nil: nobody reads them
}

// NewBudget makes a Budget.
func NewBudget(opts BudgetOptions) *Budget {
	b := &Budget{counter: opts.Counter, now: opts.Now, lanes: make(map[string]*lane)}
	if b.counter == nil {
		b.counter = NewLocal()
	}
	for category, quota := range opts.Quotas {
		b.lanes[category] = &lane{
			key: "budget " + category, interval: interval(quota), most: max(quota, 1) * int(patience/time.Second), hurry: make(chan struct{}, 1),
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
	key      string
	interval time.Duration
	most     int           // how many may wait, of each kind
	hurry    chan struct{} // somebody urgent has come

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
	if urgent {
		select {
		case l.hurry <- struct{}{}:
		default:
		}
	}
	if !l.served {
		l.served = true
		go b.serve(context.WithoutCancel(ctx), l)
	}
	return w
}

// serve gives turns until nobody waits.
func (b *Budget) serve(ctx context.Context, l *lane) {
	for {
		n, urgent := l.wanted()
		if n == 0 {
			return
		}
		// Who is not urgent comes half a space later than he might, so that somebody urgent, on any node, is before him.
		start := b.now()
		asOf := start
		if !urgent {
			asOf = asOf.Add(-l.interval / 2)
		}
		if wait := or0(b.counter.Allow(ctx, l.key, Limit{1, time.Duration(n) * l.interval, 1}, asOf)); wait > 0 {
			l.sleep(wait, !urgent)
			continue
		}
		for i := range n {
			l.sleep(start.Add(time.Duration(i)*l.interval).Sub(b.now()), false)
			if !l.next() {
				break
			}
		}
	}
}

// wanted is how many turns to ask for, and whether for somebody urgent. When it is none, the lane is left alone.
func (l *lane) wanted() (n int, urgent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.served = l.waiting() > 0
	return min(l.waiting(), max(1, int(lease/l.interval))), len(l.urgent.waiting) > 0
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

// sleep ends early when somebody urgent comes, if it may.
func (l *lane) sleep(d time.Duration, early bool) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	if !early {
		<-timer.C
		return
	}
	select {
	case <-timer.C:
	case <-l.hurry:
	}
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
