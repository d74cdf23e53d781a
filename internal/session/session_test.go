package session_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/securecookie"

	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
)

const maxAge = 30 * time.Minute

// browser keeps cookies as a real one does, without the network.
type browser struct {
	t       *testing.T
	store   *session.Store
	cookies map[string]string
}

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newStore(t testing.TB, change func(*session.Options)) *session.Store {
	t.Helper()
	opts := session.Options{Name: "enroll", Keys: []session.Key{session.NewKey()}, Context: "pool-1", Secure: true, MaxAge: maxAge, Now: time.Now}
	if change != nil {
		change(&opts)
	}
	store, err := session.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func newBrowser(t *testing.T, store *session.Store) *browser {
	t.Helper()
	return &browser{t: t, store: store, cookies: map[string]string{}}
}

func (b *browser) request() *http.Request {
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "/", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *browser) write(payload []byte) []*http.Cookie {
	b.t.Helper()
	w := httptest.NewRecorder()
	if err := b.store.Write(w, b.request(), payload); err != nil {
		b.t.Fatal(err)
	}
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return w.Result().Cookies()
}

func (b *browser) read() ([]byte, error) { return b.store.Read(b.request()) }

func random(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return raw
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, size := range []int{1, 100, 2000, 2870, 2900, 5000, 8600} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			b := newBrowser(t, newStore(t, nil))
			payload := random(size)
			for _, c := range b.write(payload) {
				if len(c.Name)+len(c.Value) > 4096 {
					t.Errorf("cookie %s has %d bytes: browsers drop it", c.Name, len(c.Name)+len(c.Value))
				}
				if !strings.HasPrefix(c.Name, "__Host-enroll") || c.Path != "/" || !c.Secure || !c.HttpOnly || c.Domain != "" ||
					c.SameSite != http.SameSiteLaxMode || c.MaxAge != int(maxAge.Seconds()) {
					t.Errorf("attributes of %s: %+v", c.Name, c)
				}
			}
			got, err := b.read()
			if err != nil || !bytes.Equal(got, payload) {
				t.Errorf("read %d bytes, %v; want the %d written", len(got), err, size)
			}
		})
	}
}

func TestASmallerValueExpiresTheLeftOverPieces(t *testing.T) {
	b := newBrowser(t, newStore(t, nil))
	b.write(random(5000))
	if len(b.cookies) != 2 {
		t.Fatalf("%d cookies for 5,000 bytes, want 2", len(b.cookies))
	}
	b.write([]byte("small"))
	if got, err := b.read(); len(b.cookies) != 1 || err != nil || string(got) != "small" {
		t.Errorf("%d cookies, read %q, %v; want 1 and small", len(b.cookies), got, err)
	}
	b.write(nil)
	if got, err := b.read(); len(b.cookies) != 0 || got != nil || err != nil {
		t.Errorf("after the end: %d cookies, read %q, %v", len(b.cookies), got, err)
	}
}

func TestTheLastWriteOfAnAnswerCounts(t *testing.T) {
	store := newStore(t, nil)
	r, w := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "lang", Value: "de"})
	for _, payload := range [][]byte{random(5000), []byte("last")} {
		if err := store.Write(w, r, payload); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, c := range w.Result().Cookies() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "lang __Host-enroll" {
		t.Errorf("Set-Cookie for %q, want lang and one __Host-enroll", got)
	}
}

func TestTooLargeIsAnErrorAndSetsNothing(t *testing.T) {
	w := httptest.NewRecorder()
	err := newStore(t, nil).Write(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), random(9000))
	if !errors.Is(err, session.ErrTooLarge) || len(w.Result().Cookies()) != 0 {
		t.Errorf("error %v, %d cookies; want ErrTooLarge and none", err, len(w.Result().Cookies()))
	}
}

func TestAgeIsCheckedInsideTheSeal(t *testing.T) {
	c := &clock{now: time.Now().Truncate(time.Second)}
	b := newBrowser(t, newStore(t, func(o *session.Options) { o.Now = c.Now }))
	b.write([]byte("payload"))
	for _, test := range []struct {
		after time.Duration
		want  error
	}{
		{0, nil},
		{maxAge, nil},
		{maxAge + time.Second, session.ErrExpired},
		{-time.Minute, nil}, // another node's clock may be a little ahead
		{-2 * time.Minute, session.ErrExpired},
	} {
		at := &clock{now: c.now.Add(test.after)}
		now := c.now
		c.now = at.now
		if _, err := b.read(); !errors.Is(err, test.want) {
			t.Errorf("after %v: %v, want %v", test.after, err, test.want)
		}
		c.now = now
	}
}

func TestAnyFlippedBitAnyCutAndAnySwapIsRefused(t *testing.T) {
	store := newStore(t, nil)
	b, other := newBrowser(t, store), newBrowser(t, store)
	payload := random(5000)
	b.write(payload)
	other.write(random(5000))
	const first, second = "__Host-enroll", "__Host-enroll.1"
	good := map[string]string{first: b.cookies[first], second: b.cookies[second]}
	refuse := func(what string, cookies map[string]string) {
		t.Helper()
		b.cookies = cookies
		if got, err := b.read(); !errors.Is(err, session.ErrInvalid) || got != nil {
			t.Errorf("%s: read %d bytes, %v; want ErrInvalid", what, len(got), err)
		}
	}
	for name, value := range good {
		for i := 0; i < len(value); i += 7 {
			changed := []byte(value)
			changed[i] ^= 1
			cookies := map[string]string{first: good[first], second: good[second]}
			cookies[name] = string(changed)
			refuse(fmt.Sprintf("%s, byte %d changed", name, i), cookies)
		}
	}
	refuse("second piece missing", map[string]string{first: good[first]})
	refuse("second piece of another value", map[string]string{first: good[first], second: other.cookies[second]})
	refuse("pieces swapped", map[string]string{first: good[second], second: good[first]})
	refuse("second piece cut", map[string]string{first: good[first], second: good[second][:len(good[second])-1]})
	refuse("empty", map[string]string{first: ""})
	refuse("count alone", map[string]string{first: "1~"})
	refuse("count too large", map[string]string{first: "9" + good[first][1:], second: good[second]})

	b.cookies = good
	r := b.request()
	r.AddCookie(&http.Cookie{Name: first, Value: other.cookies[first]})
	if _, err := store.Read(r); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("two cookies of one name: %v, want ErrInvalid", err)
	}
}

func TestKeysRotate(t *testing.T) {
	oldKey, newKey := session.NewKey(), session.NewKey()
	with := func(keys ...session.Key) *session.Store {
		return newStore(t, func(o *session.Options) { o.Keys = keys })
	}
	b := newBrowser(t, with(oldKey))
	b.write([]byte("payload"))

	b.store = with(newKey, oldKey)
	if got, err := b.read(); err != nil || string(got) != "payload" {
		t.Errorf("old cookie after rotation: %q, %v", got, err)
	}
	b.write([]byte("written anew"))
	b.store = with(newKey)
	if got, err := b.read(); err != nil || string(got) != "written anew" {
		t.Errorf("written after rotation, old key retired: %q, %v: it was sealed with the old key", got, err)
	}
	b.store = with(oldKey)
	if _, err := b.read(); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("cookie of a key that is not ours: %v, want ErrInvalid", err)
	}
}

func TestCookiesOfAnotherPoolDoNotOpen(t *testing.T) {
	key := session.NewKey()
	b := newBrowser(t, newStore(t, func(o *session.Options) { o.Keys = []session.Key{key} }))
	b.write([]byte("payload"))
	for what, change := range map[string]func(*session.Options){
		"another context": func(o *session.Options) { o.Context = "pool-2" },
		"another name":    func(o *session.Options) { o.Name = "desk" },
	} {
		b.store = newStore(t, func(o *session.Options) { o.Keys = []session.Key{key}; change(o) })
		b.cookies["__Host-desk"] = b.cookies["__Host-enroll"]
		if _, err := b.read(); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", what, err)
		}
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	encode := func(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
	good := session.NewKey()
	if _, err := session.ParseKey(good.Encode()); err != nil {
		t.Errorf("our own key: %v", err)
	}
	for what, text := range map[string]string{
		"empty":     "",
		"short":     encode(random(16)),
		"long":      encode(random(64)),
		"zeros":     encode(make([]byte, 32)),
		"pattern":   encode(bytes.Repeat([]byte{0xde, 0xad, 0xbe, 0xef}, 8)),
		"typed":     encode([]byte("this-is-my-very-long-secret-key!")),
		"not text":  "!!!",
		"with junk": good.Encode().Reveal() + "=",
	} {
		if _, err := session.ParseKey(secret.New(text)); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := session.New(session.Options{Name: "enroll", Keys: []session.Key{good, good}, MaxAge: maxAge, Now: time.Now}); err == nil {
		t.Error("the same key twice: accepted")
	}
	if _, err := session.New(session.Options{Name: "enroll", MaxAge: maxAge, Now: time.Now}); err == nil {
		t.Error("no key: accepted")
	}
	if printed := fmt.Sprintf("%v %+v %#v", good, good, good); strings.Contains(printed, good.Encode().Reveal()) {
		t.Error("a key prints itself")
	}
}

func FuzzCookie(f *testing.F) {
	store := newStore(f, nil)
	f.Add("1~abc", "")
	f.Add("2~", "x")
	f.Add("", "")
	f.Add("999999999999999999999~x", "~")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-enroll", Value: first})
		r.AddCookie(&http.Cookie{Name: "__Host-enroll.1", Value: second})
		if payload, err := store.Read(r); payload != nil {
			t.Fatalf("opened a forged cookie: %q, %v", payload, err)
		}
	})
}

// The figures "cookie encode" and "cookie decode", 1.5 KB payload, beside securecookie's own codec.
func BenchmarkCookie(b *testing.B) {
	payload := random(1500)
	store := newStore(b, nil)
	request := func() *http.Request { return httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil) }
	b.Run("encode", func(b *testing.B) {
		r := request()
		for b.Loop() {
			w := httptest.NewRecorder()
			if err := store.Write(w, r, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		w := httptest.NewRecorder()
		if err := store.Write(w, request(), payload); err != nil {
			b.Fatal(err)
		}
		cookie := w.Result().Cookies()[0]
		b.ReportMetric(float64(len(cookie.Value)), "bytes")
		for b.Loop() {
			r := request()
			r.AddCookie(cookie)
			if _, err := store.Read(r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("securecookie-default-encode", func(b *testing.B) {
		codec := securecookie.New(random(64), random(32))
		var text string
		for b.Loop() {
			var err error
			if text, err = codec.Encode("enroll", map[any]any{"payload": payload}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(text)), "bytes")
	})
}

// A cookie for more dangerous things does not come along with a link from elsewhere.
func TestStrictCookiesStayOnTheSite(t *testing.T) {
	for strict, want := range map[bool]http.SameSite{false: http.SameSiteLaxMode, true: http.SameSiteStrictMode} {
		b := newBrowser(t, newStore(t, func(o *session.Options) { o.Strict = strict }))
		if got := b.write([]byte("x"))[0].SameSite; got != want {
			t.Errorf("strict %t: SameSite %d, want %d", strict, got, want)
		}
	}
}

// Each purpose has a key of its own, the same at every start.
func TestKeysForOtherPurposes(t *testing.T) {
	key := session.NewKey()
	if !key.Derive("desk").Bytes().Equal(key.Derive("desk").Bytes()) {
		t.Error("another key each time")
	}
	seen := []secret.Text{key.Bytes(), key.Derive("desk").Bytes(), key.Derive("links").Bytes(), session.NewKey().Derive("desk").Bytes()}
	for i, one := range seen {
		for _, other := range seen[:i] {
			if one.Equal(other) || len(one.Reveal()) != 32 {
				t.Errorf("two purposes share a key, or it has %d bytes", len(one.Reveal()))
			}
		}
	}
}

// What is in a cookie cannot be read without the key, which a signature alone would leave open.
func TestCookiesCannotBeRead(t *testing.T) {
	b := newBrowser(t, newStore(t, nil))
	payload := bytes.Repeat([]byte("canary "), 100)
	for range 10 {
		b.write(payload)
		_, value, _ := strings.Cut(b.cookies["__Host-enroll"], "~")
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("canary")) || strings.Contains(value, "canary") {
			t.Errorf("the cookie holds its payload as it is: %q", raw)
		}
	}
}
