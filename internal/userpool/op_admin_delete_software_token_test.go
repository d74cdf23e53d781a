package userpool_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

// signed is the SDK with the pool's IAM key pair.
func (w *world) signed() *cip.Client {
	w.Helper()
	return cip.New(cip.Options{
		Region: w.info.Region, BaseEndpoint: aws.String("http://pool.test"), Retryer: aws.NopRetryer{},
		HTTPClient:  &http.Client{Transport: w.pool.Transport()},
		Credentials: aws.CredentialsProviderFunc(w.credentials),
	})
}

// deleteToken calls the operation that the SDK does not have yet, by hand.
func (w *world) deleteToken(name string, change func(*http.Request)) (int, string) {
	w.Helper()
	body := []byte(`{"UserPoolId":"` + w.info.UserPoolID + `","Username":"` + name + `"}`)
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, "http://pool.test/", bytes.NewReader(body))
	w.ok(err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.AdminDeleteSoftwareToken")
	sum := sha256.Sum256(body)
	keys, err := w.credentials(w.ctx)
	w.ok(err)
	w.ok(v4.NewSigner().SignHTTP(w.ctx, keys, r, hex.EncodeToString(sum[:]), "cognito-idp", w.info.Region, time.Now()))
	if change != nil {
		change(r)
	}
	response, err := w.pool.Transport().RoundTrip(r)
	w.ok(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	w.ok(err)
	return response.StatusCode, string(text)
}

func TestAdminDeleteSoftwareToken(t *testing.T) {
	w := open(t, userpool.Options{})
	_, tokens := w.enroll("ada")
	if status, body := w.deleteToken("ada", nil); status != http.StatusOK || body != "{}" {
		t.Fatalf("got %d %s", status, body)
	}
	if got := w.signIn("ada").ChallengeName; got != "MFA_SETUP" {
		t.Errorf("next sign-in: %s, want MFA_SETUP", got)
	}
	_, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: tokens.AccessToken})
	w.ok(err) // tokens live on
	for name, want := range map[string]string{"ada": "ResourceNotFoundException", "nobody": "UserNotFoundException"} {
		if status, body := w.deleteToken(name, nil); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", name, status, body, want)
		}
	}
	w.pool.SetSwitches(userpool.Switches{NoDeleteSoftwareToken: true})
	if _, body := w.deleteToken("ada", nil); !strings.Contains(body, "UnknownOperationException") {
		t.Errorf("got %s", body)
	}
}

func TestSignatures(t *testing.T) {
	w := open(t, userpool.Options{})
	for _, test := range []struct {
		about, want string
		change      func(*http.Request)
	}{
		{"no signature", "MissingAuthenticationTokenException", func(r *http.Request) { r.Header.Del("Authorization") }},
		{"half a signature", "IncompleteSignatureException", func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x") }},
		{"another key", "UnrecognizedClientException", func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), w.info.AccessKeyID, "LOCALKEYOTHER", 1))
		}},
		{"another region", "InvalidSignatureException", func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), w.info.Region, "us-east-1", 1))
		}},
		{"another host", "InvalidSignatureException", func(r *http.Request) { r.Host = "elsewhere.test" }},
		{"another body", "InvalidSignatureException", func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat(" ", int(r.ContentLength))))
		}},
	} {
		if status, body := w.deleteToken("ada", test.change); status != http.StatusBadRequest || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %s, want %s", test.about, status, body, test.want)
		}
	}
	if _, body := w.deleteToken("ada", nil); !strings.Contains(body, "ResourceNotFoundException") {
		t.Errorf("untouched: %s", body)
	}
}
