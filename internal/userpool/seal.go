package userpool

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
)

// sealer makes opaque strings that only this service can open: challenge sessions, refresh tokens, SRP secret blocks.
// Each purpose is bound in as associated data, so that one kind never opens as another.
type sealer struct {
	aead cipher.AEAD
	key  []byte // kept for the state file
}

func newSealer(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("userpool: sealing key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("userpool: sealing key: %w", err)
	}
	return &sealer{aead: aead, key: key}, nil
}

// strict refuses unused bits that are not zero: a string with another last character is another string.
var strict = base64.RawURLEncoding.Strict()

// sealedOverhead is what seal adds: the nonce and the tag.
const sealedOverhead = 12 + 16

func (s *sealer) seal(nonce, content []byte, purpose string) []byte {
	return s.aead.Seal(nonce, nonce, content, []byte(purpose))
}

func (s *sealer) open(sealed []byte, purpose string) ([]byte, bool) {
	if len(sealed) < sealedOverhead {
		return nil, false
	}
	content, err := s.aead.Open(nil, sealed[:12], sealed[12:], []byte(purpose))
	return content, err == nil
}
