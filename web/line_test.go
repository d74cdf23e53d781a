package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/internal/userpool"
)

// crowded is a portal that lets twelve people a second in, with two minutes' worth of them in line.
func crowded(t *testing.T, changes ...func(*portalOptions)) (*portal, *throttle.Room) {
	t.Helper()
	p := openPortal(t, append(changes, func(o *portalOptions) { o.signIn, o.updates = 120, 25 })...)
	p.addUser("ada", userpool.StateNew)
	room := p.handler.Load().Room
	for range 1455 {
		room.Enter(t.Context(), "127.0.0.1/32")
	}
	return p, room
}

// The line as somebody without script meets it: a form for the name, his place, the page by itself, his turn with the
// name filled in, and the password only then.
func TestWaitingInLine(t *testing.T) {
	p, _ := crowded(t)
	b := p.browser()
	b.get("/sign-in?return_to=hr").at("/sign-in").status(http.StatusOK).golden("line-join.html")
	if b.page.Count("#password") > 0 {
		t.Error("asks for a password that it cannot use yet")
	}
	b.submit("/line", "username", "ada").at("/line").text("#step", "Expected wait: 2 minutes").golden("line.html")
	if got := refreshOf(b.page); got != "11" { // a tenth of the wait
		t.Errorf("a browser without script asks again after %q seconds", got)
	}
	for range 3 { // looking changes nothing
		b.get("/line").at("/line").text("#step", "Your place in line: 1453")
	}
	p.clock.advance(time.Minute)
	b.get("/sign-in").text("#step", "Expected wait: 1 minute")
	b.text("#step", "Your place in line: 726")
	p.wantCalls("")
	if stage := `portal_funnel_total{stage="opened"} `; !strings.Contains(p.metrics(), stage+"0\n") {
		t.Error("whoever waits is counted as somebody who could begin")
	}
	p.clock.advance(time.Minute)
	b.get("/line").at("/sign-in")
	if stage := `portal_funnel_total{stage="opened"} `; !strings.Contains(p.metrics(), stage+"1\n") {
		t.Error("whoever comes to the page to sign in is not counted once")
	}
	if got := b.page.Attr("#username", "value"); got != "ada" {
		t.Errorf("the user name is %q", got)
	}
	b.submit("/sign-in", "username", "ada", "password", "typo").status(http.StatusUnprocessableEntity)
	p.pool.FailNext("InitiateAuth", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	b.submit("/sign-in", "username", "ada", "password", password).status(http.StatusServiceUnavailable)
	if _, kept := b.cookies()["__Host-line"]; !kept {
		t.Error("a typo or a fault costs the place")
	}
	b.get("/sign-in").submit("/sign-in", "username", "ada", "password", password).at("/set-up")
	if _, kept := b.cookies()["__Host-line"]; kept {
		t.Error("the place is kept although its turn is over")
	}
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done").text("main", "Northwind HR") // nor does where he wanted to go
}

// A password that comes before its turn is not tried: no challenge session starts. Its place is kept, its name too.
func TestAPasswordBeforeItsTurn(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.signIn, o.updates = 120, 25 })
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.get("/sign-in").at("/sign-in") // before the others came
	for range 1455 {
		p.handler.Load().Room.Enter(t.Context(), "127.0.0.1/32")
	}
	form := b.page.Form("/sign-in", "username", "ada", "password", password)
	b.do(b.request(http.MethodPost, "/sign-in", form)).at("/line").text("#step", "2 minutes")
	for range 3 {
		b.do(b.request(http.MethodPost, "/sign-in", form)).at("/line").text("#step", "2 minutes") // not once more at the end
	}
	p.wantCalls("")
	for name, value := range b.cookies() {
		for form, encoded := range sweeptest.Encodings(password) {
			if strings.Contains(value, encoded) {
				t.Errorf("cookie %s has the password (%s)", name, form)
			}
		}
	}
	p.clock.advance(2 * time.Minute)
	b.get("/line").at("/sign-in")
	b.submit("/sign-in", "username", "ada", "password", password).at("/set-up")
}

// With script the page asks for its place alone, and is led on when the turn comes.
func TestTheLineKeepsItselfUpToDate(t *testing.T) {
	p, _ := crowded(t)
	b := p.browser()
	b.get("/line").submit("/line", "username", "ada").at("/line")
	if got := b.page.Attr("#step", "hx-trigger"); got != "every 11s" {
		t.Errorf("asks %q", got)
	}
	ask := func() *http.Request {
		r := b.request(http.MethodGet, b.page.Attr("#step", "hx-get"), nil)
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
		return r
	}
	p.clock.advance(time.Minute)
	poll := ask()
	b.do(poll).status(http.StatusOK)
	if b.page.Count("h1") > 0 || b.page.Attr("#step", "hx-trigger") != "every 5s" {
		t.Errorf("got more than the place, or it does not ask again: %s", b.body)
	}
	p.clock.advance(time.Minute)
	b.do(ask()).status(http.StatusNoContent)
	if got := b.answer.Header.Get("HX-Redirect"); got != "/sign-in" {
		t.Errorf("led to %q", got)
	}
}

// Whoever was let in once does not stand in line again: time ran out, or the app is tried.
func TestWhoWasLetInIsNotSentBack(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.signIn, o.updates = 120, 25 })
	p.addUser("ada", userpool.StateNew)
	p.addUser("grace", userpool.StateNew)
	late, done := p.browser(), p.browser()
	late.signIn("ada", password).at("/set-up")
	done.signIn("grace", password).at("/set-up").submit("/set-up/verify", "code", p.code(done.key())).at("/done")
	p.clock.advance(4 * time.Minute)
	for range 1455 {
		p.handler.Load().Room.Enter(t.Context(), "127.0.0.1/32")
	}
	late.get("/sign-in").at("/sign-in").submit("/sign-in", "username", "ada", "password", password).at("/set-up")
	done.submit("/try").at("/sign-in").submit("/sign-in", "username", "grace", "password", password).at("/challenge")
	if other := p.browser().get("/sign-in"); other.page.Count(`form[action="/line"]`) == 0 {
		t.Error("somebody else was let in, too")
	}
}

// A cookie that was made up, or is of another portal, is no place.
func TestAMadeUpPlace(t *testing.T) {
	p, _ := crowded(t)
	other, _ := crowded(t)
	theirs := other.browser()
	theirs.get("/line").submit("/line", "username", "ada").at("/line")
	for _, value := range []string{"x", "1~", theirs.cookies()["__Host-line"]} {
		b := p.browser()
		b.setCookie("__Host-line", value)
		b.get("/sign-in").status(http.StatusOK)
		if b.page.Count(`form[action="/line"]`) == 0 {
			t.Errorf("%q is taken for a place", value)
		}
	}
	b := p.browser()
	b.get("/line")
	b.do(b.request(http.MethodPost, "/line", url.Values{"username": {strings.Repeat("x", 1500)}})).at("/line").status(http.StatusOK)
}

// Two nodes know the line differently: one has just started, or cannot reach the store. Neither sends a browser to and fro.
func TestNodesThatKnowTheLineDifferently(t *testing.T) {
	p, _ := crowded(t)
	p.nodes = append(p.nodes, p.handler.Load())
	p.restart()
	p.nodes = append(p.nodes, p.handler.Load())
	for _, path := range []string{"/sign-in", "/line", "/line", "/sign-in"} {
		b := p.browser()
		b.get(path).status(http.StatusOK)
		if b.page.Count(`form[action="/line"]`) > 0 {
			b.submit("/line", "username", "ada").status(http.StatusOK)
		}
		for range 4 {
			b.get("/line").status(http.StatusOK)
		}
	}
}

// Where somebody wanted to go on is kept while he waits, also if it was said before there was a line.
func TestTheLineKeepsWhereToGoOn(t *testing.T) {
	p := openPortal(t, optional, func(o *portalOptions) { o.signIn, o.updates = 120, 25 })
	p.addUser("ada", userpool.StateNew)
	left := p.browser()
	left.get("/sign-in?return_to=hr").submit("/sign-in", "username", "ada", "password", password).at("/authenticator")
	left.submit("/sign-out/everywhere").at("/sign-in")
	for range 1455 {
		p.handler.Load().Room.Enter(t.Context(), "127.0.0.1/32")
	}
	for path, b := range map[string]*browser{"/sign-in?return_to=hr": p.browser(), "/line?return_to=hr": p.browser(), "/sign-in": left} {
		if got := b.get(path).page.Attr(`form[action="/line"] [name=return_to]`, "value"); got != "hr" {
			t.Errorf("%s: the form leads on to %q, want hr", path, got)
		}
	}
}

// When nobody waits the line leads on.
func TestAnEmptyLine(t *testing.T) {
	b := openPortal(t).browser()
	b.get("/line").at("/sign-in")
	b.get("/sign-in")
	b.do(b.request(http.MethodPost, "/line", url.Values{"username": {"ada"}})).at("/sign-in").status(http.StatusOK)
}

// In a real browser, with script and without: nobody touches the page, and it leads on when the turn comes.
func TestBrowserWaitsInLine(t *testing.T) {
	for _, l := range []look{desktop, plain} {
		t.Run(l.name, func(t *testing.T) {
			p := openPortal(t, func(o *portalOptions) { o.signIn, o.updates = 120, 25 })
			p.addUser("ada", userpool.StateNew)
			for range 100 { // eight seconds' worth
				p.handler.Load().Room.Enter(t.Context(), "127.0.0.1/32")
			}
			b := p.openTab(l)
			b.open("/sign-in").fill("#username", "ada").click(submit).shows("#step", "Your place in line: 98")
			b.keep("line")
			p.clock.advance(2 * time.Second)
			b.shows("#step", "Your place in line: 74")
			p.clock.advance(6 * time.Second)
			b.at("/sign-in").fill("#password", password).click(submit).at("/set-up")
		})
	}
}
