package session_test

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
)

// What was kept under a name before keys rotated is found afterwards, and by nobody without the key.
func TestNamesOfWhatIsSealed(t *testing.T) {
	oldKey, newKey := session.NewKey(), session.NewKey()
	names := func(text string, change func(*session.Options), keys ...session.Key) [][32]byte {
		t.Helper()
		opts := session.Options{Name: "swap", Keys: keys, Context: "pool-1", MaxAge: maxAge, Now: time.Now}
		change(&opts)
		sealer, err := session.NewSealer(opts)
		if err != nil {
			t.Fatal(err)
		}
		return sealer.Names(secret.New(text))
	}
	same := func(*session.Options) {}
	before := names("K7M2QX", same, oldKey)[0]
	if after := names("K7M2QX", same, newKey, oldKey); len(after) != 2 || after[0] == before || !slices.Contains(after, before) {
		t.Errorf("after rotation %x, want two, and %x as the second", after, before)
	}
	for what, other := range map[string][32]byte{
		"another text":    names("K7M2QY", same, oldKey)[0],
		"another key":     names("K7M2QX", same, newKey)[0],
		"another purpose": names("K7M2QX", func(o *session.Options) { o.Name = "handoff" }, oldKey)[0],
		"another pool":    names("K7M2QX", func(o *session.Options) { o.Context = "pool-2" }, oldKey)[0],
		"a plain hash":    sha256.Sum256([]byte("K7M2QX")),
	} {
		if other == before {
			t.Errorf("%s has the same name", what)
		}
	}
}
