// Package totp computes the codes of authenticator apps (RFC 6238 over RFC 4226: HMAC-SHA-1, six digits, thirty
// seconds, the only kind that Amazon Cognito knows) and writes the otpauth URI that hands a key to such an app.
//
//	key (base32) ── Decode ──> bytes ── Code(key, step) ──> "004217"
//	     └────────── URI(issuer, account, key) ──> otpauth://totp/…
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 with SHA-1 is what Cognito and every app agree on; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
)

// Period is how long one code lives (RFC 6238 section 4, time step X).
const Period = 30 * time.Second

// Digits is the length of a code.
const Digits = 6

// ErrKey says that a text is not a usable base32 key.
var ErrKey = errors.New("totp: not a base32 key")

// Decode turns a key as Cognito's SecretCode gives it (base32, RFC 4648 section 6) into bytes. Spaces, lower case
// and padding are forgiven, as apps do. Lengths that no number of whole bytes can have, which the standard decoder
// lets through, are refused, as are unused bits that are not zero.
func Decode(key string) ([]byte, error) {
	text := strings.TrimRight(strings.ToUpper(strings.ReplaceAll(key, " ", "")), "=")
	switch len(text) % 8 {
	case 1, 3, 6:
		return nil, ErrKey
	}
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	raw, err := encoding.DecodeString(text)
	if err != nil || len(raw) == 0 || encoding.EncodeToString(raw) != text {
		return nil, ErrKey
	}
	return raw, nil
}

// Step is the number of the time step that t falls in (RFC 6238 section 4.2, T).
func Step(t time.Time) int64 { return t.Unix() / int64(Period/time.Second) }

// StepStart is when step begins.
func StepStart(step int64) time.Time { return time.Unix(step*int64(Period/time.Second), 0) }

// Code is the code of key at step: six digits, leading zeros kept.
func Code(key []byte, step int64) string {
	return fmt.Sprintf("%0*d", Digits, newGenerator(key).value(step))
}

// Find looks for code among the steps from center-radius to center+radius and answers the distance in steps of the
// nearest match: negative when the code is older than center, positive when it is of the future.
func Find(key []byte, code string, center int64, radius int) (distance int, found bool) {
	step, found := FindAround(key, code, radius, center)
	if !found {
		return 0, false
	}
	return int(step - center), true
}

// FindAround is like Find around each center in turn, and answers the step that matches: 0 when none does.
func FindAround(key []byte, code string, radius int, centers ...int64) (step int64, found bool) {
	wanted, err := strconv.ParseUint(code, 10, 31)
	if err != nil || len(code) != Digits {
		return 0, false
	}
	g := newGenerator(key)
	matches := func(step int64) bool { return subtle.ConstantTimeEq(g.value(step), int32(wanted)) == 1 }
	for _, center := range centers {
		if matches(center) {
			return center, true
		}
		for i := int64(1); i <= int64(radius); i++ {
			if matches(center - i) {
				return center - i, true
			}
			if matches(center + i) {
				return center + i, true
			}
		}
	}
	return 0, false
}

// generator computes many codes of one key.
type generator struct {
	mac hash.Hash
	sum [sha1.Size]byte
}

func newGenerator(key []byte) *generator { return &generator{mac: hmac.New(sha1.New, key)} }

// value is the code at step as a number (RFC 4226 section 5.3, dynamic truncation).
func (g *generator) value(step int64) int32 {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	g.mac.Reset()
	g.mac.Write(counter[:])
	sum := g.mac.Sum(g.sum[:0])
	offset := sum[len(sum)-1] & 0x0f
	return int32(binary.BigEndian.Uint32(sum[offset:])&0x7fffffff) % 1_000_000
}
