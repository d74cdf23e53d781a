package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"time"
)

// The secure remote password protocol as Cognito speaks it: the 3072-bit group of RFC 3526 section 5 with g = 2 (RFC
// 5054 takes 5), SHA-256, and numbers hashed as the bytes of a signed integer.
var (
	srpPrime, _ = new(big.Int).SetString(strings.Join([]string{
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
	}, ""), 16)
	srpGenerator  = big.NewInt(2)
	srpMultiplier = srpHash(srpPad(srpPrime), srpPad(srpGenerator))
)

const (
	srpInfo = "Caldera Derived Key"
	// srpLayout is the shape of TIMESTAMP: English names, the day of the month without a zero.
	srpLayout = "Mon Jan 2 15:04:05 UTC 2006"
	// maxSRPDigits bounds SRP_A: the group has 768 hexadecimal digits.
	maxSRPDigits = 1024
)

// srpPad is the shortest big-endian form whose top bit is clear, as Java writes a positive integer. It is not padding
// to the length of the prime.
func srpPad(n *big.Int) []byte {
	bytes := n.Bytes()
	if len(bytes) == 0 || bytes[0]&0x80 != 0 {
		return append([]byte{0}, bytes...)
	}
	return bytes
}

func srpHash(parts ...[]byte) *big.Int {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write(part)
	}
	return new(big.Int).SetBytes(hash.Sum(nil))
}

// srpVerifier is g^x with x = H(salt ‖ inner hash); the inner hash is what is kept of the password.
func srpVerifier(salt []byte, inner [sha256.Size]byte) *big.Int {
	x := srpHash(srpPad(new(big.Int).SetBytes(salt)), inner[:])
	return new(big.Int).Exp(srpGenerator, x, srpPrime)
}

// srpState is the server's side of one exchange.
type srpState struct {
	salt     []byte
	verifier *big.Int
	a        *big.Int // the client's public value
	secret   *big.Int
	public   *big.Int // B = k·v + g^b
}

// newSRP begins an exchange. A secret of 256 bits is as strong as the group needs and ten times faster than one as
// long as the prime.
func newSRP(salt []byte, verifier, a *big.Int, secret []byte) *srpState {
	s := &srpState{salt: salt, verifier: verifier, a: a, secret: new(big.Int).SetBytes(secret)}
	s.public = new(big.Int).Exp(srpGenerator, s.secret, srpPrime)
	s.public.Add(s.public, new(big.Int).Mul(srpMultiplier, verifier))
	s.public.Mod(s.public, srpPrime)
	return s
}

// key is the key that both sides share: HKDF-SHA-256 (RFC 5869) of S = (A·v^u)^b with salt u, 16 bytes.
func (s *srpState) key() []byte {
	u := srpHash(srpPad(s.a), srpPad(s.public))
	shared := new(big.Int).Exp(s.verifier, u, srpPrime)
	shared.Mul(shared, s.a)
	shared.Exp(shared, s.secret, srpPrime)
	return srpDerive(shared, u)
}

func srpDerive(shared, u *big.Int) []byte {
	extract := hmac.New(sha256.New, srpPad(u))
	extract.Write(srpPad(shared))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte(srpInfo + "\x01"))
	return expand.Sum(nil)[:16]
}

// srpSignature is PASSWORD_CLAIM_SIGNATURE.
func srpSignature(key []byte, pool, user string, block []byte, timestamp string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(pool + user))
	mac.Write(block)
	mac.Write([]byte(timestamp))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// parseSRPA reads the client's public value and refuses one that would make the shared secret zero (RFC 5054 section
// 2.5.4).
func parseSRPA(text string) (*big.Int, *exception) {
	a, ok := new(big.Int), text != "" && len(text) <= maxSRPDigits && strings.Trim(text, "0123456789abcdefABCDEF") == ""
	if ok {
		_, ok = a.SetString(text, 16)
	}
	if !ok || new(big.Int).Mod(a, srpPrime).Sign() == 0 {
		return nil, invalidParameter("Invalid SRP_A")
	}
	return a, nil
}

// validTimestamp wants exactly the form that clients sign. The day of the week must fit the date, which time.Parse
// does not check. How far the clock may be off is unknown, and this service's clock can be moved: it is not compared.
func validTimestamp(text string) bool {
	at, err := time.Parse(srpLayout, text)
	return err == nil && at.Format(srpLayout) == text
}

func srpHex(n *big.Int) string { return hex.EncodeToString(n.Bytes()) }
