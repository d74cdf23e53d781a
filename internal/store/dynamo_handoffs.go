package store

import "context"

func handoffKey(locatorHash [32]byte) key { return key{"handoff " + keyHash(locatorHash), only} }

// PutHandoff keeps a hand-off whose locator is new.
func (d *dynamo) PutHandoff(ctx context.Context, h Handoff) error {
	return d.write(ctx, "put hand-off", func(ctx context.Context) error {
		return conflicts(d.api.transact(ctx, putNew(handoffKey(h.LocatorHash), item{
			"payload": blob(h.Payload), "expires_at": at(h.ExpiresAt), "ttl": ttl(h.ExpiresAt),
		})))
	})
}

// TakeHandoff deletes what it has read, if it is still there: of all who have read it one succeeds.
func (d *dynamo) TakeHandoff(ctx context.Context, locatorHash [32]byte) (Handoff, error) {
	h := Handoff{LocatorHash: locatorHash}
	err := d.write(ctx, "take hand-off", func(ctx context.Context) error {
		found, err := d.look(ctx, handoffKey(locatorHash))
		if err != nil {
			return err
		}
		if found.number("expires_at") <= micros(d.now()) {
			return ErrNotFound
		}
		err = d.api.transact(ctx, remove(change{key: handoffKey(locatorHash), condition: "attribute_exists(#pk)"}))
		if unmet(err) {
			return ErrNotFound
		}
		h.Payload, h.ExpiresAt = found.bytes("payload"), found.moment("expires_at")
		return err
	})
	if err != nil {
		return Handoff{}, err
	}
	return h, nil
}
