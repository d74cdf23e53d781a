package web_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"cognito-enroll/internal/userpool"
)

func TestTheOperatorsBrandIsOnEveryPage(t *testing.T) {
	const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`
	p := openPortal(t, func(o *portalOptions) {
		o.issuer = ""
		o.brand = fstest.MapFS{
			"brand.json": {Data: []byte(`{"issuer": "Fabrikam SSO", "domain": "sso.fabrikam.example", "support": {"text": "Ask us", "href": "tel:+15550199"},
				"colours": {"light": {"accent": "#6d28d9", "paper": "#fafafa"}}}`)},
			"logo.svg":      {Data: []byte(logo)},
			"logo-dark.svg": {Data: []byte(logo + " ")},
			"apps.json":     {Data: []byte(`[{"name": "Our own app", "ios": "https://apps.fabrikam.example/"}]`)},
			"texts/en.json": {Data: []byte(`{"setup.title": "Link your app"}`)},
		}
	})
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	for _, path := range []string{"/prepare", "/sign-in", "/nope", "/languages"} {
		b.get(path)
		if got := b.page.Attr(`meta[media="(prefers-color-scheme: light)"]`, "content"); got != "#fafafa" {
			t.Errorf("%s: theme colour %s", path, got)
		}
		if b.page.Count(`.brand source[media="(prefers-color-scheme: dark)"]`) != 1 || b.page.Text(".bottom a[href='tel:+15550199']") != "Ask us" {
			t.Errorf("%s: no logo for the dark, or no support link", path)
		}
	}
	for path, kind := range map[string]string{
		b.page.Attr(".brand img", "src"):             "image/svg+xml",
		b.page.Attr(".brand source", "srcset"):       "image/svg+xml",
		b.page.Attr(`link[href^="/brand/"]`, "href"): "text/css; charset=utf-8",
	} {
		b.get(path).status(http.StatusOK)
		if got := b.answer.Header.Get("Content-Type"); got != kind {
			t.Errorf("%s is %s, want %s", path, got, kind)
		}
		if got := b.answer.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
	b.get("/brand/brand.json").status(http.StatusNotFound)
	b.get("/brand/..%2f..%2fgo.mod").status(http.StatusNotFound)

	b.get("/prepare").text(".apps", "Our own app")
	b.signIn("ada", password).at("/set-up").text("h1", "Link your app").text("#entry", "Fabrikam SSO (ada)").text(".steps", "Any will do: Our own app.")
	if link := b.page.Attr(`a[href^="otpauth:"]`, "href"); !strings.Contains(link, "issuer=Fabrikam%20SSO") {
		t.Errorf("link %q has another issuer", link)
	}
}

func TestLanguagesPageLeadsBack(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	from := func(referer string) string {
		r := b.request(http.MethodGet, "/languages", nil)
		if referer != "" {
			r.Header.Set("Referer", referer)
		}
		return b.do(r).status(http.StatusOK).page.Attr(`a[hreflang="ja"]`, "href")
	}
	for referer, want := range map[string]string{
		"":                                       "/?lang=ja",
		p.server.URL + "/sign-in":                "/sign-in?lang=ja",
		p.server.URL + "/sign-in?return_to=x":    "/sign-in?lang=ja",
		p.server.URL + "/forgot-password":        "/forgot-password?lang=ja",
		p.server.URL + "/handoff/abc":            "/?lang=ja",
		p.server.URL + "/sign-in/oauth/callback": "/?lang=ja",
		p.server.URL + "/healthz":                "/?lang=ja",
		"https://evil.example/sign-in":           "/?lang=ja",
		p.server.URL + "//evil.example":          "/?lang=ja",
		"%zz":                                    "/?lang=ja",
	} {
		if got := from(referer); got != want {
			t.Errorf("from %q the choice leads to %q, want %q", referer, got, want)
		}
	}
	b.get("/sign-in").status(http.StatusOK)
	r := b.request(http.MethodGet, "/sign-in", nil)
	r.URL.RawQuery = "lang=ja"
	b.do(r)
	if b.get("/languages"); b.page.Attr("html", "lang") != "ja" || b.page.Attr(`[aria-current="true"]`, "hreflang") != "ja" {
		t.Error("the choice is not remembered")
	}
}

func TestMaintenanceClosesEveryPageAndNothingElse(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.maintenance = true })
	b := p.browser()
	for _, path := range []string{"/", "/sign-in", "/set-up", "/nope", "/languages"} {
		b.get(path).status(http.StatusServiceUnavailable).text("h1", "Closed for a short while")
		if b.answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	b.do(b.request(http.MethodPost, "/sign-in", nil)).status(http.StatusServiceUnavailable)
	style := b.page.Attr("link[rel=stylesheet]", "href")
	for _, path := range []string{"/healthz", "/readyz", style} {
		b.get(path).status(http.StatusOK)
	}
	p.wantCalls("")
}
