package userpool

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLife is how long an authorization code can be redeemed (Cognito developer guide, "Token endpoint").
const codeLife = 5 * time.Minute

func allScopes() []string { return []string{"openid", "email", "phone", "profile", adminScope} }

// authorization is what /oauth2/authorize was asked for.
type authorization struct {
	redirect  string
	state     string
	challenge string // of PKCE, S256
}

// authCode is an authorization code, redeemed once.
type authCode struct {
	signIn  signIn
	user    *user
	at      time.Time
	expires time.Time
}

// oauthError is an error that the OAuth endpoints name.
type oauthError struct {
	name   string
	status int
}

func (e *oauthError) Error() string { return e.name }

func badOAuth(name string) *oauthError { return &oauthError{name, http.StatusBadRequest} }

// parseAuthorize checks an authorization request. The client is nil if the answer must not be redirected.
func (p *Pool) parseAuthorize(query url.Values) (signIn, *oauthError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cl := p.clients[query.Get("client_id")]
	if cl == nil || !slices.Contains(cl.callbacks, query.Get("redirect_uri")) {
		return signIn{}, badOAuth("invalid_request")
	}
	asked := strings.Fields(query.Get("scope"))
	if len(asked) == 0 {
		asked = cl.scopes
	}
	s := signIn{client: cl, scopes: asked, nonce: query.Get("nonce"), oauth: &authorization{
		redirect: query.Get("redirect_uri"), state: query.Get("state"), challenge: query.Get("code_challenge"),
	}}
	challenged := query.Has("code_challenge") || query.Has("code_challenge_method")
	switch {
	case query.Get("response_type") != "code",
		challenged && (query.Get("code_challenge_method") != "S256" || len(s.oauth.challenge) != 43):
		return s, badOAuth("invalid_request")
	case !cl.oauth || !slices.Contains(cl.oauthFlows, "code"):
		return s, badOAuth("unauthorized_client")
	case slices.ContainsFunc(asked, func(scope string) bool { return !slices.Contains(cl.scopes, scope) }):
		return s, badOAuth("invalid_scope")
	}
	return s, nil
}

// issueCode ends a sign-in on the OAuth pages.
func (c *call) issueCode(s signIn, u *user) (object, error) {
	code, err := c.p.uuid()
	if err != nil {
		return nil, err
	}
	for old, issued := range c.p.codes {
		if !c.now.Before(issued.expires) {
			delete(c.p.codes, old)
		}
	}
	c.p.codes[code] = &authCode{signIn: s, user: u, at: c.now, expires: c.now.Add(codeLife)}
	c.event(u, "Pass", "", "")
	return object{"Code": code}, nil
}

// back is where the browser goes after the pages.
func (a *authorization) back(name, value string) string {
	target, err := url.Parse(a.redirect)
	if err != nil {
		return a.redirect // it is registered word for word
	}
	query := target.Query()
	query.Set(name, value)
	if a.state != "" {
		query.Set("state", a.state)
	}
	target.RawQuery = query.Encode()
	return target.String()
}

// oauthClient authenticates a client by Basic authentication or by the form (RFC 6749 section 2.3.1).
func (p *Pool) oauthClient(r *http.Request) (*client, *oauthError) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	cl := p.clients[id]
	if cl == nil || !same(cl.secret, secret) {
		if basic {
			return nil, &oauthError{"invalid_client", http.StatusUnauthorized}
		}
		return nil, badOAuth("invalid_client")
	}
	return cl, nil
}

// serveToken is POST /oauth2/token.
func (p *Pool) serveToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeOAuthError(w, badOAuth("invalid_request"))
		return
	}
	c := &call{p: p, name: "oauth2/token", input: object{}, now: p.Now()}
	result, err := c.locked(func() (object, error) {
		cl, fault := p.oauthClient(r)
		if fault != nil {
			return nil, fault
		}
		switch r.PostForm.Get("grant_type") {
		case "authorization_code":
			return c.redeemCode(cl, r.PostForm)
		case "refresh_token":
			return c.refreshOAuth(cl, r.PostForm.Get("refresh_token"))
		case "client_credentials":
			return nil, badOAuth("unauthorized_client") // there are no resource servers here to ask scopes of
		case "":
			return nil, badOAuth("invalid_request")
		}
		return nil, badOAuth("unsupported_grant_type")
	})
	if err == nil {
		err = errors.Join(c.signAll(), p.persist(c.name))
	}
	if err != nil {
		writeOAuthError(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, result)
}

// redeemCode trades a code for tokens. A code that was tried is spent, whatever came of it.
func (c *call) redeemCode(cl *client, form url.Values) (object, error) {
	code := c.p.codes[form.Get("code")]
	if form.Get("code") == "" || form.Get("redirect_uri") == "" {
		return nil, badOAuth("invalid_request")
	}
	delete(c.p.codes, form.Get("code"))
	if code == nil || code.signIn.client != cl || !c.now.Before(code.expires) || form.Get("redirect_uri") != code.signIn.oauth.redirect ||
		!provesPKCE(code.signIn.oauth.challenge, form.Get("code_verifier")) || code.user.gone || code.user.disabled {
		return nil, badOAuth("invalid_grant")
	}
	g, err := c.newGrant(code.signIn, code.user)
	if err != nil {
		return nil, err
	}
	g.authTime = code.at
	return c.oauthTokens(g, true)
}

// provesPKCE checks the verifier (RFC 7636 section 4.6). One that nobody asked for is refused too.
func provesPKCE(challenge, verifier string) bool {
	if challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

func (c *call) refreshOAuth(cl *client, token string) (object, error) {
	g, generation, found := c.p.openRefresh(token)
	if !found || g.client != cl || c.refreshable(g, "") != nil {
		return nil, badOAuth("invalid_grant")
	}
	rotated, err := c.rotate(g, generation)
	if err != nil {
		return nil, badOAuth("invalid_grant")
	}
	return c.oauthTokens(g, rotated)
}

// oauthTokens names the tokens as OAuth does. There is an ID token only for the scope openid.
func (c *call) oauthTokens(g *grant, withRefresh bool) (object, error) {
	result := object{"token_type": "Bearer", "expires_in": int64(g.client.accessValidity / time.Second)}
	if err := c.accessToken(g, result, "access_token"); err != nil {
		return nil, err
	}
	if slices.Contains(g.scopes, "openid") {
		if err := c.idToken(g, result, "id_token"); err != nil {
			return nil, err
		}
	}
	if withRefresh {
		refresh, err := c.p.refreshToken(g)
		if err != nil {
			return nil, err
		}
		result["refresh_token"] = refresh
	}
	return result, nil
}

// serveUserInfo is GET /oauth2/userInfo: the attributes, for a token with the scope openid. Booleans are text here.
func (p *Pool) serveUserInfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	c := &call{p: p, input: object{}, now: p.Now()}
	result, err := c.locked(func() (object, error) {
		g, claims, err := c.accessGrant(token)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(strings.Fields(claims.Scope), "openid") {
			return nil, badOAuth("invalid_token")
		}
		result := object{"sub": g.user.sub, "username": g.user.name}
		for _, a := range g.user.attributes {
			result[a.name] = a.value
		}
		return result, nil
	})
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, object{"error": "invalid_token"})
		return
	}
	writeJSON(w, http.StatusOK, result)
}

// serveRevoke is POST /oauth2/revoke. A token that nobody knows is as good as revoked.
func (p *Pool) serveRevoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("token") == "" {
		writeOAuthError(w, badOAuth("invalid_request"))
		return
	}
	c := &call{p: p, input: object{}, now: p.Now()}
	_, err := c.locked(func() (object, error) {
		cl, fault := p.oauthClient(r)
		if fault != nil {
			return nil, &oauthError{"invalid_client", http.StatusUnauthorized}
		}
		if !cl.revocation {
			return nil, badOAuth("invalid_request")
		}
		return nil, c.revoke(cl, r.PostForm.Get("token"))
	})
	if e, refused := err.(*exception); refused { //nolint:errorlint // revoke answers nothing else
		err = badOAuth("invalid_request")
		if e.name == "UnsupportedTokenTypeException" {
			err = badOAuth("unsupported_token_type")
		}
	}
	if err == nil {
		err = p.persist("oauth2/revoke")
	}
	if err != nil {
		writeOAuthError(w, err)
	}
}

// serveLogout is GET /logout. There is no sign-in to remember here, so there is only the way back.
func (p *Pool) serveLogout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p.mu.Lock()
	cl := p.clients[query.Get("client_id")]
	p.mu.Unlock()
	switch {
	case cl != nil && slices.Contains(cl.logouts, query.Get("logout_uri")):
		http.Redirect(w, r, query.Get("logout_uri"), http.StatusFound) //nolint:gosec // registered word for word
	case cl != nil && query.Has("response_type") && slices.Contains(cl.callbacks, query.Get("redirect_uri")):
		http.Redirect(w, r, "/oauth2/authorize?"+query.Encode(), http.StatusFound) //nolint:gosec // a path of our own
	default:
		showPage(w, http.StatusBadRequest, pageView{Title: "Bad request", Message: "This client or address is not registered."})
	}
}
