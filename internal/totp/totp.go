// Package totp computes the codes of authenticator apps (RFC 6238 over RFC 4226: HMAC-SHA-1, six digits, thirty
// seconds, the only kind that Amazon Cognito knows) and writes the otpauth URI that hands a key to such an app.
//
//	key (base32) ── Decode ──> bytes ── Code(key, step) ──> "004217"
//	     └────────── URI(issuer, account, key) ──> otpauth://totp/…
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 with SHA-1 is what Cognito and every app agree on; HMAC does not need collision resistance
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
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
	mac := hmac.New(sha1.New, key)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step)) //nolint:gosec // steps before 1970 are of no use and harmless
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, value%1_000_000)
}

// Find looks for code among the steps from center-radius to center+radius and answers the distance in steps of the
// nearest match: negative when the code is older than center, positive when it is of the future.
func Find(key []byte, code string, center int64, radius int) (distance int, found bool) {
	for i := range radius + 1 {
		for _, distance := range []int{-i, i} {
			if hmac.Equal([]byte(Code(key, center+int64(distance))), []byte(code)) {
				return distance, true
			}
		}
	}
	return 0, false
}
