package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

// errWait stands for an answer that says to wait.
var errWait = errors.New("wait")

func TestThrottle(t *testing.T) {
	engines(t, func(w *world) {
		limit := store.Limit{Events: 20, Per: time.Hour, Burst: 3} // one in three minutes
		for _, step := range []struct {
			after time.Duration // since the step before
			key   string
			want  time.Duration // to wait
		}{
			{0, "grace", 0},
			{0, "grace", 0},
			{0, "ada", 0}, // keys do not meet
			{0, "grace", 0},
			{0, "grace", 3 * time.Minute},
			{0, "grace", 3 * time.Minute}, // refusals cost nothing
			{time.Minute, "grace", 2 * time.Minute},
			{2*time.Minute - time.Microsecond, "grace", time.Microsecond},
			{time.Microsecond, "grace", 0},
			{0, "grace", 3 * time.Minute},
			{-time.Second, "grace", 3*time.Minute + time.Second}, // the clock of another node
			{time.Hour, "grace", 0},                              // not more than the burst is saved up
			{0, "grace", 0},
			{0, "grace", 0},
			{0, "grace", 3 * time.Minute},
		} {
			w.clock.advance(step.after)
			asked, err := w.first.Wait(w.t.Context(), step.key, limit, w.clock.Now()) // counts nothing
			must(w.t, err)
			got, err := w.node().Allow(w.t.Context(), step.key, limit, w.clock.Now())
			if asked != got {
				w.t.Errorf("%+v: asked: %v, tried: %v", step, asked, got)
			}
			if err != nil || got != step.want {
				w.t.Errorf("%+v: got to wait %v, %v", step, got, err)
			}
		}

		w.clock.advance(9*time.Minute - time.Microsecond) // three are saved up again, but for a moment
		w.purge(w.first, 1)                               // ada's
		w.clock.advance(time.Microsecond)
		w.purge(w.first, 1)
	})
}

func TestManyAtOneThrottle(t *testing.T) {
	engines(t, func(w *world) {
		limit := store.Limit{Events: 1, Per: time.Second, Burst: 20}
		n := crowd()
		counts := w.race(n, func(node *store.Store, _ int) error {
			wait, err := node.Allow(w.t.Context(), "one key", limit, start)
			if wait > 0 {
				err = errWait
			}
			return err
		})
		if counts[nil] != 20 || counts[errWait] != n-20 {
			w.t.Errorf("got %v, want 20 let through", counts)
		}
	})
}

func TestThrottleKeysAreNotKept(t *testing.T) {
	engines(t, func(w *world) {
		key := "ada@example.com 192.0.2.1"
		_, err := w.first.Allow(w.t.Context(), key, store.Limit{Events: 1, Per: time.Second, Burst: 1}, start)
		must(w.t, err)
		if w.table() != "" {
			if stored := w.everything(); strings.Contains(stored, "ada@example.com") || !strings.Contains(stored, "throttle ") {
				w.t.Errorf("got %q, want a hash", stored)
			}
			return
		}
		kept, err := store.QueryText(w.t.Context(), w.first, `SELECT key_hash FROM throttles`)
		if err != nil || len(kept) != 32 || kept == key {
			w.t.Errorf("got %q, %v, want a hash", kept, err)
		}
	})
}

func TestLimitMustAllowSomething(t *testing.T) {
	w := newWorld(t, "sqlite::memory:")
	for _, limit := range []store.Limit{{}, {Events: 1, Per: time.Second}, {Events: 1, Burst: 1}, {Per: time.Second, Burst: 1}} {
		if _, err := w.first.Allow(t.Context(), "key", limit, start); err == nil {
			t.Errorf("%+v: got no error", limit)
		}
		if _, err := w.first.Wait(t.Context(), "key", limit, start); err == nil {
			t.Errorf("%+v: asked, got no error", limit)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for b.Loop() {
			_, err := s.Allow(b.Context(), "key", store.Limit{Events: 1, Per: time.Microsecond, Burst: 1 << 40}, start)
			must(b, err)
		}
	})
}

// A node whose clock is wrong for a moment keeps nobody out for longer than an honest one could have, and those whose
// clocks differ by seconds count together.
func TestThrottleOfAWrongClock(t *testing.T) {
	engines(t, func(w *world) {
		everyone := store.Limit{Events: 5, Per: time.Second, Burst: 600} // two minutes' worth at once
		one := store.Limit{Events: 1, Per: time.Second, Burst: 1}
		for i, step := range []struct {
			ahead time.Duration // of the first call's clock
			limit store.Limit
			want  time.Duration // that the second has to wait
		}{
			{time.Hour, everyone, 0},
			{24 * time.Hour, one, 0},
			{10*time.Second + time.Microsecond, one, 0},
			{10 * time.Second, one, 11 * time.Second},
			{2 * time.Second, one, 3 * time.Second},
			{100 * time.Millisecond, one, 1100 * time.Millisecond},
			{-100 * time.Millisecond, one, 900 * time.Millisecond},
			{-2 * time.Second, one, 0},
			{-time.Hour, one, 0},
		} {
			key := string(rune('a' + i))
			if wait, err := w.first.Allow(w.t.Context(), key, step.limit, start.Add(step.ahead)); wait != 0 || err != nil {
				w.t.Fatalf("%+v: first: %v, %v", step, wait, err)
			}
			asked, err := w.node().Wait(w.t.Context(), key, step.limit, start)
			must(w.t, err)
			got, err := w.node().Allow(w.t.Context(), key, step.limit, start)
			if err != nil || got != step.want || asked != step.want {
				w.t.Errorf("%+v: asked %v, got to wait %v, %v", step, asked, got, err)
			}
			if step.limit == one && step.want == 0 { // and is counted from now on
				if got, err := w.first.Allow(w.t.Context(), key, one, start); err != nil || got != time.Second {
					w.t.Errorf("%+v: the next has to wait %v, %v", step, got, err)
				}
			}
		}
	})
}
