package session

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"cognito-enroll/internal/secret"
)

// keySize is the length of a key in bytes.
const keySize = 32

// Key is 32 random bytes from which the key that seals cookies is derived.
type Key struct {
	bytes secret.Text // raw bytes, not base64
}

// NewKey makes a key from the system's source of randomness.
func NewKey() Key {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails (crypto/rand, since Go 1.24)
	return Key{bytes: secret.New(string(raw))}
}

// ParseKey reads a key as [Key.Encode] writes it. It refuses what is no random key: wrong lengths, a repeated
// pattern, printable text.
func ParseKey(text secret.Text) (Key, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text.Reveal())
	if err != nil {
		return Key{}, errors.New("not unpadded base64url")
	}
	if len(raw) != keySize {
		return Key{}, fmt.Errorf("%d bytes, want %d", len(raw), keySize)
	}
	if distinct(raw) < keySize/2 || printable(raw) {
		return Key{}, errors.New("not random: a repeated pattern or typed text")
	}
	return Key{bytes: secret.New(string(raw))}, nil
}

// Encode writes the key for a configuration: 43 characters of base64url.
func (k Key) Encode() secret.Text {
	return secret.New(base64.RawURLEncoding.EncodeToString([]byte(k.bytes.Reveal())))
}

// Derive is the key for another purpose, of which this one cannot be told, nor those for others.
func (k Key) Derive(purpose string) Key {
	raw, err := hkdf.Expand(sha256.New, []byte(k.bytes.Reveal()), "cognito-enroll key for "+purpose+" v1", keySize)
	if err != nil {
		panic(err) // never: the length is within HKDF's (RFC 5869, section 2.3)
	}
	return Key{bytes: secret.New(string(raw))}
}

// Bytes are the key's 32 bytes, for another use than sealing cookies. Derive a key for it first.
func (k Key) Bytes() secret.Text { return k.bytes }

// id names the key in a cookie without telling anything of it.
func (k Key) id() [4]byte {
	sum := sha256.Sum256(append([]byte("cognito-enroll key id "), k.bytes.Reveal()...))
	return [4]byte(sum[:4])
}

func distinct(raw []byte) int {
	var seen [256]bool
	count := 0
	for _, b := range raw {
		if !seen[b] {
			seen[b] = true
			count++
		}
	}
	return count
}

func printable(raw []byte) bool {
	return bytes.IndexFunc(raw, func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
}
