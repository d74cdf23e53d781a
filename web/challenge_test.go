package web_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/userpool"
)

// What this portal does not answer: Lambda triggers, passkeys, remembered devices, first factors without a password, and
// whatever a future Cognito asks for. The page says so, and its way on leads to a form that works.
func TestChallengesThatAreNotAnsweredHere(t *testing.T) {
	for _, challenge := range []string{
		"CUSTOM_CHALLENGE", "WEB_AUTHN", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", "PASSWORD", "SMS_OTP", "ADMIN_NO_SRP_AUTH", "RIDDLE_OF_THE_SPHINX",
	} {
		for _, place := range []struct {
			name, instead string // of which challenge
			flow          cognito.AuthFlow
			reach         func(b *browser)
		}{
			{"after the password", "MFA_SETUP", cognito.FlowPassword, func(b *browser) {
				b.addUser("ada", userpool.StateNew)
				b.signIn("ada", password)
			}},
			{"after the proof of the password", "MFA_SETUP", cognito.FlowSRP, func(b *browser) {
				b.addUser("ada", userpool.StateNew)
				b.signIn("ada", password)
			}},
			{"after a new password", "MFA_SETUP", cognito.FlowPassword, func(b *browser) {
				b.addUser("ada", userpool.StateTemporaryPassword)
				b.signIn("ada", password).submit("/new-password", "password", "New-Password-1", "again", "New-Password-1")
			}},
			{"after choosing", "SOFTWARE_TOKEN_MFA", cognito.FlowPassword, func(b *browser) {
				b.addReachable("ada", userpool.StateEnrolled)
				b.preferNone("ada")
				b.signIn("ada", password).at("/choose").post("/choose", "method", "app")
			}},
		} {
			t.Run(challenge+"/"+place.name, func(t *testing.T) {
				p := openPortal(t, everyFactor, func(o *portalOptions) { o.flow, o.plainHTTP = place.flow, true })
				p.rewrite = func(body []byte) []byte {
					return bytes.Replace(body, []byte(`"ChallengeName":"`+place.instead+`"`), []byte(`"ChallengeName":"`+challenge+`"`), 1)
				}
				p.restart()
				b := p.browser()
				place.reach(b)
				b.status(http.StatusForbidden).text("h1", "another way").text("main", "service desk")
				b.get(b.page.Attr("main a.btn", "href")).at("/sign-in")
				if place.name == "after a new password" {
					b.text(".msg", "new password counts")
				}
				p.rewrite = nil
				p.restart()
				now := map[bool]string{true: "New-Password-1", false: password}[place.name == "after a new password"]
				if b.submit("/sign-in", "username", "ada", "password", now); b.path() == "/sign-in" {
					t.Errorf("the form does not work: %v: %s", b, b.page.Text("main"))
				}
				if !strings.Contains(p.log.String(), challenge) {
					t.Error("the log does not name the challenge")
				}
			})
		}
	}
}

// An app that the pool has verified is set up, whatever the pool asks for after the last answer.
func TestAChallengeAfterTheSetUp(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	p.rewrite = func(body []byte) []byte {
		return regexp.MustCompile(`"AuthenticationResult":\{[^}]*\}`).ReplaceAll(body, []byte(`"ChallengeName":"CUSTOM_CHALLENGE","Session":"`+strings.Repeat("x", 40)+`"`))
	}
	key := b.key()
	p.restart()
	b.submit("/set-up/verify", "code", p.code(key)).at("/done")
	p.browser().signIn("ada", password).at("/challenge")
}

// USER_AUTH offers several ways to sign in where the preferred one is not among them: the password is chosen, by SRP where
// that is offered. Without one there is nothing to do here.
func TestChoosingThePassword(t *testing.T) {
	for _, test := range []struct{ offered, path, calls string }{
		{`["EMAIL_OTP","PASSWORD","PASSWORD_SRP"]`, "/set-up", "InitiateAuth RespondToAuthChallenge RespondToAuthChallenge AssociateSoftwareToken"},
		{`["EMAIL_OTP","PASSWORD"]`, "/set-up", "InitiateAuth RespondToAuthChallenge AssociateSoftwareToken"},
		{`["EMAIL_OTP","WEB_AUTHN"]`, "/sign-in", "InitiateAuth"},
	} {
		p := openPortal(t, func(o *portalOptions) { o.flow = cognito.FlowChoice })
		p.addUser("ada", userpool.StateNew)
		p.ask = func(body []byte) []byte {
			return regexp.MustCompile(`"PREFERRED_CHALLENGE":"\w+",|,"PREFERRED_CHALLENGE":"\w+"`).ReplaceAll(body, nil)
		}
		p.rewrite = func(body []byte) []byte {
			return regexp.MustCompile(`"AvailableChallenges":\[[^\]]*\]`).ReplaceAll(body, []byte(`"AvailableChallenges":`+test.offered))
		}
		p.restart()
		b := p.browser().signIn("ada", password).at(test.path)
		p.wantCalls(test.calls)
		if test.path == "/sign-in" {
			b.status(http.StatusForbidden).text("h1", "another way")
			continue
		}
		b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	}
}

// A code that did not arrive can be had again: that of a forgotten password by itself, that of a second factor by signing in
// again, for Cognito sends it with nothing else.
func TestALostCodeIsSentAgain(t *testing.T) {
	p := openPortal(t, everyFactor, optional)
	p.addReachable("ada", userpool.StateNew)
	b := p.browser()
	b.get("/forgot-password").submit("/forgot-password", "username", "ada").at("/reset-password")
	first := p.sentCode("ada")
	b.submit("/forgot-password").at("/reset-password").text(".msg", "a new code is on its way").golden("reset-password-again.html")
	if p.sentCode("ada") == first {
		t.Error("no new code was sent")
	}
	// No more often than the account may be written to, whoever's name is put into the form.
	last := p.sentCode("ada")
	b.get("/").at("/reset-password").submit("/forgot-password").at("/reset-password")
	p.addReachable("grace", userpool.StateNew)
	b.post("/forgot-password", "username", "grace").status(http.StatusTooManyRequests).get(b.page.Attr("main a.btn", "href")).at("/reset-password")
	if _, found := p.pool.LastMessage("grace"); found || p.sentCode("ada") == last {
		t.Error("a code went to the name in the form, or none to the account")
	}
	b.submit("/reset-password", "code", p.sentCode("ada"), "password", "New-Password-1", "again", "New-Password-1").at("/sign-in")

	p.clock.advance(time.Hour)
	p.setFactors("ada", false, true, false)
	b.submit("/sign-in", "password", "New-Password-1").at("/challenge")
	first = p.sentCode("ada")
	b.submit("/sign-out").at("/sign-in").submit("/sign-in", "username", "ada", "password", "New-Password-1").at("/challenge")
	if p.sentCode("ada") == first {
		t.Error("no new code was sent")
	}
	b.submit("/challenge", "code", p.sentCode("ada")).at("/authenticator")
}
