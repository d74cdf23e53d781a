package cognito

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"cognito-enroll/internal/secret"
)

// The known answer was computed with another implementation (amazon-cognito-identity-js 6.3.21).
func TestSRPMatchesTheKnownAnswer(t *testing.T) {
	seed := sha256.Sum256([]byte("a-seed"))
	exchange := srpFrom(new(big.Int).SetBytes([]byte(strings.Repeat(string(seed[:]), 4))))
	if sum := sha256.Sum256([]byte(exchange.public())); hex.EncodeToString(sum[:]) != "9f963436279bd10847f8f29293027711a5895202a499ad51a28424fd493821c4" {
		t.Errorf("A is %s…", exchange.public()[:16])
	}
	if k := srpMultiplier.Text(16); k != "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6" {
		t.Errorf("k is %s", k)
	}

	// B as the server computes it: k·v + g^b.
	salt, _ := new(big.Int).SetString("f10123456789abcdef00112233445566", 16)
	identity := sha256.Sum256([]byte("Ab1cD2eF3" + "alice" + ":" + "Correct-Horse-9"))
	x := srpHash(pad(salt), identity[:])
	if got := x.Text(16); got != "91b2ffd816333d37f4e5ea06852dcd0fc459ec8f54d9d5627cde1f260e6e7f34" {
		t.Errorf("x is %s", got)
	}
	bSeed := sha256.Sum256([]byte("b-seed"))
	b := new(big.Int).SetBytes([]byte(strings.Repeat(string(bSeed[:]), 4)))
	bigB := new(big.Int).Exp(srpGenerator, x, srpPrime)
	bigB.Mul(bigB, srpMultiplier).Add(bigB, new(big.Int).Exp(srpGenerator, b, srpPrime)).Mod(bigB, srpPrime)
	if sum := sha256.Sum256([]byte(bigB.Text(16))); hex.EncodeToString(sum[:]) != "3a292d05d001c6861c0734baf9b221cdd8ddb777100fc68c1318b2cc9d7fac79" {
		t.Errorf("B is %s…", bigB.Text(16)[:16])
	}
	signature, err := exchange.sign(srpServer{
		salt: salt.Text(16), bigB: bigB.Text(16), userID: "alice",
		secretBlock: base64.StdEncoding.EncodeToString([]byte("opaque-secret-block-0123456789")),
	}, "Ab1cD2eF3", secret.New("Correct-Horse-9"), "Sat Nov 1 09:05:07 UTC 2025")
	if err != nil || signature != "WCn0YZPkd3qbvmk1E+yGOXM//J3DK6VaK8WDo1/buJI=" {
		t.Errorf("signature %s, %v", signature, err)
	}
}

func TestSRPRefusesWhatAnHonestPoolNeverSends(t *testing.T) {
	good := srpServer{salt: "ab", bigB: "1234", secretBlock: "AAAA", userID: "alice"}
	for what, change := range map[string]func(*srpServer){
		"B of zero":              func(s *srpServer) { s.bigB = "0" },
		"B of the prime":         func(s *srpServer) { s.bigB = srpPrimeHex },
		"B of twice the prime":   func(s *srpServer) { s.bigB = new(big.Int).Lsh(srpPrime, 1).Text(16) },
		"negative B":             func(s *srpServer) { s.bigB = "-1" },
		"B that is no number":    func(s *srpServer) { s.bigB = "xyz" },
		"salt that is no number": func(s *srpServer) { s.salt = "" },
		"negative salt":          func(s *srpServer) { s.salt = "-ab" },
		"block that is no text":  func(s *srpServer) { s.secretBlock = "%" },
	} {
		server := good
		change(&server)
		if _, err := newSRP().sign(server, "pool", secret.New("x"), "now"); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := newSRP().sign(good, "pool", secret.New("x"), "now"); err != nil {
		t.Errorf("a good answer: %v", err)
	}
}

func BenchmarkSRP(b *testing.B) { // the client's part of one sign-in
	for b.Loop() {
		x := newSRP()
		if _, err := x.sign(srpServer{salt: "ab", bigB: srpPrime.Text(16)[:760], secretBlock: "AAAA", userID: "alice"}, "pool", secret.New("x"), "now"); err != nil {
			b.Fatal(err)
		}
	}
}
