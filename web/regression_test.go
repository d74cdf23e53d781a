package web_test

// What was found by attacking the portal, each once, so that it stays mended.

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/store"
	"cognito-enroll/internal/userpool"
)

// The locator of a hand-off became the address of a form: "..%2F" led its button to any other form of the victim's.
func TestAHandOffsAddressLeadsNowhereElse(t *testing.T) {
	b := openPortal(t).browser()
	for _, locator := range []string{"..%2Fauthenticator%2Fremove", "%2e%2e%2fsign-out", "x", strings.Repeat("A", 27), "javascript:alert(1)", "%2F%2Fevil.example%2F"} {
		r := b.request(http.MethodGet, "/", nil)
		r.URL.Opaque = "//" + r.URL.Host + "/handoff/" + locator
		if b.do(r); b.answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", locator, b.answer.StatusCode)
		}
	}
}

// A tab that still shows the account before acted on the one that had signed in since.
func TestAFormActsOnTheAccountThatItShows(t *testing.T) {
	p := openPortal(t, optional)
	key := p.addUser("edsger", userpool.StateEnrolled)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("edsger", password).submit("/challenge", "code", p.code(key)).at("/authenticator")
	shown := b.page.Form("/authenticator/remove")
	b.submit("/sign-out").submit("/sign-in", "username", "ada", "password", password).at("/authenticator")
	p.calls()
	b.do(b.request(http.MethodPost, "/authenticator/remove", shown)).at("/authenticator").text("header", "ada")
	p.wantCalls("")
}

// Forms without the page's token do nothing, wherever they come from.
func TestAFormWithoutItsTokenDoesNothing(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	code := p.code(b.key())
	p.calls()
	for _, token := range []string{"", "x", strings.Repeat("0", 32)} {
		r := b.request(http.MethodPost, "/set-up/verify", map[string][]string{"code": {code}, "flow": {token}})
		r.Header.Del("Origin")
		r.Header.Del("Sec-Fetch-Site") // as a client sends that is no browser
		b.do(r).at("/set-up")
	}
	p.wantCalls("")
}

// "You are signed out everywhere" was said when only this session had ended.
func TestSigningOutEverywhereIsNotClaimedWhenItFailed(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator")
	p.pool.FailNext("GlobalSignOut", userpool.Fault{Kind: userpool.FaultException, Exception: "NotAuthorizedException", Message: "Access Token has been revoked"})
	b.submit("/sign-out/everywhere").at("/sign-in").text(".msg", "has ended")
}

// An app was switched off, and replaced, by somebody who had signed in by text message.
func TestAMessageIsNotEnoughToReplaceAnApp(t *testing.T) {
	p := openPortal(t, everyFactor, optional)
	p.addReachable("edsger", userpool.StateEnrolled)
	_, err := p.admin().AdminSetUserMFAPreference(t.Context(), &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: aws.String("edsger"),
		SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	p.must(err)
	b := p.browser()
	b.signIn("edsger", password).at("/challenge").submit("/challenge", "code", p.sentCode("edsger")).at("/authenticator").text(".lead", "is set up")
	if b.page.Count(`form[action="/authenticator/remove"]`) > 0 {
		t.Error("offers to switch the app off")
	}
	b.submit("/authenticator/start").status(http.StatusForbidden).text("h1", "code is needed")
	b.get("/")
	b.do(b.request(http.MethodPost, "/authenticator/remove", nil)).status(http.StatusForbidden)
}

// The app was linked, the preference failed, and a sign-in that ended half-way made the portal forget both.
func TestALinkedAppIsNotForgotten(t *testing.T) {
	p := openPortal(t, everyFactor, optional)
	p.addReachable("ada", userpool.StateNew)
	p.setFactors("ada", true, false, false)
	b := p.browser()
	b.signIn("ada", password).submit("/challenge", "code", p.sentCode("ada")).submit("/authenticator/start").at("/set-up")
	p.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "NotAuthorizedException", Message: "Access Token has expired"})
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/sign-in").text(".msg", "nothing to scan again")
	b.submit("/sign-in", "password", password).at("/challenge")
	p.pool.FailNext("RespondToAuthChallenge", userpool.Fault{Kind: userpool.FaultException, Exception: "NotAuthorizedException", Message: "Invalid session for the user."})
	b.submit("/challenge", "code", p.sentCode("ada")).at("/sign-in").text(".msg", "nothing to scan again")
	b.submit("/sign-in", "password", password).submit("/challenge", "code", p.sentCode("ada")).at("/done")
}

// A double click on the token path: the second answer said that authenticator apps were switched off.
func TestADoubleClickOnTheTokenPath(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	form := b.page.Form("/set-up/verify", "code", p.code(b.key()))
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "SoftwareTokenMFANotFoundException"})
	p.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "InvalidParameterException"})
	b.do(b.request(http.MethodPost, "/set-up/verify", form)).status(http.StatusForbidden).text("h1", "switched off") // it really is
	b.get("/").submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

// Two browsers replace an app at once: the one that was late said "done" for a key that counts nowhere.
func TestTheLaterOfTwoIsNotDone(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	late, first := p.browser(), p.browser()
	late.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	first.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	key := first.key()
	first.submit("/set-up/verify", "code", p.code(key)).at("/done")
	late.submit("/set-up/verify", "code", p.nextCode(late.key())).at("/sign-in").text(".msg", "if we ask for a code, it was")
	late.submit("/sign-in", "password", password).at("/challenge").submit("/challenge", "code", p.nextCode(key)).at("/authenticator")
}

// After three lost answers on the session path the page said "done" although nothing was verified.
func TestDoneIsNeverSaidOnALostAnswerAlone(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultCutBefore})
	b.submit("/set-up/verify", "code", p.code(b.key())).status(http.StatusServiceUnavailable)
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "SoftwareTokenMFANotFoundException"})
	b.get("/").at("/set-up").submit("/set-up/verify", "code", p.nextCode(b.key()))
	if b.get("/").path() == "/done" {
		t.Error("says done")
	}
}

// Any site could end a sign-in at Cognito's pages by calling the way back with a state of its own.
func TestAForeignCallbackDoesNotEndAPendingSignIn(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.get("/sign-in/oauth")
	page := b.page
	r := b.request(http.MethodGet, "/sign-in/oauth/callback", nil)
	r.URL.RawQuery = "code=x&state=x"
	b.do(r).status(http.StatusBadRequest)
	r.Method = http.MethodHead
	b.do(r).status(http.StatusMethodNotAllowed)
	b.page = page
	b.atCognito("username", "ada", "password", password).at("/authenticator")
}

// Where the portal's clock is ahead of the pool's, hand-offs were dead at birth.
func TestClocksThatDiffer(t *testing.T) {
	skewed := &clock{}
	p := openPortal(t, optional, func(o *portalOptions) { o.pool.Now = skewed.Now })
	skewed.now = p.clock.Now().Add(-2 * time.Minute)
	p.addUser("ada", userpool.StateNew)
	p.browser().signIn("ada", password) // from now on the portal knows
	b := p.browser()
	path := b.handOff(jsonOf("access_token", *p.signInElsewhere("ada").AuthenticationResult.AccessToken))
	b.get(path).submit(path).at("/authenticator")
}

// The API answered other sites, unknown addresses and methods with pages.
func TestTheAPIAnswersInJSON(t *testing.T) {
	b := openPortal(t).browser()
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		func(r *http.Request) { r.URL.Path = "/api/v1/nonsense" },
		func(r *http.Request) { r.Method = http.MethodGet },
	} {
		r := b.request(http.MethodPost, "/api/v1/handoffs", nil)
		change(r)
		if b.do(r); b.answer.Header.Get("Content-Type") != "application/problem+json" || b.answer.StatusCode < 400 {
			t.Errorf("%s %s: %d, %s", r.Method, r.URL.Path, b.answer.StatusCode, b.answer.Header.Get("Content-Type"))
		}
	}
}

// htmx got an empty answer from pages without a part to swap.
func TestAPageWithoutAPartIsSentWhole(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator")
	r := b.request(http.MethodGet, "/authenticator", nil)
	r.Header.Set("HX-Request", "true")
	r.Header.Set("HX-Request-Type", "partial")
	b.do(r).text("h1", "Your authenticator app")
	if b.answer.Header.Get("HX-Retarget") != "body" {
		t.Error("a whole page would be put where the form was")
	}
}

// The answer to Verify was lost, and the next code finds no key that waits for it. Whether there is an app now is the
// next question, and it is lost, too: then nobody may say that apps are switched off here.
func TestAQuestionWithoutAnAnswerTellsNothing(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	key := b.key()
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultCutAfter})
	b.submit("/set-up/verify", "code", p.code(key)).status(http.StatusServiceUnavailable)
	p.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	b.get("/").submit("/set-up/verify", "code", p.nextCode(key)).status(http.StatusServiceUnavailable).text("h1", "did not hear back")
	b.get("/").submit("/set-up/verify", "code", p.nextCode(key)).at("/sign-in")
	b.submit("/sign-in", "password", password).at("/challenge").submit("/challenge", "code", p.nextCode(key)).at("/authenticator")
}

// The store was away when a set-up came to its end. The pool does not list apps that it insisted on, so nobody else could
// tell our record of it: it is recorded when the store is back, once.
func TestWhatTheStoreMissedIsRecordedLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		t.Helper()
		p := openPortal(t, capped)
		var up atomic.Bool
		p.failing = func(string) bool { return !up.Load() }
		v := p.stormer(0, "192.0.2.1:443")
		p.addUser(v.name, userpool.StateNew)
		v.enroll()
		if v.failed != "" {
			t.Fatal(v.failed)
		}
		time.Sleep(10 * time.Second)
		up.Store(true)
		time.Sleep(time.Minute)
		page := store.LedgerPage{Pool: p.pool.Info().UserPoolID, Account: v.name, Limit: 10}
		entries, err := p.store.Ledger(t.Context(), page)
		if err != nil || len(entries) != 1 || entries[0].Event != "set_up" {
			t.Errorf("recorded: %+v, %v; want one set-up", entries, err)
		}
	})
}
