package helpdesk

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// linksPerAccount bounds the mail that somebody can be sent (docs/controls.md, D11).
func linksPerAccount() Limit { return Limit{Events: 3, Per: time.Hour, Burst: 3} }

// Links and resets of one person in an hour, and of one API key unless the operator says otherwise.
const linksPerPerson, linksPerKey = 20, 60

// resetsPerAgent are the links and resets of one agent in an hour: half as many make somebody look, more are refused
// (docs/controls.md, D6).
func resetsPerAgent(agent Agent) (many, tooMany Limit) {
	n := cmp.Or(agent.Links, linksPerPerson)
	half := (n + 1) / 2
	return Limit{Events: half, Per: time.Hour, Burst: half}, Limit{Events: n, Per: time.Hour, Burst: n}
}

// sweepsPerPool keeps sweeps from meeting each other.
func sweepsPerPool() Limit { return Limit{Events: 1, Per: time.Hour, Burst: 1} }

// countReset counts a link or reset of an agent.
func (d *Desk) countReset(ctx context.Context, op Operation, agent Agent, sub string) error {
	many, tooMany := resetsPerAgent(agent)
	if err := d.limit(ctx, op, "agent resets "+agent.String(), tooMany); err != nil {
		if KindOf(err) == TooMany {
			d.raise(ctx, Alarm{What: "agent.too_many_resets", Agent: agent.String(), Account: sub})
		}
		return err
	}
	err := d.limit(ctx, op, "agent many resets "+agent.String(), many)
	if KindOf(err) == TooMany {
		d.raise(ctx, Alarm{What: "agent.many_resets", Agent: agent.String(), Account: sub})
		return nil
	}
	return err
}

// countLink counts a link that is about to be made for an account.
func (d *Desk) countLink(ctx context.Context, op Operation, sub string) error {
	return d.limit(ctx, op, "links of "+sub, linksPerAccount())
}

func (d *Desk) limit(ctx context.Context, op Operation, key string, limit Limit) error {
	wait, err := d.changes.Allow(ctx, "help desk: "+d.poolID+": "+key, limit, d.now())
	switch {
	case err != nil:
		return storeDown(string(op), err)
	case wait > 0:
		return &Error{Kind: TooMany, Op: string(op), Wait: wait, Err: fmt.Errorf("more than %d in %s", limit.Burst, limit.Per)}
	}
	return nil
}
