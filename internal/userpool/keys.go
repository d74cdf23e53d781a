package userpool

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
)

// Keys are the two RSA keys of a pool: one signs access tokens, the other ID tokens. They are generated in the
// background from the moment that NewKeys is called; the first signature waits for them, a start does not.
type Keys struct {
	access, id func() (*signingKey, error)
}

// signingKey is one RSA key with the name that tokens and the JWKS give it.
type signingKey struct {
	name    string
	header  string // the encoded JWS header, always the same
	private *rsa.PrivateKey
}

// keyBits is the modulus that Cognito uses (RFC 7518 section 3.3 asks for at least as much).
const keyBits = 2048

// NewKeys begins to generate a pair. Share one among the pools of a test to stay fast.
func NewKeys() *Keys {
	keys := &Keys{access: sync.OnceValues(generateKey), id: sync.OnceValues(generateKey)}
	go func() {
		_, _ = keys.access() // whoever needs the key asks again and gets the error
		_, _ = keys.id()
	}()
	return keys
}

func generateKey() (*signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("userpool: signing key: %w", err)
	}
	return newSigningKey(private)
}

// newSigningKey names a key by its thumbprint (RFC 7638), 44 characters with padding like Cognito's names.
func newSigningKey(private *rsa.PrivateKey) (*signingKey, error) {
	k := &signingKey{private: private}
	thumb, err := json.Marshal(map[string]string{"e": k.exponent(), "kty": "RSA", "n": k.modulus()})
	if err != nil {
		return nil, fmt.Errorf("userpool: key name: %w", err)
	}
	sum := sha256.Sum256(thumb)
	k.name = base64.StdEncoding.EncodeToString(sum[:])
	header, err := json.Marshal(map[string]string{"kid": k.name, "alg": "RS256"})
	if err != nil {
		return nil, fmt.Errorf("userpool: token header: %w", err)
	}
	k.header = base64.RawURLEncoding.EncodeToString(header)
	return k, nil
}

func (k *signingKey) modulus() string {
	return base64.RawURLEncoding.EncodeToString(k.private.N.Bytes())
}

func (k *signingKey) exponent() string {
	return base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes())
}

// sign makes a JWS in compact form (RFC 7515 section 3.1).
func (k *signingKey) sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("userpool: claims: %w", err)
	}
	signed := k.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("userpool: signature: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// verify checks the signature of header.payload.
func (k *signingKey) verify(signed string, signature []byte) bool {
	sum := sha256.Sum256([]byte(signed))
	return rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, sum[:], signature) == nil
}

// jwk is the public half as the JWKS shows it.
func (k *signingKey) jwk() object {
	return object{"alg": "RS256", "e": k.exponent(), "kid": k.name, "kty": "RSA", "n": k.modulus(), "use": "sig"}
}
