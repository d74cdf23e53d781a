package userpool

import (
	"slices"
	"time"
)

// Request is one call as Requests remembers it: what was asked and how it ended, never with what.
type Request struct {
	Operation string    `json:"operation"`
	Time      time.Time `json:"time"`
	Error     string    `json:"error,omitempty"` // the exception's name
}

// maxRequests bounds the memory of a pool that runs for weeks.
const maxRequests = 10_000

// Requests lists the calls so far, the newest last. Only the newest ten thousand are kept.
func (p *Pool) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Request, 0, len(p.requests))
	for _, request := range p.requests {
		all = append(all, *request)
	}
	return all
}

// ResetRequests forgets the calls so far.
func (p *Pool) ResetRequests() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
}

// remember notes a call as it begins, so that one whose connection breaks is not missing.
func (p *Pool) remember(c *call) {
	if len(p.requests) >= maxRequests {
		p.requests = slices.Delete(p.requests, 0, maxRequests/10)
	}
	c.request = &Request{Operation: c.name, Time: c.now}
	p.requests = append(p.requests, c.request)
}

// finish notes how it ended.
func (p *Pool) finish(c *call, err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c.request.Error = asException(err).name
}
