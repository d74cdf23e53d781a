package helpdesk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"cognito-enroll/internal/secret"
)

const (
	freezeLife = 7 * 24 * time.Hour
	freezeSize = 8 + 8 + sha256.Size/2 // link, end, half a MAC
)

// freezeToken is what a notice about a link lets its reader do: Freeze.
func (d *Desk) freezeToken(invite int64) secret.Text {
	raw := binary.BigEndian.AppendUint64(nil, uint64(invite))
	raw = binary.BigEndian.AppendUint64(raw, uint64(d.now().Add(freezeLife).Unix()))
	raw = append(raw, d.keys.signFreeze(d.poolID, raw)...)
	return secret.New(strings.ToLower(crockford().EncodeToString(raw)))
}

// signFreeze covers the pool, too: each counts its links from one, and several may have one key.
func (k keys) signFreeze(pool string, raw []byte) []byte {
	mac := hmac.New(sha256.New, k.freeze)
	mac.Write(raw) // of one length
	mac.Write([]byte(pool))
	return mac.Sum(nil)[:sha256.Size/2]
}

// readFreeze is the link that a token is about, if the token is good.
func (d *Desk) readFreeze(token secret.Text) (invite int64, ok bool) {
	raw, ok := readBase32(token.Reveal(), freezeSize)
	if !ok || !hmac.Equal(raw[16:], d.keys.signFreeze(d.poolID, raw[:16])) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(raw)), d.now().Unix() < int64(binary.BigEndian.Uint64(raw[8:]))
}

// CheckFreeze reports whether a token is good, without doing anything: for the page with the button.
func (d *Desk) CheckFreeze(token secret.Text) bool {
	_, ok := d.readFreeze(token)
	return ok
}

// Freeze is the button "this was not me": it ends the account's links, and its sessions in the pool and in the portal,
// lets nobody set up without a link until one was used, and raises an alarm. token is a Notice's NotMe; it is good for a
// week, and may be used twice. LinkNotGood: it is none. An error means that some of it may be left to do: say it again.
func (d *Desk) Freeze(ctx context.Context, token secret.Text) error {
	id, ok := d.readFreeze(token)
	if !ok {
		return &Error{Kind: LinkNotGood, Op: "freeze"}
	}
	invite, err := d.memory.InviteByID(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && invite.Pool != d.poolID:
		return &Error{Kind: LinkNotGood, Op: "freeze"}
	case err != nil:
		return storeDown("freeze", err)
	}
	d.raise(ctx, Alarm{What: "account.frozen", Agent: invite.Agent, Account: invite.Account, Detail: fmt.Sprintf("link %d", id)})
	// The links first: nothing but the store is needed for them.
	err = d.audit.do(ctx, act{"account:" + invite.Account, "freeze links", invite.Account, fmt.Sprintf("link %d", id)},
		func(ctx context.Context, m means) (string, error) {
			frozen := Change{At: d.now(), What: "account.frozen", Invite: id, Account: invite.Account, Ticket: invite.Ticket, Agent: invite.Agent}
			if err := m.journal.RevokeInvites(ctx, d.poolID, frozen); err != nil {
				return "", storeDown("freeze", err)
			}
			return "revoked", nil
		})
	if err != nil {
		return err
	}
	s, err := d.subjectBySub(ctx, invite.Account)
	if err != nil {
		return err
	}
	err = d.endSessions(ctx, "account:"+s.Username, s)
	if markErr := d.changes.Mark(ctx, d.poolID, s.Username, MarkFrozen); markErr != nil {
		err = errors.Join(err, storeDown("freeze", markErr))
	}
	return err
}
