package web_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// Whatever no page of ours sends gets a clear page with 4xx, costs no call to the pool and changes no cookie.
func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	code := p.code(b.key())
	p.calls()
	before := b.cookies()

	token := "&flow=" + b.page.Attr(`input[name="flow"]`, "value")
	form := func(body string) func(*http.Request) {
		return func(r *http.Request) { setBody(r, body+token) }
	}
	header := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i+1 < len(pairs); i += 2 {
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
	for _, test := range []struct {
		what   string
		status int
		change func(*http.Request)
	}{
		{"code in the query string", http.StatusBadRequest, func(r *http.Request) { r.URL.RawQuery = "code=" + code }},
		{"any query string", http.StatusBadRequest, func(r *http.Request) { r.URL.RawQuery = "x" }},
		{"field given twice", http.StatusBadRequest, form("code=" + code + "&code=" + code)},
		{"bad percent escape", http.StatusBadRequest, form("code=%zz")},
		{"semicolons", http.StatusBadRequest, form("code=" + code + ";device=x")},
		{"NUL", http.StatusBadRequest, form("code=" + code + "%00")},
		{"newline", http.StatusBadRequest, form("code=" + code + "&device=a%0ab")},
		{"bad UTF-8", http.StatusBadRequest, form("code=" + code + "&device=%ff%fe")},
		{"field of 3,000 bytes", http.StatusRequestEntityTooLarge, form("code=" + code + "&device=" + strings.Repeat("x", 3000))},
		{"form of 9,000 bytes", http.StatusRequestEntityTooLarge, form("code=" + code + "&y=" + strings.Repeat("x", 9000))},
		{"form of 9,000 bytes, length not said", http.StatusRequestEntityTooLarge, func(r *http.Request) {
			setBody(r, "code="+code+"&y="+strings.Repeat("x", 9000))
			r.ContentLength = -1
		}},
		{"JSON", http.StatusUnsupportedMediaType, header("Content-Type", "application/json")},
		{"multipart", http.StatusUnsupportedMediaType, header("Content-Type", "multipart/form-data; boundary=x")},
		{"no content type", http.StatusUnsupportedMediaType, header("Content-Type", "")},
		{"foreign origin", http.StatusForbidden, header("Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")},
		{"sibling subdomain", http.StatusForbidden, header("Origin", "https://evil.northwind.example", "Sec-Fetch-Site", "same-site")},
		{"foreign origin, old browser", http.StatusForbidden, func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Del("Sec-Fetch-Site")
		}},
		{"origin null, old browser", http.StatusForbidden, func(r *http.Request) {
			r.Header.Set("Origin", "null")
			r.Header.Del("Sec-Fetch-Site")
		}},
		{"PUT", http.StatusMethodNotAllowed, func(r *http.Request) { r.Method = http.MethodPut }},
		{"DELETE", http.StatusMethodNotAllowed, func(r *http.Request) { r.Method = http.MethodDelete }},
		{"method that is none", http.StatusMethodNotAllowed, func(r *http.Request) { r.Method = "EVIL" }},
		{"method override", http.StatusMethodNotAllowed, func(r *http.Request) {
			r.Method = http.MethodPatch
			r.Header.Set("X-HTTP-Method-Override", "POST")
		}},
	} {
		r := b.request(http.MethodPost, "/set-up/verify", url.Values{"code": {code}, "device": {"x"}})
		test.change(r)
		b.do(r)
		if b.answer.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.what, b.answer.StatusCode, test.status)
		}
		if b.page.Text("h1") == "" || b.page.Text(".qrnote") == "" {
			t.Errorf("%s: no page that says what happened: %s", test.what, b.body)
		}
		if !maps.Equal(before, b.cookies()) {
			t.Errorf("%s: the cookie changed", test.what)
		}
	}
	p.wantCalls("")
	b.get("/set-up").submit("/set-up/verify", "code", code).at("/done") // it was all still there
}

func setBody(r *http.Request, body string) {
	r.Body = io.NopCloser(strings.NewReader(body))
	r.GetBody = nil
	r.ContentLength = int64(len(body))
}

func TestStrangePathsAreNotFound(t *testing.T) {
	b := openPortal(t).browser()
	for _, path := range []string{
		"/nope", "/sign-in/", "//sign-in", "/set-up/../sign-in", "/static/", "/static/../go.mod", "/static/%2e%2e/web.go", "/static/portal.js",
		"/%00", "/set-up%2fqr.png", "/SIGN-IN", "/metrics", "/debug/pprof/", "/.git/config", "/" + strings.Repeat("a", 4000),
	} {
		r := b.request(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawPath = "", ""
		r.URL.Opaque = strings.TrimPrefix(b.server.URL, "https:") + path
		if b.do(r); b.answer.StatusCode != http.StatusNotFound && b.answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 404", path, b.answer.StatusCode)
		}
	}
}

func TestADamagedCookieIsClearedWithAClearPage(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	for what, damage := range map[string]func(string) string{
		"tampered":    func(v string) string { return v[:len(v)/2] + "A" + v[len(v)/2+1:] },
		"truncated":   func(v string) string { return v[:len(v)-10] },
		"garbage":     func(string) string { return "garbage" },
		"no value":    func(string) string { return "1~" },
		"other count": func(v string) string { return "3" + v[1:] },
	} {
		b := p.browser()
		b.signIn("ada", password).at("/set-up")
		action, form := "/set-up/verify", b.page.Form("/set-up/verify", "code", p.code(b.key()))
		p.calls()
		b.setCookie("__Host-enroll", damage(b.cookies()["__Host-enroll"]))
		b.do(b.request(http.MethodPost, action, form)).status(http.StatusBadRequest).text("h1", "cannot be continued")
		p.wantCalls("")
		b.get("/").at("/prepare").status(http.StatusOK) // not caught in a loop
		if t.Failed() {
			t.Fatalf("with a cookie that is %s", what)
		}
	}
}

func TestACookieOfAnotherPortalDoesNotOpen(t *testing.T) {
	mine, theirs := openPortal(t), openPortal(t)
	mine.addUser("ada", userpool.StateNew)
	b := mine.browser()
	b.signIn("ada", password).at("/set-up")
	other := theirs.browser()
	other.setCookie("__Host-enroll", b.cookies()["__Host-enroll"])
	other.get("/set-up").status(http.StatusBadRequest)
}

func TestAnOldCookieStartsAgain(t *testing.T) {
	p := openPortal(t, optional, func(o *portalOptions) { o.pool.AccessTokenValidity = 24 * time.Hour })
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator")
	cookie := b.cookies()["__Host-enroll"]
	p.clock.advance(31 * time.Minute)
	b.setCookie("__Host-enroll", cookie) // the browser would have dropped it: the seal must refuse it by itself
	b.get("/authenticator").at("/sign-in").status(http.StatusOK)
}

func TestAssetsAreCachedForEverAndCompressed(t *testing.T) {
	b := openPortal(t).browser()
	b.get("/sign-in")
	for _, selector := range []string{`link[rel=stylesheet]`, `link[rel=icon]`} {
		b.get(b.get("/sign-in").page.Attr(selector, "href")).status(http.StatusOK)
		if got := b.answer.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", selector, got)
		}
	}
	r := b.request(http.MethodGet, b.get("/sign-in").page.Attr(`link[rel=stylesheet]`, "href"), nil)
	r.Header.Set("Accept-Encoding", "gzip")
	if b.do(r); b.answer.Header.Get("Content-Encoding") != "gzip" || len(b.body) > 6<<10 {
		t.Errorf("style sheet: %s, %d bytes; want gzip and at most 6 KiB", b.answer.Header.Get("Content-Encoding"), len(b.body))
	}
}

// Whatever is sent, with whatever names and bytes, no answer is a 5xx and nothing panics.
func FuzzRequest(f *testing.F) {
	p := openPortal(f)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password)
	cookie := b.cookies()["__Host-enroll"]
	f.Add("POST", "/set-up/verify", "code=123456", cookie, "application/x-www-form-urlencoded")
	f.Add("GET", "/set-up?x=y", "", cookie, "")
	f.Add("POST", "/sign-in", "username=a&password=%ff", "", "application/x-www-form-urlencoded; charset=\xff")
	f.Add("HEAD", "/set-up/qr.png", "", "1~"+cookie, "text/plain")
	f.Fuzz(func(t *testing.T, method, path, body, cookie, contentType string) {
		target := b.server.URL + "/" + strings.TrimLeft(path, "/")
		r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header["Cookie"] = []string{"__Host-enroll=" + cookie}
		r.Header["Content-Type"] = []string{contentType}
		w := &recorder{header: http.Header{}}
		p.handler.Load().ServeHTTP(w, r)
		if w.status >= 500 || strings.Contains(p.log.String(), `"msg":"panic"`) {
			t.Fatalf("%s %s: status %d\n%s", method, path, w.status, p.log.String())
		}
	})
}

// recorder is a response writer without the checks that httptest's adds.
type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return len(p), nil
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

var _ http.Handler = (*web.Server)(nil)

// Nothing secret reaches the log, at debug level, along every path and through failures.
func TestNothingSecretIsLogged(t *testing.T) {
	for _, mode := range []userpool.MFA{userpool.MFAOn, userpool.MFAOptional} {
		t.Run(string(mode), func(t *testing.T) {
			p := openPortal(t, func(o *portalOptions) { o.pool.MFA = mode })
			secrets := p.busyDay()
			log := p.log.String()
			if n := strings.Count(log, "\n"); n < 20 {
				t.Fatalf("only %d lines of log: nothing was tested", n)
			}
			for what, text := range secrets {
				for form, encoded := range sweeptest.Encodings(text) {
					if strings.Contains(strings.ToLower(log), strings.ToLower(encoded)) {
						t.Errorf("the log has the %s (%s)", what, form)
					}
				}
			}
		})
	}
}

// busyDay drives everything that handles secrets, with failures in between, and answers the secrets.
func (p *portal) busyDay() map[string]string {
	p.t.Helper()
	p.addUser("grace", userpool.StateTemporaryPassword)
	const newPassword, typo = "New-Password-1", "Mistyped-Password-7"
	secrets := map[string]string{"password": password, "new password": newPassword, "mistyped password": typo}
	b := p.browser()
	b.signIn("grace", typo)
	b.signIn("grace", password).at("/new-password")
	secrets["cookie before"] = b.cookies()["__Host-enroll"]
	b.submit("/new-password", "password", typo, "again", "x")
	b.submit("/new-password", "password", newPassword, "again", newPassword)
	if b.path() == "/authenticator" {
		p.pool.FailNext("AssociateSoftwareToken", userpool.Fault{Kind: userpool.FaultWAFHTML})
		b.submit("/authenticator/start")
		b.get("/").submit("/authenticator/start")
	}
	key := b.at("/set-up").key()
	secrets["key"], secrets["cookie while scanning"] = key, b.cookies()["__Host-enroll"]
	b.get("/set-up/qr.png").get("/set-up?code=secret-in-query")
	secrets["text in a query string"] = "secret-in-query"
	secrets["wrong code"], secrets["first code"] = "918273", p.code(key)
	b.submit("/set-up/verify", "code", secrets["wrong code"], "device", "Phone")
	for _, kind := range []userpool.FaultKind{userpool.FaultHTML, userpool.FaultWAF, userpool.FaultMalformed, userpool.FaultCutBefore} {
		p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: kind})
		b.get("/")
		if b.path() != "/set-up" {
			break
		}
		b.submit("/set-up/verify", "code", p.nextCode(key))
	}
	if b.get("/sign-in"); b.path() == "/sign-in" {
		b.submit("/sign-in", "username", "grace", "password", newPassword)
	}
	secrets["code at the end"] = p.nextCode(key)
	if b.path() == "/challenge" {
		b.submit("/challenge", "code", secrets["code at the end"])
	}
	b.get("/")
	b.do(b.request(http.MethodPost, "/sign-out", nil))
	return secrets
}

// Answers of the pool that are lost or spoilt, at each call: never a false word, never a second scan without need.
func TestSpoiltAnswersOfThePool(t *testing.T) {
	kinds := []userpool.FaultKind{
		userpool.FaultInternal, userpool.FaultHTML, userpool.FaultWAF, userpool.FaultWAFHTML, userpool.FaultCutBefore,
		userpool.FaultCutAfter, userpool.FaultMalformed,
	}
	for _, mode := range []userpool.MFA{userpool.MFAOn, userpool.MFAOptional} {
		for _, operation := range []string{"InitiateAuth", "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference", "RespondToAuthChallenge"} {
			if operation == map[userpool.MFA]string{userpool.MFAOn: "SetUserMFAPreference", userpool.MFAOptional: "RespondToAuthChallenge"}[mode] {
				continue // not called on that path
			}
			for _, kind := range kinds {
				t.Run(string(mode)+"/"+operation+"/"+string(kind), func(t *testing.T) {
					t.Parallel() // most of the time goes into waiting before a retry
					p := openPortal(t, func(o *portalOptions) { o.pool.MFA = mode })
					p.addUser("ada", userpool.StateNew)
					p.pool.FailNext(operation, userpool.Fault{Kind: kind})
					b := p.browser()
					key := b.finishSomehow("ada")

					// However it went: the app that the person was told works, works.
					other := p.browser()
					other.signIn("ada", password).at("/challenge").submit("/challenge", "code", p.nextCode(key)).at("/authenticator")
				})
			}
		}
	}
}

// finishSomehow does what a person does who reads the page: goes on, tries again with the next code, signs in again,
// until it is done or the pool asks for a code, which proves the same. It answers the key of the app's newest entry.
func (b *browser) finishSomehow(name string) (key string) {
	b.t.Helper()
	b.get("/")
	for range 12 {
		switch b.path() {
		case "/prepare":
			b.get("/sign-in")
			continue
		case "/sign-in":
			b.submit("/sign-in", "username", name, "password", password)
		case "/authenticator":
			b.submit("/authenticator/start")
		case "/set-up":
			if b.page.Count(`form[action="/set-up/finish"]`) > 0 {
				b.submit("/set-up/finish")
			} else {
				key = b.key()
				b.submit("/set-up/verify", "code", b.nextCode(key))
			}
		case "/challenge", "/done":
			return key
		}
		if b.answer.StatusCode >= 400 {
			if s := b.answer.StatusCode; s == http.StatusInternalServerError || s == http.StatusBadGateway {
				b.t.Fatalf("status %d", s)
			}
			b.get(b.page.Attr("main .btn", "href")) // the way on that the problem page offers
		}
	}
	b.t.Fatalf("does not end: %v: %s", b, b.page.Text("main"))
	return ""
}
