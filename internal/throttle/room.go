package throttle

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"cognito-enroll/internal/metrics"
)

// Room is where people wait for their turn to begin when more come than the pool can take. Nobody's sign-in has begun
// while he waits, so nothing can run out. It knows places, not people: whoever has one keeps it, in a sealed cookie.
type Room struct {
	rate, burst float64
	shelf       Shelf
	breaker     breaker
	entered     *metrics.Counter
	entering    sync.Mutex // one at a time: nodes compete, requests of one node need not

	mu    sync.Mutex
	clock clock
	line  *line     // as this node knows it
	seen  time.Time // when it was last loaded
}

// RoomOptions of a Room.
type RoomOptions struct {
	Rate  float64 // people who may begin each second; after a quiet time a quarter of it at once
	Shelf Shelf   // that all nodes share; nil: the line is in this process
	Now   func() time.Time
	Log   *slog.Logger

	Metrics *metrics.Registry // nil: nobody reads them
}

// NewRoom makes a Room.
func NewRoom(opts RoomOptions) *Room {
	burst := max(opts.Rate/4, 1)
	r := &Room{
		rate: opts.Rate, burst: burst, shelf: opts.Shelf, breaker: breaker{now: opts.Now, log: opts.Log}, clock: newClock(opts.Now),
	}
	r.line = newLine(r.clock.time(), burst)
	r.entered = r.measure(opts.Metrics)
	return r
}

// Place is a place in the line.
type Place struct {
	epoch uint64
	round float64
}

// lineName is what the line is called on the shelf.
const lineName = "line"

// stale is how old what this node knows of the line may be when somebody asks for his place.
const stale = time.Second

// Enter takes a place for somebody of a network.
func (r *Room) Enter(ctx context.Context, site string) Place {
	r.entered.Add()
	number := siteNumber(site)
	place, saved := Place{}, false
	if r.shelf != nil {
		r.entering.Lock()
		r.breaker.try(ctx, func(ctx context.Context) (err error) {
			place, saved, err = r.enterShared(ctx, number)
			return err
		})
		r.entering.Unlock()
	}
	if saved {
		return place
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.line)
	return Place{r.line.epoch, r.line.enter(number)}
}

// enterShared takes a place in the line of all nodes. It tries until it is quicker than they are.
func (r *Room) enterShared(ctx context.Context, number uint16) (Place, bool, error) {
	for ctx.Err() == nil {
		shared, version, err := r.load(ctx)
		if err != nil {
			return Place{}, false, err
		}
		place := Place{shared.epoch, shared.enter(number)}
		saved, err := r.shelf.Save(ctx, lineName, shared.marshal(), version)
		if err != nil {
			return Place{}, false, err
		}
		if saved {
			r.know(shared)
			return place, true, nil
		}
	}
	return Place{}, false, ctx.Err()
}

// load answers the line of all nodes as it is now. One that cannot be read begins anew.
func (r *Room) load(ctx context.Context) (*line, int64, error) {
	value, version, err := r.shelf.Load(ctx, lineName)
	if err != nil {
		return nil, 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	shared, err := unmarshalLine(value)
	if err != nil {
		shared = newLine(r.clock.time(), r.burst)
	}
	r.advance(shared)
	return shared, version, nil
}

// advance lets the time pass that has passed since a line was written. The caller holds mu.
func (r *Room) advance(l *line) {
	r.clock.heard(l.at)
	l.advance(r.clock.time(), r.rate, r.burst)
}

func (r *Room) know(shared *line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line, r.seen = shared, r.clock.time()
}

// Left is how many people have their turn up to a place, itself among them, and when about it comes: 0 when it has. A
// place of a line that was lost has waited long enough.
func (r *Room) Left(ctx context.Context, place Place) (people int, wait time.Duration) {
	r.refresh(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if place.epoch != r.line.epoch {
		return 0, 0
	}
	r.advance(r.line)
	return r.told(r.line.ahead(place.round))
}

// Rush is how long somebody would wait who came now, as far as this node knows. It asks nobody.
func (r *Room) Rush(site string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.line)
	if len(r.line.last) == 0 {
		return 0
	}
	_, wait := r.told(r.line.ahead(max(r.line.last[siteNumber(site)], r.line.clock)+1) + 1)
	return wait
}

// Await waits for a turn that is near, and reports whether it has come.
func (r *Room) Await(ctx context.Context, place Place, near time.Duration) bool {
	_, wait := r.Left(ctx, place)
	if wait == 0 || wait > near {
		return wait == 0
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refresh loads the line of all nodes when what this one knows is old. One request asks, the others go by the old.
func (r *Room) refresh(ctx context.Context) {
	if r.shelf == nil || !r.due() {
		return
	}
	r.breaker.try(ctx, func(ctx context.Context) error {
		shared, _, err := r.load(ctx)
		if err == nil {
			r.know(shared)
		}
		return err
	})
}

func (r *Room) due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.time()
	due := now.Sub(r.seen).Abs() >= stale
	if due {
		r.seen = now
	}
	return due
}

func (r *Room) told(people float64) (int, time.Duration) {
	return int(math.Ceil(people - epsilon)), time.Duration(people / r.rate * float64(time.Second))
}

// PlaceSize is the length of a place in bytes.
const PlaceSize = 16

// MarshalBinary writes a place for its cookie.
func (p Place) MarshalBinary() ([]byte, error) {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, p.epoch), math.Float64bits(p.round)), nil
}

// UnmarshalBinary reads it.
func (p *Place) UnmarshalBinary(b []byte) error {
	if len(b) != PlaceSize {
		return errors.New("throttle: not a place")
	}
	p.epoch, p.round = binary.BigEndian.Uint64(b), math.Float64frombits(binary.BigEndian.Uint64(b[8:]))
	return nil
}
