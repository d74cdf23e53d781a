package web_test

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/userpool"
)

// Whoever has signed in before the account had an app has not shown its code, and sets up none over it: on neither of
// Cognito's ways, and on no node.
func TestSignInsFromBeforeTheAppAreOver(t *testing.T) {
	for mode, change := range map[string]func(*portalOptions){"ON": func(*portalOptions) {}, "OPTIONAL": optional} {
		t.Run(mode, func(t *testing.T) {
			p := openPortal(t, change)
			p.addUser("ada", userpool.StateNew)
			start := func(b *browser) *browser {
				if b.signIn("ada", password); b.path() == "/authenticator" {
					b.submit("/authenticator/start")
				}
				return b.at("/set-up")
			}
			early := []*browser{p.browser(), start(p.browser())} // at the review page, and with a key
			early[0].signIn("ada", password)
			his := early[1].key()
			p.clock.advance(2 * time.Second)

			owner := start(p.browser())
			key := owner.key()
			owner.submit("/set-up/verify", "code", p.code(key)).at("/done")
			owner.get("/done").at("/done") // his own visit goes on
			p.restart()                    // another node
			p.clock.advance(time.Minute)
			p.calls()
			early[0].get("/authenticator").at("/sign-in").text(".msg", "has ended")
			early[1].submit("/set-up/verify", "code", p.code(his)).at("/sign-in")
			p.wantCalls("")
			p.browser().signIn("ada", password).at("/challenge").submit("/challenge", "code", p.code(key)).at("/authenticator")
		})
	}
}

// So it is with somebody who has signed in at Cognito's pages and does not come back until there is an app.
func TestAWithheldCallbackProvesNoApp(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	thief := p.browser()
	thief.get("/sign-in/oauth")
	thief.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	thief.atCognito("username", "ada", "password", password)
	back, err := url.Parse(thief.answer.Header.Get("Location"))
	p.must(err)
	thief.client.CheckRedirect = nil
	p.clock.advance(2 * time.Second)

	owner := p.browser()
	owner.get("/sign-in/oauth")
	owner.atCognito("username", "ada", "password", password).at("/authenticator").submit("/authenticator/start").at("/set-up")
	owner.submit("/set-up/verify", "code", p.code(owner.key())).at("/done")

	p.clock.advance(2 * time.Minute)
	r := thief.request(http.MethodGet, "/sign-in/oauth/callback", nil)
	r.URL.RawQuery = back.RawQuery
	thief.do(r).at("/authenticator")
	if thief.page.Count(`form[action="/authenticator/remove"]`) != 0 {
		t.Error("may switch the app off")
	}
	thief.submit("/authenticator/start").status(http.StatusForbidden).text("h1", "present app’s code")
}

// What a store that was down has missed is said again when it is back: the end of a visit as well as the record.
func TestEndsThatTheStoreMissedAreSaidAgain(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	scanning := b.cookies()["__Host-enroll"]
	var down atomic.Bool
	down.Store(true)
	p.failing = func(method string) bool { return down.Load() && (method == "Conclude" || method == "EndSession") }
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	done := b.cookies()["__Host-enroll"]
	b.submit("/sign-out").at("/sign-in")
	down.Store(false)
	for what, cookie := range map[string]string{"/set-up": scanning, "/done": done} {
		thief := p.browser()
		thief.setCookie("__Host-enroll", cookie)
		for begun := time.Now(); thief.get(what).path() != "/sign-in"; time.Sleep(20 * time.Millisecond) {
			if time.Since(begun) > 30*time.Second {
				t.Fatalf("%s is still good", what)
			}
		}
	}
}
