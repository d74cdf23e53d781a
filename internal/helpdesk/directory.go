package helpdesk

import (
	"context"
	"time"

	"cognito-enroll/internal/enroll"
)

// Directory is the pool as administrators see it. internal/cognito provides it, with IAM credentials. Errors are
// [*Error] of the kinds NoSuchAccount, PoolRefused, PoolCannot, PoolBusy, PoolDown or BadInput.
type Directory interface {
	Reader
	Changer
}

// Reader is what can be asked of the pool.
type Reader interface {
	// Account is one account by its own name or its sub, with methods (AdminGetUser; ListUsers for a federated sub).
	Account(ctx context.Context, name string) (Account, error)
	// Groups are the names of an account's groups (AdminListGroupsForUser, all pages).
	Groups(ctx context.Context, username string) ([]string, error)
	// Find lists accounts by one attribute, at most limit; without methods (ListUsers with a filter). ByName finds what
	// begins with the value, the others what equals it.
	Find(ctx context.Context, by Field, value string, limit int) ([]Account, error)
	// Page lists accounts, starting at token ("" at the beginning), without methods (ListUsers). A page can be empty
	// while next is not: the list ends where next is "".
	Page(ctx context.Context, token string) (accounts []Account, next string, err error)
	// Members lists the user names in a group in the same way (ListUsersInGroup). A group that does not exist is empty.
	Members(ctx context.Context, group, token string) (usernames []string, next string, err error)
	// LastSignIn is when the account last signed in before a moment, zero if never; known is false where the pool does not
	// tell (AdminListUserAuthEvents, which needs threat protection).
	LastSignIn(ctx context.Context, username string, before time.Time) (at time.Time, known bool, err error)
	// Devices are the keys of remembered devices, which may stand for a second factor (AdminListDevices). Empty where the
	// pool tracks none.
	Devices(ctx context.Context, username string) ([]string, error)
}

// Changer is what can be done to an account. Each may be said again.
type Changer interface {
	// DropApp makes the pool forget the account's authenticator app (AdminDeleteSoftwareToken, or what the pool has in
	// its place: internal/cognito/directory_changes.go).
	DropApp(ctx context.Context, username string) (Dropped, error)
	// SignOut ends every session of the account (AdminUserGlobalSignOut).
	SignOut(ctx context.Context, username string) error
	// ForgetDevice is AdminForgetDevice. A device that is not there is forgotten.
	ForgetDevice(ctx context.Context, username, device string) error
}

// Field is an attribute to look accounts up by.
type Field string

// The fields: what ListUsers can search.
const (
	ByUsername Field = "username"
	ByEmail    Field = "email"
	ByPhone    Field = "phone_number"
	BySub      Field = "sub"
	ByName     Field = "name"
)

// Status is an account's state in the pool, in Cognito's words.
type Status string

// The states (API reference, UserType).
const (
	StatusUnconfirmed       Status = "UNCONFIRMED"
	StatusConfirmed         Status = "CONFIRMED"
	StatusTemporaryPassword Status = "FORCE_CHANGE_PASSWORD" // made by an administrator, never signed in
	StatusResetRequired     Status = "RESET_REQUIRED"
	StatusExternal          Status = "EXTERNAL_PROVIDER" // signs in elsewhere
)

// Account is an account as the pool describes it.
type Account struct {
	Sub      string
	Username string // the account's own, unchanging name
	Status   Status
	Enabled  bool
	Created  time.Time
	Modified time.Time

	Name          string // as shown: name, or given and family name
	Email, Phone  string
	EmailVerified bool
	PhoneVerified bool
	Locale        string

	// Methods are the second factors that are switched on. An app that is registered but not switched on is not listed,
	// though a pool that requires MFA asks for it all the same. Nil where MethodsKnown is false.
	Methods      []enroll.Method
	MethodsKnown bool
}

// HasApp reports whether an authenticator app is listed.
func (a Account) HasApp() bool {
	for _, m := range a.Methods {
		if m == enroll.MethodApp {
			return true
		}
	}
	return false
}

// Federated reports whether another identity provider signs the account in: Cognito never asks it for an app.
func (a Account) Federated() bool { return a.Status == StatusExternal }

// Dropped is what became of an account's app.
type Dropped string

// The outcomes. The last two leave the old app as it was in a pool that requires MFA.
const (
	DroppedApp     Dropped = "dropped"      // registration and preference are gone
	DroppedNothing Dropped = "nothing"      // there was none
	DroppedOff     Dropped = "switched_off" // the pool has no way to drop it and does not require MFA: it is not asked for any more
	DroppedNot     Dropped = "impossible"   // the pool requires MFA and has no way to drop it: an operator must help
)
