package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// AppendInviteEvent takes the invite's next number, up to a number that nobody reaches who sets up an app.
func (d *dynamo) AppendInviteEvent(ctx context.Context, event helpdesk.InviteEvent) error {
	invite := strconv.FormatInt(event.Invite, 10)
	return d.write(ctx, "append event", func(ctx context.Context) error {
		now := d.now()
		gone := ttl(now.Add(eventsKept))
		counted, err := d.api.update(ctx, change{
			key: key{"index count events " + invite, only}, set: "SET #ttl = :ttl ADD #n :one", condition: "attribute_not_exists(#n) OR #n < :most",
			values: item{":one": number(1), ":most": number(eventsPerInvite), ":ttl": gone},
		})
		if err != nil {
			return quietly(err)
		}
		event.ID, event.At = counted.number("n"), now
		return d.api.transact(ctx, put(key{"events " + invite, keyNumber(event.ID)}, itemOf(eventAttributes(&event)).with("ttl", gone)))
	})
}

func eventAttributes(e *helpdesk.InviteEvent) []field {
	return []field{
		{"id", &e.ID},
		{"invite", &e.Invite},
		{"moment", &e.At},
		{"happening", &e.Happening},
		{"verdict", &e.Verdict},
		{"off", &e.Off},
	}
}

// InviteEvents lists an invite's happenings in their order.
func (d *dynamo) InviteEvents(ctx context.Context, invite, after int64, limit int) (list []helpdesk.InviteEvent, err error) {
	err = d.read(ctx, "list events", func(ctx context.Context) error {
		found, err := d.api.query(ctx, query{pk: "events " + strconv.FormatInt(invite, 10), after: keyNumber(after), limit: limit})
		for _, i := range found {
			var event helpdesk.InviteEvent
			i.read(eventAttributes(&event))
			list = append(list, event)
		}
		return err
	})
	return list, err
}

func markKey(pool, account string, mark helpdesk.Mark) key {
	return key{owned("mark", pool, account), string(mark)}
}

// Mark keeps the last moment.
func (d *dynamo) Mark(ctx context.Context, pool, account string, mark helpdesk.Mark) error {
	return d.write(ctx, "mark", func(ctx context.Context) error {
		_, err := d.api.update(ctx, change{
			key: markKey(pool, account, mark), set: "SET #moment = :now", condition: "attribute_not_exists(#moment) OR #moment < :now",
			values: item{":now": at(d.now())}, twice: true,
		})
		return quietly(err)
	})
}

// Unmark compares the moment.
func (d *dynamo) Unmark(ctx context.Context, pool, account string, mark helpdesk.Mark, before time.Time) error {
	gone := change{key: markKey(pool, account, mark)}
	if !before.IsZero() {
		gone.condition, gone.values = "#moment < :before", item{":before": at(before)}
	}
	return d.write(ctx, "unmark", func(ctx context.Context) error { return quietly(d.api.transact(ctx, remove(gone))) })
}

// Marked is the zero time when an account has no such mark.
func (d *dynamo) Marked(ctx context.Context, pool, account string, mark helpdesk.Mark) (time.Time, error) {
	found, err := d.one(ctx, "look up mark", markKey(pool, account, mark))
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return found.moment("moment"), err
}
