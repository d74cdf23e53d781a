package store

import (
	"bytes"
	"context"
	"database/sql"

	"cognito-enroll/internal/helpdesk"
)

// AuditEntry is a link of the audit chain, BrokenChain where it is broken. How an entry is hashed is helpdesk's, which
// can also check a chain that has left the store.
type (
	AuditEntry  = helpdesk.AuditEntry
	BrokenChain = helpdesk.BrokenChain
)

// AppendAudit adds an entry to the chain and answers it with the fields that the store gives. After ErrUnavailable the
// entry may be there or not: what it was to announce must not be done; saying it again adds a second one.
func (s *database) AppendAudit(ctx context.Context, entry AuditEntry) (AuditEntry, error) {
	err := s.transact(ctx, "append to audit", func(ctx context.Context, tx *sql.Tx) error {
		entry = AuditEntry{
			At: moment(micros(s.now())), Intent: entry.Intent,
			Actor: clean(entry.Actor), Action: clean(entry.Action), Target: clean(entry.Target), Stage: clean(entry.Stage), Detail: clean(entry.Detail),
		}
		// Whoever has counted the head up has its row until the transaction ends: entries are made one after the other.
		var previous []byte
		if err := tx.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + 1 RETURNING seq, hash`).Scan(&entry.Seq, &previous); err != nil {
			return err
		}
		copy(entry.Previous[:], previous)
		entry.Hash = entry.Sum()
		if _, err := tx.ExecContext(ctx, `INSERT INTO audit (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			entry.Seq, micros(entry.At), entry.Actor, entry.Action, entry.Target, entry.Stage, entry.Intent, entry.Detail,
			entry.Previous[:], entry.Hash[:]); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE audit_head SET hash = $1`, entry.Hash[:])
		return err
	})
	if err != nil {
		return AuditEntry{}, err
	}
	return entry, nil
}

// Audit lists entries in their order, starting behind the entry with the number after (0 at the beginning).
func (s *database) Audit(ctx context.Context, after int64, limit int) ([]AuditEntry, error) {
	var list []AuditEntry
	err := s.readAll(ctx, "list audit", `SELECT `+auditColumns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`,
		[]any{after, limit}, func(rows *sql.Rows) error {
			var e AuditEntry
			err := rows.Scan(&e.Seq, instant{&e.At}, &e.Actor, &e.Action, &e.Target, &e.Stage, &e.Intent, &e.Detail,
				array32{&e.Previous}, array32{&e.Hash})
			list = append(list, e)
			return err
		})
	return list, err
}

// Deeds lists the intents about a target, under either of its names, with their results, the newest first. before is the
// last one's number of the page before, 0 at the beginning.
func (s *database) Deeds(ctx context.Context, target, alias string, before int64, limit int) ([]helpdesk.Deed, error) {
	var list []helpdesk.Deed
	err := s.readAll(ctx, "list deeds", `SELECT i.seq, i.moment, i.actor, i.action, i.detail, r.detail FROM audit i
		LEFT JOIN audit r ON r.intent = i.seq AND r.intent > 0
		WHERE i.target IN ($1, $2) AND i.stage = 'intent' AND i.seq < $3 ORDER BY i.seq DESC LIMIT $4`,
		[]any{clean(target), clean(alias), or(before, 1<<62), limit}, func(rows *sql.Rows) error {
			var (
				d      helpdesk.Deed
				result sql.NullString
			)
			err := rows.Scan(&d.Seq, instant{&d.At}, &d.Actor, &d.Action, &d.Detail, &result)
			d.Answered, d.Result = result.Valid, result.String
			list = append(list, d)
			return err
		})
	return list, err
}

const auditColumns = `seq, moment, actor, action, target, stage, intent, detail, previous, hash`

// VerifyAudit walks the chain and answers its last entry, which an auditor can note down elsewhere: whoever can write to
// the store can also make a whole new chain, but not one that ends in a hash already known. A [*BrokenChain] names the
// first entry that was changed, removed or put in.
func (s *database) VerifyAudit(ctx context.Context) (last AuditEntry, err error) {
	var (
		headSeq  int64
		headHash []byte
	)
	// First: entries that are added during the walk are verified as well.
	if err := s.read(ctx, "look up audit", `SELECT seq, hash FROM audit_head`, nil, &headSeq, &headHash); err != nil {
		return AuditEntry{}, err
	}
	return verifyAudit(ctx, headSeq, headHash, s.Audit)
}

// auditBatch is how many entries are verified at a time.
const auditBatch = 500

// verifyAudit walks the entries that list answers, up to the head and beyond.
func verifyAudit(ctx context.Context, headSeq int64, headHash []byte,
	list func(ctx context.Context, after int64, limit int) ([]AuditEntry, error),
) (last AuditEntry, err error) {
	for {
		batch, err := list(ctx, last.Seq, auditBatch)
		if err != nil {
			return AuditEntry{}, err
		}
		for _, entry := range batch {
			if err := entry.Follows(last); err != nil {
				return last, err
			}
			if last = entry; entry.Seq == headSeq && !bytes.Equal(entry.Hash[:], headHash) {
				return last, &BrokenChain{Seq: entry.Seq, Reason: "is not the one that was written last"}
			}
		}
		if len(batch) < auditBatch {
			break
		}
	}
	if last.Seq < headSeq {
		return last, &BrokenChain{Seq: last.Seq + 1, Reason: "is missing"}
	}
	return last, nil
}
