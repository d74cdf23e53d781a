package totp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/totp"
)

func TestCodeMatchesTheVectorsOfRFC6238(t *testing.T) {
	key, err := totp.Decode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	if err != nil {
		t.Fatal(err)
	}
	// RFC 6238 appendix B, SHA-1, the last six of its eight digits.
	for unix, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp.Code(key, totp.Step(time.Unix(unix, 0))); got != want {
			t.Errorf("code at %d = %s, want %s", unix, got, want)
		}
	}
}

func TestDecodeForgivesWhatAppsForgiveAndNothingElse(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", true},
		{"gezd gnbv gy3t qojq", true},
		{"MFRGG===", true},
		{strings.Repeat("A", 52), true},
		{"", false},
		{"A", false},   // one character is five bits
		{"ABC", false}, // the standard decoder accepts this
		{"AB1CDEFG", false},
		{"MFRGH", false}, // unused bits that are not zero
	} {
		_, err := totp.Decode(test.text)
		if ok := err == nil; ok != test.ok || (!ok && !errors.Is(err, totp.ErrKey)) {
			t.Errorf("Decode(%q) error = %v, want ok %v", test.text, err, test.ok)
		}
	}
}

func TestFindTellsTheDistance(t *testing.T) {
	key := []byte("12345678901234567890")
	for _, distance := range []int{0, -1, 1, -8, 20, -20} {
		got, found := totp.Find(key, totp.Code(key, int64(1000+distance)), 1000, 20)
		if !found || got != distance {
			t.Errorf("Find = %d, %v; want %d, true", got, found, distance)
		}
	}
	if _, found := totp.Find(key, totp.Code(key, 1021), 1000, 20); found {
		t.Error("found a code outside the radius")
	}
	if _, found := totp.Find(key, "", 1000, 20); found {
		t.Error("found the empty code")
	}
}
