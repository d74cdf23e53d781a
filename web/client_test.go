package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"cognito-enroll/internal/throttle"
	"cognito-enroll/web"
)

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ff::/48")}
	for _, test := range []struct {
		what      string
		remote    string
		forwarded []string
		want      string
	}{
		{"a browser", "192.0.2.1:443", nil, "192.0.2.1"},
		{"a browser that lies", "192.0.2.1:443", []string{"198.51.100.7"}, "192.0.2.1"},
		{"behind a proxy", "10.1.1.1:443", []string{"192.0.2.1"}, "192.0.2.1"},
		{"behind two", "10.1.1.1:443", []string{"192.0.2.1, 10.2.2.2"}, "192.0.2.1"},
		{"behind two, a line for each", "10.1.1.1:443", []string{"192.0.2.1", "10.2.2.2"}, "192.0.2.1"},
		{"a browser that lies to the proxy", "10.1.1.1:443", []string{"198.51.100.7, 192.0.2.1"}, "192.0.2.1"},
		{"lies in a line of its own", "10.1.1.1:443", []string{"198.51.100.7", "192.0.2.1"}, "192.0.2.1"},
		{"says that it is a proxy of ours", "10.1.1.1:443", []string{"10.9.9.9, 192.0.2.1"}, "192.0.2.1"},
		{"comes from within", "10.1.1.1:443", []string{"10.9.9.9"}, "10.9.9.9"},
		{"no header", "10.1.1.1:443", nil, "10.1.1.1"},
		{"empty header", "10.1.1.1:443", []string{""}, "10.1.1.1"},
		{"nonsense", "10.1.1.1:443", []string{"192.0.2.1, unknown"}, "10.1.1.1"},
		{"nonsense before what counts", "10.1.1.1:443", []string{"x, 192.0.2.1"}, "192.0.2.1"},
		{"nothing between commas", "10.1.1.1:443", []string{"192.0.2.1,,"}, "10.1.1.1"},
		{"with a port", "10.1.1.1:443", []string{"192.0.2.1:5555"}, "192.0.2.1"},
		{"IPv6", "[2001:db8:ff::1]:443", []string{"2001:db8:1::7"}, "2001:db8:1::7"},
		{"IPv6 with a port", "[2001:db8:ff::1]:443", []string{"[2001:db8:1::7]:5555"}, "2001:db8:1::7"},
		{"IPv4 as IPv6", "[::ffff:10.1.1.1]:443", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"zone", "[fe80::1%eth0]:443", nil, "fe80::1"},
		{"no address at all", "@", []string{"192.0.2.1"}, "invalid IP"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = test.remote
		r.Header["X-Forwarded-For"] = test.forwarded
		if got := web.ClientAddr(r, proxies).String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.what, got, test.want)
		}
		alone := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		alone.RemoteAddr = test.remote
		if got, want := web.ClientAddr(r, nil), web.ClientAddr(alone, nil); got != want {
			t.Errorf("%s: without proxies got %s, want that of the connection, %s", test.what, got, want)
		}
	}
}

// A hundred thousand made-up headers and a hundred thousand addresses of one /64 are one network.
func TestAMadeUpAddressIsNoNetwork(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, change := range map[string]func(*http.Request, int){
		"header": func(r *http.Request, i int) {
			r.RemoteAddr = "192.0.2.1:443"
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.%d.%d.%d", 18+i>>16&1, i>>8&255, i&255))
		},
		"header sent through our proxy": func(r *http.Request, i int) {
			r.RemoteAddr = "10.1.1.1:443"
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.%d.%d.%d, 192.0.2.1", 18+i>>16&1, i>>8&255, i&255))
		},
		"addresses of a /64": func(r *http.Request, i int) { r.RemoteAddr = fmt.Sprintf("[2001:db8::%x:%x]:443", i>>16, i&0xffff) },
	} {
		p := openPortal(t)
		guard := throttle.NewGuard(throttle.GuardOptions{Now: p.clock.Now})
		passed := 0
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", nil)
		for i := range 100_000 {
			change(r, i)
			who := throttle.Who{Account: fmt.Sprint("user", i), Network: web.ClientAddr(r, proxies)}
			if guard.Try(t.Context(), throttle.Passwords(), who) == 0 {
				passed++
				guard.Failed(t.Context(), throttle.Passwords(), who)
			}
		}
		if passed != 30 {
			t.Errorf("%s: %d of 100,000 wrong passwords passed, want 30", name, passed)
		}
	}
}

// The same through the whole portal, with fewer.
func TestMadeUpAddressesThroughThePortal(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	b.from = "[2001:db8::1]:443"
	status := map[int]int{}
	for i := range 300 {
		b.from = fmt.Sprintf("[2001:db8::%x]:443", i)
		b.forwarded = fmt.Sprintf("198.51.100.%d", i%256)
		form := map[string][]string{"username": {fmt.Sprint("user", i)}, "password": {"Wrong-Horse-9"}}
		status[b.direct(http.MethodPost, "/sign-in", form).Code]++
	}
	if status[http.StatusUnprocessableEntity] != 30 || status[http.StatusTooManyRequests] != 270 {
		t.Errorf("got %v, want 30 wrong passwords and 270 refusals", status)
	}
	if got := strings.Count(p.calls(), "InitiateAuth"); got != 30 {
		t.Errorf("%d reached the pool, want 30", got)
	}
}
