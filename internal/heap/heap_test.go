package heap_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"cognito-enroll/internal/heap"
)

// The heap's goal follows the floor while little is in use, and what is in use once that is more. The runtime's own floor,
// which GOGC moves, does not lift it.
func TestFloor(t *testing.T) {
	t.Cleanup(func() { debug.SetGCPercent(100) })
	const floor = 20 << 20
	heap.Floor(floor)
	if got := goalAfterCollections(func(goal uint64) bool { return goal >= floor*3/4 }); got < floor*3/4 || got > floor*5/4 {
		t.Errorf("a small heap is collected at %d MB, want about %d", got>>20, floor>>20)
	}
	large := make([]byte, 2*floor)
	if got := goalAfterCollections(func(goal uint64) bool { return goal <= 4*floor }); got < 3*floor || got > 4*floor {
		t.Errorf("a heap with %d MB in use is collected at %d MB, want half as much again", len(large)>>20, got>>20)
	}
	runtime.KeepAlive(large)
}

// goalAfterCollections collects until the goal is as wanted, or has had every chance to be.
func goalAfterCollections(wanted func(uint64) bool) uint64 {
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	for range 1000 {
		runtime.GC()
		runtime.Gosched() // to the goroutine that finalizes
		if metrics.Read(goal); wanted(goal[0].Value.Uint64()) {
			break
		}
	}
	return goal[0].Value.Uint64()
}
