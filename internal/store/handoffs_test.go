package store_test

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

func TestHandoffIsTakenOnce(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		put := store.Handoff{LocatorHash: hash(1), Payload: []byte("sealed \x00\xff bytes"), ExpiresAt: start.Add(time.Minute)}
		must(t, w.first.PutHandoff(ctx, put))
		wantKind(t, w.node().PutHandoff(ctx, put), store.ErrConflict)

		got, err := w.node().TakeHandoff(ctx, hash(1))
		must(t, err)
		if got.LocatorHash != put.LocatorHash || !bytes.Equal(got.Payload, put.Payload) || !got.ExpiresAt.Equal(put.ExpiresAt) {
			t.Errorf("got %v, want %v", got, put)
		}
		for name, locator := range map[string][32]byte{"taken": hash(1), "unknown": hash(2)} {
			if _, err := w.first.TakeHandoff(ctx, locator); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: got %v, want not found", name, err)
			}
		}
	})
}

func TestExpiredHandoffIsNeverTaken(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		for i, lifetime := range []time.Duration{-time.Second, 0, time.Microsecond, time.Minute} {
			must(t, w.first.PutHandoff(ctx, store.Handoff{LocatorHash: hash(i), Payload: []byte{1}, ExpiresAt: start.Add(lifetime)}))
		}
		for i, want := range []error{store.ErrNotFound, store.ErrNotFound, nil} {
			if _, err := w.first.TakeHandoff(ctx, hash(i)); !errors.Is(err, want) {
				t.Errorf("hand-off %d: got %v, want %v", i, err, want)
			}
		}
		w.clock.advance(time.Minute)
		_, err := w.node().TakeHandoff(ctx, hash(3))
		wantKind(t, err, store.ErrNotFound)
		w.purge(w.first, 3)
	})
}

func TestManyTakeOneHandoff(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		must(t, w.first.PutHandoff(t.Context(), store.Handoff{LocatorHash: hash(1), Payload: []byte{1}, ExpiresAt: start.Add(time.Minute)}))
		n := crowd()
		counts := w.race(n, func(node *store.Store, _ int) error {
			_, err := node.TakeHandoff(t.Context(), hash(1))
			return err
		})
		if counts[nil] != 1 || counts[store.ErrNotFound] != n-1 {
			t.Errorf("got %v, want one success and all others not found", counts)
		}
	})
}

// BenchmarkTakeHandoff takes hand-offs that were put before; several goroutines at once, as requests are.
func BenchmarkTakeHandoff(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := range b.N {
			must(b, s.PutHandoff(b.Context(), store.Handoff{LocatorHash: hash(i), Payload: make([]byte, 2000), ExpiresAt: start.Add(time.Minute)}))
		}
		b.ResetTimer()
		var taken atomic.Int64
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.TakeHandoff(b.Context(), hash(int(taken.Add(1)-1))); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
