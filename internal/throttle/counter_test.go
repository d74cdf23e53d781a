package throttle_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/store"
	"cognito-enroll/internal/throttle"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// storeCounter and storeShelf are what cmd/portal makes of the store.
type storeCounter struct{ *store.Store }

func (s storeCounter) Allow(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	return s.Store.Allow(ctx, key, store.Limit(limit), now)
}

func (s storeCounter) Wait(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	return s.Store.Wait(ctx, key, store.Limit(limit), now)
}

type storeShelf struct{ *store.Store }

func (s storeShelf) Load(ctx context.Context, name string) ([]byte, int64, error) {
	return s.LoadShared(ctx, name)
}

func (s storeShelf) Save(ctx context.Context, name string, value []byte, version int64) (bool, error) {
	return s.SaveShared(ctx, name, value, version)
}

func openStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite::memory:", store.Options{Now: func() time.Time { return start }})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func logOf(t testing.TB) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// down is a store that does not answer.
type down struct{ asked int }

var errDown = errors.New("down")

func (d *down) Allow(context.Context, string, throttle.Limit, time.Time) (time.Duration, error) {
	d.asked++
	return 0, errDown
}

func (d *down) Wait(context.Context, string, throttle.Limit, time.Time) (time.Duration, error) {
	d.asked++
	return 0, errDown
}

// Every counter counts alike, the store's among them.
func TestCounters(t *testing.T) {
	now := newClock()
	for name, counter := range map[string]throttle.Counter{
		"local":                  throttle.NewLocal(),
		"store":                  storeCounter{openStore(t)},
		"shared":                 throttle.NewShared(storeCounter{openStore(t)}, now.Now, logOf(t)),
		"shared, the store down": throttle.NewShared(&down{}, now.Now, logOf(t)),
	} {
		t.Run(name, func(t *testing.T) {
			limit := throttle.Limit{Events: 20, Per: time.Hour, Burst: 3} // one in three minutes
			at := start
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
				{2 * time.Minute, "grace", 0},
				{0, "grace", 3 * time.Minute},
				{time.Hour, "grace", 0}, // not more than the burst is saved up
				{0, "grace", 0},
				{0, "grace", 0},
				{0, "grace", 3 * time.Minute},
			} {
				at = at.Add(step.after)
				asked, err := counter.Wait(t.Context(), step.key, limit, at)
				must(t, err)
				got, err := counter.Allow(t.Context(), step.key, limit, at)
				if err != nil || got != step.want || asked != step.want {
					t.Errorf("%+v: asked %v, got to wait %v, %v", step, asked, got, err)
				}
			}
		})
	}
}

// A store that has failed is left alone for a while, and asked again after it.
func TestAStoreThatFailedIsLeftAlone(t *testing.T) {
	now, broken := newClock(), &down{}
	shared := throttle.NewShared(broken, now.Now, logOf(t))
	limit := throttle.Limit{Events: 1, Per: time.Hour, Burst: 1000}
	for _, want := range []int{1, 2} {
		for range 100 {
			_, err := shared.Allow(t.Context(), "ada", limit, now.Now())
			must(t, err)
		}
		if broken.asked != want {
			t.Errorf("asked %d times, want %d", broken.asked, want)
		}
		now.advance(6 * time.Second)
	}
}

// Millions of keys cost no more memory than a quarter of a million; whoever came before them stays limited, and so do
// they themselves. Numbers that no longer matter make room.
func TestMillionsOfKeys(t *testing.T) {
	local, at := throttle.NewLocal(), start
	limit := throttle.Limit{Events: 1, Per: time.Hour, Burst: 1}
	allow := func(key string) bool {
		wait, err := local.Allow(t.Context(), key, limit, at)
		must(t, err)
		return wait == 0
	}
	before := heap()
	if !allow("ada") {
		t.Fatal("the first is refused")
	}
	allowed := 0
	for i := range 2_000_000 {
		if allow("stranger " + strconv.Itoa(i)) {
			allowed++
		}
	}
	if got := local.Len(); got > throttle.MaxKeys {
		t.Errorf("%d keys have numbers, want at most %d", got, throttle.MaxKeys)
	}
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("the heap has grown by %d MiB, want at most 64", grown>>20)
	}
	if allow("ada") {
		t.Error("who was limited before the millions came is not any more")
	}
	if allowed > throttle.MaxKeys || allowed < throttle.MaxKeys-100 {
		t.Errorf("%d strangers were let through, want about %d", allowed, throttle.MaxKeys)
	}
	at = at.Add(time.Hour)
	for range 2 { // once to make room, once to use it
		if !allow("ada") {
			t.Error("still limited an hour later")
		}
		at = at.Add(time.Hour)
	}
	runtime.KeepAlive(local)
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func BenchmarkLocal(b *testing.B) {
	local, limit := throttle.NewLocal(), throttle.Limit{Events: 1, Per: time.Microsecond, Burst: 1 << 40}
	for b.Loop() {
		if _, err := local.Allow(b.Context(), "password account ada", limit, start); err != nil {
			b.Fatal(err)
		}
	}
}
