package web_test

import (
	"net/http"
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// iPhone is what one says of itself.
const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"

func TestTheFirstPageIsForThoseWhoHaveNotBegun(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()

	b.get("/").at("/prepare").text("h1", "First, get an authenticator app").text(".apps", "Google Authenticator")
	links := b.page.Count(".apps a")
	if safe := b.page.Count(`.apps a[href^="https://"][rel="noreferrer noopener"][target="_blank"]`); links == 0 || safe != links {
		t.Errorf("of %d links %d tell nobody where people come from and leave the portal open", links, safe)
	}
	b.get(b.page.Attr(".onward a", "href")).at("/sign-in")

	// A wrong password or a broken pool sends nobody back to the beginning.
	b.submit("/sign-in", "username", "ada", "password", "wrong").at("/sign-in")
	p.pool.FailNext("InitiateAuth", userpool.Fault{Kind: userpool.FaultWAF})
	b.submit("/sign-in", "username", "ada", "password", password).status(http.StatusServiceUnavailable)
	b.get(b.page.Attr("main .btn", "href")).at("/sign-in")

	// From the QR code one can look for an app, and come back to the same one.
	b.submit("/sign-in", "username", "ada", "password", password).at("/set-up")
	key := b.key()
	b.get("/").at("/set-up")
	b.get("/prepare").at("/prepare").text(".who", "ada")
	b.get(b.page.Attr(".onward a", "href")).at("/set-up")
	if b.key() != key {
		t.Error("another key")
	}
}

func TestTheFirstPageHandsOnWhereToReturn(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	ask := func(query string) string {
		r := b.request(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		return b.do(r).at("/prepare").page.Attr(".onward a", "href")
	}
	for query, want := range map[string]string{
		"":                                "/sign-in",
		"return_to=hr":                    "/sign-in?return_to=hr",
		"return_to=https://evil.example":  "/sign-in",
		"return_to=hr%26x":                "/sign-in",
		"return_to=hr&return_to=intranet": "/sign-in?return_to=hr",
	} {
		if got := ask(query); got != want {
			t.Errorf("/?%s leads on to %q, want %q", query, got, want)
		}
	}
}

// Apple's Passwords gets a link of its own, where it exists; the issuer in it is the site's host name.
func TestLinksForTheSameDevice(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	links := func(agent string) (general, apple string) {
		r := b.request(http.MethodGet, "/set-up", nil)
		r.Header.Set("User-Agent", agent)
		b.do(r)
		if b.page.Count(`a[href^="apple-otpauth:"]`) > 0 {
			apple = b.page.Attr(`a[href^="apple-otpauth:"]`, "href")
		}
		return b.page.Attr(`a[href^="otpauth:"]`, "href"), apple
	}
	general, apple := links(iPhone)
	if want := "otpauth://totp/Northwind:ada?secret=" + b.key() + "&issuer=Northwind"; !strings.HasPrefix(general, want) {
		t.Errorf("general link %q, want %q", general, want)
	}
	if want := "apple-otpauth://totp/intranet.example:ada?secret=" + b.key() + "&issuer=intranet.example"; !strings.HasPrefix(apple, want) {
		t.Errorf("Apple's link %q, want %q", apple, want)
	}
	for _, agent := range []string{"", "Mozilla/5.0 (Linux; Android 15)", "Mozilla/5.0 (Windows NT 10.0)"} {
		if general, apple := links(agent); general == "" || apple != "" {
			t.Errorf("%q: general link %q, Apple's %q", agent, general, apple)
		}
	}
}

// The key spelt out is the key.
func TestTheKeySpeltOut(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	key := b.signIn("ada", password).at("/set-up").key()
	b.get(b.page.Attr(`a[href="/set-up/key"]`, "href")).at("/set-up/key")
	spelt := ""
	for _, word := range b.page.Texts(".spell span") {
		spelt += word[:1]
	}
	if spelt != key {
		t.Errorf("spelt %s, want %s", spelt, key)
	}
	if got := b.page.Count(".spell li"); got != 13 {
		t.Errorf("%d groups of four, want 13", got)
	}
	if again := b.get(b.page.Attr("main .btn", "href")).at("/set-up").key(); again != key {
		t.Errorf("the way back leads to the key %s, want %s", again, key)
	}
}
