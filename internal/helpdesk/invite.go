package helpdesk

import (
	"context"
	"time"

	"cognito-enroll/internal/secret"
)

// Minting is an agent's wish for a link. All but Lifetime, Language and Approval must be filled in.
type Minting struct {
	Account  string // its own name, or its sub
	Purpose  Purpose
	Ticket   string
	Reason   string
	Proof    string        // how the agent made sure of who called
	Lifetime time.Duration // zero: Rules.Lifetime
	Language string        // "": Rules.Languages[0]
	Approval int64         // for a privileged account
}

// NewLink is a link that was just made. Locator and Piece can be shown this once: nobody has them afterwards.
type NewLink struct {
	Link
	Locator secret.Text // 26 characters for the address /i/<locator>
	Piece   secret.Text // eight characters in two groups, to be spoken; empty after LostPhone until the old app is dealt with
}

// Link is an invite as agents see it.
type Link struct {
	ID        int64
	Account   string // sub
	Username  string // where the caller has looked the account up, else ""
	Purpose   Purpose
	Agent     string
	Ticket    string
	Reason    string
	Proof     string
	Language  string
	CreatedAt time.Time
	ExpiresAt time.Time
	Status    LinkStatus
	ChangedAt time.Time // when it was opened, spent, revoked or cancelled
	PieceEnds time.Time // when the spoken piece is no longer heard; zero: none was issued
	TriesLeft int
}

// LinkStatus is a link's state as agents see it.
type LinkStatus string

// The states. A link that can be used is live or opened.
const (
	LinkLive      LinkStatus = "live"
	LinkOpened    LinkStatus = "opened"
	LinkSpent     LinkStatus = "spent"
	LinkRevoked   LinkStatus = "revoked"
	LinkCancelled LinkStatus = "cancelled"
	LinkExpired   LinkStatus = "expired"
	LinkLocked    LinkStatus = "locked" // five wrong pieces
)

// NewPiece is a spoken piece that was just issued.
type NewPiece struct {
	Piece secret.Text
	Until time.Time
}

// Mint makes a link, in place of the account's older one.
func (d *Desk) Mint(ctx context.Context, agent Agent, wish Minting) (NewLink, error) {
	return NewLink{}, nil
}

// IssuePiece makes another spoken piece for a link that can still be used; the one before is over.
func (d *Desk) IssuePiece(ctx context.Context, agent Agent, invite int64) (NewPiece, error) {
	return NewPiece{}, nil
}

// Revoke ends a link at once.
func (d *Desk) Revoke(ctx context.Context, agent Agent, invite int64) error { return nil }

// SendLink mails the link, without its piece, to the address that the pool has verified. The locator is the one that
// Mint answered: nobody else has it.
func (d *Desk) SendLink(ctx context.Context, agent Agent, invite int64, locator secret.Text) error {
	return nil
}

// Link is one link.
func (d *Desk) Link(ctx context.Context, agent Agent, invite int64) (Link, error) { return Link{}, nil }

// Links are the pool's newest links; before is the last one's ID of the page before, 0 at the beginning.
func (d *Desk) Links(ctx context.Context, agent Agent, before int64, limit int) ([]Link, error) {
	return nil, nil
}
