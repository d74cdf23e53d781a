package store_test

import (
	"strconv"
	"testing"

	"cognito-enroll/internal/store"
)

func TestSharedValue(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		if value, version, err := w.first.LoadShared(ctx, "line"); value != nil || version != 0 || err != nil {
			t.Fatalf("never saved: got %q, version %d, %v", value, version, err)
		}
		for _, step := range []struct {
			value   string
			version int64
			saved   bool
		}{
			{"too early", 7, false},
			{"first", 0, true},
			{"first again", 0, false},
			{"second", 1, true},
			{"late", 1, false},
			{"third \x00\xff", 2, true},
		} {
			saved, err := w.node().SaveShared(ctx, "line", []byte(step.value), step.version)
			if saved != step.saved || err != nil {
				t.Errorf("save %q over version %d: got %v, %v", step.value, step.version, saved, err)
			}
		}
		if value, version, err := w.first.LoadShared(ctx, "line"); string(value) != "third \x00\xff" || version != 3 || err != nil {
			t.Errorf("got %q, version %d, %v", value, version, err)
		}
		if value, _, err := w.first.LoadShared(ctx, "another"); value != nil || err != nil {
			t.Errorf("another name: got %q, %v", value, err)
		}
	})
}

// Nobody's change is lost: a hundred on four nodes each add one.
func TestHundredChangeOneSharedValue(t *testing.T) {
	engines(t, func(w *world) {
		n := w.crowd(100)
		counts := w.race(n, func(node *store.Store, _ int) error {
			for {
				value, version, err := node.LoadShared(w.t.Context(), "count")
				if err != nil {
					return err
				}
				count, _ := strconv.Atoi(string(value))
				saved, err := node.SaveShared(w.t.Context(), "count", []byte(strconv.Itoa(count+1)), version)
				if saved || err != nil {
					return err
				}
			}
		})
		value, version, err := w.first.LoadShared(w.t.Context(), "count")
		if counts[nil] != n || string(value) != strconv.Itoa(n) || version != int64(n) || err != nil {
			w.t.Errorf("got %v, value %q, version %d, %v, want %d changes", counts, value, version, err, n)
		}
	})
}
