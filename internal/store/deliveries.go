package store

import (
	"context"
	"database/sql"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/webhook"
)

// Outbox says what others are told of changes.
type Outbox interface {
	// Message is what is said of a change: a name of its own, and the body.
	Message(change helpdesk.Change) (name string, body []byte, err error)
	// Kept is called when messages are on disk.
	Kept()
}

const insertDelivery = `INSERT INTO deliveries (message, body, tries, created_at, next_at) VALUES ($1, $2, 0, $3, $3)`

// announce is transact for changes that others are told of: changes and messages are on disk, or neither is.
func (s *database) announce(ctx context.Context, op string, do func(context.Context, *sql.Tx) ([]helpdesk.Change, error)) error {
	kept := false
	err := s.transact(ctx, op, func(ctx context.Context, tx *sql.Tx) error {
		changes, err := do(ctx, tx)
		if err != nil || s.outbox == nil {
			return err
		}
		for _, change := range changes {
			name, body, err := s.outbox.Message(change)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, insertDelivery, clean(name), notNull(body), micros(s.now())); err != nil {
				return err
			}
			kept = true
		}
		return nil
	})
	if err == nil && kept {
		s.outbox.Kept()
	}
	return err
}

// PutDelivery keeps a message that is due at once. Said again after ErrUnavailable, it may be there twice, with one name.
func (s *database) PutDelivery(ctx context.Context, message string, body []byte) error {
	_, err := s.write(ctx, "put delivery", insertDelivery, clean(message), notNull(body), micros(s.now()))
	return err
}

// TakeDeliveries answers at most limit messages that are due and counts a try of each. Nobody else, on any node, gets
// them for as long as lease; then they are due again, unless DropDelivery or DelayDelivery says otherwise.
func (s *database) TakeDeliveries(ctx context.Context, limit int, lease time.Duration) ([]webhook.Delivery, error) {
	var list []webhook.Delivery
	err := s.transact(ctx, "take deliveries", func(ctx context.Context, tx *sql.Tx) error {
		list = nil
		now := s.now()
		// Compared twice: another node may have taken a row while this one waited for it.
		rows, err := tx.QueryContext(ctx, `UPDATE deliveries SET tries = tries + 1, next_at = $2 WHERE id IN
			(SELECT id FROM deliveries WHERE next_at <= $1 ORDER BY next_at, id LIMIT $3) AND next_at <= $1
			RETURNING id, message, body, tries, created_at`, micros(now), micros(now.Add(lease)), limit)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // its error is also Err's
		for rows.Next() {
			var d webhook.Delivery
			if err := rows.Scan(&d.ID, &d.Message, &d.Body, &d.Tries, instant{&d.CreatedAt}); err != nil {
				return err
			}
			list = append(list, d)
		}
		return rows.Err()
	})
	return list, err
}

// DropDelivery ends a message: it was taken, or never will be.
func (s *database) DropDelivery(ctx context.Context, id int64) error {
	_, err := s.write(ctx, "drop delivery", `DELETE FROM deliveries WHERE id = $1`, id)
	return err
}

// DelayDelivery makes a message due at a moment.
func (s *database) DelayDelivery(ctx context.Context, id int64, until time.Time) error {
	_, err := s.write(ctx, "delay delivery", `UPDATE deliveries SET next_at = $2 WHERE id = $1`, id, micros(until))
	return err
}
