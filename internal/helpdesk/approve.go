package helpdesk

import (
	"context"
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

// Request asks for a second person's approval and answers its number, which Mint or LostPhone then need.
func (d *Desk) Request(ctx context.Context, agent Agent, wish Asking) (Approval, error) {
	return Approval{}, nil
}

// Approve approves a request: as another person, in another session, on the page, with the second factor given within
// the last five minutes.
func (d *Desk) Approve(ctx context.Context, agent Agent, approval int64) error { return nil }

// Refuse is the other answer.
func (d *Desk) Refuse(ctx context.Context, agent Agent, approval int64) error { return nil }

// Approvals are the requests that are not over.
func (d *Desk) Approvals(ctx context.Context, agent Agent) ([]Approval, error) { return nil, nil }
