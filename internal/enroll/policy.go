package enroll

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cognito-enroll/internal/secret"
)

// PasswordRule is one demand of a password policy.
type PasswordRule uint8

// The demands that a Cognito pool can make, in the order in which they are shown.
const (
	RuleLength PasswordRule = iota
	RuleUpper
	RuleLower
	RuleNumber
	RuleSymbol
	RuleNoSpace // always: Cognito takes no white space in a password
)

// String is the rule's name in message keys.
func (r PasswordRule) String() string {
	switch r {
	case RuleLength:
		return "length"
	case RuleUpper:
		return "upper"
	case RuleLower:
		return "lower"
	case RuleNumber:
		return "number"
	case RuleSymbol:
		return "symbol"
	case RuleNoSpace:
		return "no_space"
	}
	return "rule"
}

// PasswordPolicy is the pool's policy. Cognito tells it only to administrators, so it is configured.
type PasswordPolicy struct {
	MinLength                    int
	Upper, Lower, Number, Symbol bool
}

// symbols are the characters that Cognito counts as special (developer guide, password policies).
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"

// Rules are the policy's demands.
func (p PasswordPolicy) Rules() []PasswordRule {
	rules := []PasswordRule{RuleLength}
	for _, rule := range []struct {
		asked bool
		rule  PasswordRule
	}{{p.Upper, RuleUpper}, {p.Lower, RuleLower}, {p.Number, RuleNumber}, {p.Symbol, RuleSymbol}} {
		if rule.asked {
			rules = append(rules, rule.rule)
		}
	}
	return rules
}

// Check answers the demands that password does not meet.
func (p PasswordPolicy) Check(password secret.Text) []PasswordRule {
	text := password.Reveal()
	var failed []PasswordRule
	for _, rule := range append(p.Rules(), RuleNoSpace) {
		if !p.meets(rule, text) {
			failed = append(failed, rule)
		}
	}
	return failed
}

func (p PasswordPolicy) meets(rule PasswordRule, text string) bool {
	switch rule {
	case RuleLength:
		return utf8.RuneCountInString(text) >= p.MinLength && utf8.RuneCountInString(text) <= maxPassword
	case RuleUpper:
		return strings.ContainsAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	case RuleLower:
		return strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz")
	case RuleNumber:
		return strings.ContainsAny(text, "0123456789")
	case RuleSymbol:
		return strings.ContainsAny(text, symbols)
	case RuleNoSpace:
		return !strings.ContainsFunc(text, unicode.IsSpace)
	}
	return false
}

// Limits of the service model (shapes UsernameType and PasswordType).
const (
	maxUsername = 128
	maxPassword = 256
	// maxAttribute is how much of an attribute is taken, in characters; the service model allows 2,048 bytes.
	maxAttribute = 256
)

func plausibleUsername(name string) bool {
	length := utf8.RuneCountInString(name)
	return length >= 1 && length <= maxUsername && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P) // the model's pattern
	})
}

func plausiblePassword(password secret.Text) bool {
	text := password.Reveal()
	return text != "" && utf8.RuneCountInString(text) <= maxPassword && !strings.ContainsFunc(text, unicode.IsSpace)
}

// maxDeviceName is how much of a device's name is kept, in characters: enough for "Ada's second-hand Fairphone".
const maxDeviceName = 64

// CleanDeviceName makes what somebody typed as a device's name fit to be shown and stored.
func CleanDeviceName(typed string) string {
	name := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(typed, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(name); len(runes) > maxDeviceName {
		name = strings.TrimSpace(string(runes[:maxDeviceName]))
	}
	return name
}
