package session

import (
	"fmt"

	"github.com/gorilla/securecookie"
)

// Sealer seals bytes that are kept elsewhere than in a cookie, under the same keys and rules. What was sealed for one
// purpose opens for that purpose alone.
type Sealer struct {
	purpose string
	codecs  []securecookie.Codec
}

// NewSealer makes a Sealer. Options.Name is the purpose.
func NewSealer(opts Options) (*Sealer, error) {
	codecs, err := newCodecs(opts)
	if err != nil {
		return nil, err
	}
	return &Sealer{purpose: "sealed " + opts.Name, codecs: codecs}, nil
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
