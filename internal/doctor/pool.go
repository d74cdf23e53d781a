package doctor

import (
	"context"
	"time"
)

// Pool is what the doctor asks of a user pool.
type Pool interface {
	// SignIn begins a sign-in by a flow, with a user name that nobody has.
	SignIn(ctx context.Context, flow string) Reply
	// Touch calls an unsigned operation with a token or session that cannot be: it only tells who answers.
	Touch(ctx context.Context, operation string) Reply
	// Keys fetches the public keys that the pool publishes under its id.
	Keys(ctx context.Context) Reply

	// HasCredentials looks for IAM credentials, for a few seconds at most. What follows needs them.
	HasCredentials(ctx context.Context) bool
	// MFA is GetUserPoolMfaConfig, Client DescribeUserPoolClient, Settings DescribeUserPool.
	MFA(ctx context.Context) (MFASettings, Reply)
	Client(ctx context.Context) (ClientSettings, Reply)
	Settings(ctx context.Context) (PoolSettings, Reply)
	// Try calls one of [HelpDeskOperations] for a user name that nobody has.
	Try(ctx context.Context, operation string) Reply
}

// Kind says how a call ended.
type Kind uint8

// How calls end.
const (
	Other Kind = iota // in a way that is not listed here: Reply.Seen names it

	// Nobody answered, or something that is not Cognito.
	NoSuchHost
	NoConnection
	BadCertificate
	NoAnswer // in time, or the connection broke
	NotCognito
	Broken  // 5xx
	Blocked // 403: a firewall answers in Cognito's place
	Throttled

	// Cognito answered.
	Answered         // as it should
	UnknownUser      // "there is no such user"
	WrongPassword    // what hides whether there is such a user
	NoClient         // no such app client
	NoPool           // no such pool
	FlowOff          // the app client does not allow the flow
	HashMissing      // the app client has a secret, none was used
	HashWrong        // another secret was used
	HashSurplus      // the app client has no secret, one was used
	TriggerFailed    // a Lambda trigger is broken
	TriggerRefused   // a Lambda trigger refuses this user
	Unsupported      // the app client has the operation switched off
	UnknownOperation // the service does not know the operation

	// IAM answered.
	Denied         // the identity may not
	BadCredentials // there is no such identity
)

// Reply is how a call ended, as far as it matters here.
type Reply struct {
	Kind Kind
	Seen string // for people: the exception's name or the host. Never the service's own text, which may repeat tokens
	// Ahead is by how much the pool's clock is ahead of this machine's; Dated says that the answer told the time.
	Ahead time.Duration
	Dated bool
}

// MFASettings is which second factors the pool has.
type MFASettings struct {
	Mode string // OFF, OPTIONAL or ON
	Apps bool   // authenticator apps (TOTP)
}

// ClientSettings is what matters of an app client.
type ClientSettings struct {
	Flows           []string // ExplicitAuthFlows
	HasSecret       bool
	HidesUsers      bool // PreventUserExistenceErrors
	SessionValidity time.Duration
	RevokesTokens   bool
	OAuth           bool // people may sign in on Cognito's pages
	CodeGrant       bool
	Scopes          []string
	CallbackURLs    []string
}

// PoolSettings is what matters of a pool.
type PoolSettings struct {
	ARN            string
	PasswordPolicy PasswordPolicy
}

// PasswordPolicy is the pool's rule for passwords.
type PasswordPolicy struct {
	MinLength                    int
	Upper, Lower, Number, Symbol bool
}

// Portal is what the doctor asks of the portal that runs.
type Portal interface {
	// Visit fetches the portal's health page by its public address, with the largest cookie that an enrollment
	// makes or with none.
	Visit(ctx context.Context, largestCookie bool) Visit
}

// Visit is how a visit ended.
type Visit struct {
	URL     string
	Healthy bool   // the portal answered
	Renamed bool   // but takes its own pages for another host's: a proxy does not pass Host on
	Status  int    // 0 when nobody answered
	Seen    string // for people, when nobody answered
	Cookie  int    // bytes of the cookie header
}
