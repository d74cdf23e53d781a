package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/views"
)

// state is a page as somebody may see it. A new page is one more row of states, and every test of what people see
// looks at it: accessibility, layout, languages, pictures.
type state struct {
	name  string
	with  []func(*portalOptions) // of its portal; none: the pool insists on MFA
	oauth bool                   // people can sign in at Cognito's pages
	reach func(b *browser)       // after this the browser stands at the page
}

// noPages are addresses that never answer a page of their own.
var noPages = []string{
	"/",                // leads to where the visit stands
	"/sign-in/oauth",   // leads to Cognito's page
	"/set-up/qr.png",   // is a picture
	"/continue/qr.png", // is one, too
	"/desk/links/:link/qr.png",
}

// states are all pages in all their states.
func states() []state {
	both := []func(*portalOptions){everyFactor, optional}
	return slices.Concat(signInStates(), []state{
		{name: "new-password", reach: atNewPassword},
		{name: "new-password-error", reach: func(b *browser) {
			atNewPassword(b)
			b.submit("/new-password", "password", "short", "again", "short")
		}},
		{name: "new-password-attributes", reach: func(b *browser) {
			b.useStrictPool()
			b.signIn("grace", password).at("/new-password")
		}},
		{name: "choose", with: both, reach: func(b *browser) {
			b.addReachable("edsger", userpool.StateEnrolled)
			b.preferNone("edsger")
			b.signIn("edsger", password).at("/choose")
		}},
		{name: "challenge", reach: func(b *browser) { atChallenge(b) }},
		{name: "challenge-error", reach: func(b *browser) {
			b.submit("/challenge", "code", b.wrongCode(atChallenge(b)))
		}},
		{name: "challenge-wait", reach: func(b *browser) {
			atDone(b)
			b.submit("/try").submit("/sign-in", "password", password).at("/challenge")
		}},
		{name: "challenge-sms", with: both, reach: func(b *browser) { atMessage(b, true) }},
		{name: "challenge-sms-error", with: both, reach: func(b *browser) {
			atMessage(b, true)
			b.submit("/challenge", "code", "000000")
		}},
		{name: "challenge-email", with: both, reach: func(b *browser) { atMessage(b, false) }},
		{name: "review-without-app", with: both, reach: atReview},
		{name: "review-with-app", with: both, reach: func(b *browser) { atReviewWithApp(b) }},
		{name: "review-required", reach: func(b *browser) {
			b.submit("/challenge", "code", b.code(atChallenge(b))).at("/authenticator")
		}},
		{name: "review-methods", with: both, reach: func(b *browser) {
			atReviewWithApp(b)
			b.submit("/authenticator/methods").at("/authenticator")
		}},
		{name: "review-no-methods", with: both, reach: func(b *browser) {
			atReview(b)
			b.submit("/authenticator/methods").at("/authenticator")
		}},
		{name: "review-preferred", with: both, reach: func(b *browser) {
			atReviewWithApp(b)
			b.submit("/authenticator/methods").post("/authenticator/prefer", "method", "sms").at("/authenticator")
		}},
		{name: "review-removed", with: both, reach: func(b *browser) {
			atReviewWithApp(b)
			b.submit("/authenticator/remove").at("/authenticator")
		}},
		{name: "finish", with: both, reach: func(b *browser) {
			atReview(b)
			b.submit("/authenticator/start").at("/set-up")
			b.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 3})
			b.submit("/set-up/verify", "code", b.code(b.key())).get("/").at("/set-up")
		}},
		{name: "done", reach: func(b *browser) { atDone(b) }},
		{name: "done-replaced", with: both, reach: func(b *browser) {
			atReviewWithApp(b)
			b.submit("/authenticator/start").at("/set-up")
			b.submit("/set-up/verify", "code", b.nextCode(b.key())).at("/done")
		}},
		{name: "done-proven", reach: func(b *browser) {
			key := atDone(b)
			b.submit("/try").submit("/sign-in", "password", password).submit("/challenge", "code", b.nextCode(key)).at("/done")
		}},
		{name: "forgot-password", with: both, reach: func(b *browser) { b.get("/forgot-password") }},
		{name: "reset-password", with: both, reach: atReset},
		{name: "reset-password-error", with: both, reach: func(b *browser) {
			atReset(b)
			b.submit("/reset-password", "code", "000000", "password", "New-Password-1", "again", "New-Password-1")
		}},
		{name: "reset-password-weak", with: both, reach: func(b *browser) {
			atReset(b)
			b.submit("/reset-password", "code", b.sentCode("ada"), "password", "weak", "again", "weak")
		}},
		{name: "confirm", with: both, reach: func(b *browser) { b.get("/confirm") }},
		{name: "confirm-error", with: both, reach: func(b *browser) { b.get("/confirm").submit("/confirm", "username", "ada", "code", "000000") }},
		{name: "confirm-sent", with: both, reach: func(b *browser) {
			b.get("/confirm").post("/confirm", "username", "ada", "code", "", "resend", "yes")
		}},
		{name: "handoff", with: both, reach: func(b *browser) { b.get(atHandOff(b)) }},
		{name: "handoff-unnamed", with: both, reach: func(b *browser) { b.get(path.Dir(atHandOff(b))) }},
	}, setUpStates(), swapStates(), linkStates(), deskStates(), problemStates())
}

func signInStates() []state {
	return []state{
		{name: "prepare", reach: func(b *browser) { b.get("/prepare") }},
		{name: "prepare-while-scanning", reach: func(b *browser) {
			atSetUp(b)
			b.get("/prepare")
		}},
		{name: "languages", reach: func(b *browser) { b.get("/languages") }},
		{name: "maintenance", with: []func(*portalOptions){func(o *portalOptions) { o.maintenance = true }}, reach: func(b *browser) { b.get("/sign-in") }},
		{name: "sign-in", reach: func(b *browser) { b.get("/sign-in") }},
		{name: "sign-in-demo", with: []func(*portalOptions){func(o *portalOptions) {
			o.demo = []views.DemoAccount{{Username: "ada", Password: password, State: "new"}, {Username: "edsger", Password: password, State: "enrolled", Key: "KRSXG5CT"}}
		}}, reach: func(b *browser) { b.get("/sign-in") }},
		{name: "sign-in-oauth", oauth: true, reach: func(b *browser) { b.get("/sign-in") }},
		{name: "sign-in-oauth-only", oauth: true, with: []func(*portalOptions){func(o *portalOptions) { o.noPasswords = true }}, reach: func(b *browser) { b.get("/sign-in") }},
		{name: "sign-in-error", reach: func(b *browser) { b.signIn("ada", "wrong") }},
		{name: "line-join", with: []func(*portalOptions){inDemand}, reach: func(b *browser) { atLine(b) }},
		{name: "line", with: []func(*portalOptions){inDemand}, reach: func(b *browser) {
			atLine(b)
			b.submit("/line", "username", "ada").at("/line")
		}},
		{name: "sign-in-too-often", reach: func(b *browser) {
			for range 9 {
				b.signIn("ada", "Wrong-Horse-9")
			}
			b.status(http.StatusTooManyRequests)
		}},
		{name: "sign-in-signed-out", reach: func(b *browser) {
			atSetUp(b)
			b.submit("/sign-out").at("/sign-in")
		}},
		{name: "sign-in-expired", reach: func(b *browser) {
			atSetUp(b)
			b.clock.advance(4 * time.Minute)
			b.get("/").at("/sign-in")
		}},
		{name: "sign-in-ended", reach: func(b *browser) {
			atSetUp(b)
			b.clock.advance(41 * time.Minute)
			b.get("/").at("/sign-in")
		}},
		{name: "sign-in-again", reach: func(b *browser) {
			key := atSetUp(b)
			b.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "NotAuthorizedException"})
			b.submit("/set-up/verify", "code", b.code(key)).at("/sign-in")
		}},
		{name: "sign-in-unsure", with: []func(*portalOptions){optional}, reach: func(b *browser) {
			atReview(b)
			b.submit("/authenticator/start").at("/set-up")
			quicker := b.browser()
			quicker.signIn("ada", password).submit("/authenticator/start").at("/set-up")
			quicker.submit("/set-up/verify", "code", b.code(quicker.key())).at("/done")
			b.submit("/set-up/verify", "code", b.nextCode(b.key())).at("/sign-in")
		}},
		{name: "sign-in-verified", with: []func(*portalOptions){optional}, reach: func(b *browser) {
			atReview(b)
			b.submit("/authenticator/start").at("/set-up")
			b.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "NotAuthorizedException"})
			b.submit("/set-up/verify", "code", b.code(b.key())).at("/sign-in")
		}},
		{name: "sign-in-fresh", with: []func(*portalOptions){optional}, reach: func(b *browser) {
			atReview(b)
			b.clock.advance(11 * time.Minute)
			b.submit("/authenticator/start").at("/sign-in")
		}},
		{name: "sign-in-password-set", with: []func(*portalOptions){everyFactor, optional}, reach: func(b *browser) {
			atReset(b)
			b.submit("/reset-password", "code", b.sentCode("ada"), "password", "New-Password-1", "again", "New-Password-1").at("/sign-in")
		}},
		{name: "sign-in-confirmed", with: []func(*portalOptions){everyFactor, optional}, reach: func(b *browser) {
			b.signUp("fresh")
			b.get("/confirm").submit("/confirm", "username", "fresh", "code", b.sentCode("fresh")).at("/sign-in")
		}},
		{name: "sign-in-signed-out-everywhere", with: []func(*portalOptions){optional}, reach: func(b *browser) {
			atReview(b)
			b.submit("/sign-out/everywhere").at("/sign-in")
		}},
		{name: "sign-in-before-replacing", with: []func(*portalOptions){optional}, reach: func(b *browser) {
			key := b.addUser("edsger", userpool.StateEnrolled)
			path := b.browser().handOff(jsonOf("access_token", b.signInElsewhereWithCode("edsger", b.code(key))))
			b.get(path).submit(path).at("/sign-in")
		}},
		{name: "sign-in-password-unsure", reach: func(b *browser) {
			atNewPassword(b)
			b.pool.FailNext("RespondToAuthChallenge", userpool.Fault{Kind: userpool.FaultCutAfter})
			b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/sign-in")
		}},
		{name: "sign-in-try", reach: func(b *browser) {
			atDone(b)
			b.submit("/try").at("/sign-in")
		}},
	}
}

func setUpStates() []state {
	wrong := func(code func(b *browser, key string) string) func(*browser) {
		return func(b *browser) {
			key := atSetUp(b)
			b.submit("/set-up/verify", "code", code(b, key), "device", "Ada’s phone").status(http.StatusUnprocessableEntity)
		}
	}
	return []state{
		{name: "set-up", reach: func(b *browser) { atSetUp(b) }},
		{name: "set-up-key", reach: func(b *browser) {
			atSetUp(b)
			b.get("/set-up/key").at("/set-up/key")
		}},
		{name: "set-up-branded", with: []func(*portalOptions){branded}, reach: func(b *browser) { atSetUp(b) }},
		{name: "set-up-wrong-code", reach: wrong(func(b *browser, key string) string { return b.wrongCode(key) })},
		{name: "set-up-no-code", reach: wrong(func(*browser, string) string { return "12" })},
		{name: "set-up-clock-slow", reach: wrong(func(b *browser, key string) string { return b.codeAt(key, b.clock.Now().Add(-4*time.Minute)) })},
		{name: "set-up-clock-fast", reach: wrong(func(b *browser, key string) string { return b.codeAt(key, b.clock.Now().Add(7*time.Minute)) })},
		{name: "set-up-earlier-entry", reach: func(b *browser) {
			dead := atSetUp(b)
			b.clock.advance(4 * time.Minute)
			b.get("/").submit("/sign-in", "password", password).at("/set-up")
			b.submit("/set-up/verify", "code", b.code(dead)).status(http.StatusUnprocessableEntity)
		}},
		{name: "set-up-refused", reach: func(b *browser) {
			key := atSetUp(b)
			b.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "EnableSoftwareTokenMFAException"})
			b.submit("/set-up/verify", "code", b.code(key)).status(http.StatusUnprocessableEntity)
		}},
	}
}

// swapStates are those of going on on another screen.
func swapStates() []state {
	return []state{
		{name: "swap", reach: func(b *browser) { atSwap(b) }},
		{name: "swap-over", with: []func(*portalOptions){optional}, reach: func(b *browser) {
			atReview(b)
			b.offer()
			b.clock.advance(3*time.Minute + time.Second)
			b.get("/swap").at("/swap")
		}},
		{name: "swap-moved", reach: func(b *browser) {
			b.browser().goOn(atSwap(b))
			b.get("/swap").at("/swap")
		}},
		{name: "swap-done", reach: func(b *browser) {
			second := b.browser()
			second.goOn(atSwap(b)).get("/").at("/set-up")
			second.submit("/set-up/verify", "code", b.code(second.key())).at("/done")
			b.get("/swap").at("/swap")
		}},
		{name: "continue", reach: func(b *browser) { b.get("/continue") }},
		{name: "continue-error", reach: func(b *browser) { b.goOn("ABC DEF") }},
		{name: "continue-arrived", reach: func(b *browser) {
			first := b.browser()
			b.goOn(atSwap(first)).at("/continue")
		}},
	}
}

func atSwap(b *browser) (word string) {
	atSetUp(b)
	return b.offer()
}

// problemStates are the pages for every kind of failure, and for every request that is wrong in itself.
func problemStates() []state {
	all := []state{
		{name: "problem-http-400", reach: func(b *browser) {
			r := b.request(http.MethodPost, "/sign-in", nil)
			r.URL.RawQuery = "x=1"
			b.do(r).status(http.StatusBadRequest)
		}},
		{name: "problem-http-403", reach: func(b *browser) {
			r := b.request(http.MethodPost, "/sign-in", nil)
			r.Header.Set("Origin", "https://elsewhere.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			b.do(r).status(http.StatusForbidden)
		}},
		{name: "problem-http-404", reach: func(b *browser) { b.get("/no-such-page").status(http.StatusNotFound) }},
		{name: "problem-http-405", reach: func(b *browser) { b.get("/try").status(http.StatusMethodNotAllowed) }},
		{name: "problem-http-413", reach: func(b *browser) {
			b.get("/sign-in").post("/sign-in", "username", strings.Repeat("x", 3000)).status(http.StatusRequestEntityTooLarge)
		}},
		{name: "problem-http-415", reach: func(b *browser) {
			r := b.request(http.MethodPost, "/sign-in", nil)
			r.Header.Set("Content-Type", "application/json")
			b.do(r).status(http.StatusUnsupportedMediaType)
		}},
		{name: "problem-cookie", reach: func(b *browser) {
			b.setCookie("__Host-enroll", "damaged")
			b.get("/sign-in").status(http.StatusBadRequest)
		}},
		{name: "problem-handoff", with: []func(*portalOptions){everyFactor, optional}, reach: func(b *browser) {
			path := atHandOff(b)
			b.clock.advance(2 * time.Minute)
			b.get(path).submit(path).status(http.StatusGone)
		}},
		{name: "problem-oauth", oauth: true, reach: func(b *browser) { b.get("/sign-in/oauth/callback").status(http.StatusBadRequest) }},
	}
	for _, kind := range enroll.Kinds() {
		all = append(all, state{name: "problem-" + strings.ReplaceAll(kind.String(), "_", "-"), reach: func(b *browser) {
			b.handler.Load().FailAt("/fail", &enroll.Error{Kind: kind, Op: "test", Err: errors.New("on purpose")})
			b.get("/fail")
		}})
	}
	return all
}

// inDemand is a portal that lets twelve people a second in.
func inDemand(o *portalOptions) { o.signIn, o.updates = 120, 25 }

// atLine comes two minutes' worth of people too late.
func atLine(b *browser) {
	b.t.Helper()
	for range 1455 {
		b.handler.Load().Room.Enter(b.t.Context(), "127.0.0.1/32")
	}
	b.get("/line").at("/line")
}

// branded is a portal with all that an operator can set.
func branded(o *portalOptions) {
	const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" width="40" height="40"><circle cx="5" cy="5" r="5" fill="#6d28d9"/></svg>`
	o.issuer, o.brand = "", fstest.MapFS{
		"brand.json": {Data: []byte(`{"domain": "sso.northwind.example", "support": {"text": "Service desk", "href": "tel:+15550100"},
			"colours": {"light": {"accent": "#6d28d9"}, "dark": {"accent": "#c4b5fd", "accent-ink": "#1e1b2e"}}}`)},
		"logo.svg": {Data: []byte(logo)}, "logo-dark.svg": {Data: []byte(logo + " ")},
		"apps.json": {Data: []byte(`[{"name": "Our own app", "ios": "https://apps.northwind.example/"}]`)},
	}
}

func atNewPassword(b *browser) {
	b.addUser("grace", userpool.StateTemporaryPassword)
	b.signIn("grace", password).at("/new-password")
}

func atSetUp(b *browser) (key string) {
	b.addUser("ada", userpool.StateNew)
	return b.signIn("ada", password).at("/set-up").key()
}

func atDone(b *browser) (key string) {
	key = atSetUp(b)
	b.submit("/set-up/verify", "code", b.code(key), "device", "Ada’s phone").at("/done")
	return key
}

func atChallenge(b *browser) (key string) {
	key = b.addUser("edsger", userpool.StateEnrolled)
	b.signIn("edsger", password).at("/challenge")
	return key
}

func atMessage(b *browser, sms bool) {
	b.addReachable("ada", userpool.StateNew)
	b.setFactors("ada", sms, !sms, false)
	b.signIn("ada", password).at("/challenge")
}

func atReview(b *browser) {
	b.addUser("ada", userpool.StateNew)
	b.signIn("ada", password).at("/authenticator")
}

func atReviewWithApp(b *browser) (key string) {
	key = b.addReachable("edsger", userpool.StateEnrolled)
	b.setFactors("edsger", true, false, false)
	b.signIn("edsger", password).submit("/challenge", "code", b.code(key)).at("/authenticator")
	return key
}

func atReset(b *browser) {
	b.addReachable("ada", userpool.StateNew)
	b.get("/forgot-password").submit("/forgot-password", "username", "ada").at("/reset-password")
}

func atHandOff(b *browser) (path string) {
	b.addUser("ada", userpool.StateNew)
	return b.browser().handOff(jsonOf("access_token", *b.signInElsewhere("ada").AuthenticationResult.AccessToken))
}

// post sends fields that the page at hand may not have.
func (b *browser) post(path string, pairs ...string) *browser {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(b.request(http.MethodPost, path, form))
}

// The table is complete: whoever adds an address adds what people see there.
func TestEveryPageHasAState(t *testing.T) {
	seen := map[string]bool{}
	patterns := map[string]bool{}
	for _, e := range theGallery.in(t, "en") {
		if seen[e.name] {
			t.Errorf("two states are called %s", e.name)
		}
		seen[e.name] = true
		for _, pattern := range e.pages {
			patterns[pattern] = true
			if e.method == http.MethodGet && fits(pattern, e.path) {
				seen[pattern] = true
			}
		}
	}
	for pattern := range patterns {
		if !seen[pattern] && !slices.Contains(noPages, pattern) {
			t.Errorf("no state shows the page %s", pattern)
		}
		if seen[pattern] && slices.Contains(noPages, pattern) {
			t.Errorf("%s answers a page after all", pattern)
		}
	}
}

// fits reports whether a path is one of a route's pattern.
func fits(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, ":") })
}
