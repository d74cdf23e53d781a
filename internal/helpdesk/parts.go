package helpdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// linkPart sees to it that the account has a link that works, and answers it. A link that was opened is never replaced:
// somebody is setting up with it, and its old app is dealt with already.
func (d *Desk) linkPart(ctx context.Context, agent Agent, s subject, report *ResetReport, fresh bool) (Invite, error) {
	reset := report.Reset
	if reset.Invite != 0 {
		invite, err := d.memory.InviteByID(ctx, reset.Invite)
		switch status := d.view(invite).Status; {
		case err != nil && !errors.Is(err, ErrNotFound):
			return Invite{}, storeDown(string(OpLostPhone), err)
		case err != nil:
		case s.target.Privileged && invite.Approval == 0 && status != LinkSpent: // made before it was: nobody may use it
		case status == LinkOpened, status == LinkSpent, status == LinkLive && !fresh:
			report.Link.Link = d.view(invite)
			return invite, d.part(ctx, reset, PartLink, func() (string, error) { return "kept", nil })
		}
	}
	if err := d.countLink(ctx, OpLostPhone, s.Sub); err != nil {
		return Invite{}, err
	}
	w := why{reset.Ticket, reset.Reason, reset.Proof, reset.Language, reset.Lifetime}
	link, hash, err := d.makeLink(ctx, agent, s, Replace, w, reset.Approval)
	if err == nil {
		err = d.changes.SetResetInvite(ctx, reset.ID, link.ID)
		if err != nil {
			err = storeDown(string(OpLostPhone), err)
		}
	}
	report.Reset.Invite, report.Link = link.ID, link
	recordErr := d.part(ctx, withoutPart(reset, PartLink), PartLink, func() (string, error) { return "made", err })
	return Invite{ID: link.ID, LocatorHash: hash, Account: s.Sub, Language: reset.Language, State: InviteLive}, cmp.Or(err, recordErr)
}

// withoutPart is a reset one of whose parts must be done again.
func withoutPart(reset Reset, name PartName) Reset {
	kept := make([]Part, 0, len(reset.Parts))
	for _, p := range reset.Parts {
		if p.Name != name {
			kept = append(kept, p)
		}
	}
	reset.Parts = kept
	return reset
}

// dropApp makes the pool forget the old app, once it is written down that another one needs a link. An app that was set up
// since the reset began is not the old one.
func (d *Desk) dropApp(ctx context.Context, agent Agent, s subject, reset Reset) (result string, err error) {
	since := false
	err = d.audit.do(ctx, act{agent.String(), "drop app", s.String(), fmt.Sprintf("reset %d, ticket %q", reset.ID, reset.Ticket)},
		func(ctx context.Context, m means) (string, error) {
			if since, err = d.setUpSince(ctx, s, reset.CreatedAt); err != nil || since {
				result = "set_up_since"
				return result, err
			}
			// Until its owner has used the link, the account is as open as its password.
			if err := d.changes.Mark(ctx, d.poolID, s.Username, MarkNeedsLink); err != nil {
				return "", storeDown(string(OpLostPhone), err)
			}
			dropped, err := m.pool.DropApp(ctx, s.Username)
			if err == nil && dropped == DroppedNot {
				err = &Error{Kind: PoolCannot, Op: string(OpLostPhone)}
			}
			result = string(dropped)
			return result, err
		})
	if err != nil || since {
		return result, err
	}
	if _, err := d.changes.AppendLedger(ctx, LedgerEntry{
		Pool: d.poolID, Account: s.Username, Event: EventReset, Actor: agent.String(), Detail: reset.Ticket,
	}); err != nil {
		return "", storeDown(string(OpLostPhone), err)
	}
	return result, nil
}

// setUpSince reports whether our ledger has a set-up of the account after a moment. That an app was found or used since
// does not make it another one: the old phone can do that.
func (d *Desk) setUpSince(ctx context.Context, s subject, began time.Time) (bool, error) {
	entries, err := d.memory.Ledger(ctx, LedgerPage{Pool: d.poolID, Account: s.Username, Limit: maxListed})
	if err != nil {
		return false, storeDown(string(OpLostPhone), err)
	}
	return slices.ContainsFunc(entries, func(e LedgerEntry) bool {
		return e.At.After(began) && (e.Event == EventSetUp || e.Event == EventReplaced)
	}), nil
}

// pieceOf issues the spoken piece, now that the old app is dealt with: when this run made the link, or nobody has issued
// one yet.
func (d *Desk) pieceOf(ctx context.Context, agent Agent, invite Invite, report *ResetReport) error {
	if invite.State != InviteLive || !invite.PieceExpiresAt.IsZero() {
		return nil
	}
	piece, err := d.issue(ctx, agent, Link{ID: invite.ID, Account: invite.Account}, invite.LocatorHash)
	report.Link.Piece, report.Link.PieceEnds = piece.Piece, piece.Until
	return err
}

// endSessions ends an account's sessions: the portal's own first, which needs nobody else.
func (d *Desk) endSessions(ctx context.Context, actor string, s subject) error {
	return d.audit.do(ctx, act{actor, "end sessions", s.String(), ""}, func(ctx context.Context, m means) (string, error) {
		if err := m.journal.EndAllBefore(ctx, s.Username, d.now()); err != nil {
			return "", storeDown("end sessions", err)
		}
		return "ended", m.pool.SignOut(ctx, s.Username)
	})
}

// forgetDevices makes the pool forget the devices that may stand for a second factor.
func (d *Desk) forgetDevices(ctx context.Context, agent Agent, s subject) (string, error) {
	result := ""
	err := d.audit.do(ctx, act{agent.String(), "forget devices", s.String(), ""}, func(ctx context.Context, m means) (string, error) {
		devices, err := d.pool.Devices(ctx, s.Username)
		if err != nil {
			return "", err
		}
		for _, device := range devices {
			if err := m.pool.ForgetDevice(ctx, s.Username, device); err != nil {
				return "", err
			}
		}
		result = fmt.Sprintf("forgot %d", len(devices))
		return result, nil
	})
	return result, err
}

// notices tells the owner.
func (d *Desk) notices(ctx context.Context, agent Agent, s subject, reset Reset, about Invite) (string, error) {
	result := ""
	err := d.audit.do(ctx, act{agent.String(), "tell owner", s.String(), fmt.Sprintf("reset %d", reset.ID)},
		func(ctx context.Context, _ means) (string, error) {
			told, err := d.tell(ctx, fmt.Sprintf("reset-%d", reset.ID), NoticeReset, s.Account, about)
			result = fmt.Sprintf("told %d", told)
			return result, err
		})
	return result, err
}
