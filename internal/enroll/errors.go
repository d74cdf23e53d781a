package enroll

import (
	"errors"
	"fmt"
)

// Kind is what went wrong, as far as the person is concerned: one kind, one page or one message beside a field.
type Kind uint8

// The kinds. The first group is answered on the form itself.
const (
	Unknown          Kind = iota
	WrongPassword         // user name or password; also an account that does not exist or may not sign in
	WeakPassword          // the new password does not keep the policy
	PasswordReused        // the new password was used before
	PasswordsDiffer       // typed two different new passwords
	WrongCode             // see Error.Diagnosis
	WrongMailedCode       // of a code that was mailed or texted; also an account that does not exist
	MissingAttribute      // something that the pool wants to know was not filled in

	SignInAgain     // session or token has ended or was replaced
	SessionSpent    // likewise, because it was used: what it was for may have happened
	TooManyTries    // the pool has locked the account for a while
	ResetRequired   // the password must be reset first
	NotConfirmed    // the account is not confirmed
	NotAllowed      // a rule of the organisation (a Lambda trigger) refused
	AppsOff         // the pool does not allow authenticator apps
	OtherMethod     // the pool asks for something that this portal cannot answer
	NeedsAppCode    // an app that works is replaced only by who gives its code
	NeedsLink       // this account sets up with a link of the help desk only
	LinkOver        // the link that was opened has ended since: used, revoked, or opened elsewhere
	LinkForOther    // the link that was opened is for another account
	OnlyEmail       // the pool lets this account set up codes by mail, and nothing else
	Federated       // another identity provider signs this account in
	PasswordExpired // the temporary password is too old
	NoWayToReach    // no verified mail address or phone to send a code to
	Conflict        // the account is being changed elsewhere at the same moment
	Busy            // the pool is overloaded
	Blocked         // a firewall in front of the pool refused
	Misconfigured   // the portal's or the pool's settings are wrong
	StoreDown       // what must be remembered cannot be
	PoolDown        // the pool does not answer, or not sensibly
	ResultUnknown   // the pool may or may not have taken the code or the new password: its answer was lost
)

// Kinds is every kind, for tables and tests.
func Kinds() []Kind {
	kinds := make([]Kind, 0, ResultUnknown+1)
	for k := Unknown; k <= ResultUnknown; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// String is the kind's name in message keys and logs.
func (k Kind) String() string {
	switch k {
	case Unknown:
		return "unknown"
	case WrongPassword:
		return "wrong_password"
	case WeakPassword:
		return "weak_password"
	case PasswordReused:
		return "password_reused"
	case PasswordsDiffer:
		return "passwords_differ"
	case WrongCode:
		return "wrong_code"
	case SignInAgain:
		return "sign_in_again"
	case SessionSpent:
		return "session_spent"
	case TooManyTries:
		return "too_many_tries"
	case ResetRequired:
		return "reset_required"
	case NotConfirmed:
		return "not_confirmed"
	case NotAllowed:
		return "not_allowed"
	case AppsOff:
		return "apps_off"
	case OtherMethod:
		return "other_method"
	case NeedsAppCode:
		return "needs_app_code"
	case NeedsLink:
		return "needs_link"
	case LinkOver:
		return "link_over"
	case LinkForOther:
		return "link_for_other"
	case OnlyEmail:
		return "only_email"
	case Federated:
		return "federated"
	case PasswordExpired:
		return "password_expired"
	case NoWayToReach:
		return "no_way_to_reach"
	case WrongMailedCode:
		return "wrong_mailed_code"
	case MissingAttribute:
		return "missing_attribute"
	case Conflict:
		return "conflict"
	case Busy:
		return "busy"
	case Blocked:
		return "blocked"
	case Misconfigured:
		return "misconfigured"
	case StoreDown:
		return "store_down"
	case PoolDown:
		return "pool_down"
	case ResultUnknown:
		return "result_unknown"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a failure of one step. Its text is for the log: it never holds what the person typed, nor a text of the
// pool's, which may repeat it.
type Error struct {
	Kind      Kind
	Op        string         // the operation that failed
	Err       error          // the cause, without secrets
	Diagnosis Diagnosis      // with WrongCode
	Rules     []PasswordRule // with WeakPassword: those not kept, when known
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %v", e.Op, e.Kind, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of err: Unknown when it has none, or is nil.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unknown
}

// authorityEnded reports whether err says that somebody must sign in again.
func authorityEnded(err error) bool {
	kind := KindOf(err)
	return kind == SignInAgain || kind == SessionSpent
}

// askedForMore reports whether the pool has taken what it was given, and then asked for something that cannot be done here.
func askedForMore(err error) bool {
	kind := KindOf(err)
	return kind == OtherMethod || kind == OnlyEmail || kind == AppsOff
}

func wrongCode(op string, diagnosis Diagnosis) error {
	return &Error{Kind: WrongCode, Op: op, Err: fmt.Errorf("diagnosed before asking the pool: %s", diagnosis.Verdict), Diagnosis: diagnosis}
}
