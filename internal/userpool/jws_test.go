package userpool_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

type jwk struct{ Kid, N, E, Kty, Alg string }

// verifyJWS checks a signature by the key that the header names, and nothing else.
func verifyJWS(token string, keys []jwk) error {
	parts := strings.Split(token, ".")
	var header struct{ Kid, Alg string }
	content, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &header); err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	for _, key := range keys {
		if key.Kid != header.Kid || header.Alg != "RS256" {
			continue
		}
		n, nErr := base64.RawURLEncoding.DecodeString(key.N)
		e, eErr := base64.RawURLEncoding.DecodeString(key.E)
		if err := errors.Join(nErr, eErr); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature)
	}
	return errors.New("no key of that name")
}
