package throttle_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/throttle"
)

func newRoom(t testing.TB, now *clock, shelf throttle.Shelf) *throttle.Room {
	t.Helper()
	return throttle.NewRoom(throttle.RoomOptions{Rate: 12, Shelf: shelf, Now: now.Now, Log: logOf(t)})
}

// person is somebody in the line: when he came, and when his turn did.
type person struct {
	place      throttle.Place
	site       string
	came, turn time.Time
}

func (p *person) waited() time.Duration { return p.turn.Sub(p.came) }

// serve lets time pass until everybody has had his turn.
func serve(t testing.TB, now *clock, room *throttle.Room, people []*person) {
	t.Helper()
	for range 100_000 {
		waiting := 0
		for _, p := range people {
			if !p.turn.IsZero() {
				continue
			}
			if _, wait := room.Left(t.Context(), p.place); wait == 0 {
				p.turn = now.Now()
			} else {
				waiting++
			}
		}
		if waiting == 0 {
			return
		}
		now.advance(50 * time.Millisecond)
	}
	t.Fatal("somebody's turn never comes")
}

func TestALine(t *testing.T) {
	now := newClock()
	room := newRoom(t, now, nil)
	if room.Rush("office") != 0 {
		t.Error("an empty room is a rush")
	}
	people := make([]*person, 123) // three go at once, ten seconds' worth wait
	for i := range people {
		people[i] = &person{place: room.Enter(t.Context(), "office"), came: now.Now()}
		left, wait := room.Left(t.Context(), people[i].place)
		wantLeft := max(0, i-2)
		if left != wantLeft || (wait-time.Duration(wantLeft)*time.Second/12).Abs() > time.Millisecond {
			t.Fatalf("number %d: %d people, %s, want %d people", i, left, wait, wantLeft)
		}
	}
	if rush := room.Rush("office"); rush < 10*time.Second || rush > 10200*time.Millisecond {
		t.Errorf("who came now would wait %s, want ten seconds", rush)
	}
	serve(t, now, room, people)
	if took := people[122].waited(); took < 9900*time.Millisecond || took > 10100*time.Millisecond {
		t.Errorf("the last one waited %s, want ten seconds", took)
	}
	if !slices.IsSortedFunc(people, func(a, b *person) int { return a.turn.Compare(b.turn) }) {
		t.Error("somebody was overtaken")
	}
	now.advance(time.Hour)
	if room.Rush("office") != 0 {
		t.Error("an hour later it is a rush still")
	}
}

// Two thousand from one network, then twenty from another: the twenty wait as if there were forty.
func TestNetworksTakeTurns(t *testing.T) {
	now := newClock()
	room := newRoom(t, now, nil)
	enter := func(site string, n int) []*person {
		people := make([]*person, n)
		for i := range people {
			people[i] = &person{place: room.Enter(t.Context(), site), site: site, came: now.Now()}
		}
		return people
	}
	many := enter("many", 2000)
	now.advance(time.Second)
	few := enter("few", 20)
	left, wait := room.Left(t.Context(), few[19].place)
	if left > 40 || wait > 3500*time.Millisecond {
		t.Errorf("the twentieth is told %d people and %s, want 40 and 3.3 s", left, wait)
	}
	serve(t, now, room, append(slices.Clone(few), many...))
	if got := few[19].waited(); got > 3500*time.Millisecond {
		t.Errorf("the twentieth waited %s, want 3.3 s", got)
	}
	if got := many[1999].waited(); got > 169*time.Second {
		t.Errorf("the last of the many waited %s: the room was idle meanwhile", got)
	}
}

// Whoever comes, whenever, from wherever: never more than the rate and its burst, never less while anybody waits, and
// within a network nobody is overtaken.
func TestAnyLine(t *testing.T) {
	const step, rate, burst = 20 * time.Millisecond, 12.0, 3.0
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		now := newClock()
		room := newRoom(t, now, nil)
		sites, comes := 1+random.IntN(8), 0.05+random.Float64()/2 // people in a step
		var waiting []*person
		turns, spare := 0, burst
		for range 1500 {
			now.advance(step)
			spare += rate * step.Seconds()
			if len(waiting) == 0 {
				spare = min(spare, burst)
			}
			if random.Float64() < comes {
				site := fmt.Sprint("site ", random.IntN(sites))
				waiting = append(waiting, &person{place: room.Enter(t.Context(), site), site: site})
			}
			still := waiting[:0]
			passed := map[string]bool{} // somebody of the network waits still
			for _, p := range waiting {
				people, wait := room.Left(t.Context(), p.place)
				switch {
				case wait > 0 && people == 0:
					t.Fatalf("seed %d: waits for nobody", seed)
				case wait > 0:
					passed[p.site] = true
					still = append(still, p)
				case passed[p.site]:
					t.Fatalf("seed %d: somebody of %s was overtaken", seed, p.site)
				default:
					turns++
					spare--
				}
			}
			waiting = still
			// Rounds are of whole people: each network may be one ahead or behind.
			if spare < -float64(sites) || len(waiting) > sites && spare > float64(sites) {
				t.Fatalf("seed %d: %d waiting, %d have had their turn: %.1f of the rate is over", seed, len(waiting), turns, spare)
			}
		}
		if turns < 50 {
			t.Fatalf("seed %d: only %d turns: nothing was tested", seed, turns)
		}
	}
}

// Four nodes share a line: two hundred at once have two hundred places, and every node knows each.
func TestNodesShareALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the store has all the time it needs
		now, shelf := newClock(), storeShelf{openStore(t)}
		rooms := make([]*throttle.Room, 4)
		for i := range rooms {
			rooms[i] = newRoom(t, now, shelf)
		}
		people := make([]*person, 200)
		var done sync.WaitGroup
		for i := range people {
			done.Go(func() { people[i] = &person{place: rooms[i%4].Enter(t.Context(), "office"), came: now.Now()} })
		}
		done.Wait()
		now.advance(time.Second) // what a node knows is old then
		seen := map[int]int{}
		for _, p := range people {
			want, _ := rooms[0].Left(t.Context(), p.place)
			seen[want]++
			for i, room := range rooms {
				if got, _ := room.Left(t.Context(), p.place); got != want {
					t.Fatalf("node %d says %d people, node 0 says %d", i, got, want)
				}
			}
		}
		if seen[0] != 15 || len(seen) != 186 { // three at once, twelve in the second since; each of the others another number
			t.Errorf("%d have their turn, %d numbers in all; want 15 and 186", seen[0], len(seen))
		}
		serve(t, now, rooms[3], people)
	})
}

// deaf is a shelf that does not answer.
type deaf struct{}

func (deaf) Load(context.Context, string) ([]byte, int64, error) { return nil, 0, errors.New("down") }

func (deaf) Save(context.Context, string, []byte, int64) (bool, error) {
	return false, errors.New("down")
}

func (spoilt) Load(context.Context, string) ([]byte, int64, error) {
	return []byte("not a line"), 7, nil
}

func (spoilt) Save(_ context.Context, _ string, _ []byte, v int64) (bool, error) { return v == 7, nil }

// spoilt is a shelf with something else on it.
type spoilt struct{}

// A store that does not answer, or not sensibly, locks nobody in.
func TestALineWithoutItsStore(t *testing.T) {
	for name, shelf := range map[string]throttle.Shelf{"down": deaf{}, "spoilt": spoilt{}} {
		now := newClock()
		room := newRoom(t, now, shelf)
		people := make([]*person, 36)
		for i := range people {
			people[i] = &person{place: room.Enter(t.Context(), "office"), came: now.Now()}
		}
		serve(t, now, room, people)
		if got := people[35].waited(); got > 3*time.Second {
			t.Errorf("%s: the last one waited %s", name, got)
		}
	}
	// A place of a line that is gone.
	now := newClock()
	before := newRoom(t, now, nil)
	var last throttle.Place
	for range 1000 {
		last = before.Enter(t.Context(), "office")
	}
	if _, wait := newRoom(t, now, nil).Left(t.Context(), last); wait != 0 {
		t.Errorf("after a restart somebody has to wait %s for nobody", wait)
	}
}

func TestPlacesInCookies(t *testing.T) {
	room := newRoom(t, newClock(), nil)
	for range 20 {
		room.Enter(t.Context(), "office")
	}
	place := room.Enter(t.Context(), "office")
	text, err := place.MarshalBinary()
	must(t, err)
	var read throttle.Place
	must(t, read.UnmarshalBinary(text))
	if read != place || len(text) != throttle.PlaceSize {
		t.Errorf("wrote %v, read %v from %d bytes", place, read, len(text))
	}
	for _, wrong := range [][]byte{nil, text[1:], append(text, 0)} {
		if read.UnmarshalBinary(wrong) == nil {
			t.Errorf("%d bytes are a place", len(wrong))
		}
	}
}

// A turn that is near is waited for; one that is not is not.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		room := throttle.NewRoom(throttle.RoomOptions{Rate: 12, Now: time.Now, Log: logOf(t)})
		var places []throttle.Place
		for range 60 {
			places = append(places, room.Enter(t.Context(), "office"))
		}
		before := time.Now()
		if !room.Await(t.Context(), places[0], 3*time.Second) || time.Since(before) != 0 {
			t.Error("who may go at once waits")
		}
		if room.Await(t.Context(), places[59], 3*time.Second) || time.Since(before) != 0 {
			t.Error("a turn four seconds off is waited for")
		}
		if !room.Await(t.Context(), places[26], 3*time.Second) || time.Since(before) != 2*time.Second {
			t.Errorf("a turn two seconds off came after %s", time.Since(before))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if room.Await(ctx, places[50], 3*time.Second) {
			t.Error("a turn came for somebody who left")
		}
	})
}

func BenchmarkEnter(b *testing.B) {
	for name, shelf := range map[string]throttle.Shelf{"local": nil, "store": storeShelf{openStore(b)}} {
		b.Run(name, func(b *testing.B) {
			now := newClock()
			room := newRoom(b, now, shelf)
			for b.Loop() {
				now.advance(time.Second / 12)
				room.Enter(b.Context(), "office")
			}
		})
	}
}
