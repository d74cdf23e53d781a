package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// What other sites can make a browser send does nothing: every form of the portal, with every Sec-Fetch-Site, every
// Origin and every token, in two states of a visit. Two controls stand in the way, and each is seen by itself: where
// the headers tell of another site the answer is 403, whatever the token; where they do not, the form's token has to be
// the visit's, else the browser is shown where it stands, the pool is not asked and the cookie is not changed.
func TestFormsOfOtherSites(t *testing.T) {
	for _, state := range []struct{ mode, path string }{{"ON", "/set-up"}, {"OPTIONAL", "/authenticator"}} {
		t.Run(strings.TrimPrefix(state.path, "/"), func(t *testing.T) {
			signedIn := func() *browser {
				p := openPortal(t, func(o *portalOptions) { o.pool.MFA = userpool.MFA(state.mode) })
				p.addUser("ada", userpool.StateNew)
				b := p.browser().signIn("ada", password).at(state.path)
				p.calls()
				return b
			}
			b, used := signedIn(), signedIn() // the second one's forms have their effect
			tokenOf := func(b *browser) string { return b.page.Attr(`input[name="flow"]`, "value") }
			tokens := map[string]string{"right": tokenOf(used), "none": "", "made up": strings.Repeat("0", 32), "another visit's": tokenOf(used)}

			cells := 0
			for _, post := range b.handler.Load().Posts() {
				method, path, _ := strings.Cut(post, " ")
				path = strings.NewReplacer(":locator", strings.Repeat("A", 26), ":id", "7").Replace(path)
				for _, site := range []string{"", "same-origin", "none", "same-site", "cross-site"} {
					for _, origin := range []string{"", "OWN", "null", "https://evil.example", "https://evil.portal.example", "OWN1", "https://127.0.0.1", "INSECURE"} {
						for kind, token := range tokens {
							cells++
							from := b
							if kind == "right" {
								from = used
							}
							origin := strings.NewReplacer("OWN", from.server.URL, "INSECURE", strings.Replace(from.server.URL, "https", "http", 1)).Replace(origin)
							answer := from.forge(method, path, site, origin, token)
							foreign := answer.Code == http.StatusForbidden && strings.Contains(answer.Body.String(), elsewhere(path))
							what := strings.Join([]string{post, "Sec-Fetch-Site " + site, "Origin " + origin, "token " + kind}, ", ")
							switch {
							case foreign == mayBeOurs(site, origin, from.server.URL):
								t.Fatalf("%s: refused as foreign: %t", what, foreign)
							case foreign && len(answer.Result().Cookies()) > 0:
								t.Fatalf("%s: refused, and cookies are set", what)
							case foreign, kind == "right":
							case strings.HasPrefix(path, "/api/"):
								if answer.Code != http.StatusUnauthorized {
									t.Fatalf("%s: status %d, want 401: it has no key", what, answer.Code)
								}
							case answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != state.path:
								t.Fatalf("%s: status %d, to %s; want to be shown %s", what, answer.Code, answer.Header().Get("Location"), state.path)
							}
						}
					}
				}
			}
			b.wantCalls("")
			if cells < 160*18 {
				t.Errorf("only %d cells: routes are missing", cells)
			}
		})
	}
}

// mayBeOurs says what the headers tell of where a form comes from. A browser that sends Sec-Fetch-Site is believed in
// that; an older one sends Origin; a client that sends neither is no browser with somebody's cookies, and has only the
// token. Sec-Fetch-Site "none" is an address that was typed: no site sent it.
func mayBeOurs(site, origin, own string) bool {
	switch site {
	case "same-origin", "none":
		return true
	case "same-site", "cross-site":
		return origin == own // no browser says both
	}
	return origin == "" || origin == own
}

// elsewhere is what a refusal says of a form that another site sent.
func elsewhere(path string) string {
	if strings.HasPrefix(path, "/api/") {
		return `"forbidden"`
	}
	return "came from another website"
}

// forge sends an empty form with these headers.
func (b *browser) forge(method, path, site, origin, token string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := b.formTo(path, url.Values{"flow": {token}})
	r.Method = method
	r.Header.Del("Sec-Fetch-Site")
	for name, value := range map[string]string{"Sec-Fetch-Site": site, "Origin": origin} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return b.send(r)
}
