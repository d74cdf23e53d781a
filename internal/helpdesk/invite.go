package helpdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	Piece   secret.Text // eight characters in two groups, to be spoken; empty after LostPhone until the old app is dealt with, and with ByName
}

// NewPiece is a spoken piece that was just issued.
type NewPiece struct {
	Piece secret.Text
	Until time.Time
}

// Mint makes a link, in place of the account's older one. Conflict: a reset of the account is in progress, and the old
// app not dealt with; Resume goes on with it.
func (d *Desk) Mint(ctx context.Context, agent Agent, wish Minting) (NewLink, error) {
	s, err := d.allowed(ctx, OpMint, agent, wish.Account)
	if err != nil {
		return NewLink{}, err
	}
	why, err := d.readWhy(OpMint, why{wish.Ticket, wish.Reason, wish.Proof, wish.Language, wish.Lifetime})
	if err != nil {
		return NewLink{}, err
	}
	hasApp, err := d.hasApp(ctx, s.Account)
	switch {
	case err != nil:
		return NewLink{}, err
	case wish.Purpose != FirstSetUp && wish.Purpose != Replace, wish.Purpose == FirstSetUp && hasApp:
		return NewLink{}, badInput(OpMint, "purpose")
	case s.Federated(): // nothing that a link leads to would ever be asked for
		return NewLink{}, badInput(OpMint, "account")
	}
	if err := d.noReset(ctx, OpMint, s); err != nil {
		return NewLink{}, err
	}
	if err := d.approved(ctx, OpMint, agent, s, wish.Approval); err != nil {
		return NewLink{}, err
	}
	if err := d.countReset(ctx, OpMint, agent, s.Sub); err != nil {
		return NewLink{}, err
	}
	if err := d.countLink(ctx, OpMint, s.Sub); err != nil {
		return NewLink{}, err
	}
	if err := d.useApproval(ctx, agent, s, wish.Approval); err != nil {
		return NewLink{}, err
	}
	link, hash, err := d.makeLink(ctx, agent, s, wish.Purpose, why, wish.Approval)
	if err != nil {
		return NewLink{}, err
	}
	if opens, err := d.nameOpens(ctx, s, wish.Purpose); err != nil {
		return link, err
	} else if opens {
		link.ByName = true
		return link, d.issueName(ctx, agent, link.Link, hash, s)
	}
	piece, err := d.issue(ctx, agent, link.Link, hash)
	link.Piece, link.PieceEnds = piece.Piece, piece.Until
	return link, err
}

// nameOpens reports whether a link opens with the account's name.
func (d *Desk) nameOpens(ctx context.Context, s subject, purpose Purpose) (bool, error) {
	if !d.rules.NameOpens || purpose != FirstSetUp || s.target.Privileged {
		return false, nil
	}
	frozen, err := d.memory.Marked(ctx, d.poolID, s.Username, MarkFrozen)
	if err != nil {
		return false, storeDown(string(OpMint), err)
	}
	return frozen.IsZero(), nil
}

// issueName has a link open with the names that its account signs in with, for as long as it lives.
func (d *Desk) issueName(ctx context.Context, agent Agent, link Link, locatorHash [32]byte, s subject) error {
	return d.audit.do(ctx, act{agent.String(), "open by name", link.Account, fmt.Sprintf("link %d", link.ID)},
		func(ctx context.Context, m means) (string, error) {
			hash := d.keys.hashNames(locatorHash, s.Username, s.Email)
			return "issued", linkError(OpMint, m.journal.PutPiece(ctx, link.ID, hash, link.ExpiresAt))
		})
}

// why is what every link and reset must come with.
type why struct {
	ticket, reason, proof, language string
	lifetime                        time.Duration
}

func (w why) String() string {
	return fmt.Sprintf("ticket %q, reason %q, proof %q, language %q, lifetime %s", w.ticket, w.reason, w.proof, w.language, w.lifetime)
}

// The longest texts, in characters.
const maxTicket, maxText = 64, 500

func (d *Desk) readWhy(op Operation, w why) (why, error) {
	for _, text := range []struct {
		field string
		value *string
		most  int
	}{{"ticket", &w.ticket, maxTicket}, {"reason", &w.reason, maxText}, {"proof", &w.proof, maxText}} {
		*text.value = strings.TrimSpace(*text.value)
		if n := utf8.RuneCountInString(*text.value); n == 0 || n > text.most || strings.ContainsFunc(*text.value, misleads) {
			return w, badInput(op, text.field)
		}
	}
	if w.language == "" && len(d.rules.Languages) > 0 {
		w.language = d.rules.Languages[0]
	}
	if len(d.rules.Languages) > 0 && !slices.Contains(d.rules.Languages, w.language) {
		return w, badInput(op, "language")
	}
	w.lifetime = cmp.Or(w.lifetime, d.rules.Lifetime)
	if w.lifetime < d.rules.MinLifetime || w.lifetime > d.rules.MaxLifetime {
		return w, badInput(op, "lifetime")
	}
	return w, nil
}

// misleads reports whether a character has no place in a line that somebody else will judge: it breaks the line, or has it
// read in another order than it is written (bidi controls; Unicode TR 36, 2.5).
func misleads(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

func badInput(op Operation, field string) error {
	return &Error{Kind: BadInput, Op: string(op), Field: field}
}

// makeLink makes a link that has no piece yet: nobody can open it.
func (d *Desk) makeLink(ctx context.Context, agent Agent, s subject, purpose Purpose, w why, approval int64) (NewLink, [32]byte, error) {
	locator, hash, err := d.newLocator()
	if err != nil {
		return NewLink{}, hash, err
	}
	before := noAppBefore
	if hasApp, err := d.hasApp(ctx, s.Account); err != nil {
		return NewLink{}, hash, err
	} else if hasApp {
		before = appBefore
	}
	invite := Invite{
		LocatorHash: hash, Pool: d.poolID, Account: s.Sub, Purpose: purpose, Before: before, Agent: agent.String(), Approval: approval,
		Ticket: w.ticket, Reason: w.reason, Proof: w.proof, Language: w.language, ExpiresAt: d.now().Add(w.lifetime),
	}
	err = d.audit.do(ctx, act{agent.String(), "make link", s.String(), string(purpose) + ", " + w.String()},
		func(ctx context.Context, m means) (string, error) {
			if invite.ID, err = m.journal.PutInvite(ctx, invite); err != nil {
				return "", storeDown(string(OpMint), err)
			}
			return fmt.Sprintf("link %d", invite.ID), nil
		})
	if err != nil {
		return NewLink{}, hash, err
	}
	invite.CreatedAt, invite.State = d.now(), InviteLive
	link := d.view(invite)
	link.Username = s.Username
	return NewLink{Link: link, Locator: locator}, hash, nil
}

// What Invite.Before says.
const appBefore, noAppBefore = "app", "none"

// The spoken piece (docs/controls.md, D3; ASVS 6.5.5).
const (
	pieceLife  = 10 * time.Minute
	pieceTries = 5
)

// issue gives a link a piece.
func (d *Desk) issue(ctx context.Context, agent Agent, link Link, locatorHash [32]byte) (NewPiece, error) {
	piece, hash, err := d.newPiece(locatorHash)
	if err != nil {
		return NewPiece{}, err
	}
	until := d.now().Add(pieceLife)
	err = d.audit.do(ctx, act{agent.String(), "issue piece", link.Account, fmt.Sprintf("link %d", link.ID)},
		func(ctx context.Context, m means) (string, error) {
			return "issued", linkError(OpIssuePiece, m.journal.PutPiece(ctx, link.ID, hash, until))
		})
	if err != nil {
		return NewPiece{}, err
	}
	return NewPiece{Piece: piece, Until: until}, nil
}

// IssuePiece makes another spoken piece for a link that can still be used; the one before is over. Conflict: a reset is
// in progress and the old app not dealt with; Resume then issues it. An account that has become privileged needs a link
// that was approved.
func (d *Desk) IssuePiece(ctx context.Context, agent Agent, id int64) (NewPiece, error) {
	invite, s, err := d.link(ctx, OpIssuePiece, agent, id)
	if err != nil {
		return NewPiece{}, err
	}
	if s.target.Privileged && invite.Approval == 0 {
		return NewPiece{}, &Error{Kind: NeedsApproval, Op: string(OpIssuePiece)}
	}
	if err := d.noReset(ctx, OpIssuePiece, s); err != nil {
		return NewPiece{}, err
	}
	return d.issue(ctx, agent, d.view(invite), invite.LocatorHash)
}

// noReset refuses what would let somebody set up an app while a reset may still drop it.
func (d *Desk) noReset(ctx context.Context, op Operation, s subject) error {
	reset, err := d.memory.OpenReset(ctx, d.poolID, s.Sub)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return storeDown(string(op), err)
	case !reset.done(PartApp):
		return &Error{Kind: Conflict, Op: string(op), Err: fmt.Errorf("reset %d is to be resumed first", reset.ID)}
	}
	return nil
}
