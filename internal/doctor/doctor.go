// Package doctor tries a user pool and says what stands in the way of enrollment, each finding with its mend.
//
//	region.go   before any call: do region and pool belong together
//	signin.go   what a sign-in with a user name that nobody has gives away; needs no credentials
//	settings.go what only IAM-signed calls tell: MFA, app client, password policy
//	helpdesk.go what the IAM identity may do for the help desk
//	proxy.go    whether the portal's public address lets its largest cookie through
//	mend.go     the AWS CLI commands                     finding.go  findings and the report
//
// It knows neither AWS nor HTTP: [Pool] and [Portal] are what it needs of them. Nothing that it asks for changes
// anything: every call about a user names one that does not exist.
package doctor

import (
	"context"
	"time"
)

// Options say what is examined, and what the portal expects of it.
type Options struct {
	Pool   Pool
	Portal Portal // nil when the portal has no public address

	Region, UserPoolID, ClientID string
	// ClientSecret says that the portal is given a secret of the app client.
	ClientSecret bool
	// Endpoint says that something stands in Cognito's place, whose region is but a name.
	Endpoint bool
	// Demo says that the pool is the embedded one.
	Demo bool
	// Flows are the sign-in flows that the portal can use, for example USER_PASSWORD_AUTH: the best one first, and
	// one is enough.
	Flows []string
	// CallbackURL is where Cognito's own pages send people back to; "" when nobody signs in there. OAuthOnly says that
	// everybody does.
	CallbackURL string
	OAuthOnly   bool
	// SessionValidity, PasswordPolicy and MFAOptional are what the portal is told of the pool, which keeps them from strangers.
	SessionValidity time.Duration
	PasswordPolicy  PasswordPolicy
	MFAOptional     bool
	// HelpDesk says that there are agents, DeskPolicy when they must be asked for a link (open, ticket, auto), and NameOpens
	// that some links need no spoken characters.
	HelpDesk   bool
	DeskPolicy string
	NameOpens  bool
}

// examination is one visit.
type examination struct {
	Options
	findings []Finding
	started  Reply // to the first sign-in

	client    fact // the app client exists
	pool      fact // the pool exists
	flow      fact // the wanted flow is allowed
	existence fact // unknown user names are hidden
	secret    fact // the portal has the app client's secret, or rightly none
	revokes   fact // refresh tokens can be revoked
	arn       string
}

// fact is what is known of a yes-or-no question.
type fact uint8

const (
	unknown fact = iota
	good
	bad
)

// Examine asks everything that can be asked. It ends early, with what it has found, when ctx does.
func Examine(ctx context.Context, opts Options) Report {
	e := &examination{Options: opts}
	if opts.Demo {
		e.ok("demo", "No pool is configured: this is the embedded pool of the demo, made for this examination.")
	}
	if e.checkRegion() && e.checkSignIn(ctx) {
		e.checkFirewall(ctx)
		e.checkSigned(ctx)
		e.concludePool(ctx)
		e.concludeClient()
	}
	e.checkDesk()
	e.checkProxy(ctx)
	return Report{
		UserPoolID: opts.UserPoolID, ClientID: opts.ClientID, Region: opts.Region, Demo: opts.Demo, Findings: e.findings,
	}
}
