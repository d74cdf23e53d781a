package userpool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognito-enroll/internal/totp"
)

// State says where a seeded account stands.
type State string

// The states of seeded accounts.
const (
	StateNew               State = "new"                // a password, no second factor
	StateTemporaryPassword State = "temporary-password" // FORCE_CHANGE_PASSWORD
	StateEnrolled          State = "enrolled"           // TOTP registered, enabled and preferred
	StateUnconfirmed       State = "unconfirmed"        // signed up, not confirmed
	StateResetRequired     State = "reset-required"     // RESET_REQUIRED
	StateDisabled          State = "disabled"
	StateExternal          State = "external" // EXTERNAL_PROVIDER: signs in elsewhere
)

// User is an account to seed.
type User struct {
	Username   string            `json:"username"`
	Password   string            `json:"password,omitempty"`
	State      State             `json:"state,omitempty"` // default new
	TOTPSecret string            `json:"totpSecret,omitempty"`
	DeviceName string            `json:"deviceName,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
}

// AddUser seeds one account in the first pool. An enrolled one without a key gets a random one, which only Info of
// the demo accounts tells. In a pool whose usernames are e-mail addresses or phone numbers the username is made into
// that attribute, as AdminCreateUser does.
func (p *Pool) AddUser(seed User) error { return p.AddUsers(seed) }

// AddUsers seeds accounts in one go; after an error those before it are there.
func (p *Pool) AddUsers(seeds ...User) error {
	err := p.addUsers(seeds)
	return errors.Join(err, p.persist("AddUsers"))
}

func (p *Pool) addUsers(seeds []User) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, seed := range seeds {
		if err := p.addUser(seed); err != nil {
			return fmt.Errorf("userpool: user %q: %w", seed.Username, err)
		}
	}
	return nil
}

func (p *Pool) addUser(seed User) error {
	up, now := p.first, p.now()
	attributes := make([]attribute, 0, len(seed.Attributes))
	for name, value := range seed.Attributes {
		attributes = append(attributes, attribute{name, value})
	}
	slices.SortFunc(attributes, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	u, err := p.newUser(up, seed.Username, attributes, now)
	if err != nil {
		return err
	}
	u.status = statusConfirmed
	switch seed.State {
	case "", StateNew, StateEnrolled:
	case StateTemporaryPassword:
		u.status = statusForceChange
	case StateUnconfirmed:
		u.status = statusUnconfirmed
	case StateResetRequired:
		u.status = statusResetRequired
	case StateDisabled:
		u.disabled = true
	case StateExternal:
		u.status = statusExternal
	default:
		return fmt.Errorf("state %q is unknown", seed.State)
	}
	if seed.Password != "" {
		if fault := u.setPassword(seed.Password, seed.State == StateTemporaryPassword, now); fault != nil {
			return fault
		}
	} else if seed.State != StateExternal {
		return errors.New("a password is needed")
	}
	if seed.State == StateEnrolled || seed.TOTPSecret != "" {
		if err := p.enroll(u, seed); err != nil {
			return err
		}
	}
	for _, name := range seed.Groups {
		if up.groups[name] == nil {
			up.groups[name] = &group{name: name, precedence: -1, created: now, modified: now}
		}
		u.groups = append(u.groups, name)
	}
	up.add(u)
	return nil
}

func (p *Pool) enroll(u *user, seed User) error {
	key, err := p.random(totpKeySize)
	if seed.TOTPSecret != "" {
		key, err = totp.Decode(seed.TOTPSecret)
	}
	if err != nil {
		return err
	}
	u.registration = registration{key: key, device: seed.DeviceName}
	u.enable(factorTOTP, true)
	u.preferred = factorTOTP
	return nil
}

// newUser makes an account that is not yet in the pool.
func (p *Pool) newUser(up *userPool, name string, attributes []attribute, now time.Time) (*user, error) {
	if name == "" || len(name) > 512 || !p.model.shapes["UsernameType"].matches(name) {
		return nil, invalidParameter("Username should be either an email or a phone number, or a name without spaces")
	}
	sub, err := p.uuid()
	if err != nil {
		return nil, err
	}
	u := &user{pool: up, name: name, sub: sub, created: now, modified: now}
	if len(up.usernameAttributes) > 0 {
		kind := "email"
		if strings.HasPrefix(name, "+") {
			kind = "phone_number"
		}
		if !slices.Contains(up.usernameAttributes, kind) || kind == "email" && !strings.Contains(name, "@") {
			return nil, invalidParameter("Username should be an %s.", strings.Join(up.usernameAttributes, " or "))
		}
		u.name = sub
		u.attributes = append(u.attributes, attribute{kind, name})
		if up.aliases[aliasKey(kind, name)] != nil {
			return nil, usernameExists("An account with the given " + kind + " already exists.")
		}
	}
	if up.users[up.key(u.name)] != nil {
		return nil, usernameExists("User account already exists")
	}
	for _, a := range attributes {
		if a.name == "sub" {
			continue
		}
		at := slices.IndexFunc(u.attributes, func(b attribute) bool { return b.name == a.name })
		if at >= 0 {
			u.attributes[at].value = a.value
		} else {
			u.attributes = append(u.attributes, a)
		}
	}
	return u, nil
}

// aliasesFree refuses a new account whose address already is another's way to sign in. Forced, it takes the address.
func (up *userPool) aliasesFree(u *user, force bool) error {
	for _, name := range up.signInAttributes() {
		key := aliasKey(name, u.attribute(name))
		if u.attribute(name) == "" || up.aliases[key] == nil || u.attribute(name+"_verified") != "true" {
			continue
		}
		if !force {
			return usernameExists("An account with the " + name + " already exists.")
		}
		delete(up.aliases, key)
	}
	return nil
}

// add puts an account into the pool and its indexes.
func (up *userPool) add(u *user) {
	up.users[up.key(u.name)] = u
	up.subs[u.sub] = u
	for _, name := range up.signInAttributes() {
		if value := u.attribute(name); value != "" && up.aliases[aliasKey(name, value)] == nil {
			up.aliases[aliasKey(name, value)] = u
		}
	}
}

// remove takes an account out of the pool.
func (up *userPool) remove(u *user) {
	u.gone = true
	delete(up.users, up.key(u.name))
	delete(up.subs, u.sub)
	for _, name := range up.signInAttributes() {
		if key := aliasKey(name, u.attribute(name)); up.aliases[key] == u {
			delete(up.aliases, key)
		}
	}
}
