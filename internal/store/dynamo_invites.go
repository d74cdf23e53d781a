package store

import (
	"context"
	"crypto/hmac"
	"errors"
	"time"

	"cognito-enroll/internal/helpdesk"
)

func inviteKey(id int64) key { return keyID("invite", id) }

func locatorKey(hash [32]byte) key { return key{"index locator " + keyHash(hash), only} }

// newestKey is the item that says which of an account's invites may still work. Whoever makes an invite compares it.
func newestKey(pool, account string) key { return key{owned("index newest", pool, account), only} }

// PutInvite reads which invite the new one cancels, and writes both if that is still so. The ID is given in between, so
// that of two invites the one that was made later has the higher one.
func (d *dynamo) PutInvite(ctx context.Context, invite Invite) (id int64, err error) {
	err = d.write(ctx, "put invite", func(ctx context.Context) error {
		done, err := d.turns.take(ctx, owned("invites", invite.Pool, invite.Account))
		if err != nil {
			return err
		}
		defer done()
		for {
			if id, err = d.putInvite(ctx, invite); !unmet(err) {
				return err
			}
			if unmetAt(err, 0) { // the locator's
				return ErrConflict
			}
		}
	})
	return id, err
}

func (d *dynamo) putInvite(ctx context.Context, invite Invite) (int64, error) {
	newest, older, err := d.newest(ctx, invite.Pool, invite.Account)
	if err != nil {
		return 0, err
	}
	id, err := d.next(ctx, "invite")
	if err != nil {
		return 0, err
	}
	now, gone := d.now(), ttl(invite.ExpiresAt.Add(invitesKept))
	invite.ID, invite.State, invite.CreatedAt, invite.ChangedAt, invite.Tries = id, helpdesk.InviteLive, now, now, 0
	points := change{
		key: newestKey(invite.Pool, invite.Account), set: "SET #id = :id, #ttl = :ttl", condition: absent,
		values: item{":id": number(id), ":ttl": gone},
	}
	if newest != 0 {
		points.condition = "#id = :newest"
		points.values[":newest"] = number(newest)
	}
	pointer := item{"id": number(id), "ttl": gone}
	kept := itemOf(inviteAttributes(&invite))
	made := inviteOf(kept) // as it is read again
	changes := []helpdesk.Change{made.Change(made.Agent)}
	steps := []step{
		putNew(locatorKey(invite.LocatorHash), pointer),
		put(inviteKey(id), kept.with("ttl", gone)),
		put(key{"index invites " + keyText(invite.Pool), keyNumber(id)}, pointer),
		put(key{owned("index invites", invite.Pool, invite.Account), keyNumber(id)}, pointer),
		update(points),
	}
	if works(older) {
		cancelled, end := ended(older, helpdesk.InviteCancelled, now)
		changes, steps = append(changes, cancelled.Change(made.Agent)), append(steps, update(end))
	}
	return id, d.announce(ctx, changes, steps...)
}

// newest is the invite of an account that may still work: 0 when there is none.
func (d *dynamo) newest(ctx context.Context, pool, account string) (id int64, invite item, err error) {
	points, err := d.look(ctx, newestKey(pool, account))
	if errors.Is(err, ErrNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	id = points.number("id")
	invite, err = d.look(ctx, inviteKey(id))
	return id, invite, quietlyAbsent(err)
}

// working is the condition of an invite that can still be opened or revoked.
const working = "#state IN (:live, :opened)"

func works(invite item) bool {
	state := helpdesk.InviteState(invite.text("state"))
	return state == helpdesk.InviteLive || state == helpdesk.InviteOpened
}

func workingValues() item {
	return item{":live": text(string(helpdesk.InviteLive)), ":opened": text(string(helpdesk.InviteOpened))}
}

// ended is the end of an invite that still works: what it is then, and the change that makes it so.
func ended(i item, state helpdesk.InviteState, now time.Time) (Invite, change) {
	invite, values := inviteOf(i), workingValues()
	invite.State, invite.ChangedAt = state, moment(micros(now))
	values[":state"], values[":now"] = text(string(state)), at(now)
	return invite, change{key: inviteKey(invite.ID), set: "SET #state = :state, #changed_at = :now", condition: working, values: values}
}

// Invite answers the invite with a locator, whatever its state.
func (d *dynamo) Invite(ctx context.Context, locatorHash [32]byte) (invite Invite, err error) {
	err = d.read(ctx, "look up invite", func(ctx context.Context) error {
		found, err := d.byLocator(ctx, locatorHash)
		invite = inviteOf(found)
		return err
	})
	return invite, err
}

func (d *dynamo) byLocator(ctx context.Context, locatorHash [32]byte) (item, error) {
	pointer, err := d.look(ctx, locatorKey(locatorHash))
	if err != nil {
		return nil, err
	}
	return d.look(ctx, inviteKey(pointer.number("id")))
}

// InviteByID answers the invite with an ID.
func (d *dynamo) InviteByID(ctx context.Context, id int64) (Invite, error) {
	found, err := d.one(ctx, "look up invite", inviteKey(id))
	return inviteOf(found), err
}

// Invites lists an account's invites, the newest first.
func (d *dynamo) Invites(ctx context.Context, pool, account string, limit int) ([]Invite, error) {
	return d.invites(ctx, query{pk: owned("index invites", pool, account), backwards: true, limit: limit})
}

// LatestInvites lists a pool's invites, the newest first.
func (d *dynamo) LatestInvites(ctx context.Context, pool string, before int64, limit int) ([]Invite, error) {
	return d.invites(ctx, query{pk: "index invites " + keyText(pool), before: keyNumber(or(before, 1<<62)), backwards: true, limit: limit})
}

func (d *dynamo) invites(ctx context.Context, q query) (list []Invite, err error) {
	err = d.read(ctx, "list invites", func(ctx context.Context) error {
		pointers, err := d.api.query(ctx, q)
		if err != nil {
			return err
		}
		found, err := d.pointed(ctx, pointers, inviteKey)
		for _, one := range found {
			list = append(list, inviteOf(one))
		}
		return err
	})
	return list, err
}

// pointed reads the items that an index points to, in the index's order.
func (d *dynamo) pointed(ctx context.Context, pointers []item, where func(id int64) key) ([]item, error) {
	keys := make([]key, len(pointers))
	for i, pointer := range pointers {
		keys[i] = where(pointer.number("id"))
	}
	all, err := d.api.get(ctx, keys...)
	var found []item
	for _, one := range all {
		if one != nil { // deleted: the pointer will be, too
			found = append(found, one)
		}
	}
	return found, err
}

// PutPiece gives an invite that still works another spoken piece.
func (d *dynamo) PutPiece(ctx context.Context, id int64, pieceHash []byte, expiresAt time.Time) error {
	values := workingValues()
	values[":hash"], values[":end"], values[":now"] = blob(pieceHash), at(expiresAt), at(d.now())
	set := "SET #piece_hash = :hash, #piece_expires_at = :end"
	if len(pieceHash) == 0 {
		set = "SET #piece_expires_at = :end REMOVE #piece_hash"
		delete(values, ":hash")
	}
	return d.write(ctx, "put piece", func(ctx context.Context) error {
		return d.changeOne(ctx, change{key: inviteKey(id), set: set, condition: working + " AND #expires_at > :now", values: values})
	})
}

// TryPiece compares the piece with the one that it has read, and counts the try on condition that this was still the
// invite's piece, and tries were left. A guess that was not counted learns nothing: it reads again.
func (d *dynamo) TryPiece(ctx context.Context, locatorHash [32]byte, pieceHash []byte, limit int, holder [16]byte) (invite Invite, err error) {
	err = d.write(ctx, "try piece", func(ctx context.Context) error {
		for {
			found, err := d.byLocator(ctx, locatorHash)
			if err != nil {
				return err
			}
			now := micros(d.now())
			if !works(found) || found.number("tries") >= int64(limit) || found.number("piece_expires_at") <= now || found.number("expires_at") <= now {
				return ErrNotFound
			}
			seen := found.bytes("piece_hash")
			if len(seen) == 0 || !hmac.Equal(seen, pieceHash) {
				if _, err = d.api.update(ctx, tried(found, limit, now)); err == nil {
					return ErrConflict
				}
			} else {
				var right change
				invite, right = opened(found, limit, now, holder)
				err = d.announce(ctx, []helpdesk.Change{invite.Change(invite.Agent)}, update(right))
			}
			if !unmet(err) {
				return err
			}
		}
	})
	if err != nil {
		return Invite{}, err
	}
	return invite, nil
}

// tried counts a wrong piece, if the invite can be opened as it could when it was read.
func tried(found item, limit int, now int64) change {
	ch := change{
		key: inviteKey(found.number("id")), set: "SET #tries = #tries + :one",
		condition: "#state = :state AND #tries < :limit AND #piece_expires_at > :now AND #expires_at > :now AND #piece_hash = :seen",
		values:    item{":state": found["state"], ":limit": number(int64(limit)), ":now": number(now), ":seen": found["piece_hash"], ":one": number(1)},
	}
	if len(found.bytes("piece_hash")) == 0 {
		ch.condition = "#state = :state AND #tries < :limit AND #piece_expires_at > :now AND #expires_at > :now AND attribute_not_exists(#piece_hash)"
		delete(ch.values, ":seen")
	}
	return ch
}

// opened is what the right piece makes of an invite, if it can be opened as it could when it was read, and the change that
// does so.
func opened(found item, limit int, now int64, holder [16]byte) (Invite, change) {
	invite, ch := inviteOf(found), tried(found, limit, now)
	ch.set, ch.values[":holder"] = "SET #holder = :holder", blob(holder[:])
	delete(ch.values, ":one")
	invite.Holder = holder
	if invite.State == helpdesk.InviteLive {
		ch.set += ", #state = :opened, #changed_at = :now"
		ch.values[":opened"] = text(string(helpdesk.InviteOpened))
		invite.State, invite.ChangedAt = helpdesk.InviteOpened, moment(now)
	}
	return invite, ch
}

// SpendInvite ends an invite whose set-up is finished by holder.
func (d *dynamo) SpendInvite(ctx context.Context, id int64, holder [16]byte) error {
	return d.endInvite(ctx, "spend invite", id, helpdesk.InviteSpent, "", func(end change) change {
		end.condition, end.values[":holder"] = "#state = :opened AND #holder = :holder", blob(holder[:])
		delete(end.values, ":live")
		return end
	})
}

// RevokeInvite ends an invite that still works, for somebody.
func (d *dynamo) RevokeInvite(ctx context.Context, id int64, by string) error {
	return d.endInvite(ctx, "revoke invite", id, helpdesk.InviteRevoked, by, func(end change) change { return end })
}

// endInvite ends an invite, for somebody ("": its agent), on the condition that only makes of the usual one.
func (d *dynamo) endInvite(ctx context.Context, op string, id int64, state helpdesk.InviteState, by string, only func(change) change) error {
	return d.write(ctx, op, func(ctx context.Context) error {
		found, err := d.look(ctx, inviteKey(id))
		if err != nil {
			return err
		}
		invite, end := ended(found, state, d.now())
		return conflicts(d.announce(ctx, []helpdesk.Change{invite.Change(or(by, invite.Agent))}, update(only(end))))
	})
}

// RevokeInvites ends whatever invite of an account still works; why is told beside. If that invite turns out to have been
// cancelled meanwhile, there is a newer one.
func (d *dynamo) RevokeInvites(ctx context.Context, pool string, why helpdesk.Change) error {
	account := clean(why.Account)
	return d.write(ctx, "revoke invites", func(ctx context.Context) error {
		for {
			_, newest, err := d.newest(ctx, pool, account)
			if err != nil {
				return err
			}
			changes, steps := []helpdesk.Change{why}, []step(nil)
			if works(newest) {
				revoked, end := ended(newest, helpdesk.InviteRevoked, d.now())
				changes, steps = append(changes, revoked.Change("account:"+account)), append(steps, update(end))
			}
			if err := d.announce(ctx, changes, steps...); !unmet(err) {
				return err
			}
		}
	})
}

// changeOne changes an item: ErrConflict when the condition does not hold, ErrNotFound when there is none.
func (d *dynamo) changeOne(ctx context.Context, ch change) error {
	_, err := d.api.update(ctx, ch)
	if !unmet(err) {
		return err
	}
	if _, err := d.look(ctx, ch.key); err != nil {
		return err
	}
	return ErrConflict
}

func inviteOf(i item) Invite {
	var invite Invite
	i.read(inviteAttributes(&invite))
	return invite
}

func inviteAttributes(i *Invite) []field {
	return []field{
		{"id", &i.ID},
		{"locator_hash", &i.LocatorHash},
		{"pool", &i.Pool},
		{"account", &i.Account},
		{"purpose", &i.Purpose},
		{"agent", &i.Agent},
		{"ticket", &i.Ticket},
		{"reason", &i.Reason},
		{"proof", &i.Proof},
		{"language", &i.Language},
		{"created_at", &i.CreatedAt},
		{"expires_at", &i.ExpiresAt},
		{"state", &i.State},
		{"changed_at", &i.ChangedAt},
		{"piece_hash", &i.PieceHash},
		{"piece_expires_at", &i.PieceExpiresAt},
		{"tries", &i.Tries},
		{"app_before", &i.Before},
		{"approval", &i.Approval},
		{"holder", &i.Holder},
	}
}
