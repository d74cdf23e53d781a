package session_test

import (
	"crypto/sha256"
	"fmt"
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

// Bytes that are never written anew: nodes of the version that sealed them may run beside this one, and what is kept in the
// store under a name must be found.
func TestWhatEarlierVersionsSealedOpens(t *testing.T) {
	key, err := session.ParseKey(secret.New("hxvZ7tPZyHzm3zE4YX1Qb0mJ2yV9uK5sW8nRgLfTaCo"))
	if err != nil {
		t.Fatal(err)
	}
	opts := session.Options{Name: "swap", Keys: []session.Key{key}, Context: "pool-1", MaxAge: maxAge, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	sealer, err := session.NewSealer(opts)
	if err != nil {
		t.Fatal(err)
	}
	const (
		sealed = "3iy7IVewtb4u4yDRfRpTpdVCklSLvzWnOGex1V4ZMRUhLwUkVXMhufKLJn4nhuk"
		cookie = "1~3iy7IX1u3SZh5XFqqV9dQi2qgMxCXQyJoMODsXnwXTS2DLEfzOs24_UG52Fzu8A"
	)
	if got, err := sealer.Open([]byte(sealed)); err != nil || string(got) != "payload" {
		t.Errorf("sealed: %q, %v", got, err)
	}
	browser := newBrowser(t, newStore(t, func(o *session.Options) { o.Keys, o.Now = opts.Keys, opts.Now }))
	browser.cookies["__Host-enroll"] = cookie
	if got, err := browser.read(); err != nil || string(got) != "payload" {
		t.Errorf("cookie: %q, %v", got, err)
	}
	for want, got := range map[string]string{
		"02bc174d2da6b00cc9c7e407853408021765001439e67ac94f7056b0f4501daf": fmt.Sprintf("%x", sealer.Names(secret.New("K7M2QX"))[0]),
		"UE-eBolyGVvNuVixObcAforfP37B44_fw96VbNgeIQA":                      key.Derive("links").Encode().Reveal(),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
