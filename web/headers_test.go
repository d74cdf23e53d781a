package web_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/userpool"
)

// protective are the headers of every answer, whatever it is.
func protective() http.Header {
	header := http.Header{}
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
			"connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; " +
			"report-uri /csp; report-to csp; upgrade-insecure-requests",
		"Reporting-Endpoints":          `csp="/csp"`,
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"X-XSS-Protection":             "0",
		"Referrer-Policy":              "same-origin",
		"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
		"Permissions-Policy": "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), " +
			"microphone=(), midi=(), payment=(), publickey-credentials-create=(), serial=(), usb=(), browsing-topics=(), clipboard-write=(self)",
		"Cache-Control": "no-store",
		"Vary":          "HX-Request, HX-Request-Type, Cookie",
		"X-Robots-Tag":  "noindex, nofollow, noarchive",
	} {
		header.Set(name, value)
	}
	return header
}

// Every route with every method it has and some it has not, for strangers, in the middle of a set-up and for agents:
// status, and where the headers differ from those of every answer. What else an answer may come of is listed below.
func TestHeadersOfEveryAnswer(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	p.addUser("ada", userpool.StateNew)
	agent := p.browser().deskSignIn("dana")
	locator, _ := agent.makesLink("alice")
	caller := p.browser().signIn("ada", password)
	caller.get("/set-up").at("/set-up")
	p.handler.Load().FailAt("/fails", errors.New("of our own"))
	p.handler.Load().PanicAt("/panics")

	var lines []string
	saw := func(b *browser, who string, r *http.Request, path string) *httptest.ResponseRecorder {
		r.Header.Set("Accept-Encoding", "gzip, br, zstd")
		answer := b.send(r)
		lines = append(lines, fmt.Sprintf("%s %s, %s: %s", r.Method, path, who, inWords(answer)))
		return answer
	}
	example := strings.NewReplacer(":account", "nobody", ":link", "1", ":approval", "1", ":id", "1", ":file", "none.css",
		":locator", strings.TrimPrefix(locator, "/i/"), ":token", "x", "/static/*", "/static/none.css").Replace
	routes := p.handler.Load().Registered()
	slices.Sort(routes)
	for _, route := range slices.Compact(routes) {
		method, path, _ := strings.Cut(route, " ")
		if strings.HasPrefix(path, "/api/") && path != "/api/v1/openapi.json" || method == "PROPFIND" || path == "/desk/*" {
			continue // below
		}
		signedIn := caller
		if strings.HasPrefix(path, "/desk") {
			signedIn = agent
		}
		for _, from := range []*browser{p.browser(), signedIn} {
			who := "stranger"
			if from == signedIn {
				who = "signed in"
			}
			r := from.formTo(example(path), url.Values{}) // without the form's token nothing is done
			if method == http.MethodGet || method == http.MethodHead {
				r = httptest.NewRequestWithContext(t.Context(), method, p.server.URL+example(path), nil)
			}
			r.Method = method
			saw(from, who, r, path)
		}
	}

	form := func(b *browser, path string, pairs ...string) *http.Request {
		fields := url.Values{"flow": {b.page.Attr(`input[name="flow"]`, "value")}}
		for i := 0; i+1 < len(pairs); i += 2 {
			fields.Set(pairs[i], pairs[i+1])
		}
		return b.formTo(path, fields)
	}
	get := func(path string) *http.Request {
		return httptest.NewRequestWithContext(t.Context(), http.MethodGet, p.server.URL+path, nil)
	}
	with := func(r *http.Request, change func(*http.Request)) *http.Request {
		change(r)
		return r
	}
	asset := caller.page.Attr("link[rel=stylesheet]", "href")
	saw(caller, "no such page", get("/nope"), "/nope")
	saw(caller, "an asset", get(asset), "CSS")
	saw(caller, "an asset, HEAD", with(get(asset), func(r *http.Request) { r.Method = http.MethodHead }), "CSS")
	saw(caller, "no key", get("/api/v1/coverage"), "/api/v1/coverage")
	saw(caller, "no such call", get("/api/v1/none"), "/api/v1/none")
	saw(caller, "another host", with(get("/sign-in"), func(r *http.Request) { r.Host = "evil.example" }), "/sign-in")
	saw(caller, "another site", with(form(caller, "/set-up/verify"), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }), "/set-up/verify")
	for _, method := range []string{http.MethodOptions, http.MethodTrace, http.MethodPut, "EVIL"} {
		saw(caller, "no such method", with(get("/set-up"), func(r *http.Request) { r.Method = method }), "/set-up")
	}
	saw(caller, "htmx", with(get("/set-up"), func(r *http.Request) { r.Header.Set("HX-Request", "true") }), "/set-up")
	saw(caller, "our failure", get("/fails"), "/fails")
	saw(caller, "our panic", get("/panics"), "/panics")
	stranger := p.browser().get("/sign-in")
	saw(stranger, "wrong password", form(stranger, "/sign-in", "username", "ada", "password", "wrong"), "/sign-in")
	saw(stranger, "right password", form(stranger, "/sign-in", "username", "ada", "password", password), "/sign-in")
	stranger.get("/set-up").at("/set-up")
	saw(stranger, "wrong code", form(stranger, "/set-up/verify", "code", "000000"), "/set-up/verify")
	p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultInternal})
	saw(stranger, "the pool fails", form(stranger, "/set-up/verify", "code", p.code(stranger.key())), "/set-up/verify")
	saw(stranger, "finished", form(stranger, "/set-up/verify", "code", p.nextCode(stranger.key())), "/set-up/verify")
	stranger.get("/done").at("/done")
	saw(stranger, "signed out", form(stranger, "/sign-out"), "/sign-out")
	agent.get("/desk").at("/desk")
	saw(agent, "signed out", form(agent, "/desk/sign-out"), "/desk/sign-out")
	saw(stranger, "damaged cookie", with(get("/set-up"), func(r *http.Request) { r.Header.Set("Cookie", "__Host-enroll=x") }), "/set-up")
	saw(stranger, "too many cookies", with(get("/set-up"), func(r *http.Request) { r.Header.Set("Cookie", strings.Repeat("a=b; ", 40)) }), "/set-up")
	htmltest.GoldenText(t, "headers.txt", strings.Join(lines, "\n")+"\n")
}

// inWords is an answer's status, and what its headers add to, change in, or take from those of every answer.
func inWords(answer *httptest.ResponseRecorder) string {
	header, want := answer.Header().Clone(), protective()
	for _, name := range []string{"X-Request-Id", "Content-Length"} {
		header.Del(name)
	}
	words := []string{fmt.Sprint(answer.Code)}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if header.Get(name) != want.Get(name) || len(header.Values(name)) != 1 {
			words = append(words, fmt.Sprintf("%s=%q", name, header.Values(name)))
		}
		header.Del(name)
	}
	cookie, expires := regexp.MustCompile(`=[^;]+`), regexp.MustCompile(`Expires=[^;]+; `)
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			if name == "Set-Cookie" {
				value = cookie.ReplaceAllStringFunc(value, func(text string) string {
					if len(text) > 40 {
						return "=VALUE"
					}
					return text
				})
			}
			words = append(words, name+": "+expires.ReplaceAllString(value, ""))
		}
	}
	return strings.Join(words, " | ")
}
