package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// work is what is measured: units of it, on so many connections to a server.
type work struct {
	name   string
	server *server
	conns  int
	units  int
	unit   func(c *conn, i int) error // i counts up over all rounds
}

// reading is what one round of work took.
type reading struct {
	units     int
	cpu, wall time.Duration
}

func (r reading) each() time.Duration { return r.cpu / time.Duration(r.units) }

// takeTurns lets every work have its turn in every round.
func (b *bench) takeTurns(ctx context.Context, all []work) (map[string][]reading, error) {
	readings := make(map[string][]reading)
	for round := range b.options.rounds {
		for _, w := range all {
			r, err := w.measure(ctx, round*w.units)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			readings[w.name] = append(readings[w.name], r)
			b.note("round %d: %-34s %8.1f µs of CPU, %6.0f/s", round+1, w.name, float64(r.each().Nanoseconds())/1e3, float64(r.units)/r.wall.Seconds())
		}
	}
	return readings, nil
}

// measure does the work once. Connections are made, and have been used, before it counts.
func (w work) measure(ctx context.Context, first int) (reading, error) {
	conns := make([]*conn, w.conns)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.close()
			}
		}
	}()
	for i := range conns {
		var err error
		if conns[i], err = dial(ctx, w.server.address); err != nil {
			return reading{}, err
		}
		if _, err := conns[i].do("GET", "/favicon.ico", "", "", ""); err != nil {
			return reading{}, err
		}
	}
	before, err := w.server.cpu()
	if err != nil {
		return reading{}, err
	}
	began := time.Now()
	if err := spread(ctx, conns, w.units, func(c *conn, i int) error { return w.unit(c, first+i) }); err != nil {
		return reading{}, err
	}
	wall := time.Since(began)
	after, err := w.server.cpu()
	return reading{units: w.units, cpu: after - before, wall: wall}, err
}

// spread does units of work on all connections at once, and stops at the first failure.
func spread(ctx context.Context, conns []*conn, units int, unit func(c *conn, i int) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var next atomic.Int64
	var working sync.WaitGroup
	for _, c := range conns {
		working.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= units {
					return
				}
				if err := unit(c, i); err != nil {
					fail(err)
				}
			}
		})
	}
	working.Wait()
	return context.Cause(ctx)
}

// spans is a figure with its spread over the rounds.
type spans struct{ median, low, high float64 }

func spanOf(values []float64) spans {
	slices.Sort(values)
	return spans{median: values[len(values)/2], low: values[0], high: values[len(values)-1]}
}

// pairs makes one figure of each round's two readings.
func pairs(a, b []reading, figure func(a, b reading) float64) spans {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = figure(a[i], b[i])
	}
	return spanOf(values)
}

// cost is a's CPU time in units of b's.
func cost(a, b reading) float64 { return float64(a.each()) / float64(b.each()) }

// yield is how much more of its work a gets done than b in the same CPU time.
func yield(a, b reading) float64 { return cost(b, a) }
