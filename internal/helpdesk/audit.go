package helpdesk

import "time"

// AuditEntry is a link of the audit chain: what somebody was about to do, or what came of it.
type AuditEntry struct {
	Seq    int64     // given by the store: 1, 2, 3, …
	At     time.Time // given by the store
	Actor  string
	Action string
	Target string
	Stage  string // "intent" or "result"
	Intent int64  // of a result: the Seq of its intent
	Detail string

	Previous [32]byte // the hash of the entry before, zero for the first
	Hash     [32]byte // of all of the above
}

type auditor struct{}
