package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/userpool"
)

// Whatever people and agents type is text on every page that shows it, in elements and in attributes.
func TestHostileTextStaysText(t *testing.T) {
	for _, evil := range []string{`<x-evil>`, `"><x-evil>`, `'><x-evil>`, `"x-evil="`, `'x-evil='`, `</title><x-evil>`, `</script><x-evil>`, `javascript:x-evil`, `{{x-evil}}`, `<svg/x-evil=1>`, `--><x-evil>`} {
		p := openPortal(t, withDesk)
		p.addAgent("dana", "desk")
		p.addCaller(evil, userpool.StateNew)
		seen := 0
		look := func(b *browser) {
			t.Helper()
			document, err := html.Parse(bytes.NewReader(b.body))
			p.must(err)
			for node := range document.Descendants() {
				if node.Type == html.ElementNode && strings.Contains(node.Data, "x-evil") || node.Type == html.CommentNode {
					t.Errorf("%s: %s became <%s>", b.path(), evil, node.Data)
				}
				for _, a := range node.Attr {
					if strings.Contains(a.Key, "x-evil") || (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(a.Val, "javascript:") {
						t.Errorf("%s: %s became %s=%q", b.path(), evil, a.Key, a.Val)
					}
				}
			}
			if bytes.Contains(b.body, []byte("x-evil")) {
				seen++
			}
		}
		b := p.browser()
		b.signIn(evil, "wrong")
		look(b)
		b.submit("/sign-in", "username", evil, "password", password).at("/set-up")
		look(b)
		b.submit("/set-up/verify", "code", "000000", "device", evil)
		look(b)
		b.submit("/set-up/verify", "code", p.code(b.key()), "device", evil).at("/done")
		look(b)
		agent := p.browser().deskSignIn("dana")
		agent.get("/desk").submit("/desk/look-up", "account", evil)
		look(agent)
		at := agent.path()
		agent.get(at+"/link").submit(at+"/link", "ticket", evil, "reason", evil, "proof", "")
		look(agent)
		agent.submit(at+"/link", "ticket", evil, "reason", evil, "proof", evil)
		for _, path := range []string{agent.path(), "/desk", at} {
			look(agent.get(path))
		}
		if seen < 7 {
			t.Errorf("%s was on %d pages: nothing was tested", evil, seen)
		}
	}
}

// Addresses that the portal hands out are made of its public URL alone, whatever a request says of where it was sent.
func TestAddressesAreNotMadeOfTheRequest(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent := p.browser().deskSignIn("dana")
	agent.makesLink("alice")
	link := agent.path()
	want := agent.get(link).page.Text("#address")
	if !strings.Contains(want, strings.TrimPrefix(p.server.URL, "https://")+"/i/") {
		t.Fatalf("the link's address is %q", want)
	}
	for _, host := range []string{"", "localhost:666", "[::1]:666"} { // others are refused
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Original-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "Referer", "Origin"} {
			for _, value := range []string{"evil.example", "http", "host=evil.example;proto=http", "https://evil.example/"} {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, p.server.URL+link, nil)
				if host != "" {
					r.Host = host
				}
				r.Header.Set(name, value)
				if got := htmltest.Parse(t, agent.send(r).Body.Bytes()).Text("#address"); got != want {
					t.Errorf("Host %q, %s %q: the link's address is %q, want %q", host, name, value, got, want)
				}
			}
		}
	}
}
