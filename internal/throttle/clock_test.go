package throttle_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/throttle"
)

// memoryShelf is a shelf in this process.
type memoryShelf struct {
	mu       sync.Mutex
	values   map[string][]byte
	versions map[string]int64
}

func (s *memoryShelf) Load(_ context.Context, name string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name], s.versions[name], nil
}

func (s *memoryShelf) Save(_ context.Context, name string, value []byte, version int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions[name] != version {
		return false, nil
	}
	if s.values == nil {
		s.values, s.versions = make(map[string][]byte), make(map[string]int64)
	}
	s.values[name], s.versions[name] = value, version+1
	return true, nil
}

// wrong is a clock that differs by so much, until it is put right.
type wrong struct{ by atomic.Int64 }

func wrongBy(by time.Duration) *wrong {
	w := new(wrong)
	w.by.Store(int64(by))
	return w
}

func (w *wrong) Now() time.Time { return time.Now().Add(time.Duration(w.by.Load())) }

func (w *wrong) putRight() { w.by.Store(0) }

// clocks are by how much those of nodes differ.
func clocks() [][]time.Duration {
	const ms = time.Millisecond
	return [][]time.Duration{
		{0, 0},
		{0, -20 * ms},
		{0, 20 * ms},
		{0, -100 * ms},
		{0, 100 * ms},
		{0, -2 * time.Second},
		{0, 2 * time.Second},
		{0, -time.Hour},
		{0, -20 * ms, 100 * ms},
		{2 * time.Second, 0, -100 * ms, -2 * time.Second},
	}
}

// Nodes whose clocks differ have the same share each, with one caller or with many, and keep the quota together: a call
// may be late by as much as clocks still differ once they have heard of each other, which is less than a lease. Once, when
// they first do, turns that are reserved already can be given again.
func TestNodesWithWrongClocksShare(t *testing.T) {
	for _, callers := range []int{1, 20} {
		for _, differ := range clocks() {
			t.Run(fmt.Sprint(callers, differ), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const quota = 25
					shelf, ctx := &memoryShelf{}, t.Context()
					ctx, cancel := context.WithTimeout(ctx, time.Minute)
					defer cancel()
					var done sync.WaitGroup
					var made calls
					own := make([]calls, len(differ))
					for i, by := range differ {
						node := throttle.NewBudget(throttle.BudgetOptions{
							Quotas: map[string]int{"c": quota}, Shelf: shelf, Now: wrongBy(by).Now, Log: logOf(t),
						})
						for range callers {
							done.Go(func() {
								for ctx.Err() == nil {
									if node.Take(ctx, "c", true) == nil {
										made.add("")
										own[i].add("")
									}
									time.Sleep(time.Millisecond)
								}
							})
						}
					}
					done.Wait()
					time.Sleep(patience)
					all := len(made.at)
					meeting := made.busiest()
					met := slices.IndexFunc(made.at, func(at time.Time) bool { return at.Sub(made.at[0]) >= 5*time.Second })
					made.at = made.at[met:]
					busiest := made.busiest()
					var shares []int
					for i := range own {
						shares = append(shares, len(own[i].at))
					}
					t.Logf("%v of %d calls, %d in the busiest second, %d while their clocks met", shares, all, busiest, meeting)
					for _, share := range shares {
						if fair := all / len(differ); share < fair*3/4 {
							t.Errorf("a node made %d calls of %d, want about %d", share, all, fair)
						}
					}
					if meeting > 2*quota { // what one node had reserved, and what another one reserves by its own clock
						t.Errorf("%d calls in a second while their clocks met, want at most %d", meeting, 2*quota)
					}
					if most := quota + quota/5; busiest > most || float64(all) < 57*0.95*quota { // a lease's turns at most come late
						t.Errorf("%d calls in a second and %d in a minute, want at most %d and at least %.0f", busiest, all, most, 57*0.95*quota)
					}
				})
			})
		}
	}
}

// More nodes than turns fit into what is reserved, as on Lambda, where each request is a node: none is left out, and no turn is
// left over from somebody who has given up.
func TestManyNodesShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const quota, nodes = 25, 60
		shelf := &memoryShelf{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var done sync.WaitGroup
		own := make([]calls, nodes)
		for i := range nodes {
			clock := wrongBy(time.Duration(i%7) * 50 * time.Millisecond)
			node := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": quota}, Shelf: shelf, Now: clock.Now, Log: logOf(t)})
			done.Go(func() {
				for ctx.Err() == nil {
					if node.Take(ctx, "c", true) == nil {
						own[i].add("")
					}
				}
			})
		}
		done.Wait()
		time.Sleep(patience)
		all, least := 0, quota*60
		for i := range own {
			all, least = all+len(own[i].at), min(least, len(own[i].at))
		}
		if float64(all) < 57*0.95*quota || all > 60*quota || least < all/nodes/2 {
			t.Errorf("%d calls in a minute, %d by the node with the fewest", all, least)
		}
	})
}

// A node begins with a clock that is ahead by any amount, and is put right by the first answer. Its call and everybody's
// next ones go within a second, on the shelf and in the process alone.
func TestAClockThatWasAhead(t *testing.T) {
	for _, ahead := range []time.Duration{time.Second, 4 * time.Second, time.Hour, 100 * 365 * 24 * time.Hour} {
		for _, shared := range []bool{true, false} {
			t.Run(fmt.Sprint(ahead, shared), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var shelf throttle.Shelf
					if shared {
						shelf = &memoryShelf{}
					}
					clock := wrongBy(ahead)
					quotas := map[string]int{"c": 25}
					node := throttle.NewBudget(throttle.BudgetOptions{Quotas: quotas, Shelf: shelf, Now: clock.Now, Log: logOf(t)})
					other := throttle.NewBudget(throttle.BudgetOptions{Quotas: quotas, Shelf: shelf, Now: time.Now, Log: logOf(t)})
					must(t, node.Take(t.Context(), "c", true))
					clock.putRight()
					for range 50 {
						for _, budget := range []*throttle.Budget{node, other} {
							before := time.Now()
							must(t, budget.Take(t.Context(), "c", true))
							if waited := time.Since(before); waited > time.Second {
								t.Fatalf("a call waited %s", waited)
							}
						}
						time.Sleep(10 * time.Millisecond)
					}
					time.Sleep(patience)
				})
			})
		}
	}
}

// The line goes on at its pace when a clock that was ahead is put right, and beside one that is behind.
func TestALineOfWrongClocks(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, -2 * time.Second, -20 * time.Millisecond, 100 * time.Millisecond, 2 * time.Second, time.Hour} {
		for _, shared := range []bool{true, false} {
			t.Run(fmt.Sprint(ahead, shared), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var shelf throttle.Shelf
					if shared {
						shelf = &memoryShelf{}
					}
					clock := wrongBy(ahead)
					nodes := make([]*throttle.Room, 2)
					for i, now := range []func() time.Time{clock.Now, time.Now} {
						nodes[i] = throttle.NewRoom(throttle.RoomOptions{Rate: 12, Shelf: shelf, Now: now, Log: logOf(t)})
					}
					nodes[1].Enter(t.Context(), "office") // so that the nodes have heard of each other
					var place throttle.Place
					for range 63 { // three go at once, five seconds' worth wait
						place = nodes[0].Enter(t.Context(), "office")
					}
					if ahead > 0 {
						clock.putRight()
					}
					wantWait := func(want time.Duration) {
						t.Helper()
						for i, room := range nodes {
							if i == 1 && !shared {
								continue
							}
							if _, wait := room.Left(t.Context(), place); (wait - want).Abs() > 1100*time.Millisecond {
								t.Errorf("ahead %s, shared %t, node %d: %s to wait, want %s", ahead, shared, i, wait, want)
							}
						}
					}
					time.Sleep(time.Second)
					wantWait(4 * time.Second) // the pages of those who wait look as often, and until the first does no time passes
					time.Sleep(time.Second)
					wantWait(3 * time.Second)
					nodes[1].Enter(t.Context(), "elsewhere")
					time.Sleep(4 * time.Second)
					wantWait(0)
				})
			})
		}
	}
}

// One act on a node whose clock was ahead keeps nobody out for longer than an honest clock would have.
func TestLimitsOfAWrongClock(t *testing.T) {
	for _, ahead := range []time.Duration{time.Minute, time.Hour, 3 * time.Hour, 365 * 24 * time.Hour} {
		now := newClock()
		guard := throttle.NewGuard(throttle.GuardOptions{Now: now.Now})
		now.advance(ahead)
		ada := throttle.Who{Account: "ada", Network: netip.MustParseAddr("192.0.2.1")}
		if wait := guard.Try(t.Context(), throttle.Passwords(), ada); wait != 0 {
			t.Fatalf("the first waits %s", wait)
		}
		guard.Failed(t.Context(), throttle.Passwords(), ada)
		now.advance(-ahead)
		if wait := guard.Try(t.Context(), throttle.Passwords(), throttle.Who{Account: "grace", Network: netip.MustParseAddr("192.0.2.2")}); wait != 0 {
			t.Errorf("ahead %s: others wait %s", ahead, wait)
		}
		if wait := guard.Try(t.Context(), throttle.Passwords(), ada); wait > 16*time.Minute+10*time.Second {
			t.Errorf("ahead %s: the account waits %s", ahead, wait)
		}
	}
}
