package web

import (
	"context"
	"sync"
	"time"
)

// late are records that the store has missed. The pool does not tell of every app that was set up, so nobody could learn
// of them later: they are said again until the store takes them. A process that ends before loses them; its log has them.
type late struct {
	mu      sync.Mutex
	waiting []missed
	running bool
}

// missed is an event that happened at a moment and is not recorded.
type missed struct {
	account string
	event   Event
	device  string
	at      time.Time
}

// Limits of what is remembered, and how often it is said again.
const (
	maxMissed   = 10_000
	leastRepeat = time.Second
	mostRepeat  = 30 * time.Second
)

// recordLate remembers an event until it is recorded.
func (s *Server) recordLate(m missed) {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	if len(s.late.waiting) >= maxMissed {
		return
	}
	s.late.waiting = append(s.late.waiting, m)
	if !s.late.running {
		s.late.running = true
		go s.repeatRecords()
	}
}

// repeatRecords runs until nothing is missing.
func (s *Server) repeatRecords() {
	for pause := leastRepeat; ; {
		time.Sleep(pause)
		s.late.mu.Lock()
		if len(s.late.waiting) == 0 {
			s.late.running = false
			s.late.mu.Unlock()
			return
		}
		m := s.late.waiting[0]
		s.late.mu.Unlock()
		if err := s.recordMissed(context.Background(), m); err != nil {
			pause = min(max(2*pause, leastRepeat), mostRepeat)
			continue
		}
		pause = 0 // it is back
		s.late.mu.Lock()
		s.late.waiting = s.late.waiting[1:]
		s.late.mu.Unlock()
	}
}

// recordMissed records an event unless the store has it after all: its answer alone may have been lost.
func (s *Server) recordMissed(ctx context.Context, m missed) error {
	event, device, at, found, err := s.Store.LastRecord(ctx, m.account)
	if err != nil || found && event == m.event && device == m.device && !at.Before(m.at) {
		return err
	}
	return s.Store.Record(ctx, m.account, m.event, m.device)
}
