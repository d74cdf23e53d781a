package userpool_test

import (
	"crypto/rand"
	"sync/atomic"
)

// gatedRand is randomness that can hold one reader of a key (32 bytes) until released.
type gatedRand struct {
	armed            atomic.Bool
	entered, release chan struct{}
}

func (g *gatedRand) arm() { g.armed.Store(true) }

func (g *gatedRand) Read(b []byte) (int, error) {
	if len(b) == 32 && g.armed.CompareAndSwap(true, false) {
		close(g.entered)
		<-g.release
	}
	return rand.Read(b)
}
