package userpool

import "time"

// authEvent is one line of AdminListUserAuthEvents.
type authEvent struct {
	id, kind, response string
	at                 time.Time
	challenges         []object
}

// event records one, where the pool does.
func (c *call) event(u *user, response, challenge, outcome string) {}
