package cognito

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"cognito-enroll/internal/secret"
)

// The group of Cognito's Secure Remote Password: the 3072-bit prime of RFC 3526 section 4 with generator 2 (RFC 5054
// would have 5), and SHA-256 as the hash.
const srpPrimeHex = "" +
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

//nolint:gochecknoglobals // constants that Go cannot write as such
var (
	srpPrime, _   = new(big.Int).SetString(srpPrimeHex, 16)
	srpGenerator  = big.NewInt(2)
	srpMultiplier = srpHash(pad(srpPrime), pad(srpGenerator)) // k
)

// srpTimestamp is how TIMESTAMP is written: English names, UTC, the day of the month without a leading zero.
const srpTimestamp = "Mon Jan 2 15:04:05 UTC 2006"

// errSRP says that the pool's answer cannot be used.
var errSRP = errors.New("srp: unusable answer")

// srpExchange is the client's side of one sign-in by SRP: the password is proved, not sent.
type srpExchange struct {
	a, bigA *big.Int
}

// newSRP draws the client's ephemeral key: 256 bits, twice the strength of the group, as RFC 5054 section 3.1 asks for
// at least; more bits would only take longer.
func newSRP() *srpExchange {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails (crypto/rand, since Go 1.24)
	return srpFrom(new(big.Int).SetBytes(raw))
}

func srpFrom(a *big.Int) *srpExchange {
	return &srpExchange{a: a, bigA: new(big.Int).Exp(srpGenerator, a, srpPrime)}
}

// public is SRP_A.
func (x *srpExchange) public() string { return x.bigA.Text(16) }

// srpServer is what PASSWORD_VERIFIER brings.
type srpServer struct {
	salt, bigB  string // hex
	secretBlock string // base64
	userID      string // USER_ID_FOR_SRP
}

// sign answers PASSWORD_CLAIM_SIGNATURE for a timestamp. poolName is the part of the pool's id after the underscore.
func (x *srpExchange) sign(server srpServer, poolName string, password secret.Text, timestamp string) (string, error) {
	salt, ok1 := new(big.Int).SetString(server.salt, 16)
	bigB, ok2 := new(big.Int).SetString(server.bigB, 16)
	block, err := base64.StdEncoding.DecodeString(server.secretBlock)
	if !ok1 || !ok2 || err != nil || salt.Sign() < 0 || bigB.Sign() <= 0 || new(big.Int).Mod(bigB, srpPrime).Sign() == 0 || bigB.Cmp(srpPrime) >= 0 {
		return "", errSRP
	}
	u := srpHash(pad(x.bigA), pad(bigB))
	if u.Sign() == 0 {
		return "", errSRP
	}
	identity := sha256.Sum256([]byte(poolName + server.userID + ":" + password.Reveal()))
	verifierKey := srpHash(pad(salt), identity[:]) // x

	// S = (B − k·g^x)^(a + u·x) mod N
	base := new(big.Int).Exp(srpGenerator, verifierKey, srpPrime)
	base.Mul(base, srpMultiplier).Sub(bigB, base).Mod(base, srpPrime)
	exponent := new(big.Int).Mul(u, verifierKey)
	exponent.Add(exponent, x.a)
	shared := new(big.Int).Exp(base, exponent, srpPrime)

	key, err := hkdf.Key(sha256.New, pad(shared), pad(u), "Caldera Derived Key", 16)
	if err != nil {
		return "", fmt.Errorf("srp: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(poolName), []byte(server.userID), block, []byte(timestamp)} {
		mac.Write(part)
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// pad writes a number as Cognito hashes it: big-endian, with one zero byte before a set top bit, as Java's BigInteger
// does. It is not padding to the length of the prime.
func pad(n *big.Int) []byte {
	digits := n.Text(16)
	if len(digits)%2 == 1 {
		digits = "0" + digits
	} else if strings.ContainsRune("89abcdef", rune(digits[0])) {
		digits = "00" + digits
	}
	raw, err := hex.DecodeString(digits)
	if err != nil { // a negative number: there is none here
		panic("srp: " + err.Error())
	}
	return raw
}

func srpHash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// poolName is the part of a pool's id that SRP hashes.
func poolName(poolID string) string {
	_, name, _ := strings.Cut(poolID, "_")
	return name
}

func srpNow(now time.Time) string { return now.UTC().Format(srpTimestamp) }
