package enroll_test

import (
	"fmt"
	"strings"
	"testing"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

func TestThePasswordPolicySaysWhatIsMissing(t *testing.T) {
	strict := enroll.PasswordPolicy{MinLength: 8, Upper: true, Lower: true, Number: true, Symbol: true}
	for password, want := range map[string]string{
		"Correct-Horse-9":                 "[]",
		"":                                "[length upper lower number symbol]",
		"Aa1-":                            "[length]",
		"correct-horse-9":                 "[upper]",
		"CORRECT-HORSE-9":                 "[lower]",
		"Correct-Horse":                   "[number]",
		"CorrectHorse9":                   "[symbol]",
		"Correct Horse-9":                 "[no_space]",
		"Ünïcödé-9a":                      "[upper]", // Cognito counts A to Z alone
		"Aa1-" + strings.Repeat("x", 253): "[length]",
	} {
		if got := fmt.Sprint(strict.Check(secret.New(password))); got != want {
			t.Errorf("%q: %s, want %s", password, got, want)
		}
	}
	lax := enroll.PasswordPolicy{MinLength: 6}
	if got := lax.Check(secret.New("aaaaaa")); len(got) != 0 {
		t.Errorf("lax policy: %v, want nothing", got)
	}
}

func TestDeviceNamesAreCleaned(t *testing.T) {
	for typed, want := range map[string]string{
		"  Ada’s \t phone \n": "Ada’s phone",
		"\x00\x1b[31mred":     "[31mred",
		"\xff\xfe":            "",
		"":                    "",
	} {
		if got := enroll.CleanDeviceName(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := enroll.CleanDeviceName(strings.Repeat("é", 200)); len([]rune(got)) != 64 {
		t.Errorf("200 characters become %d, want 64", len([]rune(got)))
	}
}
