package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/userpool"
)

// direct asks the portal without a network between, so that a benchmark measures the portal.
func (b *browser) direct(method, path string, form url.Values) *httptest.ResponseRecorder {
	if b.page != nil && form != nil && !form.Has("flow") { // as the page's own form has it
		form.Set("flow", b.page.Attr(`input[name="flow"]`, "value"))
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	for name, value := range b.cookies() {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	w := httptest.NewRecorder()
	b.handler.Load().ServeHTTP(w, r)
	u, err := url.Parse(b.server.URL)
	b.must(err)
	b.client.Jar.SetCookies(u, w.Result().Cookies())
	return w
}

func scanning(b *testing.B) *browser {
	b.Helper()
	p := openPortal(b)
	p.addUser("ada", userpool.StateNew)
	browser := p.browser()
	browser.signIn("ada", password).at("/set-up")
	return browser
}

// The figures "scan page and its QR code, first view" and "page again".
func BenchmarkScanPage(b *testing.B) {
	browser := scanning(b)
	uri := browser.page.Attr(`a[href^="otpauth:"]`, "href")
	view := func() {
		if page := browser.direct(http.MethodGet, "/set-up", nil); page.Code != http.StatusOK {
			b.Fatalf("status %d", page.Code)
		}
		if picture := browser.direct(http.MethodGet, "/set-up/qr.png", nil); picture.Code != http.StatusOK {
			b.Fatalf("status %d", picture.Code)
		}
	}
	b.Run("first-view", func(b *testing.B) {
		for b.Loop() {
			browser.drawer.Forget(uri)
			view()
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			view()
		}
	})
	b.Run("wrong-code", func(b *testing.B) {
		form := url.Values{"code": {"000000"}, "device": {"Phone"}}
		for b.Loop() {
			if page := browser.direct(http.MethodPost, "/set-up/verify", form); page.Code != http.StatusUnprocessableEntity {
				b.Fatalf("status %d", page.Code)
			}
		}
	})
}

// The figure "full enrollment": sign in, scan page, QR code, first code, done page, over the in-memory transport. The
// embedded pool's own work (two RS256 signatures among it) is in it.
func BenchmarkEnrollment(b *testing.B) {
	p := openPortal(b)
	calls := 0
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		name := "user" + strconv.Itoa(i)
		p.addUser(name, userpool.StateNew)
		p.pool.ResetRequests()
		browser := p.browser()
		b.StartTimer()
		browser.direct(http.MethodGet, "/sign-in", nil)
		browser.direct(http.MethodPost, "/sign-in", url.Values{"username": {name}, "password": {password}})
		page := browser.direct(http.MethodGet, "/set-up", nil)
		browser.direct(http.MethodGet, "/set-up/qr.png", nil)
		b.StopTimer()
		browser.page = htmltest.Parse(b, page.Body.Bytes())
		code := p.code(strings.ReplaceAll(browser.page.Text("#key"), " ", ""))
		b.StartTimer()
		browser.direct(http.MethodPost, "/set-up/verify", url.Values{"code": {code}})
		if done := browser.direct(http.MethodGet, "/done", nil); done.Code != http.StatusOK {
			b.Fatalf("status %d, want the done page", done.Code)
		}
		b.StopTimer()
		calls += len(p.pool.Requests())
		b.StartTimer()
	}
	b.ReportMetric(float64(calls)/float64(b.N), "pool-calls/op")
}
