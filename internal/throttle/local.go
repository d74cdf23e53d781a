package throttle

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// Bounds of a Local's memory. maxKeys keys have a number of their own, some ten megabytes; those that come when all are
// taken share overflow numbers: they are held to the limit together, which is unkind and safe.
const (
	maxKeys    = 1 << 18
	overflow   = 1 << 12
	sweepEvery = time.Second
)

// Local is a Counter in this process.
type Local struct {
	mu    sync.Mutex
	seed  maphash.Seed // nobody outside can look for keys that meet
	due   map[uint64]int64
	swept time.Time
}

var _ Counter = (*Local)(nil)

// NewLocal makes a Local.
func NewLocal() *Local {
	return &Local{seed: maphash.MakeSeed(), due: make(map[uint64]int64)}
}

// Allow implements [Counter].
func (l *Local) Allow(_ context.Context, key string, limit Limit, now time.Time) (time.Duration, error) {
	interval, slack := limit.cell()
	l.mu.Lock()
	defer l.mu.Unlock()
	at, cell := now.UnixMicro(), l.cell(key, now)
	due := limit.believed(l.due[cell], at)
	if wait := due - slack - at; wait > 0 {
		return time.Duration(wait) * time.Microsecond, nil
	}
	l.due[cell] = max(due, at) + interval
	return 0, nil
}

// Wait implements [Counter].
func (l *Local) Wait(_ context.Context, key string, limit Limit, now time.Time) (time.Duration, error) {
	_, slack := limit.cell()
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now.UnixMicro()
	return time.Duration(max(limit.believed(l.due[l.cell(key, now)], at)-slack-at, 0)) * time.Microsecond, nil
}

// cell is where a key's number is.
func (l *Local) cell(key string, now time.Time) uint64 {
	sum := maphash.String(l.seed, key)
	if _, known := l.due[sum]; known || len(l.due) < maxKeys {
		return sum
	}
	if now.Sub(l.swept).Abs() >= sweepEvery {
		l.swept = now
		for cell, due := range l.due {
			if due <= now.UnixMicro() { // as good as never seen
				delete(l.due, cell)
			}
		}
		if len(l.due) < maxKeys {
			return sum
		}
	}
	return sum % overflow
}

// cell is a limit in microseconds: between events that come evenly, and how far ahead of that an event may come.
func (l Limit) cell() (interval, slack int64) {
	interval = max(l.Per.Microseconds()/int64(max(l.Events, 1)), 1)
	return interval, interval * int64(max(l.Burst, 1)-1)
}

// clocksDiffer is more than the clocks of nodes do, each of which is corrected by the pool's from five seconds on.
const clocksDiffer = 10 * time.Second

// believed is what is due at a moment: nothing, if it is later than it can be. A clock wrote it then that was wrong, and one
// call of a node that started with the wrong time must not keep everybody out until that time has come.
func (l Limit) believed(due, at int64) int64 {
	interval, slack := l.cell()
	if due > at+slack+interval+clocksDiffer.Microseconds() {
		return 0
	}
	return due
}
