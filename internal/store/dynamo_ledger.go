package store

import (
	"context"
	"time"
)

// AppendLedger adds an entry and answers its ID.
func (d *dynamo) AppendLedger(ctx context.Context, entry LedgerEntry) (id int64, err error) {
	err = d.write(ctx, "append to ledger", func(ctx context.Context) error {
		id, err = d.appendLedger(ctx, entry)
		return err
	})
	return id, err
}

// Conclude is all in one transaction, without what has been done already.
func (d *dynamo) Conclude(ctx context.Context, entry LedgerEntry, sid [16]byte, until, others time.Time) error {
	steps := []step{update(endSessionAt(sid, until))}
	if !others.IsZero() {
		steps = append(steps, update(endAllAt(entry.Account, others)))
	}
	return d.write(ctx, "conclude session", func(ctx context.Context) error {
		_, err := d.appendLedger(ctx, entry, steps...)
		return err
	})
}

func latestKey(pool, account string) key {
	return key{"latest " + keyText(pool), "=" + keyText(account)}
}

// appendLedger adds an entry, and takes the other steps. Those whose condition does not hold have nothing to do, be it
// that a newer entry is the account's latest already: they are left out then.
func (d *dynamo) appendLedger(ctx context.Context, entry LedgerEntry, others ...step) (int64, error) {
	id, err := d.next(ctx, "ledger")
	if err != nil {
		return 0, err
	}
	entry.ID, entry.At = id, d.now()
	values := itemOf(entryAttributes(&entry))
	latest := put(latestKey(entry.Pool, entry.Account), values)
	latest.Put.ConditionExpression, latest.Put.ExpressionAttributeNames = "attribute_not_exists(#id) OR #id < :id", names("#id")
	latest.Put.ExpressionAttributeValues = item{":id": number(id)}
	steps := append([]step{
		put(key{"ledger " + keyText(entry.Pool), keyNumber(id)}, values),
		put(key{owned("index ledger", entry.Pool, entry.Account), keyNumber(id)}, values),
		latest,
	}, others...)
	for {
		err := d.api.transact(ctx, steps...)
		if !unmet(err) {
			return id, err
		}
		var left []step
		for i, s := range steps {
			if !unmetAt(err, i) {
				left = append(left, s)
			}
		}
		steps = left
	}
}

// Latest is the newest entry of an account.
func (d *dynamo) Latest(ctx context.Context, pool, account string) (LedgerEntry, error) {
	found, err := d.one(ctx, "look up ledger", latestKey(pool, account))
	return entryOf(found), err
}

// LatestOfAll lists the newest entry of every account of a pool, in the order of accounts.
func (d *dynamo) LatestOfAll(ctx context.Context, pool, after string, limit int) ([]LedgerEntry, error) {
	return d.ledger(ctx, query{pk: latestKey(pool, "").pk, after: latestKey("", after).sk, limit: limit})
}

// Ledger lists entries, the newest first.
func (d *dynamo) Ledger(ctx context.Context, page LedgerPage) ([]LedgerEntry, error) {
	q := query{pk: "ledger " + keyText(page.Pool), before: keyNumber(or(page.Before, 1<<62)), backwards: true, limit: page.Limit}
	if page.Account != "" {
		q.pk = owned("index ledger", page.Pool, page.Account)
	}
	return d.ledger(ctx, q)
}

func (d *dynamo) ledger(ctx context.Context, q query) (list []LedgerEntry, err error) {
	err = d.read(ctx, "list ledger", func(ctx context.Context) error {
		found, err := d.api.query(ctx, q)
		for _, one := range found {
			list = append(list, entryOf(one))
		}
		return err
	})
	return list, err
}

func entryOf(i item) LedgerEntry {
	var entry LedgerEntry
	i.read(entryAttributes(&entry))
	return entry
}

func entryAttributes(e *LedgerEntry) []field {
	return []field{
		{"id", &e.ID},
		{"moment", &e.At},
		{"pool", &e.Pool},
		{"account", &e.Account},
		{"event", &e.Event},
		{"actor", &e.Actor},
		{"detail", &e.Detail},
	}
}
