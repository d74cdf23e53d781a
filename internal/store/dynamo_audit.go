package store

import (
	"context"
	"errors"
	"slices"

	"cognito-enroll/internal/helpdesk"
)

func headKey() key { return key{"index head", only} }

func auditKey(seq int64) key { return key{"audit", keyNumber(seq)} }

func deedKey(target string, seq int64) key {
	return key{"index deeds " + keyText(target), keyNumber(seq)}
}

func resultKey(intent int64) key { return keyID("index result", intent) }

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
			steps := append(indexOf(entry), putNew(auditKey(entry.Seq), itemOf(auditAttributes(&entry))), update(headMoves(entry)))
			if err := d.api.transact(ctx, steps...); !unmet(err) {
				return err
			}
		}
	})
	if err != nil {
		return AuditEntry{}, err
	}
	return entry, nil
}

// indexOf points to an entry from where Deeds looks: to intents from their target, to results from their intent.
func indexOf(entry AuditEntry) (steps []step) {
	pointer := item{"seq": number(entry.Seq)}
	if entry.Stage == "intent" {
		steps = append(steps, put(deedKey(entry.Target, entry.Seq), pointer))
	}
	if entry.Intent > 0 {
		steps = append(steps, put(resultKey(entry.Intent), pointer))
	}
	return steps
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

// Deeds finds the intents in the index of either name, and reads them and their results in the chain itself.
func (d *dynamo) Deeds(ctx context.Context, target, alias string, before int64, limit int) (list []helpdesk.Deed, err error) {
	err = d.read(ctx, "list deeds", func(ctx context.Context) error {
		seqs, err := d.intents(ctx, []string{target, alias}, before, limit)
		if err != nil {
			return err
		}
		keys := make([]key, 0, 2*len(seqs))
		for _, seq := range seqs {
			keys = append(keys, auditKey(seq), resultKey(seq))
		}
		found, err := d.api.get(ctx, keys...)
		if err != nil {
			return err
		}
		results := make([]key, len(seqs))
		for i := range seqs {
			results[i] = auditKey(found[2*i+1].number("seq")) // 0, which no entry has, when there is none
		}
		answers, err := d.api.get(ctx, results...)
		for i := range seqs {
			if found[2*i] == nil {
				continue // only somebody else can have deleted it
			}
			intent, result := auditOf(found[2*i]), auditOf(answers[i])
			list = append(list, helpdesk.Deed{
				Seq: intent.Seq, At: intent.At, Actor: intent.Actor, Action: intent.Action, Detail: intent.Detail,
				Answered: answers[i] != nil, Result: result.Detail,
			})
		}
		return err
	})
	return list, err
}

// intents are the numbers of the intents about some targets, the newest first.
func (d *dynamo) intents(ctx context.Context, targets []string, before int64, limit int) (seqs []int64, err error) {
	for _, target := range targets {
		start := deedKey(target, or(before, 1<<62))
		pointers, err := d.api.query(ctx, query{pk: start.pk, before: start.sk, backwards: true, limit: limit})
		if err != nil {
			return nil, err
		}
		for _, pointer := range pointers {
			seqs = append(seqs, pointer.number("seq"))
		}
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs) // both may be the same name
	slices.Reverse(seqs)
	return seqs[:min(limit, len(seqs))], nil
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
