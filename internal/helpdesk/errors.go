package helpdesk

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what went wrong, as far as the agent or the person with the link is concerned.
type Kind uint8

// The kinds.
const (
	Unknown       Kind = iota
	NotAllowed         // a rule says no; Error.Rule names it
	NeedsMFA           // agents sign in with a second factor
	NeedsStepUp        // the second factor must have been given within the last five minutes
	NeedsApproval      // a privileged account: a second person must agree first (Request, Approve)
	CoolingDown        // approved, but not long enough ago; Error.Wait
	BadInput           // Error.Field names what is missing or out of bounds
	NoSuchAccount      // the pool has none, or it was deleted and made again
	NoSuchLink         // for agents: no link, reset or request with this number, or not in a state for this
	LinkNotGood        // for the person: unknown, over, wrong piece. All look the same
	LinkOver           // for the person, after the right piece: revoked, replaced by a newer one, or opened elsewhere
	NeedsLink          // the policy wants a link for this set-up
	NeedsAppCode       // an app that works is replaced with its code or with a link
	TooMany            // Error.Wait
	Conflict           // somebody else was faster: look again
	PoolRefused        // the portal's IAM credentials may not do this; Error.Err names the action
	PoolCannot         // the service has no such operation, or it is switched off
	PoolBusy           // throttled
	PoolDown           // no answer, or none that can be read: it may have happened
	NotSent            // nobody takes messages to people just now; what else was done stays done
	StoreDown          // what must be remembered cannot be: nothing was done, or it may have been done and is not recorded
)

// Kinds is every kind, for tables and tests.
func Kinds() []Kind {
	kinds := make([]Kind, 0, StoreDown+1)
	for k := Unknown; k <= StoreDown; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// String is the kind's name in message keys, logs and the API.
func (k Kind) String() string {
	switch k {
	case Unknown:
		return "unknown"
	case NotAllowed:
		return "not_allowed"
	case NeedsMFA:
		return "needs_mfa"
	case NeedsStepUp:
		return "needs_step_up"
	case NeedsApproval:
		return "needs_approval"
	case CoolingDown:
		return "cooling_down"
	case BadInput:
		return "bad_input"
	case NoSuchAccount:
		return "no_such_account"
	case NoSuchLink:
		return "no_such_link"
	case LinkNotGood:
		return "link_not_good"
	case LinkOver:
		return "link_over"
	case NeedsLink:
		return "needs_link"
	case NeedsAppCode:
		return "needs_app_code"
	case TooMany:
		return "too_many"
	case Conflict:
		return "conflict"
	case PoolRefused:
		return "pool_refused"
	case PoolCannot:
		return "pool_cannot"
	case PoolBusy:
		return "pool_busy"
	case PoolDown:
		return "pool_down"
	case NotSent:
		return "not_sent"
	case StoreDown:
		return "store_down"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is why something was not done. Its text is for the log and holds no secret.
type Error struct {
	Kind  Kind
	Op    string        // what was tried
	Rule  string        // with NotAllowed: "default", "rank", "channel", "self", "target_rank"; names a message
	Field string        // with BadInput: "ticket", "reason", "proof", "lifetime", "language", "purpose", "account"; with LinkOver: "account" if it is for another one
	Wait  time.Duration // with TooMany and CoolingDown: until it may be tried again
	Err   error         // the cause; may be nil
}

func (e *Error) Error() string {
	text := e.Op + ": " + e.Kind.String()
	for _, part := range []string{e.Rule, e.Field} {
		if part != "" {
			text += " (" + part + ")"
		}
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of err: Unknown when it has none, or is nil.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unknown
}

// What a store's call may answer instead of nil. Check with [errors.Is].
var (
	// ErrUnavailable: the store did not answer, refused to write or was too slow. A write may have happened or not.
	ErrUnavailable = errors.New("store is unavailable")
	// ErrNotFound: what was asked for does not exist, or does not any more.
	ErrNotFound = errors.New("not found")
	// ErrConflict: what was to be made exists already, or is no longer in the state that the change starts from.
	ErrConflict = errors.New("conflict")
)

// ErrNoSuchChannel is what a [Notifier] answers for a channel that it does not serve: nobody was told, and nothing failed.
var ErrNoSuchChannel = errors.New("this channel is not served")
