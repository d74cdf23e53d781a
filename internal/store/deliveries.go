package store

import (
	"context"
	"database/sql"
	"time"

	"cognito-enroll/internal/webhook"
)

// PutDelivery keeps a message that is due at once. Said again after ErrUnavailable, it may be there twice, with one name.
func (s *database) PutDelivery(ctx context.Context, message string, body []byte) error {
	_, err := s.write(ctx, "put delivery", `INSERT INTO deliveries (message, body, tries, created_at, next_at)
		VALUES ($1, $2, 0, $3, $3)`, clean(message), notNull(body), micros(s.now()))
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
