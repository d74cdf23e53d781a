package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// A request for another host is answered with a page that says nothing of us; health is asked by address.
func TestRequestsForAnotherHost(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.bubble = true }) // https://portal.example
	p.clock.running = false
	for host, want := range map[string]int{
		"portal.example": 200, "portal.example:443": 200, "PORTAL.example": 200, "portal.example:8443": 200, // a proxy may drop the port, or say its own
		"evil.example": 421, "portal.example.evil.example": 421, "portal.example@evil.example": 421, "localhost": 421, "127.0.0.1": 421, "": 421,
	} {
		for path, want := range map[string]int{"/sign-in": want, "/nope": max(want, 404), "/healthz": 200, "/readyz": 200} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://portal.example"+path, nil)
			r.Host = host
			r.Header.Set("X-Forwarded-Host", "portal.example")
			answer := httptest.NewRecorder()
			p.handler.Load().ServeHTTP(answer, r)
			if answer.Code != want {
				t.Errorf("%s of %q: status %d, want %d", path, host, answer.Code, want)
			}
			if strings.Contains(answer.Body.String(), "evil.example") || strings.Contains(answer.Header().Get("Location"), "evil.example") {
				t.Errorf("%s of %q: the answer repeats it", path, host)
			}
		}
	}

	behind := openPortal(t, func(o *portalOptions) { // a proxy that sends a name of its own
		o.bubble, o.otherHosts = true, web.Hosts{"*.proxy.example", "inner.example"}
	})
	behind.clock.running = false
	for host, want := range map[string]int{
		"portal.example": 200, "a1b2.proxy.example": 200, "A1B2.Proxy.Example:443": 200, "inner.example": 200,
		"proxy.example": 421, "a.b.proxy.example": 421, ".proxy.example": 421, "evil.proxy.example.evil.example": 421, "evil-proxy.example": 421,
		"x.inner.example": 421, "*.inner.example": 421, "evil.example": 421, "": 421,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://portal.example/sign-in", nil)
		r.Host = host
		answer := httptest.NewRecorder()
		if behind.handler.Load().ServeHTTP(answer, r); answer.Code != want {
			t.Errorf("behind a proxy, %q: status %d, want %d", host, answer.Code, want)
		}
		if strings.Contains(answer.Body.String(), "proxy.example") {
			t.Errorf("behind a proxy, %q: the answer repeats it", host)
		}
		r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://portal.example/sign-in", nil)
		r.Host = "inner.example"
		r.Header.Set("Origin", "https://"+host)
		answer = httptest.NewRecorder()
		if behind.handler.Load().ServeHTTP(answer, r); (answer.Code == http.StatusForbidden) != (host != "portal.example") {
			t.Errorf("behind a proxy, a form from %q: status %d", host, answer.Code)
		}
	}

	local := openPortal(t) // on this machine: by any of its names, and by no other, which may have been made to lead here
	for host, want := range map[string]int{"localhost:8080": 200, "[::1]:8080": 200, "127.0.0.1": 200, "evil.example:8080": 421, "127.0.0.1.evil.example": 421} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, local.server.URL+"/sign-in", nil)
		r.Host = host
		answer := httptest.NewRecorder()
		if local.handler.Load().ServeHTTP(answer, r); answer.Code != want {
			t.Errorf("on loopback, %q: status %d, want %d", host, answer.Code, want)
		}
	}
}

// The picture of a key is answered to an <img> of ours alone, as far as the browser tells; and to who tells nothing.
func TestWhoMayLoadThePicture(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser().signIn("ada", password).at("/set-up")
	for _, site := range []string{"", "same-origin", "none", "same-site", "cross-site"} {
		for _, dest := range []string{"", "image", "document", "iframe", "embed", "object", "empty", "script"} {
			r := b.request(http.MethodGet, "/set-up/qr.png", nil)
			for name, value := range map[string]string{"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			want := http.StatusNotFound
			if (site == "" || site == "same-origin") && (dest == "" || dest == "image") {
				want = http.StatusOK
			}
			if b.do(r); b.answer.StatusCode != want {
				t.Errorf("site %q, dest %q: status %d, want %d", site, dest, b.answer.StatusCode, want)
			}
		}
	}
}

// Nothing but a directive's and a route's name is kept of a report, and of many reports a few.
func TestReportsOfTheContentSecurityPolicy(t *testing.T) {
	p := openPortal(t)
	p.options.counter = nil
	b := p.browser()
	b.from = "192.0.2.1:443"
	send := func(kind, body string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, p.server.URL+"/csp", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return b.send(r).Code
	}
	const old, new = "application/csp-report", "application/reports+json"
	for _, test := range []struct {
		kind, body string
		status     int
		log        string // "": none
	}{
		{old, `{"csp-report":{"document-uri":"https://x/set-up?canary","effective-directive":"img-src","blocked-uri":"https://canary/","referrer":"canary"}}`, 204, `"directive":"img-src","route":"/set-up"`},
		{new, `[{"type":"csp-violation","url":"canary","body":{"documentURL":"https://x/i/canary","effectiveDirective":"script-src-elem","sample":"canary"}}]`, 204, `"directive":"script-src-elem","route":"/i/:locator"`},
		{old, `{"csp-report":{"document-uri":"https://x/canary","effective-directive":"canary"}}`, 204, `"directive":"other","route":"other"`},
		{old, `canary`, 204, `"directive":"other","route":`},
		{new, `[]`, 204, `"directive":"other","route":`},
		{old, `{"csp-report":{"document-uri":"` + strings.Repeat("x", 9000) + `"}}`, 413, ""},
		{"application/json", `{}`, 415, ""},
		{"", `{}`, 415, ""},
	} {
		p.clock.advance(4 * time.Second)
		before := len(p.log.String())
		if status := send(test.kind, test.body); status != test.status {
			t.Errorf("%.60s: status %d, want %d", test.body, status, test.status)
		}
		log := p.log.String()[before:]
		if told := strings.Contains(log, "has refused something"); told != (test.log != "") || !strings.Contains(log, test.log) {
			t.Errorf("%.60s: log %s, want %s", test.body, log, test.log)
		}
	}
	if log := p.log.String(); strings.Contains(log, "canary") {
		t.Errorf("the log keeps of a report: %s", log)
	}

	count := func() int { return strings.Count(p.log.String(), "has refused something") }
	before := count()
	p.clock.advance(time.Minute)
	for range 10_000 {
		send(old, `{"csp-report":{"effective-directive":"img-src"}}`)
	}
	if got := count() - before; got != 3 {
		t.Errorf("%d of 10,000 reports of one client are logged, want 3", got)
	}
	before = count()
	p.clock.advance(time.Minute)
	for i := range 10_000 {
		b.from = fmt.Sprintf("10.1.%d.%d:443", i>>8, i&255)
		send(old, `{"csp-report":{"effective-directive":"img-src"}}`)
	}
	if got := count() - before; got != 20 {
		t.Errorf("%d of 10,000 reports of as many clients are logged, want 20", got)
	}
}
