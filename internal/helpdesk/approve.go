package helpdesk

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ApprovalState is where a request stands.
type ApprovalState string

// The states.
const (
	ApprovalRequested ApprovalState = "requested"
	ApprovalApproved  ApprovalState = "approved"
	ApprovalRefused   ApprovalState = "refused"
	ApprovalUsed      ApprovalState = "used"
)

// Approval is a request to make a link for, or to reset, a privileged account, and a second person's answer.
type Approval struct {
	ID        int64
	Pool      string
	Operation Operation // OpMint or OpLostPhone
	Account   string    // sub
	Agent     string    // who asked; alone may use it
	Session   string
	Ticket    string
	Reason    string
	Proof     string
	CreatedAt time.Time
	ExpiresAt time.Time // a day later
	State     ApprovalState
	DecidedBy string
	DecidedAt time.Time
}

// Asking is an agent's wish to have something approved.
type Asking struct {
	Operation             Operation
	Account               string // its own name, or its sub
	Ticket, Reason, Proof string
}

// approvalLife is how long a request can be answered and used.
const approvalLife = 24 * time.Hour

// Request asks for a second person's approval and answers its number, which Mint or LostPhone then need.
func (d *Desk) Request(ctx context.Context, agent Agent, wish Asking) (Approval, error) {
	s, err := d.allowed(ctx, OpRequest, agent, wish.Account)
	if err != nil {
		return Approval{}, err
	}
	if wish.Operation != OpMint && wish.Operation != OpLostPhone {
		return Approval{}, badInput(OpRequest, "operation")
	}
	if err := d.Allowed(wish.Operation, agent, s.target); err != nil {
		return Approval{}, err
	}
	w, err := d.readWhy(OpRequest, why{ticket: wish.Ticket, reason: wish.Reason, proof: wish.Proof})
	if err != nil {
		return Approval{}, err
	}
	a := Approval{
		Pool: d.poolID, Operation: wish.Operation, Account: s.Sub, Agent: agent.String(), Session: agent.Session,
		Ticket: w.ticket, Reason: w.reason, Proof: w.proof, CreatedAt: d.now(), ExpiresAt: d.now().Add(approvalLife), State: ApprovalRequested,
	}
	err = d.audit.do(ctx, act{agent.String(), "request approval", s.String(), string(wish.Operation) + ", " + w.String()},
		func(ctx context.Context, m means) (string, error) {
			if a.ID, err = m.journal.PutApproval(ctx, a); err != nil {
				return "", storeDown(string(OpRequest), err)
			}
			return fmt.Sprintf("approval %d", a.ID), nil
		})
	return a, err
}

// Approve approves a request: as another person, in another session, on the page, with the second factor given within
// the last five minutes.
func (d *Desk) Approve(ctx context.Context, agent Agent, approval int64) error {
	return d.decide(ctx, agent, approval, ApprovalApproved)
}

// Refuse is the other answer.
func (d *Desk) Refuse(ctx context.Context, agent Agent, approval int64) error {
	return d.decide(ctx, agent, approval, ApprovalRefused)
}

func (d *Desk) decide(ctx context.Context, agent Agent, id int64, answer ApprovalState) error {
	if err := d.mayTry(OpApprove, agent); err != nil {
		return err
	}
	a, err := d.approval(ctx, OpApprove, id)
	if err != nil {
		return err
	}
	s, err := d.subjectBySub(ctx, a.Account)
	if err != nil {
		return err
	}
	if err := d.Allowed(OpApprove, agent, s.target); err != nil {
		return err
	}
	if agent.String() == a.Agent || agent.Session == "" || agent.Session == a.Session {
		return notAllowed(OpApprove, "self")
	}
	return d.audit.do(ctx, act{agent.String(), string(answer) + " request", s.String(), fmt.Sprintf("approval %d of %s for %s", id, a.Operation, a.Agent)},
		func(ctx context.Context, m means) (string, error) {
			return string(answer), linkError(OpApprove, m.journal.DecideApproval(ctx, id, answer, agent.String()))
		})
}

func (d *Desk) approval(ctx context.Context, op Operation, id int64) (Approval, error) {
	a, err := d.memory.Approval(ctx, id)
	if err == nil && a.Pool != d.poolID {
		err = ErrNotFound
	}
	return a, linkError(op, err)
}

// Approvals are the requests that are not over.
func (d *Desk) Approvals(ctx context.Context, agent Agent) ([]Approval, error) {
	if err := d.Allowed(OpLookUp, agent, Target{}); err != nil {
		return nil, err
	}
	list, err := d.memory.Approvals(ctx, d.poolID, maxListed)
	if err != nil {
		return nil, storeDown(string(OpApprove), err)
	}
	return list, nil
}

// approved reports whether an agent may go on with a privileged account: with an approval that is his, for this account
// and operation, and has cooled down. For others it is nil.
func (d *Desk) approved(ctx context.Context, op Operation, agent Agent, s subject, id int64) error {
	if !s.target.Privileged {
		return nil
	}
	if id == 0 {
		return &Error{Kind: NeedsApproval, Op: string(op)}
	}
	a, err := d.approval(ctx, op, id)
	if err != nil {
		return err
	}
	now := d.now()
	switch ready := a.DecidedAt.Add(d.rules.Cooldown); {
	case a.Operation != op, a.Account != s.Sub, a.Agent != agent.String(), a.State != ApprovalApproved, !now.Before(a.ExpiresAt):
		return &Error{Kind: NeedsApproval, Op: string(op)}
	case now.Before(ready):
		return &Error{Kind: CoolingDown, Op: string(op), Wait: ready.Sub(now)}
	}
	return nil
}

// useApproval spends the approval that approved has looked at. One that an account does not need is left alone.
func (d *Desk) useApproval(ctx context.Context, agent Agent, s subject, id int64) error {
	if !s.target.Privileged {
		return nil
	}
	return d.audit.do(ctx, act{agent.String(), "use approval", s.String(), fmt.Sprintf("approval %d", id)},
		func(ctx context.Context, m means) (string, error) {
			err := m.journal.UseApproval(ctx, id)
			if errors.Is(err, ErrConflict) {
				return "", &Error{Kind: NeedsApproval, Op: "use approval", Err: err}
			}
			return "used", linkError(OpApprove, err)
		})
}
