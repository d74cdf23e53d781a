package helpdesk

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Policy says when a set-up needs a link. Replacing an app that works always needs its code or a link.
type Policy struct {
	Mode PolicyMode
	Idle time.Duration // PolicyAuto: accounts that were idle for longer need a link. Zero: 90 days
}

// PolicyMode is the policy's name in the configuration.
type PolicyMode string

// The policies.
const (
	PolicyOpen   PolicyMode = "open"   // whoever has the password may set up for the first time
	PolicyTicket PolicyMode = "ticket" // never without a link
	// PolicyAuto: a link for accounts that an administrator made and that never signed in, and for idle ones, as far as
	// the pool tells.
	PolicyAuto PolicyMode = "auto"
)

// usualIdle is the idle time unless the operator says otherwise.
const usualIdle = 90 * 24 * time.Hour

func (p Policy) complete() (Policy, error) {
	switch p.Mode {
	case "":
		p.Mode = PolicyOpen
	case PolicyOpen, PolicyTicket, PolicyAuto:
	default:
		return p, fmt.Errorf("helpdesk: policy %q: want open, ticket or auto", string(p.Mode))
	}
	if p.Idle < 0 {
		return p, fmt.Errorf("helpdesk: policy: idle for %s", p.Idle)
	}
	if p.Idle == 0 {
		p.Idle = usualIdle
	}
	return p, nil
}

// Facts is what the policy judges.
type Facts struct {
	HasApp, ByApp bool      // see Attempt
	Link          bool      // a good link for this purpose is held
	Marked        bool      // a link was asked for before, the app was reset, or the owner has frozen the account
	Status        Status    // of the account in the pool
	LastSeen      time.Time // last sign-in, else the newest sign of life that pool and ledger tell
	Now           time.Time
}

// Judge is the policy's answer: nil, or an [*Error] with NeedsLink or NeedsAppCode.
func (p Policy) Judge(f Facts) error {
	switch {
	case f.Link:
		return nil
	case f.HasApp && f.ByApp:
		return nil
	case f.HasApp:
		return &Error{Kind: NeedsAppCode, Op: "policy"}
	case f.Marked:
		return needsLink("asked for before, reset, or frozen")
	case p.Mode == PolicyOpen:
		return nil
	case p.Mode == PolicyAuto && f.Status == StatusTemporaryPassword:
		return needsLink("never signed in")
	case p.Mode == PolicyAuto && f.Now.Sub(f.LastSeen) > p.Idle:
		return needsLink("idle")
	case p.Mode == PolicyAuto:
		return nil
	}
	return needsLink("always")
}

func needsLink(why string) error {
	return &Error{Kind: NeedsLink, Op: "policy", Err: errors.New(why)}
}

// judge gathers what the policy needs to know, and no more: under PolicyOpen and PolicyTicket the pool is not asked. Where
// it cannot be read whether the account is marked nobody is let in: an app that was just reset may be waiting for its owner.
func (d *Desk) judge(ctx context.Context, attempt Attempt) error {
	facts := Facts{HasApp: attempt.HasApp, ByApp: attempt.ByApp, Now: d.now()}
	if facts.HasApp || d.policy.Mode == PolicyTicket {
		return d.policy.Judge(facts)
	}
	name := attempt.Account
	if d.policy.Mode == PolicyAuto {
		account, err := d.pool.Account(ctx, attempt.Account)
		if err != nil {
			return err
		}
		name, facts.Status = account.Username, account.Status
		if facts.LastSeen, err = d.lastSeen(ctx, account, attempt.Began); err != nil {
			return err
		}
	}
	for _, mark := range []Mark{MarkNeedsLink, MarkFrozen} {
		at, err := d.memory.Marked(ctx, d.poolID, name, mark)
		if err != nil {
			return storeDown("policy", err)
		}
		facts.Marked = facts.Marked || !at.IsZero()
	}
	err := d.policy.Judge(facts)
	if KindOf(err) == NeedsLink && !facts.Marked {
		// Once the temporary password is replaced, or this sign-in is the last one, the pool no longer tells why.
		if markErr := d.changes.Mark(ctx, d.poolID, name, MarkNeedsLink); markErr != nil {
			return storeDown("policy", markErr)
		}
	}
	return err
}

// lastSeen is an account's last sign-in before this one, or where the pool does not tell, its last change in the pool or
// in our ledger: who signs in without ever changing anything is then taken for idle, and asked for a link.
func (d *Desk) lastSeen(ctx context.Context, account Account, began time.Time) (time.Time, error) {
	if began.IsZero() {
		began = d.now()
	}
	at, known, err := d.pool.LastSignIn(ctx, account.Username, began)
	if known || err != nil {
		if at.IsZero() && err == nil {
			at = account.Created // self-registered, and never signed in yet
		}
		return at, err
	}
	at = account.Modified
	entry, err := d.memory.Latest(ctx, d.poolID, account.Username)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return at, storeDown("policy", err)
	case entry.At.After(at) && entry.At.Before(began):
		at = entry.At
	}
	return at, nil
}
