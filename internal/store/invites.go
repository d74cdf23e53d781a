package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// Invite is a link that an agent made for one account. Its states are helpdesk's.
type Invite = helpdesk.Invite

// invitesKept is how long an invite can be looked at after it expired.
const invitesKept = 30 * 24 * time.Hour

const inviteColumns = `id, locator_hash, pool, account, purpose, agent, ticket, reason, proof, language, created_at,
	expires_at, state, changed_at, piece_hash, piece_expires_at, tries, app_before, approval, holder`

// PutInvite keeps a new live invite and answers its ID. In the same moment the account's older one, if it still worked,
// is cancelled. ErrConflict when the locator is known already, which after ErrUnavailable may be this invite's.
func (s *database) PutInvite(ctx context.Context, invite Invite) (id int64, err error) {
	now := micros(s.now())
	pool, account := clean(invite.Pool), clean(invite.Account)
	err = s.announce(ctx, "put invite", func(ctx context.Context, tx *sql.Tx) ([]helpdesk.Change, error) {
		// Without it, two invites made at once would each miss the other.
		if err := s.lock(ctx, tx, accountLock(pool, account)); err != nil {
			return nil, err
		}
		older, err := endInvites(ctx, tx, helpdesk.InviteCancelled, pool, account, now)
		if err != nil {
			return nil, err
		}
		var made Invite
		err = tx.QueryRowContext(ctx, `INSERT INTO invites (locator_hash, pool, account, purpose, agent, ticket, reason, proof,
			language, created_at, expires_at, state, changed_at, piece_hash, piece_expires_at, tries, app_before, approval)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'live', $10, $12, $13, 0, $14, $15) RETURNING `+inviteColumns,
			invite.LocatorHash[:], pool, account, clean(string(invite.Purpose)), clean(invite.Agent), clean(invite.Ticket),
			clean(invite.Reason), clean(invite.Proof), clean(invite.Language), now, micros(invite.ExpiresAt),
			notNull(invite.PieceHash), micros(invite.PieceExpiresAt), clean(invite.Before), invite.Approval).Scan(inviteFields(&made)...)
		id = made.ID
		return append(changes(older, made.Agent), made.Change(made.Agent)), err
	})
	return id, err
}

// endInvites ends whatever invites of an account still work, and answers them.
func endInvites(ctx context.Context, tx *sql.Tx, state helpdesk.InviteState, pool, account string, now int64) ([]Invite, error) {
	rows, err := tx.QueryContext(ctx, `UPDATE invites SET state = $4, changed_at = $3
		WHERE pool = $1 AND account = $2 AND state IN ('live', 'opened') RETURNING `+inviteColumns, pool, account, now, string(state))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // its error is also Err's
	var ended []Invite
	for rows.Next() {
		var invite Invite
		if err := rows.Scan(inviteFields(&invite)...); err != nil {
			return nil, err
		}
		ended = append(ended, invite)
	}
	return ended, rows.Err()
}

// changes are the new states of invites, by somebody.
func changes(invites []Invite, by string) []helpdesk.Change {
	list := make([]helpdesk.Change, 0, len(invites))
	for _, invite := range invites {
		list = append(list, invite.Change(by))
	}
	return list
}

// Invite answers the invite with a locator, whatever its state: ErrNotFound when there is none.
func (s *database) Invite(ctx context.Context, locatorHash [32]byte) (Invite, error) {
	var invite Invite
	err := s.read(ctx, "look up invite", `SELECT `+inviteColumns+` FROM invites WHERE locator_hash = $1`,
		[]any{locatorHash[:]}, inviteFields(&invite)...)
	return invite, err
}

// InviteByID answers the invite with an ID.
func (s *database) InviteByID(ctx context.Context, id int64) (Invite, error) {
	var invite Invite
	err := s.read(ctx, "look up invite", `SELECT `+inviteColumns+` FROM invites WHERE id = $1`,
		[]any{id}, inviteFields(&invite)...)
	return invite, err
}

// Invites lists an account's invites, the newest first.
func (s *database) Invites(ctx context.Context, pool, account string, limit int) ([]Invite, error) {
	return s.invites(ctx, `SELECT `+inviteColumns+` FROM invites WHERE pool = $1 AND account = $2
		ORDER BY id DESC LIMIT $3`, clean(pool), clean(account), limit)
}

// LatestInvites lists a pool's invites, the newest first. The last one's ID is the next page's before, which is 0 at the
// beginning.
func (s *database) LatestInvites(ctx context.Context, pool string, before int64, limit int) ([]Invite, error) {
	return s.invites(ctx, `SELECT `+inviteColumns+` FROM invites WHERE pool = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
		clean(pool), or(before, 1<<62), limit)
}

func (s *database) invites(ctx context.Context, query string, args ...any) ([]Invite, error) {
	var list []Invite
	err := s.readAll(ctx, "list invites", query, args, func(rows *sql.Rows) error {
		var invite Invite
		err := rows.Scan(inviteFields(&invite)...)
		list = append(list, invite)
		return err
	})
	return list, err
}

// PutPiece gives an invite that still works another spoken piece. Wrong tries of the old one go on counting.
func (s *database) PutPiece(ctx context.Context, id int64, pieceHash []byte, expiresAt time.Time) error {
	n, err := s.write(ctx, "put piece", `UPDATE invites SET piece_hash = $2, piece_expires_at = $3
		WHERE id = $1 AND state IN ('live', 'opened') AND expires_at > $4`,
		id, notNull(pieceHash), micros(expiresAt), micros(s.now()))
	if n > 0 || err != nil {
		return err
	}
	if _, err := s.InviteByID(ctx, id); err != nil {
		return err
	}
	return s.fail("put piece", ErrConflict)
}

// TryPiece opens the invite for holder, and for nobody else any more, if pieceHash is that of its piece. A wrong one costs
// a try, and after limit wrong ones no more are heard, on whichever nodes and however fast they come. ErrNotFound: no such
// invite works, has a piece that is still heard, and tries left; ErrConflict: the piece is wrong. Both must look the same
// to whoever tries. Said again after ErrUnavailable, a wrong piece may have cost two tries.
func (s *database) TryPiece(ctx context.Context, locatorHash [32]byte, pieceHash []byte, limit int, holder [16]byte) (Invite, error) {
	var invite Invite
	right := false
	err := s.announce(ctx, "try piece", func(ctx context.Context, tx *sql.Tx) ([]helpdesk.Change, error) {
		// The try is counted first: from here on the row is this transaction's alone.
		now := micros(s.now())
		err := tx.QueryRowContext(ctx, `UPDATE invites SET tries = tries + 1 WHERE locator_hash = $1
			AND state IN ('live', 'opened') AND tries < $2 AND piece_expires_at > $3 AND expires_at > $3
			RETURNING `+inviteColumns, locatorHash[:], limit, now).Scan(inviteFields(&invite)...)
		right = err == nil && len(invite.PieceHash) > 0 && hmac.Equal(invite.PieceHash, pieceHash)
		if !right {
			return nil, err
		}
		err = tx.QueryRowContext(ctx, `UPDATE invites SET tries = tries - 1, state = 'opened', holder = $3,
			changed_at = CASE state WHEN 'opened' THEN changed_at ELSE $2 END
			WHERE id = $1 RETURNING `+inviteColumns, invite.ID, now, holder[:]).Scan(inviteFields(&invite)...)
		return []helpdesk.Change{invite.Change(invite.Agent)}, err
	})
	if err == nil && !right {
		err = s.fail("try piece", ErrConflict)
	}
	if err != nil {
		return Invite{}, err
	}
	return invite, nil
}

// SpendInvite ends an invite whose set-up is finished by holder, who opened it last. Of all who try, on all nodes, one
// succeeds; the others get ErrConflict, and ErrNotFound when there is no such invite. One that was opened in time can be
// finished after it expired, because the session that opened it has an end of its own. Said again after ErrUnavailable,
// ErrConflict may mean that the first time succeeded.
func (s *database) SpendInvite(ctx context.Context, id int64, holder [16]byte) error {
	return s.changeInvite(ctx, "spend invite", "", `UPDATE invites SET state = 'spent', changed_at = $3
		WHERE id = $1 AND state = 'opened' AND holder = $2`, id, holder[:], micros(s.now()))
}

// RevokeInvite ends an invite that still works, for somebody: ErrConflict when it does not.
func (s *database) RevokeInvite(ctx context.Context, id int64, by string) error {
	return s.changeInvite(ctx, "revoke invite", by, `UPDATE invites SET state = 'revoked', changed_at = $2
		WHERE id = $1 AND state IN ('live', 'opened')`, id, micros(s.now()))
}

// RevokeInvites ends whatever invite of an account still works; why is told beside.
func (s *database) RevokeInvites(ctx context.Context, pool string, why helpdesk.Change) error {
	pool, account := clean(pool), clean(why.Account)
	return s.announce(ctx, "revoke invites", func(ctx context.Context, tx *sql.Tx) ([]helpdesk.Change, error) {
		if err := s.lock(ctx, tx, accountLock(pool, account)); err != nil { // one that is being made counts, too
			return nil, err
		}
		ended, err := endInvites(ctx, tx, helpdesk.InviteRevoked, pool, account, micros(s.now()))
		return append(changes(ended, "account:"+account), why), err
	})
}

// changeInvite executes an update that names an invite by $1, for somebody ("": its agent), and says why when it changed
// nothing.
func (s *database) changeInvite(ctx context.Context, op, by, query string, args ...any) error {
	var invite Invite
	err := s.announce(ctx, op, func(ctx context.Context, tx *sql.Tx) ([]helpdesk.Change, error) {
		err := tx.QueryRowContext(ctx, query+` RETURNING `+inviteColumns, args...).Scan(inviteFields(&invite)...)
		return []helpdesk.Change{invite.Change(or(by, invite.Agent))}, err
	})
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	id, _ := args[0].(int64)
	if _, err := s.InviteByID(ctx, id); err != nil {
		return err
	}
	return s.fail(op, ErrConflict)
}

// inviteFields is where inviteColumns are scanned to.
func inviteFields(i *Invite) []any {
	return []any{
		&i.ID,
		array32{&i.LocatorHash},
		&i.Pool, &i.Account, &i.Purpose, &i.Agent, &i.Ticket, &i.Reason, &i.Proof, &i.Language,
		instant{&i.CreatedAt},
		instant{&i.ExpiresAt},
		&i.State,
		instant{&i.ChangedAt},
		&i.PieceHash,
		instant{&i.PieceExpiresAt},
		&i.Tries,
		&i.Before, &i.Approval,
		array16{&i.Holder},
	}
}

// accountLock is the lock under which an account's invites change places.
func accountLock(pool, account string) lockName {
	sum := sha256.Sum256([]byte("invites\x00" + pool + "\x00" + account))
	return lockName(binary.BigEndian.Uint64(sum[:]))
}
