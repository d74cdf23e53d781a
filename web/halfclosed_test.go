package web_test

// Whoever sends a request can end its context, by closing his half of the connection, and still read the answer. What was
// found by doing so, and by having one call fail at the right moment, each once.

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

// gone sends a request whose sender waits for nothing, and reads the answer all the same.
func (b *browser) gone(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, method, b.server.URL+path, nil)
	if method == http.MethodPost {
		form.Set("flow", b.page.Attr(`input[name="flow"]`, "value"))
		r = b.formTo(path, form).WithContext(ctx)
	}
	return b.send(r)
}

// The store was not asked for a request that had ended, and a store that does not answer ends nobody's enrollment: a cookie
// that was recorded before signing out showed its key again.
func TestAnEndedCookieStaysEndedForWhoDoesNotWait(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	thief := b.tab()
	b.submit("/sign-out").at("/sign-in")
	p.calls()
	if answer := thief.gone(http.MethodGet, "/set-up", nil); answer.Code != http.StatusSeeOther {
		t.Errorf("status %d: the page with the key", answer.Code)
	}
	thief.gone(http.MethodPost, "/set-up/verify", url.Values{"code": {p.code(thief.key())}})
	p.wantCalls("")
}

// Who signs out and closes the window is signed out.
func TestSigningOutWithoutWaiting(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator")
	thief := b.tab()
	b.gone(http.MethodPost, "/sign-out", url.Values{})
	thief.get("/authenticator").at("/sign-in").text(".msg", "has ended")
	p.wantRevoked(1)
}

// Signed in by text message, the portal asks the pool whether there is an app that works. When that question failed, the
// answer was taken to be no, and the app could be replaced without its code.
func TestAnAppIsNotForgottenWhenThePoolDoesNotTell(t *testing.T) {
	for name, fail := range map[string]func(b *browser){
		"throttled": func(b *browser) {
			b.pool.FailNext("GetUser", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 2})
			b.submit("/challenge", "code", b.sentCode("edsger")).status(http.StatusServiceUnavailable)
		},
		"does not wait": func(b *browser) {
			b.gone(http.MethodPost, "/challenge", url.Values{"code": {b.sentCode("edsger")}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPortal(t, everyFactor, optional)
			p.addReachable("edsger", userpool.StateEnrolled)
			p.preferSMS("edsger")
			b := p.browser()
			b.signIn("edsger", password).at("/challenge")
			fail(b)
			p.pool.ClearFaults()
			p.calls()
			b.get("/authenticator").at("/sign-in")
			b.post("/authenticator/start").at("/sign-in")
			p.wantCalls("")
			b.submit("/sign-in", "username", "edsger", "password", password).submit("/challenge", "code", p.sentCode("edsger")).at("/authenticator").
				text(".lead", "is set up").submit("/authenticator/start").status(http.StatusForbidden).text("h1", "code is needed")
		})
	}
}

// The same at Cognito's own pages, where nobody tells what was asked for.
func TestAnAppIsNotForgottenAfterCognitosPages(t *testing.T) {
	p := openOAuthPortal(t, everyFactor, optional)
	p.addReachable("ada", userpool.StateNew)
	b := p.browser()
	answer := b.get("/sign-in/oauth").backFromCognito("ada")
	p.pool.FailNext("GetUser", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 2})
	b.callback(answer).status(http.StatusServiceUnavailable)
	b.get("/authenticator").at("/sign-in")
}

func (p *portal) preferSMS(name string) {
	p.t.Helper()
	_, err := p.admin().AdminSetUserMFAPreference(p.t.Context(), &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: aws.String(name),
		SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	p.must(err)
}

// A challenge without its session led to a form whose every answer was refused.
func TestAChallengeWithoutASession(t *testing.T) {
	p := openPortal(t)
	p.addUser("edsger", userpool.StateEnrolled)
	p.rewrite = func(body []byte) []byte {
		return regexp.MustCompile(`,"Session":"[^"]*"`).ReplaceAll(body, nil)
	}
	p.restart()
	p.browser().signIn("edsger", password).status(http.StatusServiceUnavailable).text("h1", "does not answer")
	if !strings.Contains(p.log.String(), "challenge without a session") {
		t.Error("the log does not say why")
	}
}

// The app was set up and the link stayed good for another one: the request ended between the pool's yes and the store's.
func TestALinkIsUsedUpForWhoDoesNotWait(t *testing.T) {
	p := openPortal(t, needsTicket)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	link, piece := p.browser().deskSignIn("dana").makesLink("alice")
	b := p.browser()
	b.opens(link, piece).get("/sign-in").submit("/sign-in", "password", password).at("/set-up")
	ctx, cancel := context.WithCancel(t.Context())
	p.rewrite = func(body []byte) []byte {
		if strings.Contains(string(body), `"SUCCESS"`) {
			cancel()
		}
		return body
	}
	p.restart()
	r := b.formTo("/set-up/verify", url.Values{"code": {p.code(b.key())}, "flow": {b.page.Attr(`input[name="flow"]`, "value")}})
	b.send(r.WithContext(ctx))
	if ctx.Err() == nil {
		t.Fatal("the request was not cut off")
	}
	p.browser().opens(link, piece).status(http.StatusUnprocessableEntity).text("[role=alert]", "did not open")
}
