package store

import (
	"errors"
	"time"

	"cognito-enroll/internal/metrics"
)

// The two ways in which the store is asked.
const (
	callRead  = "read"
	callWrite = "write"
)

// meters is what is counted. Which call it was is in the log, when it failed.
type meters struct {
	calls     *metrics.Counter
	durations *metrics.Histogram
	now       func() time.Time
}

func newMeters(opts Options) meters {
	r := opts.Metrics
	if r == nil { // nobody reads them
		r = new(metrics.Registry)
	}
	kind := metrics.Label{Name: "kind", Values: []string{callRead, callWrite}}
	return meters{
		calls: r.Counter("portal_store_calls_total", "Calls to the store, and what came of them.",
			kind, metrics.Label{Name: "outcome", Values: []string{"ok", "not_found", "conflict", "unavailable"}}),
		durations: r.Histogram("portal_store_call_duration_seconds", "How long calls to the store took.",
			[]float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2}, kind),
		now: opts.Clock,
	}
}

// begin starts to measure a call; what it answers is called at the end.
func (m meters) begin(kind string) func(*error) {
	began := m.now()
	return func(err *error) {
		m.durations.Observe(m.now().Sub(began).Seconds(), kind)
		m.calls.Add(kind, outcome(*err))
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrNotFound):
		return "not_found"
	case errors.Is(err, ErrConflict):
		return "conflict"
	}
	return "unavailable"
}
