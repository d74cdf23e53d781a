package store_test

import (
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

// glance is how soon a process hears of what another one has done to its file. A second is promised.
const glance = 200 * time.Millisecond

func (w *world) wantOver(s *store.Store, i int, account string, want bool, when string) {
	w.t.Helper()
	if over, err := s.SessionOver(w.t.Context(), sid(i), account, start); err != nil || over != want {
		w.t.Errorf("%s: session %d of %s is over: %t, %v, want %t", when, i, account, over, err, want)
	}
}

// What is remembered of a file, or asked of a server, is true: at once in the process that did it, soon in the others.
func TestWhatIsRememberedOfEndedSessionsIsTrue(t *testing.T) {
	durable(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		other := w.node()
		for _, node := range w.nodes() {
			w.wantOver(node, 1, "ada", false, "nothing ended")
		}
		for i := range 5 {
			must(t, other.EndSession(ctx, sid(i), start.Add(time.Hour)))
			w.wantOver(other, i, "ada", true, "ended here")
		}
		must(t, other.Conclude(ctx, event("ada", "set_up"), sid(5), start.Add(time.Hour), start.Add(time.Second)))
		w.wantOver(other, 7, "ada", true, "another session, concluded here")
		w.wantOver(other, 5, "ada", true, "concluded here")
		must(t, other.EndAllBefore(ctx, "bob", start.Add(time.Second)))
		w.wantOver(other, 6, "bob", true, "signed out everywhere here")

		w.clock.advance(glance)
		for i := range 6 {
			w.wantOver(w.first, i, "ada", true, "ended elsewhere")
		}
		w.wantOver(w.first, 6, "bob", true, "signed out everywhere elsewhere")
		w.wantOver(w.first, 6, "carol", false, "not ended")
		must(t, other.EndAllBefore(ctx, "bob", start.Add(time.Minute))) // the row was there already
		w.clock.advance(glance)
		if over, err := w.first.SessionOver(ctx, sid(6), "bob", start.Add(2*time.Second)); err != nil || !over {
			t.Errorf("signed out everywhere again elsewhere: over is %t, %v", over, err)
		}
	})
}

// SQLite gives the numbers of purged rows away again.
func TestRowsAfterAPurgeAreSeen(t *testing.T) {
	durable(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		other := w.node()
		must(t, other.EndSession(ctx, sid(1), start.Add(time.Minute)))
		w.wantOver(w.first, 1, "ada", true, "ended elsewhere")
		w.clock.advance(time.Hour)
		w.purge(other, 1)
		for i := 2; i < 4; i++ { // has the number that the purged row had, and then the next one
			must(t, other.EndSession(ctx, sid(i), start.Add(2*time.Hour)))
			w.clock.advance(glance)
			w.wantOver(w.first, i, "ada", true, "ended elsewhere after a purge")
		}
		w.wantOver(w.first, 1, "ada", false, "purged elsewhere")
		w.clock.advance(2 * time.Hour)
		w.purge(w.first, 2)
		w.wantOver(w.first, 2, "ada", false, "purged here")
	})
}

// A file that cannot be read is not asked by every visitor anew, and nobody is told that all is well meanwhile.
func TestAFileThatCannotBeReadIsToldToAll(t *testing.T) {
	w := newWorld(t, sqliteFile(t))
	must(t, w.first.EndSession(t.Context(), sid(1), start.Add(time.Hour)))
	w.wantOver(w.first, 1, "ada", true, "ended")
	must(t, store.Exec(t.Context(), w.first, `ALTER TABLE not_before RENAME TO gone`))
	w.clock.advance(glance)
	for range 2 {
		over, err := w.first.SessionOver(t.Context(), sid(1), "ada", start)
		wantKind(t, err, store.ErrUnavailable)
		if !over {
			t.Error("what was known is forgotten")
		}
	}
	must(t, store.Exec(t.Context(), w.first, `ALTER TABLE gone RENAME TO not_before`))
	w.clock.advance(glance)
	w.wantOver(w.first, 1, "ada", true, "readable again")
}

func BenchmarkSessionOver(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := 0; b.Loop(); i++ {
			if _, err := s.SessionOver(b.Context(), sid(i%200), "ada", start); err != nil {
				b.Fatal(err)
			}
		}
	})
}
