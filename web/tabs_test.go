package web_test

// What happens when one person does a thing twice, in two tabs or after an answer that never came.

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/userpool"
)

// tab is another tab of the same browser, as far as cookies go: from now on each has its own.
func (b *browser) tab() *browser {
	b.t.Helper()
	other := b.browser()
	for name, value := range b.cookies() {
		other.setCookie(name, value)
	}
	other.page = b.page
	return other
}

// backFromCognito is where Cognito's page sends a browser that signs in there: it has not arrived yet.
func (b *browser) backFromCognito(name string) url.Values {
	b.t.Helper()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.atCognito("username", name, "password", password)
	back, err := url.Parse(b.answer.Header.Get("Location"))
	b.must(err)
	b.client.CheckRedirect = nil
	return back.Query()
}

func (b *browser) callback(query url.Values) *browser {
	b.t.Helper()
	r := b.request(http.MethodGet, "/sign-in/oauth/callback", nil)
	r.URL.RawQuery = query.Encode()
	return b.do(r)
}

// Two tabs of one browser at Cognito's pages ended each other: only the later one's answer was taken.
func TestTwoTabsAtCognitosPages(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	var answers []url.Values
	for range 2 {
		answers = append(answers, b.get("/sign-in/oauth").backFromCognito("ada"))
	}
	for _, answer := range answers {
		b.callback(answer).at("/authenticator")
		b.callback(answer).status(http.StatusBadRequest) // once only
	}

	// Each has its own ten minutes, and there is an end to how many there are.
	early := b.get("/sign-in/oauth").backFromCognito("ada")
	p.clock.advance(6 * time.Minute)
	late := b.get("/sign-in/oauth").backFromCognito("ada")
	p.clock.advance(5 * time.Minute)
	b.callback(early).status(http.StatusBadRequest)
	b.get("/sign-in/oauth")
	b.callback(late).status(http.StatusBadRequest) // its code lives five minutes: at Cognito, not here
	first := b.get("/sign-in/oauth").backFromCognito("ada")
	for range 4 {
		b.get("/sign-in/oauth")
	}
	b.callback(first).status(http.StatusBadRequest)
	if size := len(b.cookies()["__Host-oidc"]); size > 1200 {
		t.Errorf("the cookie has %d bytes", size)
	}
}

// A tab's nonce and verifier are its own: an answer cannot be taken with another tab's.
func TestTabsAtCognitosPagesAreNotMixed(t *testing.T) {
	p := openOAuthPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	one, two := b.get("/sign-in/oauth").backFromCognito("ada"), b.get("/sign-in/oauth").backFromCognito("ada")
	one["code"], two["code"] = two["code"], one["code"]
	b.callback(one).status(http.StatusBadRequest)
	b.callback(two).status(http.StatusBadRequest)
	b.get("/authenticator").at("/sign-in")
}

// The answer to a new password was lost: the pages led back to a form whose session was spent, and said nothing of the
// password that counted already.
func TestALostAnswerToANewPassword(t *testing.T) {
	for _, fault := range []userpool.FaultKind{userpool.FaultCutAfter, userpool.FaultMalformed, userpool.FaultHTML, userpool.FaultCutBefore, userpool.FaultInternal} {
		t.Run(string(fault), func(t *testing.T) {
			p := openPortal(t)
			p.addUser("grace", userpool.StateTemporaryPassword)
			b := p.browser()
			b.signIn("grace", password).at("/new-password")
			p.pool.FailNext("RespondToAuthChallenge", userpool.Fault{Kind: fault})
			b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/sign-in").text(".msg", "may count already")
			if b.page.Attr("#username", "value") != "grace" {
				t.Error("the user name must be typed again")
			}
			if b.submit("/sign-in", "password", "New-Password-1"); b.answer.StatusCode == http.StatusUnprocessableEntity {
				b.text("[role=alert]", "do not match").submit("/sign-in", "password", password).at("/new-password").
					submit("/new-password", "password", "New-Password-1", "again", "New-Password-1")
			}
			b.at("/set-up").submit("/set-up/verify", "code", p.code(b.key())).at("/done")
		})
	}
}

func TestANewPasswordSentTwice(t *testing.T) {
	p := openPortal(t)
	p.addUser("grace", userpool.StateTemporaryPassword)
	b := p.browser()
	b.signIn("grace", password).at("/new-password")
	twice := b.tab()
	b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/set-up")
	twice.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/sign-in").text(".msg", "may count already").
		submit("/sign-in", "password", "New-Password-1").at("/set-up")
}

func TestALostAnswerToAPasswordThatWasForgotten(t *testing.T) {
	p := openPortal(t, everyFactor, optional)
	p.addReachable("ada", userpool.StateNew)
	b := p.browser()
	b.get("/forgot-password").submit("/forgot-password", "username", "ada").at("/reset-password")
	p.pool.FailNext("ConfirmForgotPassword", userpool.Fault{Kind: userpool.FaultCutAfter})
	b.submit("/reset-password", "code", p.sentCode("ada"), "password", "New-Password-1", "again", "New-Password-1").
		at("/sign-in").text(".msg", "may count already").submit("/sign-in", "password", "New-Password-1").at("/authenticator")
}

// Two tabs press "Set up" at once: whichever page is left with the key that lost says what to do, and has a button for it.
func TestTwoTabsRaceForTheKey(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	loser := p.browser()
	loser.signIn("ada", password).at("/authenticator")
	winner := loser.tab()
	loser.submit("/authenticator/start").at("/set-up")
	winner.submit("/authenticator/start").at("/set-up")
	old := loser.key()
	r := loser.request(http.MethodPost, "/set-up/verify", loser.page.Form("/set-up/verify", "code", p.code(old), "device", "Ada’s phone"))
	r.Header.Set("HX-Request", "true") // also where only the form would be swapped
	r.Header.Set("HX-Request-Type", "partial")
	loser.do(r).status(http.StatusUnprocessableEntity).text("[role=alert]", "begun again elsewhere").text("[role=alert]", "Get a new QR code")
	if loser.answer.Header.Get("HX-Retarget") != "body" {
		t.Error("the button is not on the page that htmx swaps")
	}
	loser.submit("/set-up/again").at("/set-up")
	if loser.key() == old {
		t.Fatal("the same key again")
	}
	if got := loser.page.Attr("#device", "value"); got != "Ada’s phone" {
		t.Errorf("the device's name is lost: %q", got)
	}
	loser.submit("/set-up/verify", "code", p.code(old)).status(http.StatusUnprocessableEntity).text("[role=alert]", "earlier entry")
	loser.submit("/set-up/verify", "code", p.code(loser.key())).at("/done")
}

// Where the pool insists on an app there is one key for each session: the button leads to signing in again.
func TestAnotherKeyOnTheSessionPath(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	dead := b.key()
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "EnableSoftwareTokenMFAException"})
	b.submit("/set-up/verify", "code", p.code(dead)).status(http.StatusUnprocessableEntity).
		submit("/set-up/again").at("/sign-in").text(".msg + .msg", "delete the entry")
	b.submit("/sign-in", "password", password).at("/set-up").submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

// While the pool does not make another key, the one at hand stays on the page.
func TestAnotherKeyThatCannotBeMade(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/authenticator/start").at("/set-up")
	key := b.key()
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "EnableSoftwareTokenMFAException"})
	b.submit("/set-up/verify", "code", p.code(key)).status(http.StatusUnprocessableEntity)
	p.pool.FailNext("AssociateSoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 3})
	b.submit("/set-up/again").status(http.StatusServiceUnavailable)
	p.pool.ClearFaults()
	if b.get("/").at("/set-up"); b.key() != key {
		t.Error("the key is lost")
	}
	b.submit("/set-up/verify", "code", p.nextCode(key)).at("/done")
}

// The page of a hand-off says whose it is, though it takes nothing; the address tells nobody else.
func TestAHandOffNamesItsAccount(t *testing.T) {
	p := openPortal(t, optional)
	var paths []string
	for _, name := range []string{"ada", "grace", strings.Repeat("é", 127) + "x"} {
		p.addUser(name, userpool.StateNew)
		path := p.browser().handOff(jsonOf("access_token", *p.signInElsewhere(name).AuthenticationResult.AccessToken))
		b := p.browser()
		b.get(path).status(http.StatusOK).text(".lead", "for the account "+name)
		if strings.Contains(path, name) || b.page.Count("header form") > 0 {
			t.Errorf("%s: the name is in the address %s, or its page speaks as if signed in", name, path)
		}
		paths = append(paths, path)
	}
	cut := func(path string) (locator, account string) {
		parts := strings.Split(strings.TrimPrefix(path, "/handoff/"), "/")
		return parts[0], parts[1]
	}
	adas, ada := cut(paths[0])
	_, grace := cut(paths[1])
	for i, path := range []string{"/handoff/" + adas, "/handoff/" + adas + "/" + grace, "/handoff/" + adas + "/x", "/handoff/" + adas + "/" + ada[:len(ada)-1]} {
		if lead := p.browser().get(path).status(http.StatusOK).page.Text(".lead"); !strings.Contains(lead, "On the next page") {
			t.Errorf("address %s says %q", strconv.Itoa(i), lead)
		}
	}
	b := p.browser()
	b.get("/handoff/"+adas).submit("/handoff/"+adas).at("/authenticator").text("header", "ada")
}
