package userpool

import (
	"slices"
	"strings"
	"time"
)

// userPool is one user pool.
type userPool struct {
	id, name           string
	created, modified  time.Time
	mfa                MFA
	totp, sms, email   bool // factors that the pool can offer
	policy             PasswordPolicy
	usernameAttributes []string
	aliasAttributes    []string
	autoVerified       []string
	required           []string // attributes that every user must have
	foldCase           bool     // usernames differ only by more than case
	adminOnly          bool     // AllowAdminCreateUserOnly
	devices            bool     // device tracking
	devicePrompt       bool     // DeviceOnlyRememberedOnUserPrompt
	settings           object   // what was sent and is only told again
	users              map[string]*user
	subs               map[string]*user
	aliases            map[string]*user // attribute name, "=" and value
	groups             map[string]*group
}

func newUserPool(id, name string, now time.Time) *userPool {
	return &userPool{
		id: id, name: name, created: now, modified: now, mfa: MFAOff, policy: defaultPolicy(), settings: object{},
		users: map[string]*user{}, subs: map[string]*user{}, aliases: map[string]*user{}, groups: map[string]*group{},
	}
}

// shortName is the part of the id after the underscore, which SRP calls the pool's name.
func (up *userPool) shortName() string {
	_, name, _ := strings.Cut(up.id, "_")
	return name
}

// client is one app client.
type client struct {
	pool              *userPool
	id, name, secret  string
	created, modified time.Time
	flows             []string // ExplicitAuthFlows
	sessionValidity   time.Duration
	accessValidity    time.Duration
	idValidity        time.Duration
	refreshValidity   time.Duration
	preventExistence  bool
	revocation        bool // EnableTokenRevocation
	rotation          bool
	rotationGrace     time.Duration
	callbacks         []string
	logouts           []string
	oauthFlows        []string
	scopes            []string
	oauth             bool   // AllowedOAuthFlowsUserPoolClient
	settings          object // what was sent and is only told again
}

func allFlows() []string {
	return []string{
		"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH",
	}
}

func (p *Pool) newClient(up *userPool, name string, withSecret bool, now time.Time) (*client, error) {
	id, err := p.text(alphabetLower, 26)
	if err != nil {
		return nil, err
	}
	c := &client{
		pool: up, id: id, name: name, created: now, revocation: true, settings: object{},
		flows:           []string{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"},
		sessionValidity: 3 * time.Minute, accessValidity: time.Hour, idValidity: time.Hour, refreshValidity: 30 * 24 * time.Hour,
	}
	c.modified = c.created
	if withSecret {
		if c.secret, err = p.text(alphabetLower, 52); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// The values of UserStatus that this pool knows.
const (
	statusUnconfirmed   = "UNCONFIRMED"
	statusConfirmed     = "CONFIRMED"
	statusResetRequired = "RESET_REQUIRED"
	statusForceChange   = "FORCE_CHANGE_PASSWORD"
	statusExternal      = "EXTERNAL_PROVIDER"
)

// factor is a second factor, named as UserMFASettingList names it.
type factor string

const (
	factorSMS   factor = "SMS_MFA"
	factorTOTP  factor = "SOFTWARE_TOKEN_MFA"
	factorEmail factor = "EMAIL_OTP"
)

type attribute struct{ name, value string }

// user is one account. Its fields are plain and few: ten thousand of them are seeded in tests.
type user struct {
	pool              *userPool
	name, sub         string
	status            string
	disabled, gone    bool
	created, modified time.Time
	attributes        []attribute
	password          password
	registration      registration
	pending           pendingKey // AssociateSoftwareToken by access token
	setup             *session   // the one MFA_SETUP session that is live
	lastStep          int64      // the newest time step whose code was accepted
	enabled           []factor
	preferred         factor
	groups            []string
	lock              lock
	changes           uint64 // counts the changes of the TOTP registration, for ConcurrentModificationException
	codes             map[purpose]*sentCode
	attempts          map[string][]time.Time // of the last hour
	devices           []*device
	events            []authEvent
}

// registration is the verified authenticator app of a user.
type registration struct {
	key    []byte
	device string // FriendlyDeviceName
}

func (r registration) exists() bool { return len(r.key) > 0 }

// pendingKey is a key that waits for its first code.
type pendingKey struct {
	key      []byte
	failures int
}

// group is a group of users. Its members are in the users.
type group struct {
	name, description, role string
	precedence              int // -1: none
	created, modified       time.Time
}

func (u *user) attribute(name string) string {
	for _, a := range u.attributes {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (u *user) has(f factor) bool { return slices.Contains(u.enabled, f) }

// enable keeps the list in one order, as the service's answers do not depend on the order of the calls.
func (u *user) enable(f factor, on bool) {
	if !on {
		u.enabled = slices.DeleteFunc(u.enabled, func(other factor) bool { return other == f })
		if u.preferred == f {
			u.preferred = ""
		}
		return
	}
	if !u.has(f) {
		u.enabled = append(u.enabled, f)
		slices.Sort(u.enabled)
	}
}

// key folds the case of a username where the pool does.
func (up *userPool) key(name string) string {
	if up.foldCase {
		return strings.ToLower(name)
	}
	return name
}

// find looks a person up by username or by a verified alias. The sub is no name to sign in with.
func (up *userPool) find(name string) *user {
	if name == "" {
		return nil
	}
	if u := up.users[up.key(name)]; u != nil {
		return u
	}
	for _, alias := range up.signInAttributes() {
		if u := up.aliases[aliasKey(alias, name)]; u != nil && (alias == "preferred_username" || u.attribute(alias+"_verified") == "true" || slices.Contains(up.usernameAttributes, alias)) {
			return u
		}
	}
	return nil
}

// findAdmin also takes the sub, as the Admin operations do.
func (up *userPool) findAdmin(name string) *user {
	if u := up.find(name); u != nil {
		return u
	}
	return up.subs[name]
}

func (up *userPool) signInAttributes() []string {
	return slices.Concat(up.usernameAttributes, up.aliasAttributes)
}

func aliasKey(name, value string) string {
	if name == "email" {
		value = strings.ToLower(value)
	}
	return name + "=" + value
}

// setAttribute sets or, with an empty value, removes one attribute, and keeps the aliases.
func (u *user) setAttribute(name, value string) {
	if slices.Contains(u.pool.signInAttributes(), name) {
		if old := u.attribute(name); old != "" && u.pool.aliases[aliasKey(name, old)] == u {
			delete(u.pool.aliases, aliasKey(name, old))
		}
		if value != "" {
			u.pool.aliases[aliasKey(name, value)] = u
		}
	}
	at := slices.IndexFunc(u.attributes, func(a attribute) bool { return a.name == name })
	switch {
	case at >= 0 && value == "":
		u.attributes = slices.Delete(u.attributes, at, at+1)
	case at >= 0:
		u.attributes[at].value = value
	case value != "":
		u.attributes = append(u.attributes, attribute{name, value})
	}
}
