package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gorilla/securecookie"
)

// Why a cookie was not accepted. Neither says anything that helps to forge one.
var (
	ErrInvalid = errors.New("session: cookie cannot be read")
	ErrExpired = errors.New("session: cookie is too old")
)

// codec seals bytes with AES-256-GCM under one key; it is the [securecookie.Codec] of the store. securecookie's own
// codec encodes to base64 twice, which leaves room for 2,207 characters in a cookie; this one does so once.
//
//	base64url( key id (4) ‖ nonce (12) ‖ GCM( Unix seconds (8) ‖ payload ) )
//
// The associated data are the cookie's name, the store's context and the key id, so that nothing sealed for one place
// opens in another. Nonces are random: at most 2^32 cookies a key (NIST SP 800-38D section 8.3), which a busy portal
// reaches in centuries.
type codec struct {
	aead    cipher.AEAD
	keyID   [4]byte
	context string // and the key id, as they are in the associated data
	maxAge  time.Duration
	now     func() time.Time
}

var _ securecookie.Codec = (*codec)(nil)

const headerSize, stampSize = 4 + 12, 8

// clockTolerance is how far ahead of ours another node's clock may be.
const clockTolerance = time.Minute

func newCodec(key Key, context string, maxAge time.Duration, now func() time.Time) (*codec, error) {
	derived, err := hkdf.Key(sha256.New, []byte(key.bytes.Reveal()), nil, "cognito-enroll session cookie v1", keySize)
	if err != nil {
		return nil, fmt.Errorf("session: derive key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return &codec{aead: aead, keyID: key.id(), context: fmt.Sprintf(" %q %x", context, key.id()), maxAge: maxAge, now: now}, nil
}

// Encode seals value, a []byte, for the cookie called name.
func (c *codec) Encode(name string, value any) (string, error) {
	payload, ok := value.([]byte)
	if !ok {
		return "", fmt.Errorf("session: cannot seal a %T", value)
	}
	sealed := make([]byte, headerSize, headerSize+stampSize+len(payload)+c.aead.Overhead())
	copy(sealed, c.keyID[:])
	nonce := sealed[4:headerSize]
	_, _ = rand.Read(nonce) // never fails (crypto/rand, since Go 1.24)
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, stampSize+len(payload)), uint64(c.now().Unix()))
	plain = append(plain, payload...)
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(sealed, nonce, plain, c.associated(name))), nil
}

// Decode opens what Encode sealed into dst, a *[]byte. It answers ErrInvalid or ErrExpired.
func (c *codec) Decode(name, value string, dst any) error {
	target, ok := dst.(*[]byte)
	if !ok {
		return fmt.Errorf("session: cannot open into a %T", dst)
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(sealed) < headerSize || [4]byte(sealed[:4]) != c.keyID {
		return ErrInvalid
	}
	text := sealed[headerSize:] // opened in place
	plain, err := c.aead.Open(text[:0], sealed[4:headerSize], text, c.associated(name))
	if err != nil || len(plain) < stampSize {
		return ErrInvalid
	}
	sealedAt := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)
	age := c.now().Sub(sealedAt)
	if age > c.maxAge || age < -clockTolerance {
		return ErrExpired
	}
	*target = plain[stampSize:]
	return nil
}

func (c *codec) associated(name string) []byte {
	return append(strconv.AppendQuote(nil, name), c.context...)
}
