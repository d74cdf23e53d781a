package web_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// Loading a page changes nothing, however it is asked for and by whom: no call to the pool but to read, nothing written to the
// store, no cookie. So whatever follows links (previews, prefetching browsers, scanners of mail) does no harm, and a
// cookie that comes along with a link from elsewhere does not either.
func TestNoGetChangesAnything(t *testing.T) {
	file := filepath.Join(t.TempDir(), "portal.db")
	p := openPortal(t, withDesk, func(o *portalOptions) { o.store = "sqlite:" + file })
	p.addAgent("dana", "admins")
	p.addCaller("alice", userpool.StateNew)
	p.addUser("ada", userpool.StateNew)
	agent := p.browser().deskSignIn("dana")
	locator, piece := agent.makesLink("alice")
	link := agent.path()
	account := agent.lookedUp("alice").path()
	caller := p.browser().signIn("ada", password).at("/set-up")
	holder := p.browser()
	holder.opens(locator, piece)

	watching, err := sql.Open("sqlite", "file:"+file)
	p.must(err)
	defer watching.Close()
	watching.SetMaxOpenConns(1)
	version := func() (n int64) { // changes whenever another connection has written
		p.must(watching.QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&n))
		return n
	}
	p.calls()
	before := version()
	example := strings.NewReplacer("/desk/accounts/:account", account, "/desk/links/:link", link, ":id", "1", ":file", "none.css", ":locator", strings.TrimPrefix(locator, "/i/"), ":token", "x", "*", "none.css").Replace
	tried := 0
	for _, route := range p.handler.Load().Registered() {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodGet && method != http.MethodHead || path == "/sign-in/oauth" || path == "/sign-in/oauth/callback" { // docs/decisions, 14
			continue
		}
		for _, b := range []*browser{p.browser(), caller, agent, holder} {
			for _, purpose := range []string{"", "prefetch", "prefetch;prerender"} {
				r := httptest.NewRequestWithContext(t.Context(), method, p.server.URL+example(path), nil)
				if purpose != "" {
					r.Header.Set("Sec-Purpose", purpose)
				}
				answer := b.send(r)
				tried++
				if cookies := answer.Result().Cookies(); len(cookies) > 0 {
					t.Errorf("%s with purpose %q sets %v", route, purpose, cookies)
				}
				if answer.Code >= http.StatusInternalServerError {
					t.Errorf("%s: status %d", route, answer.Code)
				}
			}
		}
		if now := version(); now != before {
			t.Errorf("%s has written to the store", route)
			before = now
		}
		for call := range strings.FieldsSeq(p.calls()) {
			if !slices.ContainsFunc([]string{"Get", "List", "Describe", "AdminGet", "AdminList"}, func(reads string) bool { return strings.HasPrefix(call, reads) }) {
				t.Errorf("%s calls %s", route, call)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d requests", tried)
	}
}
