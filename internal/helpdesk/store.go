package helpdesk

import (
	"context"
	"crypto/sha256"
	"time"
)

// Store is what the help desk remembers. internal/store provides it. Errors are [ErrNotFound], [ErrConflict] or
// [ErrUnavailable]; methods that answer nil have their effect on disk.
type Store interface {
	Memory
	Changes
	Journal
}

// InviteState is where an invite stands. Whether it has expired is told by its time, not by its state.
//
//	live ──right piece──> opened ──set-up finished──> spent
//	  └──────────┬───────────┘
//	             └──> revoked (by an agent, or the account's owner) or cancelled (by a newer invite)
type InviteState string

// The states.
const (
	InviteLive      InviteState = "live"
	InviteOpened    InviteState = "opened"
	InviteSpent     InviteState = "spent"
	InviteRevoked   InviteState = "revoked"
	InviteCancelled InviteState = "cancelled"
)

// Purpose is what a link is for.
type Purpose string

// The purposes.
const (
	FirstSetUp Purpose = "first"   // the account has no app
	Replace    Purpose = "replace" // it has, or had one
)

// Invite is a link that an agent made for one account, as the store keeps it. Pages show a [Link].
type Invite struct {
	ID          int64    // given by the store
	LocatorHash [32]byte // SHA-256 of what the link holds
	Pool        string
	Account     string // the account's sub: a user name may be given to somebody else
	Purpose     Purpose
	Before      string // the account's app when the link was made: "app" or "none"
	Agent       string // Agent.String
	Approval    int64  // the approval that a privileged account needed; 0: none
	Ticket      string
	Reason      string
	Proof       string // how the agent made sure of who called
	Language    string
	CreatedAt   time.Time
	ExpiresAt   time.Time

	State     InviteState
	ChangedAt time.Time // when it came into that state
	// Holder is the browser that opened it last, which alone may spend it. Zero: not opened.
	Holder [16]byte

	// The spoken piece. It has forty bits, so its hash is keyed: who reads the store could try them all. Empty: none was
	// issued yet. One that opens with a name has hashes of another length (piece.go).
	PieceHash      []byte
	PieceExpiresAt time.Time
	Tries          int // wrong ones. A new piece does not take them back
}

// Change is the invite's state as others are told of it: it came into it through somebody.
func (i Invite) Change(by string) Change {
	what := "link." + string(i.State)
	if i.State == InviteLive {
		what = "link.made"
	}
	return Change{At: i.ChangedAt, What: what, Invite: i.ID, Account: i.Account, Ticket: i.Ticket, Agent: by}
}

// opensByName reports whether the account's name opens the invite, and no spoken piece.
func (i Invite) opensByName() bool {
	return len(i.PieceHash)%sha256.Size == 1 && i.PieceHash[0] == byName
}

// Memory is what can be looked up.
type Memory interface {
	Invite(ctx context.Context, locatorHash [32]byte) (Invite, error)
	InviteByID(ctx context.Context, id int64) (Invite, error)
	// Invites are an account's, the newest first.
	Invites(ctx context.Context, pool, account string, limit int) ([]Invite, error)
	// LatestInvites are a pool's, the newest first, with a smaller ID than before (0: from the newest on).
	LatestInvites(ctx context.Context, pool string, before int64, limit int) ([]Invite, error)
	// InviteEvents are what happened with an invite, with a greater ID than after, in order.
	InviteEvents(ctx context.Context, invite, after int64, limit int) ([]InviteEvent, error)

	Reset(ctx context.Context, id int64) (Reset, error)
	// OpenReset is the account's reset that is not done: ErrNotFound when there is none.
	OpenReset(ctx context.Context, pool, account string) (Reset, error)
	// Resets are an account's, the newest first.
	Resets(ctx context.Context, pool, account string, limit int) ([]Reset, error)

	Approval(ctx context.Context, id int64) (Approval, error)
	// Approvals are a pool's that are requested or approved and not yet over, the oldest first.
	Approvals(ctx context.Context, pool string, limit int) ([]Approval, error)

	// Marked is when an account, by its own name, got a mark: the zero time when it has none.
	Marked(ctx context.Context, pool, account string, mark Mark) (time.Time, error)

	// Audit lists entries in their order, starting behind the number after; VerifyAudit walks the whole chain.
	Audit(ctx context.Context, after int64, limit int) ([]AuditEntry, error)
	VerifyAudit(ctx context.Context) (last AuditEntry, err error)
	// Deeds lists the intents about a target, under either of its names, with their results, the newest first.
	Deeds(ctx context.Context, target, alias string, before int64, limit int) ([]Deed, error)

	Latest(ctx context.Context, pool, account string) (LedgerEntry, error)
	Ledger(ctx context.Context, page LedgerPage) ([]LedgerEntry, error)
	// Covered are the accounts that the last finished sweep saw, each with its newest ledger entry and invite, in the
	// order of user names, starting behind after.
	Covered(ctx context.Context, pool, after string, limit int) ([]Covered, error)
	// Swept is when the last sweep finished: the zero time when none has.
	Swept(ctx context.Context, pool string) (time.Time, error)
}

// Changes is what can be written without an entry in the audit trail: what the person with the link does, and records.
type Changes interface {
	// TryPiece opens the invite for holder if pieceHash is that of its piece; a wrong one costs a try, of limit in all.
	// ErrNotFound: no such invite can be opened; ErrConflict: the piece is wrong. Both must look the same outside.
	TryPiece(ctx context.Context, locatorHash [32]byte, pieceHash []byte, limit int, holder [16]byte) (Invite, error)
	AppendInviteEvent(ctx context.Context, event InviteEvent) error
	AppendLedger(ctx context.Context, entry LedgerEntry) (int64, error)
	Mark(ctx context.Context, pool, account string, mark Mark) error
	// Unmark takes back a mark that was made before a moment; zero: whenever it was made.
	Unmark(ctx context.Context, pool, account string, mark Mark, before time.Time) error

	// PutReset keeps a new reset: ErrConflict when the account has one that is not done.
	PutReset(ctx context.Context, reset Reset) (id int64, err error)
	// PutPart records what came of a part, in place of what was recorded of it before.
	PutPart(ctx context.Context, reset int64, part Part) error
	// SetResetInvite notes the link that belongs to a reset.
	SetResetInvite(ctx context.Context, reset, invite int64) error
	// SetResetApproval notes the approval that a reset needs since its account has become privileged.
	SetResetApproval(ctx context.Context, reset, approval int64) error
	// FinishReset ends a reset: ErrConflict when it is done already.
	FinishReset(ctx context.Context, reset int64) error

	// Allow counts an event of key if limit has room for it, and answers 0; otherwise how long to wait.
	Allow(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error)
	// BeginSweep answers a number for a new sweep; PutSwept keeps what it saw of some accounts; FinishSweep makes it the
	// one that counts, and forgets accounts that it did not see.
	BeginSweep(ctx context.Context, pool string) (sweep int64, err error)
	PutSwept(ctx context.Context, pool string, sweep int64, accounts []Swept) error
	FinishSweep(ctx context.Context, pool string, sweep int64) error
}

// Journal is what is written with an entry in the audit trail only (see auditor.do).
type Journal interface {
	AppendAudit(ctx context.Context, entry AuditEntry) (AuditEntry, error)

	// PutInvite keeps a new live invite and cancels the account's older one in the same moment.
	PutInvite(ctx context.Context, invite Invite) (id int64, err error)
	// PutPiece gives an invite that still works another spoken piece.
	PutPiece(ctx context.Context, id int64, pieceHash []byte, expiresAt time.Time) error
	// SpendInvite ends an invite that holder has opened. Of all who try one succeeds; the others get ErrConflict.
	SpendInvite(ctx context.Context, id int64, holder [16]byte) error
	// RevokeInvite ends an invite, for somebody.
	RevokeInvite(ctx context.Context, id int64, by string) error
	// RevokeInvites ends whatever invite of why's account still works.
	RevokeInvites(ctx context.Context, pool string, why Change) error

	// EndAllBefore ends the portal's own sessions of an account that began before a moment. account is its own name.
	EndAllBefore(ctx context.Context, account string, at time.Time) error

	// PutApproval keeps a request; DecideApproval answers it, once; UseApproval spends it, once.
	PutApproval(ctx context.Context, approval Approval) (id int64, err error)
	DecideApproval(ctx context.Context, id int64, state ApprovalState, by string) error
	UseApproval(ctx context.Context, id int64) error
}

// Limit is how often something may happen: Burst times at once, and Events times in every Per in the long run.
type Limit struct {
	Events int
	Per    time.Duration
	Burst  int
}

// Mark is something to be remembered of an account until it is taken back.
type Mark string

// The marks.
const (
	// MarkNeedsLink: a set-up was refused for want of a link, or the app was reset. It stays so although the pool may have
	// forgotten why: an account is no longer new once its temporary password was replaced, nor idle once it was refused.
	MarkNeedsLink Mark = "needs_link"
	// MarkFrozen: its owner said "this was not me".
	MarkFrozen Mark = "frozen"
)
