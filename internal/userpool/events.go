package userpool

import (
	"slices"
	"time"
)

// authEvent is one sign-in attempt as AdminListUserAuthEvents shows it.
type authEvent struct {
	id, kind, response string
	at                 time.Time
	challenges         []object
}

// maxEvents bounds the memory of a user who signs in all day.
const maxEvents = 60

// event records the outcome of a step of a sign-in, where the pool has threat protection. A step of an attempt that
// is under way is added to it.
func (c *call) event(u *user, response, challenge, outcome string) {
	if !c.p.switches.AuthEvents {
		return
	}
	var steps []object
	if challenge != "" {
		steps = []object{{"ChallengeName": challenge, "ChallengeResponse": outcome}}
	}
	if n := len(u.events); n > 0 && u.events[n-1].response == "InProgress" && response != "InProgress" {
		last := &u.events[n-1]
		last.challenges = slices.Concat(last.challenges, steps)
		if response != "" {
			last.response = response
		}
		return
	}
	id, err := c.p.uuid()
	if err != nil {
		return // the record is worth less than the sign-in
	}
	if response == "" {
		response = "InProgress"
	}
	u.events = append(u.events, authEvent{id: id, kind: "SignIn", response: response, at: c.now, challenges: steps})
	u.events = u.events[max(0, len(u.events)-maxEvents):]
}
