package session

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"github.com/gorilla/securecookie"

	"cognito-enroll/internal/secret"
)

// Sealer seals bytes that are kept elsewhere than in a cookie, under the same keys and rules. What was sealed for one
// purpose opens for that purpose alone.
type Sealer struct {
	purpose string
	codecs  []securecookie.Codec
	namers  [][]byte // one for each key
}

// NewSealer makes a Sealer. Options.Name is the purpose.
func NewSealer(opts Options) (*Sealer, error) {
	codecs, err := newCodecs(opts)
	if err != nil {
		return nil, err
	}
	s := &Sealer{purpose: "sealed " + opts.Name, codecs: codecs}
	for _, key := range opts.Keys {
		info := fmt.Sprintf("cognito-enroll name of sealed v1 %q %q", s.purpose, opts.Context)
		namer, err := hkdf.Key(sha256.New, []byte(key.bytes.Reveal()), nil, info, keySize)
		if err != nil {
			return nil, fmt.Errorf("session: derive key: %w", err)
		}
		s.namers = append(s.namers, namer)
	}
	return s, nil
}

// Names are the names under which something sealed is kept that somebody will ask for by a short text, such as a word:
// HMAC-SHA256, one for each key. It is kept under the first, and may be found under any, since keys rotate. Without the
// keys nobody finds the text, although so short a one could be guessed from a plain hash.
func (s *Sealer) Names(text secret.Text) [][32]byte {
	names := make([][32]byte, 0, len(s.namers))
	for _, namer := range s.namers {
		mac := hmac.New(sha256.New, namer)
		_, _ = mac.Write([]byte(text.Reveal())) // never fails (package hash)
		names = append(names, [32]byte(mac.Sum(nil)))
	}
	return names
}

// Seal encrypts payload.
func (s *Sealer) Seal(payload []byte) ([]byte, error) {
	sealed, err := securecookie.EncodeMulti(s.purpose, payload, s.codecs[0])
	if err != nil {
		return nil, fmt.Errorf("session: seal: %w", err)
	}
	return []byte(sealed), nil
}

// Open decrypts what Seal made. It answers ErrInvalid or ErrExpired.
func (s *Sealer) Open(sealed []byte) ([]byte, error) {
	var payload []byte
	if err := securecookie.DecodeMulti(s.purpose, string(sealed), &payload, s.codecs...); err != nil {
		return nil, reason(err)
	}
	return payload, nil
}
