package userpool_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

const timestamp = "Sat Nov 1 09:05:07 UTC 2025"

// The values were cross-checked against amazon-cognito-identity-js 6.3.21.
func TestSRPKnownAnswer(t *testing.T) {
	secret := func(seed string) *big.Int {
		sum := sha256.Sum256([]byte(seed))
		n, _ := new(big.Int).SetString(strings.Repeat(hex.EncodeToString(sum[:]), 4), 16)
		return n
	}
	got := userpool.SRPExchange("Ab1cD2eF3", "alice", "Correct-Horse-9", "f10123456789abcdef00112233445566",
		secret("a-seed"), secret("b-seed"), []byte("opaque-secret-block-0123456789"), timestamp)
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	got["A digest"], got["B digest"] = digest(got["A"]), digest(got["B"])
	for name, want := range map[string]string{
		"k":        "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6",
		"x":        "91b2ffd816333d37f4e5ea06852dcd0fc459ec8f54d9d5627cde1f260e6e7f34",
		"u":        "40b3322f165188cc5ad270851cda031bef76c29e252d2e0808d33451f072524d",
		"A digest": "9f963436279bd10847f8f29293027711a5895202a499ad51a28424fd493821c4",
		"B digest": "3a292d05d001c6861c0734baf9b221cdd8ddb777100fc68c1318b2cc9d7fac79",
		"key":      "95971527b1f830d35ebfd30c62b2658f",
		"sig":      "WCn0YZPkd3qbvmk1E+yGOXM//J3DK6VaK8WDo1/buJI=",
	} {
		if got[name] != want {
			t.Errorf("%s = %s, want %s", name, got[name], want)
		}
	}
}

func TestTimestamps(t *testing.T) {
	for text, want := range map[string]bool{
		timestamp: true, "Sat Nov 01 09:05:07 UTC 2025": false, "Sun Nov 1 09:05:07 UTC 2025": false,
		"Sat Nov 1 9:05:07 UTC 2025": false, "Sat Nov 1 09:05:07 GMT 2025": false, "": false,
	} {
		if got := userpool.ValidTimestamp(text); got != want {
			t.Errorf("%q: valid %t, want %t", text, got, want)
		}
	}
}

// srp signs in with SRP through the SDK.
func (w *world) srp(name, secret, stamp string, extra ...string) (*cip.RespondToAuthChallengeOutput, error) {
	w.Helper()
	bytes := make([]byte, 128)
	_, _ = rand.Read(bytes)
	client := userpool.NewSRPClient(new(big.Int).SetBytes(bytes))
	first, err := w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
		AuthFlow: "USER_SRP_AUTH", ClientId: &w.info.ClientID, AuthParameters: map[string]string{"USERNAME": name, "SRP_A": client.A()},
	})
	if err != nil {
		return nil, err
	}
	if first.ChallengeName != "PASSWORD_VERIFIER" || first.Session != nil {
		w.Fatalf("got %s, session %t; want PASSWORD_VERIFIER without a session", first.ChallengeName, first.Session != nil)
	}
	got := first.ChallengeParameters
	block, err := base64.StdEncoding.DecodeString(got["SECRET_BLOCK"])
	w.ok(err)
	_, pool, _ := strings.Cut(w.info.UserPoolID, "_")
	id := got["USER_ID_FOR_SRP"]
	signature := client.Sign(pool, id, secret, got["SALT"], got["SRP_B"], block, stamp)
	return w.respond("PASSWORD_VERIFIER", nil, append(extra, "USERNAME", id, "TIMESTAMP", stamp,
		"PASSWORD_CLAIM_SECRET_BLOCK", got["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE", signature)...)
}

// Any side that strips or adds zeros differs for about one value in 256.
func TestSRPManyTimes(t *testing.T) {
	runs := 150
	if testing.Short() {
		runs = 20
	}
	w := open(t, userpool.Options{})
	for range runs {
		out, err := w.srp("ada", password, timestamp)
		w.ok(err)
		if out.ChallengeName != "MFA_SETUP" {
			t.Fatalf("got %s", out.ChallengeName)
		}
	}
}

func TestSRPRefusals(t *testing.T) {
	w := open(t, userpool.Options{})
	for _, a := range []string{"", "0", "zz", strings.Repeat("f", 2000)} {
		_, err := w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
			AuthFlow: "USER_SRP_AUTH", ClientId: &w.info.ClientID, AuthParameters: map[string]string{"USERNAME": "ada", "SRP_A": a},
		})
		w.refused(err, "InvalidParameterException", "")
	}
	_, err := w.srp("ada", "wrong", timestamp)
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = w.srp("ada", password, "Sat Nov 01 09:05:07 UTC 2025")
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = w.srp("nobody", password, timestamp)
	w.refused(err, "UserNotFoundException", "User does not exist.")
	hidden := open(t, userpool.Options{PreventUserExistenceErrors: true})
	_, err = hidden.srp("nobody", password, timestamp)
	hidden.refused(err, "NotAuthorizedException", "Incorrect username or password.")
}
