package helpdesk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognito-enroll/internal/secret"
)

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
	ByName    bool      // it opens with the account's name instead
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

// Revoke ends a link at once.
func (d *Desk) Revoke(ctx context.Context, agent Agent, id int64) error {
	invite, s, err := d.link(ctx, OpRevoke, agent, id)
	if err != nil {
		return err
	}
	return d.revoke(ctx, agent.String(), invite, s.String())
}

func (d *Desk) revoke(ctx context.Context, actor string, invite Invite, target string) error {
	return d.audit.do(ctx, act{actor, "revoke link", target, fmt.Sprintf("link %d", invite.ID)},
		func(ctx context.Context, m means) (string, error) {
			return "revoked", linkError(OpRevoke, m.journal.RevokeInvite(ctx, invite.ID, actor))
		})
}

// SendLink mails the link, without its piece, to the address that the pool has verified. The locator is the one that
// Mint answered: nobody else has it. BadInput: no address ("account"), or not this link's locator ("locator"). NotSent: the
// link is good all the same.
func (d *Desk) SendLink(ctx context.Context, agent Agent, id int64, locator secret.Text) error {
	invite, s, err := d.link(ctx, OpSendLink, agent, id)
	switch {
	case err != nil:
		return err
	case invite.LocatorHash != hashLocator(locator):
		return badInput(OpSendLink, "locator")
	case d.notifier == nil, s.Email == "", !s.EmailVerified:
		return badInput(OpSendLink, "account")
	}
	if err := d.limit(ctx, OpSendLink, "mails to "+s.Sub, linksPerAccount()); err != nil {
		return err
	}
	notice := d.notice(fmt.Sprintf("link-%d", id), NoticeLink, s.Account, invite)
	notice.Via, notice.To, notice.Locator, notice.Until = ViaEmail, s.Email, locator, invite.ExpiresAt
	notice.ByName = invite.opensByName()
	return d.audit.do(ctx, act{agent.String(), "mail link", s.String(), fmt.Sprintf("link %d", id)},
		func(ctx context.Context, _ means) (string, error) {
			if err := d.notifier.Notify(ctx, notice); err != nil {
				return "", notSent(string(ViaEmail), err)
			}
			return "sent", nil
		})
}

// Link is one link.
func (d *Desk) Link(ctx context.Context, agent Agent, id int64) (Link, error) {
	invite, s, err := d.link(ctx, OpWatch, agent, id)
	if err != nil {
		return Link{}, err
	}
	link := d.view(invite)
	link.Username = s.Username
	return link, nil
}

// Links are the pool's newest links; before is the last one's ID of the page before, 0 at the beginning.
func (d *Desk) Links(ctx context.Context, agent Agent, before int64, limit int) ([]Link, error) {
	if err := d.Allowed(OpWatch, agent, Target{}); err != nil {
		return nil, err
	}
	invites, err := d.memory.LatestInvites(ctx, d.poolID, before, limit)
	if err != nil {
		return nil, storeDown(string(OpWatch), err)
	}
	return d.views(invites), nil
}

func (d *Desk) views(invites []Invite) []Link {
	links := make([]Link, 0, len(invites))
	for _, invite := range invites {
		links = append(links, d.view(invite))
	}
	return links
}

// view is an invite as agents see it.
func (d *Desk) view(i Invite) Link {
	link := Link{
		ID: i.ID, Account: i.Account, Purpose: i.Purpose, Agent: i.Agent, Ticket: i.Ticket, Reason: i.Reason, Proof: i.Proof,
		Language: i.Language, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, ChangedAt: i.ChangedAt, PieceEnds: i.PieceExpiresAt,
		Status: LinkStatus(i.State), TriesLeft: max(pieceTries-i.Tries, 0),
	}
	if link.ByName = i.opensByName(); link.ByName {
		link.PieceEnds = time.Time{}
	}
	switch usable := i.State == InviteLive || i.State == InviteOpened; {
	case usable && !d.now().Before(i.ExpiresAt):
		link.Status = LinkExpired
	case i.State == InviteLive && link.TriesLeft == 0:
		link.Status = LinkLocked
	}
	return link
}

// linkError is what a store's error about a link means to an agent.
func linkError(op Operation, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict):
		return &Error{Kind: NoSuchLink, Op: string(op), Err: err}
	}
	return storeDown(string(op), err)
}

// link finds a link of this pool that an agent may do something with.
func (d *Desk) link(ctx context.Context, op Operation, agent Agent, id int64) (Invite, subject, error) {
	if err := d.mayTry(op, agent); err != nil {
		return Invite{}, subject{}, err
	}
	invite, err := d.memory.InviteByID(ctx, id)
	if err == nil && invite.Pool != d.poolID {
		err = ErrNotFound
	}
	if err != nil {
		return Invite{}, subject{}, linkError(op, err)
	}
	s, err := d.subjectBySub(ctx, invite.Account)
	if err != nil {
		return Invite{}, subject{}, err
	}
	return invite, s, d.Allowed(op, agent, s.target)
}
