package throttle_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/throttle"
)

// patience is longer than anybody waits.
const patience = 10 * time.Second

// calls is when calls were allowed, and of which site.
type calls struct {
	mu    sync.Mutex
	at    []time.Time
	sites []string
}

// add says how many there are now.
func (c *calls) add(site string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.sites = append(c.at, time.Now()), append(c.sites, site)
	return len(c.at)
}

// busiest is the largest number of calls in any one second.
func (c *calls) busiest() (most int) {
	slices.SortFunc(c.at, time.Time.Compare)
	first := 0
	for i, at := range c.at {
		for at.Sub(c.at[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Two nodes with more to do than the quota allows: no second has more calls than the quota, whichever second, and at
// least 95 in a hundred of what the quota allows are made.
func TestBudgetUsesItsQuotaAndNoMore(t *testing.T) {
	for _, quota := range []int{2, 5, 25, 120} {
		t.Run(fmt.Sprint(quota), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nodes := make([]*throttle.Budget, 2)
				shelf := &memoryShelf{}
				for i := range nodes {
					nodes[i] = throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": quota}, Shelf: shelf, Now: time.Now})
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var done sync.WaitGroup
				var made calls
				for i := range 2 * quota {
					done.Go(func() {
						for ctx.Err() == nil {
							if nodes[i%2].Take(ctx, "c", i%3 == 0) == nil && made.add("") > 70*quota {
								cancel() // too many for a minute: without a budget this would have no end
							}
						}
					})
				}
				done.Wait()
				time.Sleep(patience) // whoever gave turns notices that nobody waits
				if got := made.busiest(); got > quota {
					t.Errorf("%d calls in a second, want at most %d", got, quota)
				}
				if least := 57 * (float64(quota) - max(0.05*float64(quota), 0.75)); float64(len(made.at)) < least {
					t.Errorf("%d calls in a minute, want %.0f", len(made.at), least)
				}
			})
		})
	}
}

// While nobody else calls, nobody waits.
func TestAQuietBudgetSlowsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": 25}, Now: time.Now})
		for i := range 100 {
			before := time.Now()
			must(t, budget.Take(t.Context(), "c", i%2 == 0))
			must(t, budget.Take(t.Context(), "free", false)) // has no quota
			if waited := time.Since(before); waited != 0 {
				t.Fatalf("call %d waited %s", i, waited)
			}
			time.Sleep(65 * time.Millisecond)
		}
	})
}

// Who is urgent goes first, but for every fourth turn; the others as they came.
func TestWhoseCallIsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": 25}, Now: time.Now})
		var made calls
		var done sync.WaitGroup
		take := func(site string, urgent bool) {
			done.Go(func() {
				must(t, budget.Take(throttle.WithSite(t.Context(), site), "c", urgent))
				made.add(site)
			})
			synctest.Wait() // in this order
		}
		take("one", false) // goes at once
		take("two", false)
		take("three", false)
		take("four", false)
		for range 5 {
			take("urgent", true)
		}
		done.Wait()
		want := []string{"one", "urgent", "urgent", "two", "urgent", "urgent", "urgent", "three", "four"}
		if got := made.sites[:len(want)]; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A queue has an end, and no network fills more than half of it: its calls are refused at once, others have their turn.
func TestAFullBudgetSendsAwayWhoFillsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": 5}, Now: time.Now}) // 25 may wait
		var done sync.WaitGroup
		outcomes := map[string]map[error]int{"many": {}, "few": {}}
		var mu sync.Mutex
		for i := range 102 {
			site := "many"
			if i >= 100 {
				site = "few"
			}
			done.Go(func() {
				err := budget.Take(throttle.WithSite(t.Context(), site), "c", false)
				mu.Lock()
				defer mu.Unlock()
				outcomes[site][err]++
			})
			synctest.Wait()
		}
		mu.Lock() // those who wait may have their turn at any moment
		refused := outcomes["many"][throttle.ErrNoRoom]
		mu.Unlock()
		if refused != 87 { // one goes at once, twelve wait
			t.Errorf("%d of a hundred are refused at once, want 87", refused)
		}
		done.Wait()
		time.Sleep(patience) // whoever gave turns notices that nobody waits
		if outcomes["few"][nil] != 2 || outcomes["many"][nil] != 13 {
			t.Errorf("%v, want two and thirteen to have their turn", outcomes)
		}
	})
}

func TestWhoGivesUpIsNotCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": 2}, Now: time.Now})
		must(t, budget.Take(t.Context(), "c", false))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := budget.Take(ctx, "c", false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		before := time.Now()
		must(t, budget.Take(t.Context(), "c", false))
		if waited := time.Since(before); waited > 1300*time.Millisecond {
			t.Errorf("the next waited %s, as if somebody were before him", waited)
		}
	})
}

// What a call costs a node: its own counter, and the nodes' store in memory.
func BenchmarkTake(b *testing.B) {
	for name, shelf := range map[string]throttle.Shelf{"local": nil, "store": storeShelf{openStore(b)}} {
		b.Run(name, func(b *testing.B) {
			budget := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"c": 1 << 20}, Shelf: shelf, Now: time.Now, Log: logOf(b)})
			for b.Loop() {
				must(b, budget.Take(b.Context(), "c", false))
			}
		})
	}
}
