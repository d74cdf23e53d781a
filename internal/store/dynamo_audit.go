package store

import (
	"context"
	"errors"
)

func headKey() key { return key{"index head", only} }

func auditKey(seq int64) key { return key{"audit", keyNumber(seq)} }

// AppendAudit reads the chain's newest entry, and adds the next one if it still is that.
func (d *dynamo) AppendAudit(ctx context.Context, entry AuditEntry) (AuditEntry, error) {
	entry = AuditEntry{
		Intent: entry.Intent,
		Actor:  clean(entry.Actor), Action: clean(entry.Action), Target: clean(entry.Target), Stage: clean(entry.Stage), Detail: clean(entry.Detail),
	}
	err := d.write(ctx, "append to audit", func(ctx context.Context) error {
		done, err := d.turns.take(ctx, "audit")
		if err != nil {
			return err
		}
		defer done()
		for {
			seq, previous, err := d.head(ctx)
			if err != nil {
				return err
			}
			if seq+1 == entry.Seq { // nobody was quicker: something stands where the chain goes on
				return ErrConflict
			}
			entry.Seq, entry.At, entry.Previous = seq+1, moment(micros(d.now())), previous
			entry.Hash = entry.Sum()
			if err := d.api.transact(ctx, putNew(auditKey(entry.Seq), itemOf(auditAttributes(&entry))), update(headMoves(entry))); !unmet(err) {
				return err
			}
		}
	})
	if err != nil {
		return AuditEntry{}, err
	}
	return entry, nil
}

// headMoves is the head's step from the entry before.
func headMoves(entry AuditEntry) change {
	ch := change{
		key: headKey(), set: "SET #seq = :seq, #hash = :hash", condition: "#seq = :previous",
		values: item{":seq": number(entry.Seq), ":hash": blob(entry.Hash[:]), ":previous": number(entry.Seq - 1)},
	}
	if entry.Seq == 1 {
		ch.condition = absent
		delete(ch.values, ":previous")
	}
	return ch
}

// head is the number and hash of the newest entry: zero when there is none.
func (d *dynamo) head(ctx context.Context) (seq int64, hash [32]byte, err error) {
	found, err := d.look(ctx, headKey())
	if errors.Is(err, ErrNotFound) {
		return 0, hash, nil
	}
	_ = array32{&hash}.Scan(found.bytes("hash"))
	return found.number("seq"), hash, err
}

// Audit lists entries in their order.
func (d *dynamo) Audit(ctx context.Context, after int64, limit int) (list []AuditEntry, err error) {
	err = d.read(ctx, "list audit", func(ctx context.Context) error {
		found, err := d.api.query(ctx, query{pk: auditKey(0).pk, after: auditKey(after).sk, limit: limit})
		for _, one := range found {
			list = append(list, auditOf(one))
		}
		return err
	})
	return list, err
}

// VerifyAudit walks the chain.
func (d *dynamo) VerifyAudit(ctx context.Context) (last AuditEntry, err error) {
	var (
		seq  int64
		hash [32]byte
	)
	if err := d.read(ctx, "look up audit", func(ctx context.Context) error {
		seq, hash, err = d.head(ctx) // first: entries that are added during the walk are verified as well
		return err
	}); err != nil {
		return AuditEntry{}, err
	}
	return verifyAudit(ctx, seq, hash[:], d.Audit)
}

func auditOf(i item) AuditEntry {
	var entry AuditEntry
	i.read(auditAttributes(&entry))
	return entry
}

func auditAttributes(e *AuditEntry) []field {
	return []field{
		{"seq", &e.Seq},
		{"moment", &e.At},
		{"actor", &e.Actor},
		{"action", &e.Action},
		{"target", &e.Target},
		{"stage", &e.Stage},
		{"intent", &e.Intent},
		{"detail", &e.Detail},
		{"previous", &e.Previous},
		{"hash", &e.Hash},
	}
}
