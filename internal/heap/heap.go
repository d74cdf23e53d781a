// Package heap lets a small heap grow before it is collected.
//
// Go collects when the heap is twice what was in use last time. A portal at rest has two or three megabytes in use, and
// a drawn QR code leaves a quarter of one behind: it would be collected after every dozen, for a seventh of all CPU time
// (docs/performance.md). GOGC=400 would mend that, and let a heap that is large already, because five hundred people have
// come at once, grow fivefold. A floor does the one without the other; above it the heap grows by half, since what five
// hundred people have in flight is twenty megabytes.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// usual is the GOGC of a heap above the floor.
const usual = 50

// Floor puts the next collection off until the heap has floor bytes, from now on; a heap with more than two thirds of that
// in use is collected when it has grown by half. It is for programs that were started without GOGC.
func Floor(floor uint64) {
	percent := 100 // the runtime's own
	afterEachCollection(func() {
		if wanted := percentFor(floor, lastCollected()); wanted != percent {
			percent = wanted
			debug.SetGCPercent(percent)
		}
	})
}

// collected is what a collection found: bytes in use of the heap, and of stacks and global variables, of which GOGC is a
// percentage as well.
type collected struct{ heap, others uint64 }

// percentFor is the GOGC with which the heap is next collected at the floor. It goes by steps, since each change stops the
// program for a moment.
func percentFor(floor uint64, last collected) int {
	const (
		step  = 50
		least = 4 << 20 // the runtime's own least heap, which GOGC multiplies: at 1600 none is collected before it has 64 MB
	)
	percent := floor * 100 / least
	if inUse := last.heap + last.others; inUse > 0 {
		percent = min(percent, (floor-min(floor, last.heap))*100/inUse)
	}
	return max(usual, int(percent)/step*step)
}

func lastCollected() collected {
	of := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(of)
	return collected{heap: of[0].Value.Uint64(), others: of[1].Value.Uint64() + of[2].Value.Uint64()}
}

// afterEachCollection calls do whenever a collection has found that nobody holds the marker that the last one left.
func afterEachCollection(do func()) {
	type marker struct{ _ *marker } // with a pointer: tiny objects without one may share their memory with others
	var leave func()
	leave = func() {
		runtime.SetFinalizer(&marker{}, func(*marker) {
			do()
			leave()
		})
	}
	leave()
}
