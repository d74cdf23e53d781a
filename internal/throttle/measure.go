package throttle

import (
	"errors"
	"time"

	"cognito-enroll/internal/metrics"
)

// What became of a call that asked for a turn.
const (
	turnGiven  = "given"
	turnNoRoom = "no_room" // it would not have come in time: the person is asked to wait, or waits in line
	turnLeft   = "left"    // whoever asked has gone
)

// budgetMeters is what is counted of a Budget.
type budgetMeters struct {
	turns *metrics.Counter
	waits *metrics.Histogram
}

func (b *Budget) newMeters(r *metrics.Registry) budgetMeters {
	if r == nil { // nobody reads them
		r = new(metrics.Registry)
	}
	category := metrics.Label{Name: "category"}
	for name, l := range b.lanes {
		category.Values = append(category.Values, name)
		r.Gauge("portal_budget_waiting", "Calls to the pool that wait for their turn on this node.", l.depth, "category", name)
	}
	return budgetMeters{
		turns: r.Counter("portal_budget_turns_total", "Calls to the pool that asked for a turn, and what came of it.",
			category, metrics.Label{Name: "outcome", Values: []string{turnGiven, turnNoRoom, turnLeft}}),
		waits: r.Histogram("portal_budget_wait_seconds", "How long calls to the pool waited for their turn.",
			[]float64{0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}, category),
	}
}

// depth is how many wait in a lane.
func (l *lane) depth() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(l.waiting())
}

// took counts one turn.
func (m budgetMeters) took(category string, waited time.Duration, err error) {
	outcome := turnGiven
	switch {
	case errors.Is(err, ErrNoRoom):
		outcome = turnNoRoom
	case err != nil:
		outcome = turnLeft
	}
	m.turns.Add(category, outcome)
	m.waits.Observe(waited.Seconds(), category)
}

// measure counts who takes places, and tells how long the line is as this node knows it.
func (r *Room) measure(registry *metrics.Registry) *metrics.Counter {
	if registry == nil {
		registry = new(metrics.Registry)
	}
	registry.Gauge("portal_line_people", "People who wait in line, as far as this node knows.", func() float64 {
		people, _ := r.length()
		return float64(people)
	})
	registry.Gauge("portal_line_wait_seconds", "When the last of them has his turn.", func() float64 {
		_, wait := r.length()
		return wait.Seconds()
	})
	return registry.Counter("portal_line_entered_total", "People who took a place in line.")
}

// length is how many wait, and how long the last of them.
func (r *Room) length() (people int, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.line)
	last := 0.0
	for _, place := range r.line.last {
		last = max(last, place)
	}
	if last == 0 {
		return 0, 0
	}
	return r.told(r.line.ahead(last))
}
