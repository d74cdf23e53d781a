package helpdesk

import (
	"context"
	"fmt"
	"time"
)

// linksPerAccount bounds the mail that somebody can be sent (threat model, D11).
func linksPerAccount() Limit { return Limit{Events: 3, Per: time.Hour, Burst: 3} }

// Links and resets of one agent in an hour: many make somebody look, too many are refused (threat model, D6).
func manyResets() Limit    { return Limit{Events: 10, Per: time.Hour, Burst: 10} }
func tooManyResets() Limit { return Limit{Events: 20, Per: time.Hour, Burst: 20} }

// sweepsPerPool keeps sweeps from meeting each other.
func sweepsPerPool() Limit { return Limit{Events: 1, Per: time.Hour, Burst: 1} }

// countReset counts a link or reset of an agent.
func (d *Desk) countReset(ctx context.Context, op Operation, agent Agent, sub string) error {
	if err := d.limit(ctx, op, "agent resets "+agent.String(), tooManyResets()); err != nil {
		if KindOf(err) == TooMany {
			d.raise(ctx, Alarm{What: "agent.too_many_resets", Agent: agent.String(), Account: sub})
		}
		return err
	}
	err := d.limit(ctx, op, "agent many resets "+agent.String(), manyResets())
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
