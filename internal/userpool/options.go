package userpool

import (
	"io"
	"time"
)

// MFA says whether the pool asks for a second factor.
type MFA string

// The values of MfaConfiguration.
const (
	MFAOn       MFA = "ON"
	MFAOptional MFA = "OPTIONAL"
	MFAOff      MFA = "OFF"
)

// Options describe the pool that New makes. The zero value is a pool that requires TOTP.
type Options struct {
	// Region is the part of the pool id before the underscore. Default "local-1", which no AWS region is called.
	Region string
	// MFA is the pool's MfaConfiguration. Default ON.
	MFA MFA
	// TOTPOff switches authenticator apps off in the pool (SoftwareTokenMfaConfiguration). With MFA ON another
	// factor must then be configured.
	TOTPOff bool
	// SMS and Email configure the pool to send codes. They are kept for the control interface, never sent.
	SMS, Email bool
	// SessionValidity is AuthSessionValidity of both clients: whole minutes from 3 to 15. Default 3.
	SessionValidity time.Duration
	// AccessTokenValidity is how long access and ID tokens live: 5 minutes to a day. Default an hour.
	AccessTokenValidity time.Duration
	// PreventUserExistenceErrors hides unknown names on both clients. Default LEGACY, as the API's is.
	PreventUserExistenceErrors bool
	// PasswordPolicy is the rule for passwords. Default eight characters of all four kinds.
	PasswordPolicy *PasswordPolicy
	// UsernameAttributes ("email", "phone_number") makes a pool in which people sign in by that attribute and the
	// username is their sub. AliasAttributes (also "preferred_username") allows the attribute beside the username.
	UsernameAttributes, AliasAttributes []string
	// CallbackURLs and LogoutURLs switch the OAuth pages on for both clients: code grant, scopes openid, email, phone,
	// profile and aws.cognito.signin.user.admin.
	CallbackURLs, LogoutURLs []string

	// SessionLength is the length of challenge session strings. Default 1,543, as measured; at most 2,048.
	SessionLength int
	// TokenGroups swells the access and ID tokens by this many made-up groups: 60 make an access token of 3 kB.
	TokenGroups int
	// Switches choose among readings of the service where it is unknown or has changed.
	Switches Switches

	// OnMessage is told every text that a real pool would send. It must not call the pool. Default: nobody is told, and
	// LastMessage remembers.
	OnMessage func(Message)
	// Now is the clock. Default time.Now. Advance moves it.
	Now func() time.Time
	// Rand is where ids, keys and codes come from; it must be safe for concurrent use. Default crypto/rand.
	Rand io.Reader
	// Keys sign the tokens. Default: a new pair, generated in the background. Tests share one to stay fast.
	Keys *Keys
	// AccessKeyID and SecretAccessKey are what IAM-signed operations must be signed with. Default: made up.
	AccessKeyID, SecretAccessKey string
}

// Switches choose among readings of the service where it is unknown or has changed. The zero value is the strict one.
type Switches struct {
	// AssociateDropsOldToken: AssociateSoftwareToken alone ends the old registration, as before 2022
	// (amplify-js#1226, #3844).
	AssociateDropsOldToken bool `json:"associateDropsOldToken,omitempty"`
	// VerifyAcceptsOldCode: a code of the entry registered before also verifies the new key (amplify-flutter#4509).
	VerifyAcceptsOldCode bool `json:"verifyAcceptsOldCode,omitempty"`
	// ChallengeOnRegistration: an OPTIONAL pool asks for TOTP as soon as it is registered, as the developer guide's
	// decision tree says and no observation shows.
	ChallengeOnRegistration bool `json:"challengeOnRegistration,omitempty"`
	// NoDeleteSoftwareToken: AdminDeleteSoftwareToken is unknown, as before August 2026.
	NoDeleteSoftwareToken bool `json:"noDeleteSoftwareToken,omitempty"`
	// NoCodeLockout: wrong codes at sign-in never make the user wait; wrong passwords still do.
	NoCodeLockout bool `json:"noCodeLockout,omitempty"`
	// VerifyLimit: after this many wrong codes for one key VerifySoftwareToken answers TooManyRequestsException.
	// 0: no limit.
	VerifyLimit int `json:"verifyLimit,omitempty"`
	// ReplayIsMismatch: VerifySoftwareToken answers a used code with EnableSoftwareTokenMFAException instead of
	// ExpiredCodeException.
	ReplayIsMismatch bool `json:"replayIsMismatch,omitempty"`
	// AuthEvents records sign-in events, as a Plus tier pool with threat protection does.
	AuthEvents bool `json:"authEvents,omitempty"`
	// Quotas refuses calls above the default requests per second of each category.
	Quotas bool `json:"quotas,omitempty"`
}
