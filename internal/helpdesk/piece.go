package helpdesk

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"cognito-enroll/internal/secret"
)

// Crockford's base32: no letter that is taken for a digit, and none that makes words.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// crockford is how locators, pieces and tokens are written.
func crockford() *base32.Encoding { return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding) }

const (
	locatorSize = 16 // bytes: cannot be guessed
	pieceSize   = 5  // bytes, eight characters: five tries of 2^40
	keySize     = 32
)

// keys are what is derived from Options.Key, one for each use.
type keys struct{ piece, freeze []byte }

func deriveKeys(key secret.Text) (keys, error) {
	raw := []byte(key.Reveal())
	if len(raw) != keySize {
		return keys{}, fmt.Errorf("helpdesk: a key of %d bytes, want %d", len(raw), keySize)
	}
	var k keys
	for use, into := range map[string]*[]byte{"piece": &k.piece, "freeze": &k.freeze} {
		derived, err := hkdf.Expand(sha256.New, raw, "cognito-enroll help desk "+use+" 1", keySize)
		if err != nil {
			return keys{}, fmt.Errorf("helpdesk: key: %w", err)
		}
		*into = derived
	}
	return k, nil
}

// newLocator makes what a link holds: 26 characters, and the hash that is kept.
func (d *Desk) newLocator() (secret.Text, [32]byte, error) {
	raw, err := d.random(locatorSize)
	if err != nil {
		return secret.Text{}, [32]byte{}, err
	}
	return secret.New(strings.ToLower(crockford().EncodeToString(raw))), sha256.Sum256(raw), nil
}

// hashLocator is the hash of a locator from a link. One that cannot be has the hash of nothing.
func hashLocator(locator secret.Text) [32]byte {
	raw, ok := readBase32(locator.Reveal(), locatorSize)
	if !ok {
		return sha256.Sum256(nil)
	}
	return sha256.Sum256(raw)
}

// newPiece makes a spoken piece, and its hash beside this locator's.
func (d *Desk) newPiece(locatorHash [32]byte) (secret.Text, []byte, error) {
	raw, err := d.random(pieceSize)
	if err != nil {
		return secret.Text{}, nil, err
	}
	text := crockford().EncodeToString(raw)
	return secret.New(text[:4] + "-" + text[4:]), d.keys.hashPiece(locatorHash, raw), nil
}

// byName marks the hash of a link that opens with the account's name: the MACs of its names follow.
const byName = 1

// hashNames is what is kept of an account's names, any of which opens a link.
func (k keys) hashNames(locatorHash [32]byte, names ...string) []byte {
	hash := []byte{byName}
	for _, name := range names {
		if name = normalName(name); name != "" {
			hash = append(hash, k.hashPiece(locatorHash, []byte("name "+name))...)
		}
	}
	return hash
}

// isName reports whether one of the names is what somebody has typed. Names are no secrets: they cost no try.
func (k keys) isName(hash []byte, locatorHash [32]byte, typed string) bool {
	want, found := k.hashNames(locatorHash, typed)[1:], false
	for each := range slices.Chunk(hash[1:], sha256.Size) {
		found = hmac.Equal(each, want) || found
	}
	return found
}

// normalName forgives what people and phones add to a name.
func normalName(name string) string {
	return strings.ToLower(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)))
}

// hashPiece is keyed: forty bits are few.
func (k keys) hashPiece(locatorHash [32]byte, raw []byte) []byte {
	mac := hmac.New(sha256.New, k.piece)
	mac.Write(locatorHash[:])
	mac.Write(raw)
	return mac.Sum(nil)
}

func (d *Desk) random(n int) ([]byte, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(d.rand, raw); err != nil {
		return nil, errors.Join(errors.New("no randomness"), err)
	}
	return raw, nil
}

// readBase32 reads n bytes as people type and hear them: any case, spaces and dashes anywhere, O for 0, I and L for 1.
func readBase32(typed string, n int) ([]byte, bool) {
	var clean strings.Builder
	for _, r := range typed {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r):
			continue
		case r == 'o', r == 'O':
			r = '0'
		case r == 'i', r == 'I', r == 'l', r == 'L':
			r = '1'
		}
		if r > unicode.MaxASCII || clean.Len() > 2*n {
			return nil, false
		}
		clean.WriteRune(unicode.ToUpper(r))
	}
	raw, err := crockford().DecodeString(clean.String())
	if err != nil || len(raw) != n || crockford().EncodeToString(raw) != clean.String() { // bits left over
		return nil, false
	}
	return raw, true
}
