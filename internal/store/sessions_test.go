package store_test

import (
	"errors"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

func TestSessionsEndOnEveryNode(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		other := w.node()
		until := start.Add(30 * time.Minute)

		must(t, w.first.EndSession(ctx, sid(1), until))
		must(t, w.first.EndSession(ctx, sid(1), until.Add(-time.Minute))) // twice, and out of order
		for i, want := range map[int]bool{1: true, 2: false} {
			if got, err := other.SessionEnded(ctx, sid(i)); err != nil || got != want {
				t.Errorf("session %d: got ended %t, %v, want %t", i, got, err, want)
			}
		}

		// Forgotten when its cookies have expired, by the latest moment that was named, and not before.
		w.clock.advance(29*time.Minute + 59*time.Second)
		w.purge(w.first, 0)
		if ended, err := other.SessionEnded(ctx, sid(1)); err != nil || !ended {
			t.Errorf("purged too early: got %t, %v", ended, err)
		}
		w.clock.advance(time.Second)
		w.purge(w.first, 1)
		if ended, err := other.SessionEnded(ctx, sid(1)); err != nil || ended {
			t.Errorf("not purged: got %t, %v", ended, err)
		}
	})
}

func TestAllSessionsOfAnAccountEnd(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		if at, err := w.first.NotBefore(ctx, "ada"); err != nil || !at.IsZero() {
			t.Errorf("an account that never signed out: got %v, %v, want the zero time", at, err)
		}
		later := start.Add(time.Hour + 7*time.Microsecond)
		must(t, w.first.EndAllBefore(ctx, "ada", later))
		must(t, w.node().EndAllBefore(ctx, "ada", start)) // a slower node with an older event
		if at, err := w.node().NotBefore(ctx, "ada"); err != nil || !at.Equal(later) {
			t.Errorf("got %v, %v, want %v", at, err, later)
		}
		if at, err := w.first.NotBefore(ctx, "Ada"); err != nil || !at.IsZero() {
			t.Errorf("another account: got %v, %v, want the zero time", at, err)
		}
		w.clock.advance(30 * 24 * time.Hour)
		w.purge(w.first, 1)
	})
}

func TestManyEndSessions(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		n := crowd()
		counts := w.race(n, func(node *store.Store, i int) error {
			if err := node.EndSession(t.Context(), sid(i%50), start.Add(time.Duration(i)*time.Second)); err != nil {
				return err
			}
			ended, err := node.SessionEnded(t.Context(), sid(i%50))
			if err == nil && !ended {
				err = errors.New("a session that this node has ended goes on")
			}
			return err
		})
		if counts[nil] != n {
			t.Errorf("got %v, want %d successes", counts, n)
		}
	})
}

func BenchmarkEndSession(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := 0; b.Loop(); i++ {
			must(b, s.EndSession(b.Context(), sid(i), start))
		}
	})
}

func BenchmarkSessionEnded(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := range 100 {
			must(b, s.EndSession(b.Context(), sid(i), start))
		}
		for i := 0; b.Loop(); i++ {
			if ended, err := s.SessionEnded(b.Context(), sid(i%200)); err != nil || ended != (i%200 < 100) {
				b.Fatalf("session %d: got %t, %v", i%200, ended, err)
			}
		}
	})
}

// What every request asks: either of the two ends a session, and on every node.
func TestSessionOver(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		must(t, w.first.EndSession(ctx, sid(1), start.Add(time.Hour)))
		must(t, w.first.EndAllBefore(ctx, "ada", start))
		for _, test := range []struct {
			name    string
			sid     [16]byte
			account string
			began   time.Time
			want    bool
		}{
			{"ended by itself", sid(1), "bob", start, true},
			{"of an account whose sessions were ended later", sid(2), "ada", start.Add(-time.Microsecond), true},
			{"that began at that moment", sid(2), "ada", start, false},
			{"of another account", sid(2), "bob", start.Add(-time.Hour), false},
			{"of an account that is not known yet", sid(2), "", start.Add(-time.Hour), false},
		} {
			if over, err := w.node().SessionOver(ctx, test.sid, test.account, test.began); over != test.want || err != nil {
				t.Errorf("a session %s: over is %v (%v), want %v", test.name, over, err, test.want)
			}
		}
	})
}
