package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// crowd is what becomes of the rate when many come at once, and of the memory.
func (b *bench) crowd(ctx context.Context) error {
	s, err := b.start(ctx, b.portalProgram("1"))
	if err != nil {
		return err
	}
	all := b.visitors(ours, b.options.visitors)
	if err := b.ready(ctx, s, all); err != nil {
		return err
	}
	see := by(all, (*visitor).view)
	works := []work{
		{"first view, 64 connections", s, 64, len(all), see},
		{"first view, 512 connections", s, 512, len(all), see},
	}
	r, err := b.takeTurns(ctx, works)
	if err != nil {
		return err
	}
	b.spent(r, works)
	few, crowded := r["first view, 64 connections"], r["first view, 512 connections"]
	b.atLeast("512 connections: rate ÷ rate at 64, by CPU", pairs(crowded, few, yield), 0.8)
	b.atLeast("… by the clock on the wall", pairs(crowded, few, func(a, b reading) float64 { return float64(b.wall) / float64(a.wall) }), 0.8)
	_, most, err := s.memory()
	b.atMost("… most memory, MiB", mebibytes(most), 45, "%.0f")
	return err
}

// poolTakes is how long the pool's answers take while waiting is measured: a pool in the same region is believed to
// need some tens of milliseconds.
const poolTakes = 25 * time.Millisecond

// waits is what a person waits for beside the pool: from sending the password until the QR code is there.
func (b *bench) waits(ctx context.Context) error {
	b.pool.SetDelay(poolTakes)
	defer b.pool.SetDelay(0)
	s, err := b.start(ctx, b.portalProgram("")) // as it runs for people
	if err != nil {
		return err
	}
	waited, err := b.wait(ctx, s, ours, b.options.units*5)
	if err != nil {
		return err
	}
	naive, err := b.wait(ctx, b.naive, theirs, b.options.units)
	if err != nil {
		return err
	}
	at := func(list []float64, part float64) spans { return exact(list[int(part*float64(len(list)-1))]) }
	b.atMost("server time beside the pool's, page with QR code, 16 connections, p50, ms", at(waited, 0.5), 5, "%.1f")
	b.atMost("… p99, ms", at(waited, 0.99), 15, "%.1f")
	b.costs = append(b.costs, row{
		figure:   "server time beside the pool's, 16 connections, p50 and p99",
		measured: fmt.Sprintf("%.1f and %.1f ms; naive %.1f and %.1f ms", at(waited, 0.5).median, at(waited, 0.99).median, at(naive, 0.5).median, at(naive, 0.99).median),
	})
	return nil
}

// wait answers milliseconds in rising order.
func (b *bench) wait(ctx context.Context, s *server, at site, units int) ([]float64, error) {
	var mu sync.Mutex
	var all []float64
	_, err := work{server: s, conns: 16, units: units, unit: func(c *conn, _ int) error {
		v := b.visitor(at, c)
		if err := v.see(v.signIn); err != nil {
			return err
		}
		began := time.Now()
		if err := errors.Join(v.sendPassword(v.setUp), v.view()); err != nil {
			return err
		}
		beside := time.Since(began) - b.pool.Spent(v.user)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, float64(beside.Microseconds())/1e3)
		return nil
	}}.measure(ctx, 0)
	slices.Sort(all)
	return all, err
}

// sizes are the rows that are counted, not measured.
func (b *bench) sizes(ctx context.Context) error {
	c, err := dial(ctx, b.portal.address)
	if err != nil {
		return err
	}
	defer c.close()
	v := b.visitor(ours, c)
	if err := v.enter(v.setUp); err != nil {
		return err
	}
	posted := v.last.bytes
	if err := v.see(v.setUp); err != nil {
		return err
	}
	// Characters, as the pool gives them; the names are the one typed, the account's own and the challenge's.
	const session, key, names = 1543, 52, 3
	carried := session + key + names*len(v.user)
	b.atMost("cookie of a 1.5 KB session, its name included ÷ session, key and names in it", exact(float64(len(v.cookies.String()))/float64(carried)), 1.1, "%.2f")

	binary, err := os.Stat(filepath.Join(b.options.programs, "portal"))
	if err != nil {
		return fmt.Errorf("binary: %w", err)
	}
	b.atMost("binary, stripped, MB", exact(float64(binary.Size())/1e6), 25, "%.1f")

	paint := func(trips, size int) float64 { return float64(trips)*slowTrip + float64(size)/slowBytes }
	seen := bytes.Index(v.last.body, []byte("<main")) // behind the bar at the top of the page, which is painted first
	if seen < 0 {
		return errors.New("the scan page has no main part")
	}
	page := v.last.bytes
	first := page - len(v.last.body) + seen
	b.atMost("first paint on slow 3G after signing in, the page up to its main part ÷ an empty page, new connection", exact(paint(4, first)/paint(4, 0)), 1.1, "%.2f")
	b.atMost("… over the connection that is still open", exact(paint(2, posted+first)/paint(2, posted)), 1.1, "%.2f")
	b.limit("… until the whole page is there", exact(paint(2, posted+page)/paint(2, posted)), "%.2f")
	b.costs = append(b.costs, row{
		figure:   "scan page, bytes on the wire (of them HTML), and the answer to the password",
		measured: fmt.Sprintf("%d (%d), %d", page, len(v.last.body), posted),
	})
	return nil
}

// Slow 3G, as browsers' developer tools have it.
const (
	slowTrip  = 400.0 // milliseconds for a round trip
	slowBytes = 50.0  // bytes a millisecond: 400 kbit/s
)

// starts is the time from nothing to the first page.
func (b *bench) starts(ctx context.Context) error {
	programs := []program{b.program("portal", "", "/sign-in"), b.program("hello", "", "/"), b.program("naive", "", "/login")}
	if b.node != nil {
		programs = append(programs, b.nodeProgram())
	}
	took := make(map[string][]float64)
	for i := range b.options.starts {
		for _, p := range programs {
			if p.name != "node" {
				p.dir = filepath.Join(b.dir, fmt.Sprintf("start-%s-%d", p.name, i)) // empty
				p.env = []string{"HOME=" + p.dir}
				if p.name == "portal" {
					p.env = append(p.env, "PORTAL_STORE=sqlite:portal.db")
				}
			}
			s, err := start(ctx, p)
			if err != nil {
				return err
			}
			took[p.name] = append(took[p.name], float64(time.Since(s.began).Microseconds())/1e3)
			if err := s.stop(); err != nil {
				return err
			}
		}
	}
	b.atMost("start to first 200, embedded pool, empty directory, ms", spanOf(took["portal"]), 100, "%.0f")
	for _, p := range programs {
		b.costs = append(b.costs, row{figure: "start to first 200: " + p.name, measured: fmt.Sprintf("%.0f ms", spanOf(took[p.name]).median)})
	}
	return nil
}

// memory is what the portal holds, at rest and after many enrollments.
func (b *bench) memory(ctx context.Context) error {
	demo := b.program("portal", "", "/sign-in")
	idle, err := b.start(ctx, demo)
	if err != nil {
		return err
	}
	s, err := b.start(ctx, b.portalProgram(""))
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // the embedded pool makes its signing keys in the background
	atRest, _, err := idle.memory()
	if err != nil {
		return err
	}
	b.atMost("memory at rest, with the embedded pool, MiB", mebibytes(atRest), 30, "%.0f")

	steps := 10
	var held []int64
	for range steps {
		if _, err := (work{server: s, conns: 16, units: b.options.enrollments / steps, unit: func(c *conn, _ int) error {
			return b.visitor(ours, c).enroll()
		}}).measure(ctx, 0); err != nil {
			return err
		}
		now, _, err := s.memory()
		if err != nil {
			return err
		}
		b.note("after %6d enrollments: %.1f MiB", (len(held)+1)*b.options.enrollments/steps, mebibytes(now).median)
		held = append(held, now)
	}
	_, most, err := s.memory()
	b.atMost(fmt.Sprintf("most memory in %d enrollments, MiB", b.options.enrollments), mebibytes(most), 60, "%.0f")
	b.atMost("… at their end ÷ after the first tenth of them", exact(float64(held[steps-1])/float64(held[0])), 1.1, "%.2f")
	return err
}

func exact(value float64) spans { return spans{value, value, value} }

func mebibytes(bytes int64) spans { return exact(math.Round(float64(bytes)/(1<<20)*10) / 10) }
