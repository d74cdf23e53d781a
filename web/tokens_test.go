package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/userpool"
)

// However a sign-in is left, its refresh token ends, and with it the access token. Nobody waits for that.
func TestASignInsTokensEndWhenItIsLeft(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator").submit("/authenticator/start").at("/set-up")
	key := b.key()
	p.wantRevoked(0)
	p.calls()
	b.submit("/set-up/verify", "code", p.code(key)).at("/done")
	p.wantRevoked(1)
	p.wantCalls("VerifySoftwareToken SetUserMFAPreference")

	b.submit("/try").submit("/sign-in", "password", password).submit("/challenge", "code", p.nextCode(key)).at("/done")
	p.wantRevoked(1)
	p.wantCalls("InitiateAuth RespondToAuthChallenge")

	b.submit("/sign-out").submit("/sign-in", "username", "ada", "password", password).submit("/challenge", "code", p.nextCode(key)).at("/authenticator")
	p.wantRevoked(0)
	b.do(b.request(http.MethodPost, "/sign-out", nil)).at("/sign-in")
	p.wantRevoked(1)
	p.calls()

	b.signIn("ada", password).submit("/challenge", "code", p.nextCode(key)).at("/authenticator")
	p.clock.advance(11 * time.Minute)
	b.submit("/authenticator/start").at("/sign-in")
	b.submit("/sign-in", "password", password).at("/challenge") // begins anew: what the browser had before is over
	p.wantRevoked(1)
}

// On the session path the token never rides in a cookie.
func TestTheSessionPathsTokenEnds(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	p.wantRevoked(1)
	p.wantCalls("InitiateAuth AssociateSoftwareToken VerifySoftwareToken RespondToAuthChallenge")
}

// Somebody who is turned away leaves no token behind, and what another application signed in is not ours to end.
func TestWhoseTokensEnd(t *testing.T) {
	p := openPortal(t, optional)
	p.must(p.pool.AddUser(userpool.User{Username: "Google_123", Password: password, Groups: []string{p.pool.Info().UserPoolID + "_Google"}}))
	p.browser().signIn("Google_123", password).status(http.StatusForbidden)
	p.wantRevoked(1)
	p.calls()

	p.addUser("ada", userpool.StateNew)
	path := p.browser().handOff(jsonOf("access_token", *p.signInElsewhere("ada").AuthenticationResult.AccessToken))
	b := p.browser()
	b.get(path).submit(path).at("/authenticator").submit("/sign-out").at("/sign-in")
	p.wantRevoked(0)
}

// A pool that does not answer keeps nobody waiting.
func TestNobodyWaitsForARevocation(t *testing.T) {
	for _, how := range []string{"true", "wait"} {
		p := openPortal(t, func(o *portalOptions) { o.revoke = how })
		p.addUser("ada", userpool.StateNew)
		answered := make(chan struct{})
		p.rewrite = func(body []byte) []byte {
			if string(body) == "{}" { // RevokeToken's: no other call of the session path answers so
				<-answered
			}
			return body
		}
		p.restart()
		b := p.browser()
		b.signIn("ada", password).at("/set-up")
		if how == "wait" {
			close(answered)
		}
		b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
		if how == "true" {
			close(answered)
		}
		p.wantRevoked(1)
	}
}

func TestARevocationThatFailsIsForTheLogAlone(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	p.pool.FailNext("RevokeToken", userpool.Fault{Kind: userpool.FaultWAF})
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	p.wantRevoked(0)
	if !strings.Contains(p.log.String(), "not revoked: RevokeToken: blocked") {
		t.Error("the log does not tell")
	}
}

// Where it is switched off, or the store cannot keep the token, it is dropped unread, and people go on.
func TestTokensThatAreNotKept(t *testing.T) {
	for _, how := range []string{"false", "true"} {
		p := openPortal(t, optional, func(o *portalOptions) { o.revoke = how })
		p.addUser("ada", userpool.StateNew)
		if how == "true" {
			p.must(p.store.Close())
		}
		b := p.browser()
		b.signIn("ada", password).at("/authenticator").submit("/authenticator/start").at("/set-up")
		b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
		p.wantRevoked(0)
		if told := strings.Contains(p.log.String(), "not revoked"); told != (how == "true") {
			t.Errorf("%s: the log tells of it: %v", how, told)
		}
	}
}

// A copy of the cookie has no token to end that was ended, nor one of the sign-in after it.
func TestATokenIsTakenOnce(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator")
	copied := b.tab()
	b.submit("/sign-out").at("/sign-in")
	copied.do(copied.request(http.MethodPost, "/sign-out", nil))
	p.wantRevoked(1)
}

// Many proxies take no more than 4 kB of an answer's headers, so the usual set-up keeps its cookie far below that: tokens of
// the service's usual size, or a session of 1,600 characters, with a key and a name.
func TestTheUsualFlowIsASmallCookie(t *testing.T) {
	for _, pool := range []func(*portalOptions){optional, func(o *portalOptions) { o.pool.SessionLength = 1600 }} {
		p := openPortal(t, pool)
		p.addUser("ada.lovelace@example.com", userpool.StateNew)
		b := p.browser()
		b.get("/sign-in")
		answer := b.direct(http.MethodPost, "/sign-in", map[string][]string{"username": {"ada.lovelace@example.com"}, "password": {password}})
		smallCookies(t, answer)
		if b.get("/").path() == "/authenticator" {
			smallCookies(t, b.direct(http.MethodPost, "/authenticator/start", map[string][]string{}))
		}
		b.get("/").at("/set-up")
		smallCookies(t, b.direct(http.MethodPost, "/set-up/verify", map[string][]string{"code": {"000000"}, "device": {"Ada’s phone"}}))
	}
}

func smallCookies(t *testing.T, answer *httptest.ResponseRecorder) {
	t.Helper()
	size := 0
	for _, line := range answer.Header().Values("Set-Cookie") {
		if strings.HasPrefix(line, "__Host-enroll") {
			size += len("Set-Cookie: ") + len(line) + len("\r\n")
		}
	}
	t.Logf("%d bytes", size)
	if size == 0 || size > 2500 {
		t.Errorf("Set-Cookie takes %d bytes, want at most 2,500", size)
	}
}
