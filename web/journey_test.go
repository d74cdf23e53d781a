package web_test

import (
	"bytes"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

func TestSessionPath(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()

	b.get("/").at("/prepare").status(http.StatusOK).golden("prepare.html")
	b.get(b.page.Attr(".onward a", "href")).at("/sign-in").status(http.StatusOK).golden("sign-in.html")
	b.submit("/sign-in", "username", "ada", "password", password).at("/set-up").status(http.StatusOK).golden("set-up.html")
	p.wantCalls("InitiateAuth AssociateSoftwareToken")

	key := b.key()
	b.submit("/set-up/verify", "code", p.code(key), "device", "Ada’s phone").at("/done").status(http.StatusOK).golden("done.html")
	p.wantCalls("VerifySoftwareToken RespondToAuthChallenge") // four calls in all

	if strings.Contains(string(b.body), key) || bytes.Contains(b.body, []byte(p.code(key))) {
		t.Error("the done page still has the key or a code")
	}
	b.get("/set-up/qr.png").status(http.StatusNotFound)
	b.get("/set-up").at("/done")

	// The pool agrees: the next sign-in asks for a code of the new app.
	other := p.browser()
	other.signIn("ada", password).at("/challenge").text(".lead", "Ada’s phone").golden("challenge.html")
	other.submit("/challenge", "code", p.nextCode(key)).at("/authenticator").golden("review.html")
}

func TestTokenPathOfANewApp(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator").text(".lead", "No authenticator app").golden("review-none.html")
	p.wantCalls("InitiateAuth")

	b.submit("/authenticator/start").at("/set-up")
	key := b.key()
	b.submit("/set-up/verify", "code", p.code(key)).at("/done")
	p.wantCalls("AssociateSoftwareToken VerifySoftwareToken SetUserMFAPreference") // three after sign-in

	p.browser().signIn("ada", password).at("/challenge")
}

func TestReplacingAnAppKeepsTheOldOneUntilTheNewOneIsVerified(t *testing.T) {
	p := openPortal(t)
	oldKey := p.addUser("edsger", userpool.StateEnrolled)
	b := p.browser()
	b.signIn("edsger", password).at("/challenge").
		submit("/challenge", "code", p.code(oldKey)).at("/authenticator").text("dd", "Old phone").
		submit("/authenticator/start").at("/set-up")
	newKey := b.key()

	// The old app still works, in another browser, and the new one does not.
	other := p.browser()
	other.signIn("edsger", password).submit("/challenge", "code", p.nextCode(oldKey)).at("/authenticator")
	other = p.browser()
	other.signIn("edsger", password).submit("/challenge", "code", p.nextCode(newKey)).status(http.StatusUnprocessableEntity)

	b.submit("/set-up/verify", "code", p.nextCode(newKey)).at("/done").text(".lead", "old app no longer works")

	other = p.browser()
	other.signIn("edsger", password).submit("/challenge", "code", p.nextCode(oldKey)).status(http.StatusUnprocessableEntity)
	other.submit("/challenge", "code", p.nextCode(newKey)).at("/authenticator")
}

func TestTemporaryPassword(t *testing.T) {
	p := openPortal(t)
	p.addUser("grace", userpool.StateTemporaryPassword)
	b := p.browser()
	b.signIn("grace", password).at("/new-password").text("#rules", "at least 8 characters").golden("new-password.html")
	p.wantCalls("InitiateAuth")

	b.submit("/new-password", "password", "short", "again", "short").status(http.StatusUnprocessableEntity).
		text("[role=alert]", "not strong enough").text("#rules", "still missing").golden("new-password-weak.html")
	b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-2").status(http.StatusUnprocessableEntity).
		text("[role=alert]", "not the same")
	p.wantCalls("") // checked here, without asking the pool

	b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/set-up")
	p.wantCalls("RespondToAuthChallenge AssociateSoftwareToken")
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	p.browser().signIn("grace", "New-Password-1").at("/challenge")
}

func TestAppClientWithASecret(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.secretClient = true })
	p.addUser("grace", userpool.StateTemporaryPassword)
	b := p.browser()
	b.signIn("grace", password).at("/new-password").
		submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/set-up")
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

func TestAGetMintsNothing(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	key, cookies := b.key(), b.cookies()
	picture := b.get("/set-up/qr.png").body
	p.calls()

	for range 10 {
		if b.get("/set-up").at("/set-up"); b.key() != key {
			t.Fatalf("reload shows another key")
		}
		if again := b.get("/set-up/qr.png").body; !bytes.Equal(again, picture) {
			t.Fatal("reload shows another picture")
		}
		b.get("/").at("/set-up")
		b.get("/sign-in").at("/set-up") // Back
		b.do(b.request(http.MethodHead, "/set-up", nil)).status(http.StatusOK)
	}
	p.wantCalls("")
	for name, value := range b.cookies() {
		if cookies[name] != value {
			t.Errorf("a GET changed the cookie %s", name)
		}
	}

	answer := b.get("/set-up/qr.png").answer
	if got := answer.Header.Get("Content-Type") + ", " + answer.Header.Get("Cache-Control"); got != "image/png, no-store" {
		t.Errorf("QR code is sent as %s", got)
	}
	if csp := answer.Header.Get("Content-Security-Policy"); strings.Contains(csp, "data:") || strings.Contains(csp, "unsafe") {
		t.Errorf("content security policy: %s", csp)
	}
}

func TestTheProcessCanBeKilledBetweenAnyTwoSteps(t *testing.T) {
	p := openPortal(t)
	p.addUser("grace", userpool.StateTemporaryPassword)
	b := p.browser()
	killed := func(b *browser) *browser {
		p.restart()
		return b
	}
	b = killed(b.get("/sign-in"))
	b = killed(b.submit("/sign-in", "username", "grace", "password", password).at("/new-password"))
	b = killed(b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1").at("/set-up"))
	key := b.key()
	picture := b.get("/set-up/qr.png").body
	p.restart()
	if again := b.get("/set-up/qr.png").body; !bytes.Equal(again, picture) {
		t.Error("another QR code after a restart")
	}
	b = killed(b.get("/set-up"))
	b = killed(b.submit("/set-up/verify", "code", "000000", "device", "Phone").status(http.StatusUnprocessableEntity))
	b = killed(b.submit("/set-up/verify", "code", p.code(key)).at("/done").text("dd:not([translate])", "23 Nov 2026"))
	b = killed(b.submit("/try").at("/sign-in"))
	b = killed(b.submit("/sign-in", "password", "New-Password-1").at("/challenge"))
	b = killed(b.submit("/challenge", "code", p.nextCode(key)).at("/done").text(".lead", "It works"))
	b.submit("/sign-out").at("/sign-in")
}

func TestTheLargestFlowFits(t *testing.T) {
	name := strings.Repeat("é", 127) + "x"
	for _, test := range []struct {
		what string
		pool func(*userpool.Options)
	}{
		{"session of 2,048 characters", func(o *userpool.Options) { o.SessionLength = 2048 }},
		{"access token of 3 kB", func(o *userpool.Options) { o.MFA, o.TokenGroups = userpool.MFAOptional, 60 }},
	} {
		t.Run(test.what, func(t *testing.T) {
			p := openPortal(t, func(o *portalOptions) { test.pool(&o.pool) })
			p.addUser(name, userpool.StateNew)
			b := p.browser()
			b.signIn(name, password)
			if b.path() == "/authenticator" {
				b.submit("/authenticator/start")
			}
			b.at("/set-up")
			for cookie, value := range b.cookies() {
				t.Logf("%s: %d bytes", cookie, len(cookie)+len(value))
				if len(cookie)+len(value) > 4096 {
					t.Errorf("cookie %s has %d bytes: a browser drops it", cookie, len(cookie)+len(value))
				}
			}
			b.submit("/set-up/verify", "code", p.code(b.key()), "device", strings.Repeat("é", 64)).at("/done")
		})
	}
}

func TestTheWrongCodeDoctor(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()

	// An entry that was scanned and never finished, because time ran out.
	b.signIn("ada", password).at("/set-up")
	deadKey := b.key()
	p.clock.advance(4 * time.Minute)
	b.get("/set-up").at("/sign-in")
	b.submit("/sign-in", "password", password).at("/set-up")
	key := b.key()
	p.calls()

	for _, test := range []struct{ what, code, want string }{
		{"clock behind", p.codeAt(key, p.clock.Now().Add(-4*time.Minute)), "about 4 minutes behind"},
		{"clock ahead", p.codeAt(key, p.clock.Now().Add(7*time.Minute)), "about 7 minutes ahead"},
		{"a minute", p.codeAt(key, p.clock.Now().Add(-time.Minute)), "about 1 minute behind"},
		{"earlier entry", p.code(deadKey), "earlier entry"},
		{"five digits", "12345", "six digits"},
		{"letters", "abcdef", "six digits"},
		{"nothing", "", "six digits"},
		{"no entry at all", p.wrongCode(key), "does not match this QR code"},
	} {
		b.submit("/set-up/verify", "code", test.code, "device", "Ada’s phone").
			status(http.StatusUnprocessableEntity).at("/set-up/verify").text("[role=alert]", test.want)
		if b.key() != key {
			t.Errorf("%s: the page has lost its key", test.what)
		}
		if got := b.page.Attr("#device", "value"); got != "Ada’s phone" {
			t.Errorf("%s: device name %q is lost", test.what, got)
		}
		if got := b.page.Attr("#code", "aria-describedby"); got != "error" || b.page.Attr("#code", "aria-invalid") != "true" {
			t.Errorf("%s: the message is not tied to the field", test.what)
		}
	}
	p.wantCalls("") // decided here

	b.submit("/set-up/verify", "code", p.codeAt(key, p.clock.Now().Add(-4*time.Minute))).golden("set-up-clock-behind.html")
	b.get("/set-up") // a reload keeps the name, too
	if got := b.page.Attr("#device", "value"); got != "Ada’s phone" {
		t.Errorf("device name after a reload: %q", got)
	}
	code := p.code(key)
	b.submit("/set-up/verify", "code", code[:3]+" "+code[3:]).at("/done")
}

func TestAFormThatCameBackIsAFragmentForHTMX(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	key := b.key()
	htmx := func(action string, pairs ...string) *browser {
		r := b.request(http.MethodPost, action, b.page.Form(action, pairs...))
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
		return b.do(r)
	}
	htmx("/set-up/verify", "code", "123", "device", "Phone").status(http.StatusUnprocessableEntity).golden("set-up-fragment.html")
	if bytes.Contains(b.body, []byte("<img")) || bytes.Contains(b.body, []byte(key[:4])) {
		t.Error("the fragment has the picture or the key in it: both stay on the page")
	}
	htmx("/set-up/verify", "code", p.code(key)).status(http.StatusNoContent)
	if got := b.answer.Header.Get("HX-Redirect"); got != "/done" {
		t.Errorf("HX-Redirect: %q, want /done", got)
	}
	b.get("/").at("/done")
}

func TestTimeRunsOut(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up").text(".timer .plain-only", "Finish by 09:33:05 UTC, 3 minutes from")
	if got := b.page.Attr(".timer", "data-countdown"); got != "180" {
		t.Errorf("the script counts down from %s, want 180", got)
	}
	key := b.key()
	p.clock.advance(3*time.Minute + time.Second)
	b.submit("/set-up/verify", "code", p.code(key)).at("/sign-in").
		text(".msg", "Time ran out").text(".msg + .msg", "delete the entry “Northwind (ada)” that you added at 09:30:05 UTC").
		golden("sign-in-expired.html")
	if b.page.Attr("#username", "value") != "ada" {
		t.Error("the user name must be typed again")
	}
	b.submit("/sign-in", "password", password).at("/set-up")
	if b.key() == key {
		t.Error("the dead key is shown again")
	}
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

func TestTryItNow(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password)
	key := b.key()
	used := p.code(key)
	b.submit("/set-up/verify", "code", used, "device", "Ada’s phone").at("/done")
	b.submit("/try").at("/sign-in").text("h1", "Try your app").golden("sign-in-try.html")
	if b.page.Attr("#username", "value") != "ada" {
		t.Error("the user name must be typed again")
	}
	b.submit("/sign-in", "password", password).at("/challenge").text(".msg", "does not work twice")
	if got := b.page.Attr("[data-countdown]", "data-countdown"); got != "25" { // 09:30:05: the code lives until 09:30:30
		t.Errorf("counts down from %s, want 25", got)
	}
	p.calls()
	b.submit("/challenge", "code", used).status(http.StatusUnprocessableEntity).text("[role=alert]", "used already")
	p.wantCalls("")
	b.submit("/challenge", "code", p.nextCode(key)).at("/done").text(".lead", "It works").golden("done-proven.html")
	p.wantCalls("RespondToAuthChallenge")
}

func TestWhatIsLeftAfterDone(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).submit("/authenticator/start")
	before := len(b.cookies()["__Host-enroll"])
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	if after := len(b.cookies()["__Host-enroll"]); after > 200 || before < 1000 {
		t.Errorf("cookie of %d bytes before and %d after: the token must be gone", before, after)
	}
}

// The picture shows, to an independent reader, exactly what the tap-to-add link says.
func TestThePictureSaysWhatTheLinkSays(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.issuer = "R&D: Portal #1 +50%" })
	p.addUser("ada+test@example.com", userpool.StateNew)
	b := p.browser()
	b.signIn("ada+test@example.com", password).at("/set-up")
	link := b.page.Attr(`a[href^="otpauth:"]`, "href")
	if want := totp.URI("R&D: Portal #1 +50%", "ada+test@example.com", b.key()); link != want {
		t.Errorf("link %s, want %s", link, want)
	}
	parsed, err := url.Parse(link)
	if err != nil || parsed.Query().Get("issuer") != "R&D∶ Portal #1 +50%" || parsed.Path != "/R&D∶ Portal #1 +50%:ada+test@example.com" {
		t.Errorf("parsed back: %q %q, %v", parsed.Path, parsed.Query().Get("issuer"), err)
	}
	width := b.page.Attr(".qr img", "width")
	config, err := png.DecodeConfig(bytes.NewReader(b.get("/set-up/qr.png").body))
	p.must(err)
	shown := 0
	for _, digit := range width {
		shown = shown*10 + int(digit-'0')
	}
	if shown < 240 || shown%config.Width != 0 {
		t.Errorf("%d modules are shown %d pixels wide: not a whole number of pixels each", config.Width, shown)
	}
	if got := readQR(t, b.body); got != link {
		t.Errorf("the picture says %q, the link %q", got, link)
	}
}
