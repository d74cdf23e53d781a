package helpdesk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// Held is an opened link in the browser's sealed cookie: number and holder. The zero Held is none.
type Held struct {
	Invite int64
	Holder [16]byte
}

// MarshalText writes "" for none, else number and holder.
func (h Held) MarshalText() ([]byte, error) {
	if h == (Held{}) {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d.%s", h.Invite, hex.EncodeToString(h.Holder[:])), nil
}

// UnmarshalText is its inverse.
func (h *Held) UnmarshalText(text []byte) error {
	*h = Held{}
	if len(text) == 0 {
		return nil
	}
	number, holder, _ := strings.Cut(string(text), ".")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return errors.New("helpdesk: not a held link")
	}
	raw, err := hex.DecodeString(holder)
	if err != nil || len(raw) != len(h.Holder) {
		return errors.New("helpdesk: not a held link")
	}
	h.Invite, h.Holder = id, [16]byte(raw)
	return nil
}

// Opened is a link whose piece was right.
type Opened struct {
	Held      Held
	Username  string // what the person signs in with, to be filled in; the password is asked for as ever
	Purpose   Purpose
	Language  string
	ExpiresAt time.Time
}

// openFloor is how long a refused Open takes at least: longer than the store does, so that the time tells nothing either.
const openFloor = 300 * time.Millisecond

// Open opens a link with its spoken piece, as typed: case, spaces, dashes and look-alikes are forgiven. Where
// Rules.NameOpens, some open with the account's name instead. Whatever is
// wrong, the error is the same LinkNotGood in the same time, or StoreDown, PoolDown, PoolBusy; after the right piece
// LinkOver. A piece that cannot be one costs no try. Showing the page of a link calls nothing.
//
// Whoever opens a link last holds it: an earlier browser's set-up then ends with LinkOver.
func (d *Desk) Open(ctx context.Context, locator, piece secret.Text) (Opened, error) {
	began := d.now()
	invite, err := d.tryPiece(ctx, locator, piece)
	if err != nil {
		if wait := openFloor - d.now().Sub(began); wait > 0 {
			_ = d.sleep(ctx, wait) // who has left learns nothing
		}
		return Opened{}, err
	}
	held := Held{Invite: invite.ID, Holder: invite.Holder}
	s, err := d.redeemable(ctx, invite)
	if err != nil {
		return Opened{}, err
	}
	d.Note(ctx, held, HappeningOpened, enroll.Diagnosis{})
	return Opened{Held: held, Username: s.signsInAs(), Purpose: invite.Purpose, Language: invite.Language, ExpiresAt: invite.ExpiresAt}, nil
}

func (d *Desk) tryPiece(ctx context.Context, locator, piece secret.Text) (Invite, error) {
	hash := hashLocator(locator)
	typed, err := d.hashTyped(ctx, hash, piece)
	if err != nil {
		return Invite{}, err
	}
	holder, err := d.random(len(Held{}.Holder))
	if err != nil {
		return Invite{}, err
	}
	invite, err := d.changes.TryPiece(ctx, hash, typed, pieceTries, [16]byte(holder))
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict), err == nil && invite.Pool != d.poolID:
		return Invite{}, &Error{Kind: LinkNotGood, Op: "open link"}
	case err != nil:
		return Invite{}, storeDown("open link", err)
	}
	return invite, nil
}

// hashTyped is the hash that opens a link, if what was typed does. What cannot be a piece, or is a name and not the
// account's, costs no try.
func (d *Desk) hashTyped(ctx context.Context, locator [32]byte, typed secret.Text) ([]byte, error) {
	if d.rules.NameOpens {
		invite, err := d.memory.Invite(ctx, locator)
		switch {
		case err != nil && !errors.Is(err, ErrNotFound):
			return nil, storeDown("open link", err)
		case err == nil && invite.opensByName() && d.keys.isName(invite.PieceHash, locator, typed.Reveal()):
			return invite.PieceHash, nil
		case err == nil && invite.opensByName():
			return nil, &Error{Kind: LinkNotGood, Op: "open link"}
		}
	}
	raw, ok := readBase32(typed.Reveal(), pieceSize)
	if !ok {
		return nil, &Error{Kind: LinkNotGood, Op: "open link"}
	}
	return d.keys.hashPiece(locator, raw), nil
}

// redeemable judges again what was judged when the link was made: the account is still the same, its app as it was, and
// the agent could still make the link today. A link whose agent could not is revoked.
func (d *Desk) redeemable(ctx context.Context, invite Invite) (subject, error) {
	s, err := d.subjectBySub(ctx, invite.Account)
	if KindOf(err) == NoSuchAccount {
		return s, linkOver("the account is gone")
	}
	if err != nil {
		return s, err
	}
	if hasApp, err := d.hasApp(ctx, s.Account); err != nil {
		return s, err
	} else if hasApp && invite.Before == noAppBefore {
		return s, linkOver("an app was set up since")
	}
	err = d.stillAllowed(ctx, invite, s)
	if kind := KindOf(err); kind == NotAllowed || kind == NeedsApproval || kind == NoSuchAccount {
		d.raise(ctx, Alarm{What: "link.agent_lost_rights", Agent: invite.Agent, Account: invite.Account, Detail: err.Error()})
		if err := d.revoke(ctx, "rules", invite, s.String()); err != nil && KindOf(err) != NoSuchLink {
			return s, err
		}
		return s, linkOver("its agent could not make it today")
	}
	return s, err
}

func (d *Desk) stillAllowed(ctx context.Context, invite Invite, s subject) error {
	if s.target.Privileged && invite.Approval == 0 {
		return &Error{Kind: NeedsApproval, Op: "open link"}
	}
	agent, err := d.stands(ctx, invite.Agent)
	if err != nil {
		return err
	}
	return d.Allowed(OpMint, agent, s.target)
}

func linkOver(why string) error {
	return &Error{Kind: LinkOver, Op: "link", Err: errors.New(why)}
}

// Attempt is a set-up about to begin, or its first code about to be sent to the pool.
type Attempt struct {
	Account string    // the account's own name, or as typed at sign-in
	Began   time.Time // no later than this sign-in: the one before it tells how long the account was idle
	HasApp  bool      // an app works already
	ByApp   bool      // and its code was given to sign in
	Held    Held      // the link that this browser has opened, if any
}

// MayStart says whether a set-up may go on: nil, or NeedsLink, NeedsAppCode, LinkOver, StoreDown, PoolDown… Ask three
// times: before a temporary password is replaced (the pool then still knows that the account is new), before a key is
// made, and before the first code goes to the pool. With a link the agent's rights are judged again each time.
func (d *Desk) MayStart(ctx context.Context, attempt Attempt) error {
	if attempt.Held == (Held{}) {
		return d.judge(ctx, attempt)
	}
	invite, err := d.held(ctx, attempt.Held)
	if err != nil {
		return err
	}
	account, err := d.pool.Account(ctx, attempt.Account)
	if err != nil {
		return err
	}
	if account.Sub != invite.Account {
		return &Error{Kind: LinkOver, Op: "link", Field: "account", Err: errors.New("it is another account's")}
	}
	if _, err := d.redeemable(ctx, invite); err != nil {
		return err
	}
	if attempt.HasApp && invite.Purpose != Replace {
		return linkOver("it is for a first set-up")
	}
	return nil
}

// held is the invite that a browser has opened and still holds.
func (d *Desk) held(ctx context.Context, held Held) (Invite, error) {
	invite, err := d.memory.InviteByID(ctx, held.Invite)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && invite.Pool != d.poolID:
		return Invite{}, linkOver("it was forgotten")
	case err != nil:
		return Invite{}, storeDown("link", err)
	case invite.State != InviteOpened:
		return Invite{}, linkOver("it is " + string(invite.State))
	case invite.Holder != held.Holder:
		return Invite{}, linkOver("it was opened elsewhere")
	}
	return invite, nil
}

// Spend uses a link up, once the pool has verified its app. It may be said again. LinkOver: it was over already; the app
// is set up all the same, an alarm is raised, and whoever watches over the account should look.
func (d *Desk) Spend(ctx context.Context, held Held, account string) error {
	invite, err := d.memory.InviteByID(ctx, held.Invite)
	if err != nil {
		return linkError("spend", err)
	}
	if invite.State == InviteSpent && invite.Holder == held.Holder {
		return nil
	}
	err = d.audit.do(ctx, act{"account:" + account, "spend link", invite.Account, fmt.Sprintf("link %d", invite.ID)},
		func(ctx context.Context, m means) (string, error) {
			err := m.journal.SpendInvite(ctx, held.Invite, held.Holder)
			if errors.Is(err, ErrConflict) {
				return "", linkOver("it is over, or held elsewhere")
			}
			return "spent", linkError("spend", err)
		})
	if KindOf(err) == LinkOver {
		d.raise(ctx, Alarm{What: "link.spent_when_over", Agent: invite.Agent, Account: invite.Account, Detail: "set up by " + account})
	}
	if err != nil {
		return err
	}
	d.spent(ctx, held, invite, account)
	return nil
}

// spent is what follows. None of it can take the set-up back, so what fails is for the log.
func (d *Desk) spent(ctx context.Context, held Held, invite Invite, account string) {
	// Who said "this was not me" after the link was made is not answered by its use: somebody else may have been quicker.
	for mark, before := range map[Mark]time.Time{MarkNeedsLink: {}, MarkFrozen: invite.CreatedAt} {
		if err := d.changes.Unmark(ctx, d.poolID, account, mark, before); err != nil {
			d.log.ErrorContext(ctx, "mark not taken back", "mark", string(mark), "error", err)
		}
	}
	d.Note(ctx, held, HappeningDone, enroll.Diagnosis{})
	d.later(ctx, func(ctx context.Context) error { // the person's session at the pool runs out meanwhile
		told, err := d.pool.Account(ctx, account)
		if err == nil {
			_, err = d.tell(ctx, fmt.Sprintf("set-up-%d", invite.ID), NoticeSetUp, told, invite)
		}
		if err != nil {
			d.log.ErrorContext(ctx, "owner not told of set-up", "link", invite.ID, "error", err)
		}
		return nil
	})
}
