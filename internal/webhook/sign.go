package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"cognito-enroll/internal/secret"
)

// Secret signs messages; the other server has the same one.
type Secret struct{ key secret.Text }

const (
	secretPrefix = "whsec_"
	secretSize   = 32 // bytes; the specification takes 24 to 64
)

// NewSecret makes a secret.
func NewSecret() Secret {
	raw := make([]byte, secretSize)
	_, _ = rand.Read(raw) // never fails
	return Secret{secret.New(string(raw))}
}

// ParseSecret reads "whsec_" and base64 of 24 to 64 bytes.
func ParseSecret(text secret.Text) (Secret, error) {
	encoded, found := strings.CutPrefix(text.Reveal(), secretPrefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || len(raw) < 24 || len(raw) > 64 {
		return Secret{}, errors.New("want whsec_ and base64 of 24 to 64 bytes")
	}
	return Secret{secret.New(string(raw))}, nil
}

// Encode is the secret as ParseSecret reads it.
func (s Secret) Encode() secret.Text {
	return secret.New(secretPrefix + base64.StdEncoding.EncodeToString([]byte(s.key.Reveal())))
}

// signatures are those of every secret, over the message's name, the time of this try in seconds, and the body.
func signatures(secrets []Secret, message string, at time.Time, body []byte) string {
	all := make([]string, 0, len(secrets))
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s.key.Reveal()))
		mac.Write([]byte(message + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}
