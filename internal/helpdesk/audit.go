package helpdesk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// AuditEntry is a link of the audit chain: what somebody was about to do, or what came of it.
type AuditEntry struct {
	Seq    int64     // given by the store: 1, 2, 3, …
	At     time.Time // given by the store, whole microseconds
	Actor  string    // Agent.String, or "account:<name>"
	Action string
	Target string
	Stage  string // StageIntent or StageResult
	Intent int64  // of a result: the Seq of its intent
	Detail string

	Previous [32]byte // the hash of the entry before, zero for the first
	Hash     [32]byte // of all of the above
}

// The stages. An intent without a result was cut off: what it announced may have happened.
const (
	StageIntent = "intent"
	StageResult = "result"
)

// Sum is the hash that the entry should have. It covers every field, each with its length, so that no two entries have
// the same bytes to be hashed.
func (e *AuditEntry) Sum() [32]byte {
	text := []byte("cognito-enroll audit 1\n")
	text = append(text, e.Previous[:]...)
	for _, number := range []int64{e.Seq, micros(e.At), e.Intent} {
		text = binary.BigEndian.AppendUint64(text, uint64(number))
	}
	for _, field := range []string{e.Actor, e.Action, e.Target, e.Stage, e.Detail} {
		text = binary.BigEndian.AppendUint64(text, uint64(len(field)))
		text = append(text, field...)
	}
	return sha256.Sum256(text)
}

// Follows reports whether the entry is the one behind last, as it was written: nil, or a [*BrokenChain].
func (e *AuditEntry) Follows(last AuditEntry) error {
	reason := ""
	switch {
	case e.Seq != last.Seq+1:
		reason = "is missing"
	case e.Previous != last.Hash:
		reason = "does not follow the one before"
	case e.Hash != e.Sum():
		reason = "was changed"
	default:
		return nil
	}
	return &BrokenChain{Seq: last.Seq + 1, Reason: reason}
}

// BrokenChain says where an audit chain was changed.
type BrokenChain struct {
	Seq    int64 // the first entry that is not as it was written
	Reason string
}

func (b *BrokenChain) Error() string { return fmt.Sprintf("audit entry %d: %s", b.Seq, b.Reason) }

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// means are what can change something that matters. Only auditor.do hands them out.
type means struct {
	pool    Changer
	journal Journal
}

// auditor has the only means in the package: no audit, no effect.
type auditor struct {
	means means
	log   *slog.Logger
}

// act is what an entry announces.
type act struct {
	actor, action, target, detail string
}

// do writes the intent, does the effect and writes what came of it. Without the intent the effect does not happen. A
// result that cannot be written is StoreDown although the effect happened: every effect may be done again. The result is
// written even when the caller has left meanwhile.
func (a *auditor) do(ctx context.Context, what act, effect func(context.Context, means) (result string, err error)) error {
	intent, err := a.means.journal.AppendAudit(ctx, AuditEntry{
		Actor: what.actor, Action: what.action, Target: what.target, Stage: StageIntent, Detail: what.detail,
	})
	if err != nil {
		return &Error{Kind: StoreDown, Op: what.action, Err: fmt.Errorf("audit: %w", err)}
	}
	result, failed := effect(ctx, a.means)
	if failed != nil {
		result = "failed: " + failed.Error()
	}
	_, err = a.means.journal.AppendAudit(context.WithoutCancel(ctx), AuditEntry{
		Actor: what.actor, Action: what.action, Target: what.target, Stage: StageResult, Intent: intent.Seq, Detail: result,
	})
	if err != nil {
		a.log.ErrorContext(ctx, "audit result not written", "action", what.action, "intent", intent.Seq, "error", err)
		return errors.Join(failed, &Error{Kind: StoreDown, Op: what.action, Err: fmt.Errorf("audit: %w", err)})
	}
	return failed
}
