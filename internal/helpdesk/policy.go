package helpdesk

import "time"

// Policy says when a set-up needs a link. Replacing an app that works always needs its code or a link.
type Policy struct {
	Mode PolicyMode
	Idle time.Duration // PolicyAuto: accounts that were idle for longer need a link. Zero: 90 days
}

// PolicyMode is the policy's name in the configuration.
type PolicyMode string

// The policies.
const (
	PolicyOpen   PolicyMode = "open"   // whoever has the password may set up for the first time
	PolicyTicket PolicyMode = "ticket" // never without a link
	// PolicyAuto: a link for accounts that an administrator made and that never signed in, and for idle ones, as far as
	// the pool tells.
	PolicyAuto PolicyMode = "auto"
)

// Facts is what the policy judges.
type Facts struct {
	HasApp, ByApp bool      // see Attempt
	Link          bool      // a good link for this purpose is held
	Marked        bool      // a link was asked for before (MarkNeedsLink)
	Status        Status    // of the account in the pool
	LastSeen      time.Time // last sign-in, else the newest sign of life that pool and ledger tell
	Now           time.Time
}

// Judge is the policy's answer: nil, or an [*Error] with NeedsLink or NeedsAppCode.
func (p Policy) Judge(f Facts) error { return nil }
