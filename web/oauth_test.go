package web_test

import (
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

// openOAuthPortal is a portal whose people sign in at Cognito's own pages: the embedded pool on a port of its own.
func openOAuthPortal(t testing.TB, changes ...func(*portalOptions)) *portal {
	t.Helper()
	p := openPortal(t, changes...)
	p.pages.Store(p.pool)
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.pages.Load().ServeHTTP(w, r) }))
	t.Cleanup(pages.Close)
	p.pool.SetEndpoint(pages.URL)
	p.domain = pages.URL
	p.allowOAuth(types.OAuthFlowTypeCode)
	p.restart()
	return p
}

// allowOAuth sets the app client up as docs and doctor ask for it.
func (p *portal) allowOAuth(flow types.OAuthFlowType) {
	p.t.Helper()
	info := p.pool.Info()
	_, err := p.admin().UpdateUserPoolClient(p.t.Context(), &cip.UpdateUserPoolClientInput{
		UserPoolId: aws.String(info.UserPoolID), ClientId: aws.String(info.ClientID),
		ExplicitAuthFlows:               []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
		CallbackURLs:                    []string{p.server.URL + "/sign-in/oauth/callback"},
		AllowedOAuthFlows:               []types.OAuthFlowType{flow},
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes:              []string{"openid", "aws.cognito.signin.user.admin"},
		SupportedIdentityProviders:      []string{"COGNITO"},
	})
	p.must(err)
}

// atCognito fills in the form of Cognito's page that the browser stands at.
func (b *browser) atCognito(pairs ...string) *browser {
	b.t.Helper()
	action := b.page.Attr("form", "action")
	form := b.page.Form(action, pairs...)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.domain+action, strings.NewReader(form.Encode()))
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func TestSigningInAtCognitosPages(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	link := b.get("/sign-in?return_to=hr").golden("sign-in-oauth.html").page.Attr(`a[href^="/sign-in/oauth"]`, "href")
	r := b.request(http.MethodGet, "/sign-in/oauth", nil)
	r.URL.RawQuery = strings.TrimPrefix(link, "/sign-in/oauth?")
	b.do(r)
	if !strings.HasPrefix(b.answer.Request.URL.String(), p.domain+"/oauth2/authorize") {
		t.Fatalf("sent to %s", b.answer.Request.URL)
	}
	query := b.answer.Request.URL.Query()
	if query.Get("code_challenge_method") != "S256" || query.Get("scope") != "openid aws.cognito.signin.user.admin" || query.Get("state") == "" || query.Get("nonce") == "" {
		t.Errorf("asked with %v", query)
	}
	b.atCognito("username", "ada", "password", password).at("/authenticator").text("header", "ada")
	b.submit("/authenticator/start").at("/set-up")
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done").text("a.btn", "Continue to Northwind HR")
	if b.page.Count(`form[action="/try"]`) > 0 {
		t.Error("offers to try the app with a password that this portal does not take")
	}
}

func TestCallbacksThatAreRefused(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	callback := func(b *browser, query url.Values) *browser {
		r := b.request(http.MethodGet, "/sign-in/oauth/callback", nil)
		r.URL.RawQuery = query.Encode()
		return b.do(r)
	}
	// stop is a browser that was sent back with a code, but has not arrived.
	stop := func() (*browser, url.Values) {
		b := p.browser()
		b.get("/sign-in/oauth")
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.atCognito("username", "ada", "password", password)
		back, err := url.Parse(b.answer.Header.Get("Location"))
		p.must(err)
		b.client.CheckRedirect = nil
		return b, back.Query()
	}
	for what, change := range map[string]func(url.Values){
		"wrong state":  func(q url.Values) { q.Set("state", "another") },
		"no state":     func(q url.Values) { q.Del("state") },
		"empty state":  func(q url.Values) { q.Set("state", "") },
		"two states":   func(q url.Values) { q.Add("state", "x") },
		"no code":      func(q url.Values) { q.Del("code") },
		"wrong code":   func(q url.Values) { q.Set("code", "nonsense") },
		"an error":     func(q url.Values) { q.Set("error", "access_denied") },
		"code of 5 kB": func(q url.Values) { q.Set("code", strings.Repeat("x", 5000)) },
	} {
		b, query := stop()
		change(query)
		callback(b, query).status(http.StatusBadRequest).text("h1", "not completed")
		if b.get("/authenticator").path() != "/sign-in" {
			t.Errorf("%s: signed in all the same", what)
		}
	}

	b, query := stop()
	other := p.browser()
	callback(other, query).status(http.StatusBadRequest) // a link that somebody else was sent
	callback(b, query).at("/authenticator")
	callback(b, query).status(http.StatusBadRequest) // once only

	late, query := stop()
	p.clock.advance(11 * time.Minute)
	callback(late, query).status(http.StatusBadRequest)
}

// Cognito changes its keys: a token signed with one that is not known yet is checked against a fresh list.
func TestThePoolChangesItsKeys(t *testing.T) {
	sameIDs := func(o *portalOptions) { o.pool.Rand = mathrand.NewChaCha8([32]byte{7}) }
	p := openOAuthPortal(t, optional, sameIDs)
	twin := openPortal(t, optional, sameIDs, func(o *portalOptions) { o.pool.Keys = userpool.NewKeys(); o.pool.Now = p.clock.Now })
	if twin.pool.Info().ClientID != p.pool.Info().ClientID || twin.pool.Info().UserPoolID != p.pool.Info().UserPoolID {
		t.Fatal("the twin has other ids")
	}
	for _, portal := range []*portal{p, twin} {
		portal.addUser("ada", userpool.StateNew)
	}
	handOver := func(from *portal) int {
		app := p.browser()
		app.handOff(jsonOf("access_token", *from.signInElsewhere("ada").AuthenticationResult.AccessToken))
		return app.answer.StatusCode
	}
	if got := handOver(p); got != http.StatusCreated {
		t.Fatalf("a token of the first key: status %d", got)
	}
	if got := handOver(twin); got != http.StatusUnprocessableEntity {
		t.Fatalf("a token of a key that is nobody's yet: status %d", got)
	}
	twin.pool.SetEndpoint(p.domain)
	p.pages.Store(twin.pool) // from now on the list at the same address has the other keys
	if got := handOver(twin); got != http.StatusCreated {
		t.Errorf("a token of the new key: status %d", got)
	}
}

// The same in a real browser: to Cognito's page and back, with the policies of both sites in force.
func TestBrowserSignsInAtCognitosPages(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(look{name: "desktop", width: 1180, height: 880, scale: 1})
	b.open("/sign-in?return_to=hr").click(`a[href^="/sign-in/oauth"]`).wait(`location.pathname === "/oauth2/authorize"`)
	b.fill(`[name=username]`, "ada").fill(`[name=password]`, password).click("button").at("/authenticator").shows("header", "ada")
	b.click(`[action="/authenticator/start"] button`).at("/set-up")
	b.fill("#code", p.code(b.key())).click(submit).at("/done").shows("a.btn", "Continue to Northwind HR")
	b.back().wait(`location.pathname !== "/oauth2/authorize"`) // nothing to sign in to again by going back
}
