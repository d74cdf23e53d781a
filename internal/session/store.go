// Package session keeps one value per browser in an encrypted cookie, on gorilla/sessions.
//
//	payload ── codec.go: sealed with the first key ── store.go: cut into pieces ──> Set-Cookie: name, name.1, name.2
//	payload <── opened with any key <── pieces put together <── Cookie
//
// The value is sealed as a whole and cut afterwards, so pieces of two values never fit together. Keys rotate: the
// first writes, every one reads. Age is checked inside the sealed value, not left to the browser.
package session

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// Limits of browsers and proxies: a browser drops a cookie whose name and value pass 4,096 bytes (RFC 6265bis), and
// proxies refuse answers with much more than one such cookie, so most values should stay in one piece.
const (
	pieceSize = 3900
	maxPieces = 3
)

// ErrTooLarge says that a payload does not fit into the cookies that a browser and proxies accept.
var ErrTooLarge = errors.New("session: value is too large for cookies")

// payloadKey is where the payload is in the gorilla session's values.
const payloadKey = "payload"

// Options say how a Store's cookies are made.
type Options struct {
	Name    string           // cookie name; "__Host-" is put before it when Secure
	Keys    []Key            // the first seals, all open; at least one, no two alike
	Context string           // bound into the seal: cookies of another pool or installation do not open
	Secure  bool             // the portal is reached by https
	Strict  bool             // the cookie is not sent by whoever follows a link from elsewhere
	MaxAge  time.Duration    // how long after it was sealed a cookie is accepted
	Now     func() time.Time // the clock
}

// Store is a [sessions.Store] whose sessions are one []byte each. It is safe for concurrent use.
type Store struct {
	name   string
	codecs []securecookie.Codec
	secure bool
	site   http.SameSite
	maxAge time.Duration
}

var _ sessions.Store = (*Store)(nil)

// New makes a Store.
func New(opts Options) (*Store, error) {
	codecs, err := newCodecs(opts)
	if err != nil {
		return nil, err
	}
	s := &Store{name: opts.Name, codecs: codecs, secure: opts.Secure, site: http.SameSiteLaxMode, maxAge: opts.MaxAge}
	if opts.Strict {
		s.site = http.SameSiteStrictMode
	}
	if s.secure {
		s.name = "__Host-" + s.name
	}
	return s, nil
}

// newCodecs makes a codec for each key, in their order.
func newCodecs(opts Options) ([]securecookie.Codec, error) {
	if len(opts.Keys) == 0 {
		return nil, errors.New("session: no key")
	}
	codecs := make([]securecookie.Codec, 0, len(opts.Keys))
	seen := make(map[[4]byte]bool)
	for i, key := range opts.Keys {
		if seen[key.id()] {
			return nil, fmt.Errorf("session: key %d is given twice", i+1)
		}
		seen[key.id()] = true
		c, err := newCodec(key, opts.Context, opts.MaxAge, opts.Now)
		if err != nil {
			return nil, err
		}
		codecs = append(codecs, c)
	}
	return codecs, nil
}

// Read answers the payload of the request's session: nil when it has none, ErrInvalid or ErrExpired when it has one
// that cannot be used.
func (s *Store) Read(r *http.Request) ([]byte, error) {
	session, err := sessions.GetRegistry(r).Get(s, s.name)
	payload, _ := session.Values[payloadKey].([]byte)
	return payload, err
}

// Write makes payload the browser's session. An empty payload ends the session.
func (s *Store) Write(w http.ResponseWriter, r *http.Request, payload []byte) error {
	session, _ := sessions.GetRegistry(r).Get(s, s.name) // an unreadable session is replaced like any other
	session.Values[payloadKey] = payload
	return s.Save(r, w, session)
}

// Get is the request's session, read once per request.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the request's session from its cookies.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.Options = &sessions.Options{
		Path: "/", MaxAge: int(s.maxAge.Seconds()), Secure: s.secure, HttpOnly: true, SameSite: s.site,
	}
	session.IsNew = true
	sealed, err := s.join(r)
	if sealed == "" || err != nil {
		return session, err
	}
	var payload []byte
	if err := securecookie.DecodeMulti(name, sealed, &payload, s.codecs...); err != nil {
		return session, reason(err)
	}
	session.Values[payloadKey], session.IsNew = payload, false
	return session, nil
}

// reason picks, among what each key said, the word of the one that could open the cookie.
func reason(err error) error {
	var all securecookie.MultiError
	if errors.As(err, &all) {
		for _, one := range all {
			if errors.Is(one, ErrExpired) {
				return ErrExpired
			}
		}
	}
	return ErrInvalid
}

// Save writes the session's cookies, and expires pieces that a larger value left behind.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	payload, _ := session.Values[payloadKey].([]byte)
	var pieces []string
	if len(payload) > 0 {
		sealed, err := securecookie.EncodeMulti(session.Name(), payload, s.codecs[0])
		if err != nil {
			return fmt.Errorf("session: seal: %w", err)
		}
		if pieces, err = split(sealed); err != nil {
			return err
		}
	}
	s.unset(w)
	for i, piece := range pieces {
		http.SetCookie(w, sessions.NewCookie(pieceName(session.Name(), i), piece, session.Options))
	}
	expired := *session.Options
	expired.MaxAge = -1
	for i := len(pieces); i < maxPieces; i++ {
		if name := pieceName(session.Name(), i); len(r.CookiesNamed(name)) > 0 {
			http.SetCookie(w, sessions.NewCookie(name, "", &expired))
		}
	}
	return nil
}

// unset takes back what an earlier Save of the same answer set, so that the last one counts alone.
func (s *Store) unset(w http.ResponseWriter) {
	kept := w.Header()["Set-Cookie"][:0:0]
	for _, line := range w.Header()["Set-Cookie"] {
		name, _, _ := strings.Cut(line, "=")
		if name != s.name && !strings.HasPrefix(name, s.name+".") {
			kept = append(kept, line)
		}
	}
	w.Header()["Set-Cookie"] = kept
	if len(kept) == 0 {
		w.Header().Del("Set-Cookie")
	}
}

// split cuts a sealed value. The first piece says how many there are: "2~…".
func split(sealed string) ([]string, error) {
	count := (len(sealed) + 2 + pieceSize - 1) / pieceSize
	if count > maxPieces {
		return nil, ErrTooLarge
	}
	rest := strconv.Itoa(count) + "~" + sealed
	pieces := make([]string, 0, count)
	for len(rest) > pieceSize {
		pieces, rest = append(pieces, rest[:pieceSize]), rest[pieceSize:]
	}
	return append(pieces, rest), nil
}

// join puts the request's pieces together: "" when there are none. Two cookies of one name, which a neighbouring
// domain can plant, and a missing piece make the value invalid; a piece too many is ignored, and expired by Save.
func (s *Store) join(r *http.Request) (string, error) {
	first := r.CookiesNamed(s.name)
	if len(first) == 0 {
		return "", nil
	}
	number, sealed, found := strings.Cut(first[0].Value, "~")
	count, err := strconv.Atoi(number)
	if len(first) > 1 || !found || err != nil || count < 1 || count > maxPieces {
		return "", ErrInvalid
	}
	for i := 1; i < count; i++ {
		piece := r.CookiesNamed(pieceName(s.name, i))
		if len(piece) != 1 {
			return "", ErrInvalid
		}
		sealed += piece[0].Value
	}
	if sealed == "" {
		return "", ErrInvalid
	}
	return sealed, nil
}

func pieceName(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "." + strconv.Itoa(i)
}
