package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/userpool"
)

// Only SUCCESS is success.
func TestAStatusOtherThanSuccessIsNotSuccess(t *testing.T) {
	for kind, want := range map[userpool.FaultKind]told{
		userpool.FaultStatusError: {"/set-up/verify", http.StatusUnprocessableEntity, "not accepted"},
		userpool.FaultStatusEmpty: lostAnswer,
	} {
		p := openPortal(t)
		p.addUser("ada", userpool.StateNew)
		b := p.browser()
		b.signIn("ada", password).at("/set-up")
		key := b.key()
		p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: kind})
		b.submit("/set-up/verify", "code", p.code(key)).status(want.status).text("main", want.words)
		if b.get("/"); b.path() == "/done" {
			t.Errorf("%s: taken for success", kind)
		}
	}
}

// Some pools ask for a code right after MFA_SETUP, as the developer guide's diagram has it. The app is set up then.
func TestACodeAskedForAfterMFASetupIsNotNeeded(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	p.pool.FailNext("RespondToAuthChallenge", userpool.Fault{Kind: userpool.FaultExtraChallenge})
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

func TestAChallengeThatNobodyKnowsIsToldHonestly(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	p.pool.FailNext("InitiateAuth", userpool.Fault{Kind: userpool.FaultUnknownChallenge})
	p.browser().signIn("ada", password).status(http.StatusForbidden).text("h1", "another way")
}

// Codes are judged by the pool's clock: a portal whose own clock is wrong must not send people to their phone's
// settings.
func TestThePoolsClockCounts(t *testing.T) {
	skewed := &clock{}
	p := openPortal(t, func(o *portalOptions) { o.pool.Now = skewed.Now })
	skewed.now = p.clock.Now().Add(4 * time.Minute)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	b.submit("/set-up/verify", "code", p.codeAt(b.key(), skewed.Now())).at("/done")
}

// The preference fails after the code was verified: one button is left, and nothing is scanned again.
func TestTheLastStepIsRepeatedAlone(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	key := b.key()
	p.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 3})
	b.submit("/set-up/verify", "code", p.code(key), "device", "Phone").status(http.StatusServiceUnavailable)
	p.pool.ClearFaults()
	p.calls()
	b.get("/").at("/set-up").text("h1", "One last step").golden("finish.html")
	b.submit("/set-up/finish").at("/done").text("dd", "ada")
	p.wantCalls("SetUserMFAPreference")
	p.browser().signIn("ada", password).at("/challenge").text(".lead", "Phone")
}

// The same, and the token has ended meanwhile: signing in again does the last step.
func TestTheLastStepIsDoneAtTheNextSignIn(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	p.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "NotAuthorizedException", Message: "Access Token has expired"})
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/sign-in").text(".msg", "nothing to scan again").golden("sign-in-verified.html")
	p.calls()
	b.submit("/sign-in", "password", password).at("/done")
	p.wantCalls("InitiateAuth SetUserMFAPreference")
}

// Setting up twice at once: the page whose key was replaced says so, and the newer one goes on.
func TestTwoBrowsersSetUpTheSameAccount(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	older, newer := p.browser(), p.browser()
	older.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	newer.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	older.submit("/set-up/verify", "code", p.code(older.key()))
	if older.path() == "/done" {
		t.Error("a key that was replaced was verified")
	}
	if s := older.answer.StatusCode; s >= http.StatusInternalServerError {
		t.Errorf("status %d", s)
	}
	newer.submit("/set-up/verify", "code", p.nextCode(newer.key())).at("/done")
}

func TestADoubleSubmitDoesNoHarm(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	form := b.page.Form("/set-up/verify", "code", p.code(b.key()))
	first, second := p.browser(), p.browser()
	for name, value := range b.cookies() {
		first.setCookie(name, value)
		second.setCookie(name, value)
	}
	first.do(first.request(http.MethodPost, "/set-up/verify", form)).at("/done")
	second.do(second.request(http.MethodPost, "/set-up/verify", form)).at("/sign-in").text(".msg", "we ask for its code, all is well")
	if strings.Contains(second.page.Text("main"), "delete the entry") {
		t.Error("the second answer tells to delete the entry that the first one set up")
	}
}

// A person who signs in as somebody else starts from nothing.
func TestSigningInAsSomebodyElse(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	p.addUser("grace", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up").text("header", "ada")
	adasKey := b.key()
	b.submit("/sign-out").at("/sign-in")
	if len(b.cookies()) != 0 {
		t.Errorf("cookies after signing out: %v", len(b.cookies()))
	}
	if b.page.Attr("#username", "value") != "" {
		t.Error("the user name is still there")
	}
	b.submit("/sign-in", "username", "grace", "password", password).at("/set-up").text("header", "grace")
	b.submit("/set-up/verify", "code", p.code(adasKey)).status(http.StatusUnprocessableEntity).text("[role=alert]", "does not match")
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

func TestALockedAccountIsToldToWait(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	for range 12 {
		b.signIn("ada", "Wrong-Horse-9")
		if b.answer.StatusCode == http.StatusTooManyRequests {
			break
		}
	}
	b.status(http.StatusTooManyRequests).text("h1", "Too many tries")
	if b.answer.Header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
}

// The first code is sent to the pool once, whatever becomes of the answer: sent again a code that was accepted would look wrong.
func TestVerifyIsSentOnce(t *testing.T) {
	for _, fault := range []userpool.Fault{
		{Kind: userpool.FaultCutBefore},
		{Kind: userpool.FaultCutAfter},
		{Kind: userpool.FaultInternal},
		{Kind: userpool.FaultMalformed},
		{Kind: userpool.FaultException, Exception: "TooManyRequestsException"},
	} {
		for _, mode := range []userpool.MFA{userpool.MFAOn, userpool.MFAOptional} {
			p := openPortal(t, func(o *portalOptions) { o.pool.MFA = mode })
			p.addUser("ada", userpool.StateNew)
			b := p.browser().signIn("ada", password)
			if b.path() == "/authenticator" {
				b.submit("/authenticator/start").at("/set-up")
			}
			code := p.code(b.key())
			p.calls()
			p.pool.FailNext("VerifySoftwareToken", fault)
			b.submit("/set-up/verify", "code", code)
			if calls := p.calls(); strings.Count(calls, "VerifySoftwareToken") != 1 {
				t.Errorf("%v, MFA %s: calls %q, want one VerifySoftwareToken", fault, mode, calls)
			}
		}
	}
}
