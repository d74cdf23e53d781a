package throttle

import (
	"context"
	"net/netip"
	"strings"
	"time"
)

// Who acts.
type Who struct {
	Account string     // on which account; "" for none
	Device  string     // the browser, when it signed in to the account before; "" when it is a stranger
	Network netip.Addr // from where; zero when people cannot be told apart by it
}

// Guard holds people to rules. It is safe for concurrent use.
type Guard struct {
	shared, local Counter
	now           func() time.Time
}

// GuardOptions of a Guard.
type GuardOptions struct {
	Counter Counter // that all nodes have in common; nil: this process counts
	Now     func() time.Time
}

// NewGuard makes a Guard.
func NewGuard(opts GuardOptions) *Guard {
	g := &Guard{shared: opts.Counter, local: NewLocal(), now: opts.Now}
	if g.shared == nil {
		g.shared = g.local
	}
	return g
}

// Try counts a try and answers 0: it may go on. Otherwise it answers how long to wait, and the try is not counted on
// the account.
func (g *Guard) Try(ctx context.Context, rule Rule, who Who) (wait time.Duration) {
	counter, now := g.counter(rule), g.now()
	for _, f := range rule.failures(who) {
		wait = max(wait, or0(counter.Wait(ctx, f.key, f.limit, now)))
	}
	if wait > 0 {
		return wait
	}
	for _, t := range rule.tries(who) {
		if wait := or0(counter.Allow(ctx, t.key, t.limit, now)); wait > 0 {
			return wait
		}
	}
	return 0
}

// Failed counts a try that has failed.
func (g *Guard) Failed(ctx context.Context, rule Rule, who Who) {
	counter, now := g.counter(rule), g.now()
	for _, f := range rule.failures(who) {
		or0(counter.Allow(ctx, f.key, f.limit, now))
	}
}

func (g *Guard) counter(rule Rule) Counter {
	if rule.Local {
		return g.local
	}
	return g.shared
}

// or0 is a Counter's answer. The counters of this package do not fail: [Shared] has a second one.
func or0(wait time.Duration, err error) time.Duration {
	if err != nil {
		return 0
	}
	return wait
}

// count is a limit that something falls under, and the key that it is counted by.
type count struct {
	key   string
	limit Limit
}

// tries are what a try is counted on. The account comes last: who is refused for his network, or for all, does not use it
// up, and leaves no number of it.
func (r Rule) tries(who Who) []count {
	counts := r.networks("network", r.Network, who.Network)
	if who.Device == "" && r.Together != (Limit{}) {
		counts = append(counts, count{r.Name + " together", r.Together})
	}
	account := strings.ToLower(who.Account)
	switch {
	case account == "":
	case who.Device != "" && r.Known != Limit{}:
		counts = append(counts, count{r.Name + " known " + who.Device + " " + account, r.Known})
	case r.Account != Limit{}:
		counts = append(counts, count{r.Name + " account " + account, r.Account})
	}
	return counts
}

// failures are what a failure is counted on: nothing for who is known, who fails at his own expense.
func (r Rule) failures(who Who) []count {
	if who.Device != "" {
		return nil
	}
	counts := r.networks("failures", r.Failures, who.Network)
	if r.Everyone != (Limit{}) {
		counts = append(counts, count{r.Name + " failures", r.Everyone})
	}
	return counts
}

func (r Rule) networks(what string, limit Limit, addr netip.Addr) (counts []count) {
	if limit == (Limit{}) {
		return nil
	}
	prefixes, factors := nets(addr)
	for i, prefix := range prefixes {
		counts = append(counts, count{r.Name + " " + what + " " + prefix.String(), limit.times(factors[i])})
	}
	return counts
}
