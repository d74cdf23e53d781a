package web

import (
	"context"
	"sync"
	"time"

	"cognito-enroll/internal/enroll"
)

// late is what the store has missed: records, and sign-ins that are over. The pool does not tell of every app that was set
// up, so nobody could learn of it later; and a copy of a cookie must not be good again once the store is back. All is said
// again until the store takes it. A process that ends before loses it; its log has it.
type late struct {
	mu      sync.Mutex
	waiting []missed
	running bool
}

// missed is an event that happened at a moment ("": none), and which sign-ins are over with it.
type missed struct {
	account string
	event   Event
	device  string
	at      time.Time
	ends    enroll.ID // zero: none
	until   time.Time // when that one's cookies have expired
	others  time.Time // see Store.Conclude
}

// Limits of what is remembered, and how often it is said again.
const (
	maxMissed   = 10_000
	leastRepeat = time.Second
	mostRepeat  = 30 * time.Second
)

// sayLate remembers what the store has missed until it has taken it.
func (s *Server) sayLate(m missed) {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	if len(s.late.waiting) >= maxMissed {
		return
	}
	s.late.waiting = append(s.late.waiting, m)
	if !s.late.running {
		s.late.running = true
		go s.repeat()
	}
}

// repeat runs until nothing is missing.
func (s *Server) repeat() {
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
		if err := s.sayAgain(context.Background(), m); err != nil {
			pause = min(max(2*pause, leastRepeat), mostRepeat)
			continue
		}
		pause = 0 // it is back
		s.late.mu.Lock()
		s.late.waiting = s.late.waiting[1:]
		s.late.mu.Unlock()
	}
}

// sayAgain says what was missed unless the store has it after all: its answer alone may have been lost.
func (s *Server) sayAgain(ctx context.Context, m missed) error {
	if m.event == "" {
		return s.say(ctx, m)
	}
	event, device, at, found, err := s.Store.LastRecord(ctx, m.account)
	if err != nil || found && event == m.event && device == m.device && !at.Before(m.at) {
		return err
	}
	return s.say(ctx, m)
}
