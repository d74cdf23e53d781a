package userpool_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// bench is a pool behind its handler, without the SDK, which would be measured too.
type bench struct {
	*testing.B
	pool  *userpool.Pool
	info  userpool.Info
	clock *clock
}

func openBench(b *testing.B, mfa userpool.MFA) *bench {
	b.Helper()
	c := newClock()
	pool, err := userpool.New(userpool.Options{MFA: mfa, Now: c.Now, Keys: sharedKeys, AccessTokenValidity: 24 * time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	if err := pool.AddUser(userpool.User{Username: "ada", Password: password}); err != nil {
		b.Fatal(err)
	}
	return &bench{b, pool, pool.Info(), c}
}

func (b *bench) call(operation, body string) map[string]any {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://pool.test/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	w := httptest.NewRecorder()
	b.pool.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", operation, w.Code, w.Body)
	}
	return answer
}

func (b *bench) signIn() map[string]any {
	return b.call("InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"`+b.info.ClientID+`","AuthParameters":{"USERNAME":"ada","PASSWORD":"`+password+`"}}`)
}

// against measures work beside the bare cryptography that it cannot do without, in turns so that both see the same
// machine, and reports the medians and their ratio.
func (b *bench) against(work, bare func()) {
	work()
	bare()
	working, crypto := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		start := time.Now()
		bare()
		middle := time.Now()
		work()
		working = append(working, time.Since(middle))
		crypto = append(crypto, middle.Sub(start))
	}
	slices.Sort(working)
	slices.Sort(crypto)
	w, c := working[len(working)/2], crypto[len(crypto)/2]
	b.ReportMetric(float64(w.Nanoseconds()), "ns/work")
	b.ReportMetric(float64(c.Nanoseconds()), "ns/crypto")
	b.ReportMetric(float64(w)/float64(c), "x-crypto")
}

// bareCrypto is the cryptography of the operations, and nothing else.
type bareCrypto struct {
	key    *rsa.PrivateKey
	signed []byte
	sum    [32]byte
	aead   cipher.AEAD
}

func newBareCrypto(b *testing.B) *bareCrypto {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	c := &bareCrypto{key: key, aead: aead, sum: sha256.Sum256(make([]byte, 900))}
	c.sign()
	return c
}

func (c *bareCrypto) sign() {
	sum := sha256.Sum256(make([]byte, 900))
	c.signed, _ = rsa.SignPKCS1v15(nil, c.key, crypto.SHA256, sum[:])
}

func (c *bareCrypto) verify() {
	sum := sha256.Sum256(make([]byte, 900))
	_ = rsa.VerifyPKCS1v15(&c.key.PublicKey, crypto.SHA256, sum[:], c.signed)
}

func (c *bareCrypto) totp() {
	for range 3 {
		mac := hmac.New(sha1.New, make([]byte, 32))
		mac.Write(make([]byte, 8))
		mac.Sum(nil)
	}
}

func (c *bareCrypto) seal() {
	nonce := make([]byte, 12)
	_, _ = rand.Read(nonce)
	sealed := c.aead.Seal(nil, nonce, make([]byte, 1100), nil)
	_, _ = c.aead.Open(nil, nonce, sealed, nil)
}

// A sign-in that ends in tokens: two signatures and the refresh token.
func BenchmarkSignIn(b *testing.B) {
	w, bare := openBench(b, userpool.MFAOff), newBareCrypto(b)
	w.against(func() { w.signIn() }, func() { bare.sign(); bare.sign(); bare.seal() })
}

// The pair on the token path, beside two checks of a signature. It may cost less: a token whose signature was found
// right is known again.
func BenchmarkAssociateAndVerifyByToken(b *testing.B) {
	w, bare := openBench(b, userpool.MFAOff), newBareCrypto(b)
	var token string
	var since time.Time
	w.against(func() {
		w.clock.advance(30 * time.Second)
		if w.clock.Now().Sub(since) > 23*time.Hour { // once in some three thousand rounds
			result, _ := w.signIn()["AuthenticationResult"].(map[string]any)
			token, _ = result["AccessToken"].(string)
			since = w.clock.Now()
		}
		key := w.call("AssociateSoftwareToken", `{"AccessToken":"`+token+`"}`)
		w.call("VerifySoftwareToken", `{"AccessToken":"`+token+`","UserCode":"`+w.code(key)+`"}`)
	}, func() { bare.verify(); bare.verify(); bare.totp() })
}

func (b *bench) code(answer map[string]any) string {
	secret, _ := answer["SecretCode"].(string)
	key, err := totp.Decode(secret)
	if err != nil {
		b.Fatal(err)
	}
	return totp.Code(key, totp.Step(b.clock.Now()))
}

// A whole enrollment on the session path, password to tokens.
func BenchmarkEnrollment(b *testing.B) {
	w, bare := openBench(b, userpool.MFAOn), newBareCrypto(b)
	n := 0
	w.against(func() {
		n++
		name := fmt.Sprintf("user-%d", n)
		if err := w.pool.AddUser(userpool.User{Username: name, Password: password}); err != nil {
			w.Fatal(err)
		}
		first := w.call("InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"`+w.info.ClientID+`","AuthParameters":{"USERNAME":"`+name+`","PASSWORD":"`+password+`"}}`)
		key := w.call("AssociateSoftwareToken", fmt.Sprintf(`{"Session":%q}`, first["Session"]))
		verified := w.call("VerifySoftwareToken", fmt.Sprintf(`{"Session":%q,"UserCode":%q}`, key["Session"], w.code(key)))
		w.call("RespondToAuthChallenge", fmt.Sprintf(`{"ClientId":%q,"ChallengeName":"MFA_SETUP","Session":%q,"ChallengeResponses":{"USERNAME":%q}}`, w.info.ClientID, verified["Session"], name))
	}, func() {
		for range 3 {
			bare.seal()
		}
		bare.totp()
		bare.sign()
		bare.sign()
		bare.seal()
	})
}

// Ten thousand accounts: how long it takes, and how much memory each keeps.
func BenchmarkSeedTenThousand(b *testing.B) {
	seeds := tenThousand()
	for range b.N {
		before := heap()
		pool, err := userpool.New(userpool.Options{Keys: sharedKeys})
		if err != nil {
			b.Fatal(err)
		}
		if err := pool.AddUsers(seeds...); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(heap()-before)/float64(len(seeds)), "B/user")
		runtime.KeepAlive(pool)
	}
}

// What a sign-in leaves behind until its refresh token expires.
func BenchmarkMemoryOfSignIns(b *testing.B) {
	w := openBench(b, userpool.MFAOff)
	for range 100 {
		w.signIn()
	}
	w.pool.ResetRequests()
	before := heap()
	for range b.N {
		w.signIn()
	}
	w.pool.ResetRequests()
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B/sign-in")
	runtime.KeepAlive(w.pool)
}

func tenThousand() []userpool.User {
	seeds := make([]userpool.User, 10_000)
	for i := range seeds {
		name := fmt.Sprintf("user-%05d", i)
		seeds[i] = userpool.User{Username: name, Password: password, State: userpool.StateEnrolled, Attributes: map[string]string{
			"email": name + "@example.test", "email_verified": "true", "name": name,
		}}
	}
	return seeds
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// The best of three counts: what else the machine does is not this pool's fault.
func TestTenThousandUsersInASecond(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes it several times slower")
	}
	seeds := tenThousand()
	best := time.Hour
	for range 3 {
		pool, err := userpool.New(userpool.Options{Keys: sharedKeys})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := pool.AddUsers(seeds...); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	if best > time.Second {
		t.Errorf("took %v", best)
	}
}
