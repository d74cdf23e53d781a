package helpdesk

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// auditBatch is how many entries are read at a time.
const auditBatch = 500

// AuditTrail lists entries in their order, starting behind the number after.
func (d *Desk) AuditTrail(ctx context.Context, agent Agent, after int64, limit int) ([]AuditEntry, error) {
	if err := d.Allowed(OpAudit, agent, Target{}); err != nil {
		return nil, err
	}
	list, err := d.memory.Audit(ctx, after, limit)
	if err != nil {
		return nil, storeDown(string(OpAudit), err)
	}
	return list, nil
}

// VerifyAudit walks the store's chain and answers its last entry. A [*BrokenChain] names the first bad one.
func (d *Desk) VerifyAudit(ctx context.Context, agent Agent) (AuditEntry, error) {
	if err := d.Allowed(OpAudit, agent, Target{}); err != nil {
		return AuditEntry{}, err
	}
	last, err := d.memory.VerifyAudit(ctx)
	if _, broken := errors.AsType[*BrokenChain](err); err != nil && !broken {
		return last, storeDown(string(OpAudit), err)
	}
	return last, err
}

// auditLine is an entry in JSON.
type auditLine struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	Target   string    `json:"target"`
	Stage    string    `json:"stage"`
	Intent   int64     `json:"intent,omitempty"`
	Detail   string    `json:"detail"`
	Previous string    `json:"previous"`
	Hash     string    `json:"hash"`
}

// ExportAudit writes the chain as JSON lines. Its own intent is among the last.
func (d *Desk) ExportAudit(ctx context.Context, agent Agent, w io.Writer) error {
	if err := d.Allowed(OpAuditExport, agent, Target{}); err != nil {
		return err
	}
	return d.audit.do(ctx, act{agent.String(), "export audit", d.poolID, ""}, func(ctx context.Context, _ means) (string, error) {
		lines, err := exportAudit(ctx, d.memory, w)
		return fmt.Sprintf("%d entries", lines), err
	})
}

func exportAudit(ctx context.Context, memory Memory, w io.Writer) (lines int64, err error) {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for {
		batch, err := memory.Audit(ctx, lines, auditBatch)
		if err != nil {
			return lines, storeDown(string(OpAuditExport), err)
		}
		for _, e := range batch {
			if err := out.Encode(auditLine{
				e.Seq, e.At, e.Actor, e.Action, e.Target, e.Stage, e.Intent, e.Detail,
				hex.EncodeToString(e.Previous[:]), hex.EncodeToString(e.Hash[:]),
			}); err != nil {
				return lines, err
			}
			lines = e.Seq
		}
		if len(batch) < auditBatch {
			return lines, nil
		}
	}
}

// maxAuditLine is more than any entry's texts.
const maxAuditLine = 1 << 20

// VerifyExport reads JSON lines that ExportAudit wrote and answers the last entry, whose hash can be compared with one
// that was noted down. A [*BrokenChain] names the first entry that is not as it was written.
func VerifyExport(r io.Reader) (AuditEntry, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxAuditLine)
	var last AuditEntry
	for lines.Scan() {
		entry, err := readAuditLine(lines.Bytes())
		if err != nil {
			return last, &BrokenChain{Seq: last.Seq + 1, Reason: "cannot be read"}
		}
		if err := entry.Follows(last); err != nil {
			return last, err
		}
		last = entry
	}
	if err := lines.Err(); err != nil {
		return last, fmt.Errorf("audit export: after entry %d: %w", last.Seq, err)
	}
	return last, nil
}

func readAuditLine(text []byte) (AuditEntry, error) {
	var line auditLine
	if err := json.Unmarshal(text, &line); err != nil {
		return AuditEntry{}, err
	}
	entry := AuditEntry{
		Seq: line.Seq, At: line.At, Actor: line.Actor, Action: line.Action, Target: line.Target, Stage: line.Stage,
		Intent: line.Intent, Detail: line.Detail,
	}
	for _, hash := range []struct {
		text string
		into *[32]byte
	}{{line.Previous, &entry.Previous}, {line.Hash, &entry.Hash}} {
		raw, err := hex.DecodeString(hash.text)
		if err != nil || len(raw) != len(hash.into) {
			return AuditEntry{}, errors.New("not a hash")
		}
		*hash.into = [32]byte(raw)
	}
	return entry, nil
}
