package web_test

import (
	"fmt"
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
	if method == http.MethodPost {
		if b.page != nil && !form.Has("flow") { // as the page's own form has it
			form.Set("flow", b.page.Attr(`input[name="flow"]`, "value"))
		}
		return b.send(b.formTo(path, form))
	}
	return b.send(httptest.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, nil))
}

// formTo is a form of our own, past the network.
func (b *browser) formTo(path string, form url.Values) *http.Request {
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, b.server.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// send gives a request to the portal with the browser's address and cookies, and keeps those that come back.
func (b *browser) send(r *http.Request) *httptest.ResponseRecorder {
	r.RemoteAddr = b.from
	if b.from == "" { // one network may not do as much as a benchmark does
		r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:443", b.sent>>16&255, b.sent>>8&255, b.sent&255)
		b.sent++
	}
	if b.forwarded != "" {
		r.Header.Set("X-Forwarded-For", b.forwarded)
	}
	for name, value := range b.cookies() {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.node().ServeHTTP(w, r)
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
	calls, revoked := 0, 0
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
		revoked += p.revoked()
		calls += len(strings.Fields(p.calls()))
		b.StartTimer()
	}
	b.ReportMetric(float64(calls)/float64(b.N), "pool-calls/op")
	b.ReportMetric(float64(revoked)/float64(b.N), "calls-nobody-waits-for/op")
}
