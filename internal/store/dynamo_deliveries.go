package store

import (
	"context"
	"errors"
	"time"

	"cognito-enroll/internal/webhook"
)

func deliveryKey(id int64) key { return keyID("delivery", id) }

// dueKey is where a delivery stands in the queue.
func dueKey(id, due int64) key { return key{"index due", keyNumber(due) + " " + keyNumber(id)} }

// PutDelivery keeps a message that is due at once.
func (d *dynamo) PutDelivery(ctx context.Context, message string, body []byte) error {
	return d.write(ctx, "put delivery", func(ctx context.Context) error {
		kept, err := d.delivery(ctx, message, body)
		if err != nil {
			return err
		}
		return d.api.transact(ctx, kept...)
	})
}

// delivery is the steps that keep a message.
func (d *dynamo) delivery(ctx context.Context, message string, body []byte) ([]step, error) {
	id, err := d.next(ctx, "delivery")
	waiting := webhook.Delivery{ID: id, Message: message, Body: body, CreatedAt: d.now()}
	now := micros(waiting.CreatedAt)
	return []step{
		put(deliveryKey(id), itemOf(deliveryAttributes(&waiting)).with("next_at", number(now))),
		put(dueKey(id, now), item{"id": number(id)}),
	}, err
}

// TakeDeliveries moves messages that are due to the end of the lease, one by one. Who meets another on a message leaves
// it to him.
func (d *dynamo) TakeDeliveries(ctx context.Context, limit int, lease time.Duration) (list []webhook.Delivery, err error) {
	err = d.write(ctx, "take deliveries", func(ctx context.Context) error {
		now := d.now()
		due, err := d.api.query(ctx, query{pk: "index due", before: keyNumber(micros(now)) + " ~", limit: limit})
		if err != nil {
			return err
		}
		keys := make([]key, len(due))
		for i, pointer := range due {
			keys[i] = deliveryKey(pointer.number("id"))
		}
		waiting, err := d.api.get(ctx, keys...)
		if err != nil {
			return err
		}
		for i, w := range waiting {
			// What is taken is answered, whatever comes of the others: nobody else gets it before the lease ends.
			if w == nil || due[i].text("sk") != dueKey(w.number("id"), w.number("next_at")).sk {
				continue // taken, or moved, in between
			}
			err := d.moveDelivery(ctx, w, micros(now.Add(lease)), 1)
			if err == nil {
				list = append(list, deliveryOf(w))
			} else if !unmet(err) && len(list) == 0 {
				return err
			}
		}
		return nil
	})
	return list, err
}

// moveDelivery gives a message another place in the queue, if it still has the one that it was read with.
func (d *dynamo) moveDelivery(ctx context.Context, w item, due, tries int64) error {
	id, was := w.number("id"), w.number("next_at")
	steps := []step{
		update(change{
			key: deliveryKey(id), set: "SET #next_at = :due, #tries = #tries + :tries", condition: "#next_at = :was",
			values: item{":due": number(due), ":was": number(was), ":tries": number(tries)},
		}),
	}
	if due != was {
		steps = append(steps, remove(change{key: dueKey(id, was)}), put(dueKey(id, due), item{"id": number(id)}))
	}
	return d.api.transact(ctx, steps...)
}

// DropDelivery ends a message.
func (d *dynamo) DropDelivery(ctx context.Context, id int64) error {
	return d.change(ctx, "drop delivery", id, func(ctx context.Context, w item) error {
		was := w.number("next_at")
		return d.api.transact(
			ctx,
			remove(change{key: deliveryKey(id), condition: "#next_at = :was", values: item{":was": number(was)}}),
			remove(change{key: dueKey(id, was)}),
		)
	})
}

// DelayDelivery makes a message due at a moment.
func (d *dynamo) DelayDelivery(ctx context.Context, id int64, until time.Time) error {
	return d.change(ctx, "delay delivery", id, func(ctx context.Context, w item) error {
		return d.moveDelivery(ctx, w, micros(until), 0)
	})
}

// change does something to a message where it stands now. One that is gone needs nothing.
func (d *dynamo) change(ctx context.Context, op string, id int64, do func(context.Context, item) error) error {
	return d.write(ctx, op, func(ctx context.Context) error {
		for {
			w, err := d.look(ctx, deliveryKey(id))
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			if err == nil {
				err = do(ctx, w)
			}
			if !unmet(err) {
				return err
			}
		}
	})
}

// deliveryOf is a message whose try has just been counted.
func deliveryOf(i item) webhook.Delivery {
	var w webhook.Delivery
	i.read(deliveryAttributes(&w))
	w.Tries++
	return w
}

func deliveryAttributes(w *webhook.Delivery) []field {
	return []field{{"id", &w.ID}, {"message", &w.Message}, {"body", &w.Body}, {"tries", &w.Tries}, {"created_at", &w.CreatedAt}}
}
