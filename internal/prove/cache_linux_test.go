package prove_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Two people in the same places, one right after the other, through a proxy that keeps whatever it may and asks nothing
// about cookies (docs/controls.md, L6): each page is made for who asks, only files are kept.
func TestNothingOfAnybodyIsKeptByAProxy(t *testing.T) {
	c := openCluster(t, clusterOptions{nodes: 2, mfa: "optional", caching: true})
	people := c.addPeople(2)
	ada, grace := people[0], people[1]
	everywhere := []string{
		"/", "/sign-in", "/forgot-password", "/authenticator", "/set-up", "/set-up/qr.png", "/challenge", "/line", "/done", "/sign-out", "/nothing-here",
	}
	compare := func(where string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for _, path := range everywhere {
				_, hers, body, err := ada.ask(method, path, nil)
				c.must(err)
				_, header, other, err := grace.ask(method, path, nil)
				c.must(err)
				if kept := hers.Get("X-Cache") + header.Get("X-Cache"); strings.Contains(kept, "HIT") || !strings.Contains(header.Get("Cache-Control"), "no-store") {
					t.Errorf("%s: %s %s: kept (%s, %q)", where, method, path, kept, header.Get("Cache-Control"))
				}
				for _, mark := range marksOn(body) {
					if strings.Contains(other, mark) {
						t.Errorf("%s: %s %s shows the other person's %q", where, method, path, mark)
					}
				}
			}
		}
	}
	compare("signed out")
	for _, p := range people {
		p.visit(http.MethodGet, "/sign-in", nil)
		p.send("/sign-in", "username", p.name, "password", password)
	}
	compare("signed in")
	for _, p := range people {
		p.send("/authenticator/start")
		if p.path != "/set-up" || len(marksOn(p.page)) < 3 {
			t.Fatalf("%s is at %s, with %q", p.name, p.path, marksOn(p.page))
		}
	}
	pictures := map[string]bool{}
	for _, p := range people {
		status, _, picture, err := p.ask(http.MethodGet, "/set-up/qr.png", nil)
		if pictures[picture] = true; err != nil || status != http.StatusOK {
			t.Errorf("picture: status %d, %v", status, err)
		}
	}
	if len(pictures) != 2 {
		t.Error("both have the same QR code")
	}
	compare("at the QR code")
	for _, p := range people {
		p.send("/set-up/verify", "code", p.code(p.scan()), "device", p.device)
	}
	compare("done")

	// The proxy does keep what it may.
	file := regexp.MustCompile(`/static/[^"]+\.css`).FindString(grace.page)
	for _, want := range []string{"MISS", "HIT"} {
		if _, header, _, err := ada.ask(http.MethodGet, file, nil); err != nil || header.Get("X-Cache") != want {
			t.Errorf("%s: %s, %v, want %s", file, header.Get("X-Cache"), err, want)
		}
	}
}

// marksOn are what on a page is one person's alone: name, key, and the token of the sign-in.
func marksOn(page string) []string {
	var marks []string
	for _, mark := range []*regexp.Regexp{regexp.MustCompile(`person-\d+`), keyOnPage, flowOnPage} {
		if found := mark.FindStringSubmatch(page); found != nil {
			marks = append(marks, found[len(found)-1])
		}
	}
	return marks
}
