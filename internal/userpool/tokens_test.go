package userpool_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

func claimsOf(t *testing.T, token *string) map[string]any {
	t.Helper()
	parts := strings.Split(aws.ToString(token), ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestClaims(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	w.add(userpool.User{Username: "dana", Password: password, Groups: []string{"help-desk"}, Attributes: map[string]string{"email": "d@example.test", "email_verified": "true"}})
	out := w.signIn("dana").AuthenticationResult
	access, id := claimsOf(t, out.AccessToken), claimsOf(t, out.IdToken)
	for _, name := range []string{"sub", "iss", "origin_jti", "event_id", "auth_time", "iat", "exp"} {
		if access[name] == nil || id[name] != access[name] {
			t.Errorf("%s: access %v, id %v", name, access[name], id[name])
		}
	}
	for name, want := range map[string]any{"token_use": "access", "client_id": w.info.ClientID, "username": "dana", "scope": "aws.cognito.signin.user.admin", "aud": nil, "email": nil} {
		if access[name] != want {
			t.Errorf("access token: %s = %v, want %v", name, access[name], want)
		}
	}
	for name, want := range map[string]any{"token_use": "id", "aud": w.info.ClientID, "cognito:username": "dana", "email": "d@example.test", "email_verified": true, "client_id": nil} {
		if id[name] != want {
			t.Errorf("ID token: %s = %v, want %v", name, id[name], want)
		}
	}
	if n := len(*out.AccessToken); n < 950 || n > 1250 {
		t.Errorf("access token of %d characters", n)
	}
	w.pool.SetTokenGroups(60)
	if n := len(*w.signIn("dana").AuthenticationResult.AccessToken); n < 2900 || n > 4000 {
		t.Errorf("swollen access token of %d characters", n)
	}
}

func TestRevocationAndGlobalSignOut(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	one, two := w.signIn("ada").AuthenticationResult, w.signIn("ada").AuthenticationResult
	get := func(token *string) error {
		_, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: token})
		return err
	}
	revoke := func(token *string, client string, secret *string) error {
		_, err := w.api.RevokeToken(w.ctx, &cip.RevokeTokenInput{Token: token, ClientId: &client, ClientSecret: secret})
		return err
	}
	w.refused(revoke(one.RefreshToken, w.info.SecretClientID, nil), "UnauthorizedException", "")
	w.refused(revoke(one.RefreshToken, w.info.SecretClientID, &w.info.SecretClientSecret), "UnauthorizedException", "")
	w.refused(revoke(one.AccessToken, w.info.ClientID, nil), "UnsupportedTokenTypeException", "")
	w.ok(get(one.AccessToken))
	for range 2 {
		w.ok(revoke(one.RefreshToken, w.info.ClientID, nil))
	}
	w.refused(get(one.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
	w.ok(get(two.AccessToken))
	_, err := w.api.GlobalSignOut(w.ctx, &cip.GlobalSignOutInput{AccessToken: two.AccessToken})
	w.ok(err)
	w.refused(get(two.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
	w.ok(get(w.signIn("ada").AuthenticationResult.AccessToken))
}
