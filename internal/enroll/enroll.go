// Package enroll is the way of one account through setting up its authenticator app: what comes after what, what is
// asked of the pool, and what is told to the person. It knows neither HTTP nor AWS.
//
// Everything is one value, the [Flow], which the caller keeps (in the browser's cookie) and passes to the [Service];
// each method answers the next Flow, also when it fails: what a remote call has changed is in it.
//
//	                                  ┌─ StepNewPassword ─┐   ┌─ StepChoose, StepCode ─┐
//	                                  │ temporary password│   │ a factor is set up     │
//	StepSignIn ── SignIn ── pool asks ┤                   ├───┤                        ├── token ──> StepReview ── Start ──┐
//	     ^  └─ StepReset: forgotten   └───────────────────┘   └────────────────────────┘                                  │
//	     │                                  └── MFA_SETUP session ── (Associate at once) ────────────────────────> StepScan
//	     │                                                                                                            Verify
//	     └── Flow.At: the authority has ended                                                                             │
//	                                 StepDone <── Finish (preference or last answer, again if it failed) <── StepFinish <─┘
//	                                    └── Try: sign in for real with the next code, back to StepDone
//
//	signin.go   from a name to a token or a session      setup.go  from there to a working app
//	account.go  what a signed-in person may change       reset.go  forgotten password, account not confirmed
//	swap.go     going on on another screen
//	desk.go     links of the help desk                   prove.go  the sign-in of its agents
//	leave.go    the end of a sign-in's tokens
//
// Two authorities, one path: an access token (the pool lets the account in; Finish is SetUserMFAPreference) or a
// challenge session (the pool insists on an app; Finish is the answer to MFA_SETUP).
//
// A wrong code is diagnosed here (doctor.go): we hold the key, so only a code that matches it goes to the pool.
package enroll

import (
	"context"
	"time"

	"cognito-enroll/internal/secret"
)

// Pool is what enrollment needs of a user pool. Errors are *[Error]; when one is returned the other results mean
// nothing. Every method is one call to the pool, but SignIn, which may take two.
type Pool interface {
	// SignIn begins with user name and password (Cognito: InitiateAuth, and PASSWORD_VERIFIER after it for SRP).
	SignIn(ctx context.Context, username string, password secret.Text) (Answer, error)
	// SetNewPassword replaces a temporary password and gives the attributes that the pool asked for
	// (RespondToAuthChallenge, NEW_PASSWORD_REQUIRED).
	SetNewPassword(ctx context.Context, session Session, password secret.Text, attributes map[string]string) (Answer, error)
	// ChooseMethod picks one of several second factors (RespondToAuthChallenge, SELECT_MFA_TYPE).
	ChooseMethod(ctx context.Context, session Session, method Method) (Answer, error)
	// AnswerCode gives a second factor's code (RespondToAuthChallenge, SOFTWARE_TOKEN_MFA, SMS_MFA or EMAIL_OTP).
	AnswerCode(ctx context.Context, session Session, method Method, code secret.Text) (Answer, error)

	// Associate makes a new key (AssociateSoftwareToken). On the session path the answer's session replaces the one
	// given. The app that works today goes on working until Verify.
	Associate(ctx context.Context, authority Authority) (Association, error)
	// Verify proves that the app has the key (VerifySoftwareToken). On the session path it answers the session that
	// FinishSetUp needs. It is sent once and never again for the same code.
	Verify(ctx context.Context, authority Authority, code secret.Text, deviceName string) (Session, error)
	// FinishSetUp ends the challenge MFA_SETUP (RespondToAuthChallenge).
	FinishSetUp(ctx context.Context, session Session) (Answer, error)

	// Prefer makes the pool ask for a method from now on (SetUserMFAPreference).
	Prefer(ctx context.Context, accessToken secret.Text, method Method) error
	// Remove makes the pool stop asking for the app's code (SetUserMFAPreference). A pool that requires MFA answers
	// yes and goes on asking.
	Remove(ctx context.Context, accessToken secret.Text) error
	// Account tells which methods are set up, as far as Cognito tells (GetUser).
	Account(ctx context.Context, accessToken secret.Text) (Account, error)
	// SignOutEverywhere ends every session of the account (GlobalSignOut).
	SignOutEverywhere(ctx context.Context, accessToken secret.Text) error

	// Revoke ends a refresh token, and the access tokens that came with it (RevokeToken).
	Revoke(ctx context.Context, refreshToken secret.Text) error

	// ForgotPassword sends a code to whoever has the account's mailbox or phone (ForgotPassword).
	ForgotPassword(ctx context.Context, username string) error
	// ResetPassword sets a new password with that code (ConfirmForgotPassword).
	ResetPassword(ctx context.Context, username string, code, password secret.Text) error
	// ConfirmSignUp confirms a new account with the code that was sent (ConfirmSignUp).
	ConfirmSignUp(ctx context.Context, username string, code secret.Text) error
	// ResendConfirmation sends that code again (ResendConfirmationCode).
	ResendConfirmation(ctx context.Context, username string) error
}

// Session is a challenge session: the pool's opaque text and the name that answers to it must carry (Cognito:
// USER_ID_FOR_SRP, the immutable user name).
type Session struct {
	Text   secret.Text
	UserID string
}

// Authority is what authorizes the calls of a set-up: exactly one of the two is set.
type Authority struct {
	AccessToken secret.Text
	Session     Session
}

// Method is a second factor.
type Method uint8

// The second factors that Cognito can ask for with a code.
const (
	MethodApp Method = iota
	MethodSMS
	MethodEmail
)

// String is the method's name in message keys and forms.
func (m Method) String() string {
	switch m {
	case MethodApp:
		return "app"
	case MethodSMS:
		return "sms"
	case MethodEmail:
		return "email"
	}
	return "method"
}

// Methods is every method, in the order in which they are shown.
func Methods() []Method { return []Method{MethodApp, MethodSMS, MethodEmail} }

// Challenge is what the pool wants next.
type Challenge uint8

// The challenges that this portal answers.
const (
	NoChallenge          Challenge = iota // signed in: the answer has an access token
	ChallengeNewPassword                  // the password is temporary
	ChallengeChoose                       // several second factors are set up
	ChallengeCode                         // a second factor's code
	ChallengeSetUp                        // an authenticator app must be set up
)

// Answer is the pool's answer to a step of signing in.
type Answer struct {
	Challenge   Challenge
	Session     Session     // with a challenge
	Method      Method      // with ChallengeCode
	Methods     []Method    // with ChallengeChoose
	Destination string      // with ChallengeCode by SMS or mail: where it went, masked by the pool
	DeviceName  string      // with ChallengeCode by app, when the app was given a name
	Attributes  []string    // with ChallengeNewPassword: what else the pool wants to know
	AccessToken secret.Text // with NoChallenge
	Refresh     secret.Text // with NoChallenge: the refresh token, "" when the pool gave none
	Username    string      // with NoChallenge: the account's own name
	SignedInAt  time.Time   // with NoChallenge: when the person proved who he is
	Federated   bool        // with NoChallenge: another identity provider signs this account in
	Until       time.Time   // when Session or AccessToken ends, as far as can be told
}

// Association is a new key.
type Association struct {
	Key     secret.Text // base32, as the pool gives it
	Session Session     // session path only
	Until   time.Time   // session path only
}

// Account is what the pool tells of an account.
type Account struct {
	Methods   []Method // that are switched on
	Preferred Method
	Prefers   bool // whether any is preferred
}

// Service moves flows forward. It keeps nothing between calls and is safe for concurrent use.
type Service struct {
	pool      Pool
	desk      Desk
	policy    PasswordPolicy
	required  bool
	removable bool
	revoke    Later
	vault     Vault
	now       func() time.Time
}

// Options of a Service.
type Options struct {
	Pool      Pool
	Desk      Desk // nil: there is none
	Policy    PasswordPolicy
	Required  bool  // the pool is known to require MFA
	Removable bool  // the pool is known not to: people may switch their app off
	Revoke    Later // ends each sign-in's refresh token when it is left; nil: the token is dropped unread
	Vault     Vault // with Revoke
	Now       func() time.Time
}

// New makes a Service.
func New(opts Options) *Service {
	if opts.Desk == nil {
		opts.Desk = noDesk{}
	}
	return &Service{pool: opts.Pool, desk: opts.Desk, policy: opts.Policy, required: opts.Required, removable: opts.Removable, revoke: opts.Revoke, vault: opts.Vault, now: opts.Now}
}
