package userpool_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

const callback = "https://app.example.test/back"

// browser is the little of one that the pages need.
type browser struct {
	*world
	query url.Values
}

func openBrowser(t *testing.T, options userpool.Options) *browser {
	t.Helper()
	options.CallbackURLs, options.LogoutURLs = []string{callback}, []string{"https://app.example.test/bye"}
	w := open(t, options)
	sum := sha256.Sum256([]byte("verifier"))
	return &browser{w, url.Values{
		"response_type": {"code"}, "client_id": {w.info.ClientID}, "redirect_uri": {callback}, "state": {"s&1"},
		"scope": {"openid aws.cognito.signin.user.admin"}, "nonce": {"n1"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}}
}

func (b *browser) send(method, path string, form url.Values, header ...string) (*http.Response, string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.ctx, method, "http://pool.test"+path, strings.NewReader(form.Encode()))
	b.ok(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := b.pool.Transport().RoundTrip(r)
	b.ok(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	b.ok(err)
	return response, string(body)
}

func (b *browser) authorize(form url.Values) (*http.Response, string) {
	b.Helper()
	return b.send(http.MethodPost, "/oauth2/authorize?"+b.query.Encode(), form)
}

func hidden(body, name string) string {
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
	if found == nil {
		return ""
	}
	return found[1]
}

// code answers the redirect's code.
func (b *browser) code(response *http.Response) string {
	b.Helper()
	location, err := url.Parse(response.Header.Get("Location"))
	b.ok(err)
	if response.StatusCode != http.StatusFound || !strings.HasPrefix(location.String(), callback+"?") || location.Query().Get("state") != "s&1" {
		b.Fatalf("got %d to %q", response.StatusCode, location)
	}
	return location.Query().Get("code")
}

func (b *browser) token(form url.Values) (int, map[string]any) {
	b.Helper()
	response, body := b.send(http.MethodPost, "/oauth2/token", form)
	var result map[string]any
	b.ok(json.Unmarshal([]byte(body), &result))
	return response.StatusCode, result
}

func (b *browser) redeem(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.info.ClientID}, "redirect_uri": {callback}, "code": {code}, "code_verifier": {"verifier"},
	}
}

func TestPagesEnrollAndIssueTokens(t *testing.T) {
	b := openBrowser(t, userpool.Options{})
	if response, body := b.send(http.MethodGet, "/oauth2/authorize?"+b.query.Encode(), nil); response.StatusCode != 200 || !strings.Contains(body, `name="password"`) {
		t.Fatalf("got %d %s", response.StatusCode, body)
	}
	if response, body := b.authorize(url.Values{"username": {"ada"}, "password": {"wrong"}}); response.StatusCode != 422 || !strings.Contains(body, "Incorrect username or password.") {
		t.Fatalf("got %d %s", response.StatusCode, body)
	}
	_, setup := b.authorize(url.Values{"username": {"ada"}, "password": {password}})
	form := url.Values{"session": {hidden(setup, "session")}, "challenge": {"MFA_SETUP"}, "username": {"ada"}, "key": {hidden(setup, "key")}}
	form.Set("code", b.wrong(form.Get("key")))
	response, again := b.authorize(form)
	if response.StatusCode != 422 || hidden(again, "key") != form.Get("key") {
		t.Fatalf("a wrong code lost the form: %d", response.StatusCode)
	}
	form.Set("code", b.code6(form.Get("key")))
	response, _ = b.authorize(form)
	code := b.code(response)
	if status, result := b.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {b.info.ClientID}, "redirect_uri": {callback}, "code": {code}}); status != 400 || result["error"] != "invalid_grant" {
		t.Errorf("without the verifier: %d %v", status, result)
	}
	if status, result := b.token(b.redeem(code)); status != 400 || result["error"] != "invalid_grant" {
		t.Errorf("a code that was tried: %d %v", status, result)
	}

	_, asked := b.authorize(url.Values{"username": {"ada"}, "password": {password}})
	b.clock.advance(time.Minute)
	response, _ = b.authorize(url.Values{
		"session": {hidden(asked, "session")}, "challenge": {"SOFTWARE_TOKEN_MFA"}, "username": {"ada"}, "SOFTWARE_TOKEN_MFA_CODE": {b.code6(form.Get("key"))},
	})
	status, tokens := b.token(b.redeem(b.code(response)))
	if status != 200 || tokens["token_type"] != "Bearer" || tokens["refresh_token"] == nil {
		t.Fatalf("got %d %v", status, tokens)
	}
	access, _ := tokens["access_token"].(string)
	id, _ := tokens["id_token"].(string)
	if got := claimsOf(t, &access)["scope"]; got != "openid aws.cognito.signin.user.admin" {
		t.Errorf("scope %v", got)
	}
	if got := claimsOf(t, &id)["nonce"]; got != "n1" {
		t.Errorf("nonce %v", got)
	}
	_, err := b.api.GetUser(b.ctx, &cip.GetUserInput{AccessToken: &access})
	b.ok(err)
	if response, body := b.send(http.MethodGet, "/oauth2/userInfo", nil, "Authorization", "Bearer "+access); response.StatusCode != 200 || !strings.Contains(body, `"email_verified":"true"`) {
		t.Errorf("userInfo: %d %s", response.StatusCode, body)
	}
	refresh, _ := tokens["refresh_token"].(string)
	status, renewed := b.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {b.info.ClientID}, "refresh_token": {refresh}})
	if status != 200 || renewed["refresh_token"] != nil || renewed["access_token"] == nil {
		t.Errorf("refresh: %d %v", status, renewed)
	}
	if response, _ := b.send(http.MethodPost, "/oauth2/revoke", url.Values{"token": {refresh}, "client_id": {b.info.ClientID}}); response.StatusCode != 200 {
		t.Errorf("revoke: %d", response.StatusCode)
	}
	if response, _ := b.send(http.MethodGet, "/oauth2/userInfo", nil, "Authorization", "Bearer "+access); response.StatusCode != 401 {
		t.Errorf("userInfo after revocation: %d", response.StatusCode)
	}
}

// The commonest surprise of OAuth clients: without its scope the token opens nothing here.
func TestTokenWithoutTheAdminScope(t *testing.T) {
	b := openBrowser(t, userpool.Options{MFA: userpool.MFAOff})
	b.query.Set("scope", "openid")
	response, _ := b.authorize(url.Values{"username": {"ada"}, "password": {password}})
	_, tokens := b.token(b.redeem(b.code(response)))
	access, _ := tokens["access_token"].(string)
	_, err := b.api.AssociateSoftwareToken(b.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: &access})
	b.refused(err, "NotAuthorizedException", "Access Token does not have required scopes")
	if response, _ := b.send(http.MethodGet, "/oauth2/userInfo", nil, "Authorization", "Bearer "+access); response.StatusCode != http.StatusOK {
		t.Errorf("userInfo: %d", response.StatusCode)
	}
	out := b.signIn("ada").AuthenticationResult
	if response, _ := b.send(http.MethodGet, "/oauth2/userInfo", nil, "Authorization", "Bearer "+*out.AccessToken); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("userInfo with a token of the API: %d", response.StatusCode)
	}
}

func (b *browser) code6(secret string) string { return b.world.code(secret, 0) }

func TestAuthorizeRefusals(t *testing.T) {
	b := openBrowser(t, userpool.Options{})
	for _, test := range []struct{ name, value, want string }{
		{"client_id", "nobody", ""},
		{"redirect_uri", callback + "/", ""},
		{"response_type", "token", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"scope", "openid other", "invalid_scope"},
	} {
		was := b.query.Get(test.name)
		b.query.Set(test.name, test.value)
		response, _ := b.send(http.MethodGet, "/oauth2/authorize?"+b.query.Encode(), nil)
		b.query.Set(test.name, was)
		if test.want == "" {
			if response.StatusCode != 400 || response.Header.Get("Location") != "" {
				t.Errorf("%s: %d to %q, want a page", test.name, response.StatusCode, response.Header.Get("Location"))
			}
		} else if !strings.Contains(response.Header.Get("Location"), "error="+test.want) {
			t.Errorf("%s: to %q, want %s", test.name, response.Header.Get("Location"), test.want)
		}
	}
	for _, test := range []struct {
		form url.Values
		want string
	}{
		{url.Values{}, "invalid_client"},
		{url.Values{"client_id": {b.info.ClientID}}, "invalid_request"},
		{url.Values{"client_id": {b.info.ClientID}, "grant_type": {"password"}}, "unsupported_grant_type"},
		{url.Values{"client_id": {b.info.SecretClientID}, "grant_type": {"client_credentials"}}, "invalid_client"},
		{url.Values{"client_id": {b.info.ClientID}, "grant_type": {"client_credentials"}}, "unauthorized_client"},
		{b.redeem("made-up"), "invalid_grant"},
	} {
		if status, result := b.token(test.form); status != 400 || result["error"] != test.want {
			t.Errorf("%v: %d %v, want %s", test.form, status, result, test.want)
		}
	}
	if response, _ := b.send(http.MethodGet, "/logout?client_id="+b.info.ClientID+"&logout_uri="+url.QueryEscape("https://app.example.test/bye"), nil); response.Header.Get("Location") != "https://app.example.test/bye" {
		t.Errorf("logout: %d", response.StatusCode)
	}
	if response, _ := b.send(http.MethodGet, "/logout?client_id="+b.info.ClientID+"&logout_uri=https://evil.test/", nil); response.StatusCode != 400 {
		t.Errorf("logout elsewhere: %d", response.StatusCode)
	}
}

// TestTokensVerifyByTheJWKS checks both tokens as a resource server would, from the published documents alone.
func TestTokensVerifyByTheJWKS(t *testing.T) {
	b := openBrowser(t, userpool.Options{MFA: userpool.MFAOff})
	tokens := b.signIn("ada").AuthenticationResult
	_, body := b.send(http.MethodGet, "/"+b.info.UserPoolID+"/.well-known/openid-configuration", nil)
	var configuration map[string]any
	b.ok(json.Unmarshal([]byte(body), &configuration))
	if configuration["issuer"] != claimsOf(t, tokens.IdToken)["iss"] {
		t.Errorf("issuer %v", configuration["issuer"])
	}
	_, body = b.send(http.MethodGet, "/"+b.info.UserPoolID+"/.well-known/jwks.json", nil)
	var set struct{ Keys []jwk }
	b.ok(json.Unmarshal([]byte(body), &set))
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	for _, token := range []*string{tokens.AccessToken, tokens.IdToken} {
		if err := verifyJWS(*token, set.Keys); err != nil {
			t.Error(err)
		}
	}
	if response, _ := b.send(http.MethodGet, "/local-1_Nowhere99/.well-known/jwks.json", nil); response.StatusCode != 404 {
		t.Errorf("another pool: %d", response.StatusCode)
	}
}
