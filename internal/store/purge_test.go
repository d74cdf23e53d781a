package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

func TestPurgeIsBounded(t *testing.T) {
	engines(t, func(w *world) {
		if w.table() != "" {
			w.t.Skip("DynamoDB deletes by itself")
		}
		t := w.t
		for i := range 25 {
			must(t, w.first.EndSession(t.Context(), sid(i), start.Add(time.Duration(i)*time.Second)))
		}
		must(t, w.first.EndSession(t.Context(), sid(99), start.Add(2*time.Hour)))
		w.clock.advance(time.Hour)
		var calls int
		for left := int64(25); ; calls++ {
			n, err := w.node().Purge(t.Context(), 10)
			must(t, err)
			if n != min(left, 10) {
				t.Fatalf("got %d deleted of %d, want at most 10", n, left)
			}
			if left -= n; n == 0 {
				break
			}
		}
		if ended, err := w.first.SessionEnded(t.Context(), sid(99)); err != nil || !ended {
			t.Errorf("what has not expired: got %t, %v after %d calls, want it kept", ended, err, calls)
		}

		// On all nodes at once, each call deletes rows of its own.
		for i := range 100 {
			must(t, w.first.EndSession(t.Context(), sid(i), start))
		}
		var deleted atomic.Int64
		counts := w.race(8, func(node *store.Store, _ int) error {
			n, err := node.Purge(t.Context(), 10)
			deleted.Add(n)
			return err
		})
		if counts[nil] != 8 || deleted.Load() != 80 {
			t.Errorf("got %v and %d deleted, want eight successes and 80", counts, deleted.Load())
		}
	})
}

// purge deletes what nobody can ask for any more, as a node or, by its ttl, DynamoDB does, and fails unless that is what
// want says.
func (w *world) purge(s *store.Store, want int64) {
	w.t.Helper()
	n, err := s.Purge(w.t.Context(), 100)
	if w.table() != "" && err == nil {
		n, err = w.passTTL()
	}
	if err != nil || n != want {
		w.t.Errorf("purge: got %d deleted, %v, want %d", n, err, want)
	}
}
