package throttle

import (
	"context"
	"time"
)

// Shelf keeps values that all nodes change together.
type Shelf interface {
	// Load answers the value of a name and its version: nil and 0 at first.
	Load(ctx context.Context, name string) (value []byte, version int64, err error)
	// Save replaces the value that Load answered with version: false when another node was quicker.
	Save(ctx context.Context, name string, value []byte, version int64) (saved bool, err error)
}

// clock is the time that nodes have in common, without a server that knows it: each value on the shelf says when it was
// written, and whoever reads a later time than his own moves on to it (Lamport, 1978). So all go by the clock that is
// furthest ahead. Whether it is right does not matter, as only spaces of time are made of it; so a clock is never moved
// back either, and one that is put right goes on from where it was.
type clock struct {
	now   func() time.Time
	began time.Time     // by now; what passes since is this machine's own, monotonic time
	ahead time.Duration // of now
}

func newClock(now func() time.Time) clock { return clock{now: now, began: now()} }

func (c *clock) time() time.Time { return c.began.Round(0).Add(c.now().Sub(c.began) + c.ahead) }

// heard is told of a moment that has come.
func (c *clock) heard(at time.Time) { c.ahead += max(at.Sub(c.time()), 0) }
