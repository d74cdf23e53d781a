package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// Whatever begins with /desk is a row with a rule, or a page before the sign-in.
func TestEveryRouteOfTheDeskHasARule(t *testing.T) {
	server := openPortal(t, withDesk).handler.Load()
	ruled := map[string]bool{}
	for _, row := range server.DeskRoutes() {
		if !slices.Contains(helpdesk.Operations(), row.Operation) {
			t.Errorf("%s %s has no rule: operation %q", row.Method, row.Path, row.Operation)
		}
		ruled[row.Method+" "+row.Path] = true
		if row.Method == http.MethodGet {
			ruled["HEAD "+row.Path] = true
		}
	}
	open := []string{"GET /desk/sign-in", "HEAD /desk/sign-in", "POST /desk/sign-in", "POST /desk/sign-in/code", "POST /desk/sign-out"}
	for _, route := range server.Registered() {
		_, path, _ := strings.Cut(route, " ")
		if strings.HasPrefix(path, "/desk") && !ruled[route] && !slices.Contains(open, route) {
			t.Errorf("%s has no row", route)
		}
	}
	for _, route := range openPortal(t).handler.Load().Registered() {
		if strings.Contains(route, "/desk") {
			t.Errorf("%s is there without a help desk", route)
		}
	}
}

// deskPaths are an example of each row's address.
func deskExample(row web.DeskRoute, sub string) string {
	return strings.NewReplacer(":account", sub, ":link", "1", ":approval", "1").Replace(row.Path)
}

// Each kind of agent gets what the rules let him have, on every route. What is let through is told by any other status
// than the refusals'; nothing that is refused changes anything.
func TestRolesOnEveryRoute(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addCaller("alice", userpool.StateNew)
	for name, group := range map[string]string{"dana": "desk", "lena": "leads", "root": "admins", "mallory": "users"} {
		p.addAgent(name, group)
	}
	agent := p.browser().deskSignIn("dana")
	agent.makesLink("alice")
	sub := strings.TrimPrefix(agent.lookedUp("alice").path(), "/desk/accounts/")
	least := map[helpdesk.Operation]int{ // 1 agents, 2 leads, 3 admins
		helpdesk.OpApprove: 2, helpdesk.OpCoverageCSV: 2, helpdesk.OpSweep: 2, helpdesk.OpAudit: 2, helpdesk.OpAuditExport: 3,
	}
	for rank, name := range []string{"mallory", "dana", "lena", "root"} {
		b := p.browser().deskSignInAs(name)
		for _, row := range p.handler.Load().DeskRoutes() {
			if row.Method == http.MethodPost && (row.Operation == helpdesk.OpSweep || row.Operation == helpdesk.OpLostPhone || row.Operation == helpdesk.OpRevoke) && rank > 0 {
				continue // they would do it; the matrix of internal/helpdesk has them
			}
			before := p.trail()
			b.deskRequest(row.Method, deskExample(row, sub), nil)
			refused := b.answer.StatusCode == http.StatusForbidden
			if want := rank < max(1, least[row.Operation]); refused != want {
				t.Errorf("%s, %s %s: status %d, want refused %t", name, row.Method, row.Path, b.answer.StatusCode, want)
			}
			if refused && p.trail() != before {
				t.Errorf("%s, %s %s: refused, but the audit trail has grown", name, row.Method, row.Path)
			}
		}
	}
	for _, row := range p.handler.Load().DeskRoutes() {
		stranger := p.browser()
		stranger.deskRequest(row.Method, deskExample(row, sub), nil)
		if stranger.path() != "/desk/sign-in" {
			t.Errorf("nobody, %s %s: %s, want the sign-in", row.Method, row.Path, stranger)
		}
	}
}

// deskSignInAs signs in whoever it is: the first page may be a refusal.
func (b *browser) deskSignInAs(name string) *browser {
	b.t.Helper()
	b.get("/desk/sign-in").submit("/desk/sign-in", "username", name, "password", password)
	return b.submit("/desk/sign-in/code", "code", b.nextCode(agentKey))
}

// deskRequest sends a request with the form token of the sign-in, wherever the browser stands.
func (b *browser) deskRequest(method, path string, form url.Values) *browser {
	b.t.Helper()
	if method == http.MethodPost {
		if form == nil {
			form = url.Values{}
		}
		if b.page != nil && b.page.Attr(`input[name="flow"]`, "value") == "" {
			b.get("/desk")
		}
	}
	return b.do(b.request(method, path, form))
}

// trail is how long the audit trail is.
func (p *portal) trail() int64 {
	p.t.Helper()
	last, err := p.store.VerifyAudit(p.t.Context())
	p.must(err)
	return last.Seq
}

// An agent's cookie is another one than a visitor's, and never sent by whoever follows a link from elsewhere.
func TestTheAgentsCookieIsStrict(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	b := p.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.get("/desk/sign-in").submit("/desk/sign-in", "username", "dana", "password", password)
	b.get("/desk/sign-in").submit("/desk/sign-in/code", "code", p.nextCode(agentKey)).status(http.StatusSeeOther)
	line := b.answer.Header.Get("Set-Cookie")
	for _, part := range []string{"__Host-desk=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict"} {
		if !strings.Contains(line, part) {
			t.Errorf("cookie %q lacks %q", line, part)
		}
	}
	if strings.Contains(line, "Domain") || b.cookies()["__Host-enroll"] != "" {
		t.Errorf("cookies %q, %v", line, b.cookies())
	}

	b.client.CheckRedirect = nil
	desk := b.get("/desk").at("/desk").cookies()["__Host-desk"]
	other := p.browser()
	other.setCookie("__Host-enroll", desk)
	other.get("/authenticator").status(http.StatusBadRequest)
	other = p.browser()
	other.setCookie("__Host-desk", desk)
	other.get("/desk").at("/desk")
	b.submit("/desk/sign-out").at("/desk/sign-in")
	other.get("/desk").at("/desk/sign-in")
}

// A form of another site, of another sign-in, or of none does nothing.
func TestForeignFormsDoNothingAtTheDesk(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	b := p.browser().deskSignIn("dana")
	b.makesLink("alice")
	link := b.path()
	token := b.page.Attr(`input[name="flow"]`, "value")
	send := func(change func(*http.Request, url.Values)) *browser {
		form := url.Values{"flow": {token}}
		r := b.request(http.MethodPost, link+"/revoke", form)
		change(r, form)
		setBody(r, form.Encode())
		return b.do(r)
	}
	for name, change := range map[string]func(*http.Request, url.Values){
		"cross-site": func(r *http.Request, _ url.Values) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.test")
		},
		"same-site": func(r *http.Request, _ url.Values) {
			r.Header.Set("Sec-Fetch-Site", "same-site")
			r.Header.Set("Origin", "https://sibling.portal.test")
		},
		"foreign origin": func(r *http.Request, _ url.Values) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.test")
		},
		"no token":         func(_ *http.Request, form url.Values) { form.Set("flow", "") },
		"another's token":  func(_ *http.Request, form url.Values) { form.Set("flow", strings.Repeat("0", 32)) },
		"token in the URL": func(r *http.Request, form url.Values) { form.Del("flow"); r.URL.RawQuery = "flow=" + token },
	} {
		send(change)
		if b.get(link).page.Text(".split .pill") != "Not opened yet" {
			t.Fatalf("%s: the link is %q", name, b.page.Text(".split .pill"))
		}
	}
	send(func(*http.Request, url.Values) {}).text(".split .pill", "Revoked")
}

// What is hard to take back needs a code that was given lately; the sign-in leads back to it, and nowhere else.
func TestDangerousActsNeedAFreshSignIn(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "leads")
	p.addCaller("alice", userpool.StateEnrolled)
	b := p.browser().deskSignIn("dana")
	at := b.lookedUp("alice").path()
	b.get(at + "/lost-phone").at(at + "/lost-phone")
	p.clock.advance(11 * time.Minute)
	b.get(at).at(at)
	b.get(at+"/lost-phone").at("/desk/sign-in").text(".lead", "show once more")
	b.submit("/desk/sign-in", "username", "dana", "password", password).submit("/desk/sign-in/code", "code", p.nextCode(agentKey)).at(at + "/lost-phone")
	p.clock.advance(59 * time.Minute)
	b.get(at).at(at)
	p.clock.advance(2 * time.Minute)
	b.get(at).at("/desk/sign-in")

	for text, want := range map[string]string{
		"/desk/audit": "/desk/audit", "/desk/accounts/a%2Fb": "/desk/accounts/a%2Fb", "https://portal.test/desk/links/7?x": "/desk/links/7",
		"": "/desk", "/sign-in": "/desk", "//evil.test/desk/": "/desk/", `/desk/\evil.test`: "/desk", "/desk/../sign-out": "/desk",
		"/desk/sign-in": "/desk", "/desk/sign-out": "/desk", "https:evil.test": "/desk", "/desk\r\nx": "/desk", "%zz": "/desk",
	} {
		if got := web.DeskPath(text); got != want {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
}

// Agents sign in with an app, and those who lose their group lose the desk at once.
func TestWhoIsNoAgent(t *testing.T) {
	p := openPortal(t, withDesk, optional)
	p.addCaller("newcomer", userpool.StateNew, "desk")
	p.addAgent("dana", "desk")
	p.addAgent("bystander")
	b := p.browser()
	b.get("/desk").at("/desk/sign-in").submit("/desk/sign-in", "username", "newcomer", "password", password)
	b.status(http.StatusUnprocessableEntity).text("[role=alert]", "Set an app up")
	b.submit("/desk/sign-in", "username", "dana", "password", "wrong").status(http.StatusUnprocessableEntity)
	b.submit("/desk/sign-in", "username", "dana", "password", password).submit("/desk/sign-in/code", "code", "000000").status(http.StatusUnprocessableEntity)
	p.browser().deskSignInAs("bystander").status(http.StatusForbidden).text("main", "no rank")

	b = p.browser().deskSignIn("dana")
	b.get("/desk").at("/desk")
	p.must(p.store.EndAllBefore(t.Context(), "dana", p.clock.Now().Add(time.Second)))
	b.get("/desk").at("/desk/sign-in")
}

// Live, opened, spent, revoked, expired and unknown links cannot be told apart without the piece: neither by the page nor
// by what it sets, nor by the answer to a wrong piece.
func TestLinksLookAlike(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	agent := p.browser().deskSignIn("dana")
	var names, paths []string
	make := func(name string, change func(path, piece string)) {
		p.addCaller(name, userpool.StateNew)
		path, piece := agent.makesLink(name)
		change(path, piece)
		names, paths = append(names, name), append(paths, path)
	}
	make("expired", func(string, string) { p.clock.advance(61 * time.Minute) })
	agent = p.browser().deskSignIn("dana")
	make("live", func(string, string) {})
	make("opened", func(path, piece string) { p.browser().opens(path, piece).at("/prepare") })
	make("revoked", func(string, string) { agent.submit(agent.path() + "/revoke") })
	make("cancelled", func(string, string) { agent.makesLink("cancelled") })
	make("locked", func(path, _ string) {
		for range 5 {
			p.browser().opens(path, "0000-0000")
		}
	})
	make("spent", func(path, piece string) {
		b := p.browser()
		b.opens(path, piece).get("/sign-in").submit("/sign-in", "password", password).at("/set-up")
		b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	})
	names, paths = append(names, "unknown"), append(paths, "/i/0123456789abcdefghjkmnpqrs")
	see := func(path string, visit func(b *browser)) string {
		b := p.browser()
		visit(b)
		header := b.answer.Header.Clone()
		for _, name := range []string{"Date", "X-Request-Id"} {
			header.Del(name)
		}
		return strings.ReplaceAll(fmt.Sprint(b.answer.StatusCode, header, b.cookies(), string(b.body)), strings.TrimPrefix(path, "/i/"), "LOCATOR")
	}
	for name, visit := range map[string]func(b *browser, path string){
		"page":        func(b *browser, path string) { b.get(path) },
		"wrong piece": func(b *browser, path string) { b.opens(path, "7777-7777") },
		"no piece":    func(b *browser, path string) { b.opens(path, "") },
		"HEAD":        func(b *browser, path string) { b.do(b.request(http.MethodHead, path, nil)) },
	} {
		first := ""
		for i, path := range paths {
			began := p.clock.Now()
			seen := see(path, func(b *browser) { visit(b, path) }) + p.clock.Now().Sub(began).String()
			if first == "" {
				first = seen
			}
			if seen != first {
				t.Errorf("%s of a link that is %s differs from one that is %s:\n%s\n%s", name, names[i], names[0], seen, first)
			}
		}
	}
}

// What an agent is answered never has a key, a code, a token, or somebody else's link in it; nor has the log.
func TestAgentsSeeNoSecrets(t *testing.T) {
	p := openPortal(t, needsTicket)
	p.addAgent("dana", "admins")
	p.addAgent("sam", "admins")
	p.addCaller("alice", userpool.StateNew)
	agent, colleague, caller := p.browser().deskSignIn("dana"), p.browser().deskSignIn("sam"), p.browser()
	link, piece := agent.makesLink("alice")
	watched := agent.path()
	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "password", password).at("/set-up")
	key := caller.key()
	wrong := p.codeAt(key, p.clock.Now().Add(-4*time.Minute))
	caller.submit("/set-up/verify", "code", wrong)
	right := p.code(key)
	secrets := []string{key, strings.ToLower(key), sweeptest.InFours(key), wrong, right, password, agentKey, "eyJ"}
	own := []string{strings.TrimPrefix(link, "/i/"), piece, strings.ReplaceAll(piece, "-", "")}
	account := agent.lookedUp("alice").path()
	look := func(b *browser, secrets []string) {
		t.Helper()
		for _, path := range []string{"/desk", watched, account, account + "/link", account + "/lost-phone", "/desk/approvals", "/desk/coverage", "/desk/audit"} {
			b.get(path)
			for _, secret := range secrets {
				if bytes.Contains(b.body, []byte(secret)) {
					t.Errorf("%s shows %q", path, secret)
				}
			}
		}
		for _, path := range []string{"/desk/coverage.csv", "/desk/audit.jsonl"} {
			b.get("/desk").deskRequest(http.MethodPost, path, nil).status(http.StatusOK)
			for _, secret := range append(slices.Clone(secrets), own...) {
				if bytes.Contains(b.body, []byte(secret)) {
					t.Errorf("%s holds %q", path, secret)
				}
			}
		}
	}
	look(agent, secrets)
	p.addCaller("bob", userpool.StateNew)
	colleague.makesLink("bob")
	if colleague.get(watched); colleague.page.Count("#address")+colleague.page.Count("output") > 0 {
		t.Error("the page of somebody else's link shows one's own")
	}
	look(colleague, append(slices.Clone(secrets), own...))
	colleague.get(watched + "/qr.png").status(http.StatusNotFound)
	agent.get(watched + "/qr.png").status(http.StatusOK)
	caller.get("/set-up").submit("/set-up/verify", "code", right).at("/done")
	look(agent, append(slices.Clone(secrets), own...))
	for _, secret := range append(secrets, own...) {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	for _, secret := range append([]string{agent.cookies()["__Host-desk"]}, own...) {
		if strings.Contains(fmt.Sprint(agent.answer.Header), secret) {
			t.Errorf("a header holds %q", secret)
		}
	}
}

// A busy store makes nobody's enrollment wait, which goes on without it, and sends no agent away, who cannot: his pages
// wait for as long as the store does.
func TestWhoWaitsForTheStore(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateEnrolled)
	var (
		mu    sync.Mutex
		reads []string
	)
	p.reading = func(ctx context.Context, method string) {
		mu.Lock()
		defer mu.Unlock()
		deadline, bounded := ctx.Deadline()
		reads = append(reads, fmt.Sprintf("%s %t", method, bounded && time.Until(deadline) <= 250*time.Millisecond))
	}
	p.browser().deskSignIn("dana").get("/desk/approvals").status(http.StatusOK)
	if len(reads) == 0 || slices.Contains(reads, "SessionOver true") {
		t.Errorf("an agent's pages: got %q, want no short deadline", reads)
	}
	mu.Lock()
	reads = nil
	mu.Unlock()
	caller := p.browser()
	caller.signIn("alice", password).at("/challenge").submit("/challenge", "code", p.nextCode("KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ")).at("/authenticator")
	if slices.ContainsFunc(reads, func(read string) bool { return strings.HasSuffix(read, "false") }) || !slices.Contains(reads, "SessionOver true") || !slices.Contains(reads, "LastRecord true") {
		t.Errorf("an enrollment's pages: got %q, want short deadlines alone", reads)
	}
}
