package conformance_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// group is the 3072-bit group of RFC 3526 section 5.
const group = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

func number(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 16)
	return n
}

// padded is a number as Java writes one: a leading zero byte where the top bit is set.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		return append([]byte{0}, b...)
	}
	return b
}

func digest(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

func mac(key []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, part := range parts {
		m.Write(part)
	}
	return m.Sum(nil)
}

// srp signs in with a client written apart from the server's own mathematics.
func (w *world) srp(name, password string) (*cip.RespondToAuthChallengeOutput, error) {
	w.Helper()
	n, g := number(group), big.NewInt(2)
	secret := make([]byte, 128)
	_, _ = rand.Read(secret)
	a := new(big.Int).SetBytes(secret)
	public := new(big.Int).Exp(g, a, n)
	first, err := w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
		AuthFlow: "USER_SRP_AUTH", ClientId: &w.client, AuthParameters: map[string]string{"USERNAME": name, "SRP_A": public.Text(16)},
	})
	if err != nil {
		return nil, err
	}
	got := first.ChallengeParameters
	_, pool, _ := strings.Cut(w.pool, "_")
	id, b := got["USER_ID_FOR_SRP"], number(got["SRP_B"])
	inner := sha256.Sum256([]byte(pool + id + ":" + password))
	x := digest(padded(number(got["SALT"])), inner[:])
	u := digest(padded(public), padded(b))
	base := new(big.Int).Mul(digest(padded(n), padded(g)), new(big.Int).Exp(g, x, n))
	base.Sub(b, base).Mod(base, n)
	shared := base.Exp(base, new(big.Int).Add(a, new(big.Int).Mul(u, x)), n)
	key := mac(mac(padded(u), padded(shared)), []byte("Caldera Derived Key\x01"))[:16]
	block, err := base64.StdEncoding.DecodeString(got["SECRET_BLOCK"])
	w.ok(err)
	stamp := time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	return w.respond("PASSWORD_VERIFIER", nil, "USERNAME", id, "TIMESTAMP", stamp, "PASSWORD_CLAIM_SECRET_BLOCK", got["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE", base64.StdEncoding.EncodeToString(mac(key, []byte(pool+id), block, []byte(stamp))))
}

func TestSRP(t *testing.T) {
	w := open(t, "OFF")
	w.add("ada")
	for range 5 {
		out, err := w.srp("ada", first)
		w.ok(err)
		if out.AuthenticationResult == nil {
			t.Fatalf("got %+v, want tokens", out)
		}
	}
	_, err := w.srp("ada", second)
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = w.srp("nobody", first)
	w.refused(err, "UserNotFoundException", "User does not exist.")
}
