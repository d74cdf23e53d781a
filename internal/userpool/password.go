package userpool

import (
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PasswordPolicy is the pool's rule for passwords.
type PasswordPolicy struct {
	MinimumLength                int  `json:"minimumLength"`
	Upper, Lower, Number, Symbol bool // required kinds of characters
	TemporaryDays                int  // life of a temporary password
	History                      int  // how many former passwords are refused
}

func defaultPolicy() PasswordPolicy {
	return PasswordPolicy{MinimumLength: 8, Upper: true, Lower: true, Number: true, Symbol: true, TemporaryDays: 7}
}

// check names the first fault, as the service does.
func (policy PasswordPolicy) check(text string) *exception {
	has := func(is func(rune) bool) bool { return strings.IndexFunc(text, is) >= 0 }
	symbol := func(r rune) bool { return strings.ContainsRune("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ", r) }
	switch {
	case utf8.RuneCountInString(text) < policy.MinimumLength:
		return invalidPassword("Password not long enough")
	case policy.Lower && !has(unicode.IsLower):
		return invalidPassword("Password must have lowercase characters")
	case policy.Upper && !has(unicode.IsUpper):
		return invalidPassword("Password must have uppercase characters")
	case policy.Number && !has(unicode.IsDigit):
		return invalidPassword("Password must have numeric characters")
	case policy.Symbol && !has(symbol):
		return invalidPassword("Password must have symbol characters")
	}
	return nil
}

// password is what is kept of a password: the inner hash of SRP, H(pool ‖ username ‖ ":" ‖ password). It serves both
// ways to sign in: a password that is sent is hashed and compared, and SRP makes its verifier from it when first
// asked. It is salted by the pool and the name. It is fast on purpose: this pool holds made-up passwords of demos and
// tests, ten thousand accounts must be seeded in under a second, and a sign-in must cost little more than its two
// signatures. Nothing real belongs in it.
type password struct {
	set       bool
	temporary bool
	inner     [sha256.Size]byte
	since     time.Time
	former    [][sha256.Size]byte
	salt      []byte   // of SRP, made when first asked for
	verifier  *big.Int // of SRP, computed when first asked for
}

func (u *user) innerHash(text string) [sha256.Size]byte {
	return sha256.Sum256([]byte(u.pool.shortName() + u.name + ":" + text))
}

// setPassword checks the policy and the history and then replaces the password.
func (u *user) setPassword(text string, temporary bool, now time.Time) *exception {
	if fault := u.mayUse(text); fault != nil {
		return fault
	}
	inner := u.innerHash(text)
	former := u.password.former
	if u.password.set && u.pool.policy.History > 0 {
		former = append(former, u.password.inner)
		former = former[max(0, len(former)-u.pool.policy.History):]
	}
	u.password = password{set: true, temporary: temporary, inner: inner, since: now, former: former}
	return nil
}

// mayUse checks a password that is to be set against the policy and the history.
func (u *user) mayUse(text string) *exception {
	if fault := u.pool.policy.check(text); fault != nil {
		return fault
	}
	if u.isFormer(u.innerHash(text)) {
		return passwordHistory()
	}
	return nil
}

func (u *user) isFormer(inner [sha256.Size]byte) bool {
	if u.pool.policy.History == 0 {
		return false
	}
	for _, old := range slices.Concat(u.password.former, [][sha256.Size]byte{u.password.inner}) {
		if subtle.ConstantTimeCompare(old[:], inner[:]) == 1 {
			return true
		}
	}
	return false
}

func (u *user) passwordIs(text string) bool {
	inner := u.innerHash(text)
	return subtle.ConstantTimeCompare(inner[:], u.password.inner[:]) == 1 && u.password.set
}

func (u *user) temporaryExpired(now time.Time) bool {
	return u.password.temporary && now.Sub(u.password.since) > time.Duration(u.pool.policy.TemporaryDays)*24*time.Hour
}

// lock is the waiting time after wrong passwords and codes: from the fifth failure on 2^(n-5) seconds, up to fifteen
// minutes, forgotten after a success or fifteen quiet minutes (Cognito developer guide, "Lockout behavior for failed
// sign-in attempts").
type lock struct {
	failures int
	last     time.Time
}

const (
	freeFailures = 5
	longestWait  = 15 * time.Minute
)

func (l lock) closed(now time.Time) bool {
	if l.failures < freeFailures {
		return false
	}
	wait := longestWait
	if n := l.failures - freeFailures; n < 10 { // 2^10 s are more than fifteen minutes
		wait = time.Second << n
	}
	return now.Before(l.last.Add(wait))
}

func (l *lock) fail(now time.Time) {
	if now.Sub(l.last) >= longestWait {
		l.failures = 0
	}
	l.failures++
	l.last = now
}
