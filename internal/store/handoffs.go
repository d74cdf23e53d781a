package store

import (
	"context"
	"time"
)

// Handoff is what another application, or another screen, handed over for the browser that shows its locator.
type Handoff struct {
	LocatorHash [32]byte  // whoever reads the store cannot find the locator
	Payload     []byte    // sealed by the caller
	ExpiresAt   time.Time // from then on it cannot be taken
}

// PutHandoff keeps a hand-off until it is taken or expires: ErrConflict when its locator is known already.
func (s *database) PutHandoff(ctx context.Context, h Handoff) error {
	_, err := s.write(ctx, "put hand-off", `INSERT INTO handoffs (locator_hash, payload, expires_at) VALUES ($1, $2, $3)`,
		h.LocatorHash[:], h.Payload, micros(h.ExpiresAt))
	return err
}

// TakeHandoff answers a hand-off and removes it, so that of all callers on all nodes one gets it: the others, and those
// who come too late or were never due, get ErrNotFound. After ErrUnavailable it may be gone; the other application then
// makes another.
func (s *database) TakeHandoff(ctx context.Context, locatorHash [32]byte) (Handoff, error) {
	h := Handoff{LocatorHash: locatorHash}
	var expires int64
	err := s.writeReturning(ctx, "take hand-off",
		`DELETE FROM handoffs WHERE locator_hash = $1 AND expires_at > $2 RETURNING payload, expires_at`,
		[]any{locatorHash[:], micros(s.now())}, &h.Payload, &expires)
	if err != nil {
		return Handoff{}, err
	}
	h.ExpiresAt = moment(expires)
	return h, nil
}
