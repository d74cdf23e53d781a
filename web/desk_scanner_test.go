package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/userpool"
)

var localLink = regexp.MustCompile(`<a[^>]* href="(/[^"]*)"`)

// scanners are what mail filters, previews and browsers do with an address before its owner sees it.
var scanners = []struct {
	name  string
	visit func(b *browser, path string)
}{
	{"opens the address", func(b *browser, path string) { b.get(path) }},
	{"asks for its head", func(b *browser, path string) { b.do(b.request(http.MethodHead, path, nil)) }},
	{"asks for its options", func(b *browser, path string) { b.do(b.request(http.MethodOptions, path, nil)) }},
	{"prefetches", func(b *browser, path string) {
		r := b.request(http.MethodGet, path, nil)
		r.Header.Set("Sec-Purpose", "prefetch;prerender")
		b.do(r)
	}},
	{"opens it ten times from everywhere", func(b *browser, path string) {
		for range 10 {
			b.portal.browser().get(path)
		}
	}},
	{"follows every link of the page", func(b *browser, path string) {
		for _, link := range localLink.FindAllStringSubmatch(string(b.get(path).body), -1) {
			b.get(link[1])
		}
	}},
	{"presses the button", func(b *browser, path string) { b.get(path).submit(path) }},
	{"sends an empty form", func(b *browser, path string) { b.do(b.request(http.MethodPost, path, url.Values{})) }},
	{"fills in every field", func(b *browser, path string) { b.get(path).fillsIn(path, "test") }},
	{"fills in an address", func(b *browser, path string) { b.get(path).fillsIn(path, "john.doe@example.com") }},
	{"adds parameters to the address", func(b *browser, path string) { b.get(path + "?utm_source=mail&piece=ABCD-EFGH") }},
	{"writes the address in capitals", func(b *browser, path string) { b.get("/i/" + strings.ToUpper(strings.TrimPrefix(path, "/i/"))) }},
	{"sends the form as htmx would", func(b *browser, path string) {
		r := b.get(path).request(http.MethodPost, path, b.page.Form(path))
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
		b.do(r)
	}},
	{"comes from another site", func(b *browser, path string) {
		r := b.request(http.MethodPost, path, url.Values{"piece": {"AAAA-AAAA"}})
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://scanner.test")
		b.do(r)
	}},
}

// fillsIn sends a form with one text in every field that a person would fill in.
func (b *browser) fillsIn(path, text string) {
	b.t.Helper()
	form := b.page.Form(path)
	for name := range form {
		if name != "flow" {
			form.Set(name, text)
		}
	}
	b.do(b.request(http.MethodPost, path, form))
}

// Nothing that a machine does with a link before its owner opens it uses it up, or one of its five tries; the owner then
// finishes, and the link works for nobody afterwards. So it is with links that open with a spoken piece, and with those that
// open with a name.
func TestScannersBurnNoLink(t *testing.T) {
	for kind, desk := range map[string]func(*portalOptions){"spoken piece": needsTicket, "name": opensByName} {
		t.Run(kind, func(t *testing.T) {
			p := openPortal(t, desk)
			p.wire = newWire()
			p.addAgent("dana", "desk")
			links, finished := prove.Times(200, 2), 0
			for i := range links {
				for n := range scanners {
					p.scan(n, i)
					finished++
				}
			}
			t.Logf("%d scanners, %d links each: %d people have finished", len(scanners), links, finished)
		})
	}
}

// Scanners also follow the mail's other link, where its owner says that it was not he: none of them ends his link for him.
func TestScannersStopNoLink(t *testing.T) {
	mail := &outbox{}
	p := openPortal(t, func(o *portalOptions) { o.desk = &deskOptions{notifier: mail} })
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent := p.browser().deskSignIn("dana")
	link, piece := agent.makesLink("alice")
	agent.submit(agent.path() + "/mail")
	path := "/not-me/" + mail.last(t, helpdesk.NoticeLink).NotMe.Reveal()
	for _, scanner := range scanners {
		scanner.visit(p.browser(), path)
		if agent.get(agent.path()); !strings.Contains(agent.page.Text(".split .pill"), "Not opened yet") {
			t.Errorf("a scanner that %s stopped the link: %s", scanner.name, agent.page.Text(".split .pill"))
		}
	}
	p.browser().opens(link, piece).at("/prepare")
	p.browser().get(path).submit(path, "sure", "not-me").text("h1", "Stopped")
	agent.get(agent.path()).text(".split .pill", "Revoked")
}

// scan has a scanner meet a link, then its owner, then somebody who comes too late.
func (p *portal) scan(scanner, number int) {
	p.t.Helper()
	name := "user-" + strconv.Itoa(scanner) + "-" + strconv.Itoa(number)
	p.addCaller(name, userpool.StateNew)
	p.clock.advance(7 * time.Minute) // an agent makes so many links an hour
	agent, err := p.desk.PageAgent(p.t.Context(), helpdesk.SignedIn{Username: "dana", Session: "x", MFA: true, SteppedUpAt: p.clock.Now()})
	p.must(err)
	link, err := p.desk.Mint(p.t.Context(), agent, helpdesk.Minting{Account: name, Purpose: helpdesk.FirstSetUp, Ticket: "HD-1", Reason: "new", Proof: "called back"})
	p.must(err)
	path, piece := "/i/"+link.Locator.Reveal(), link.Piece.Reveal()
	if link.ByName {
		piece = name
	}

	scanners[scanner].visit(p.browser(), path)
	seen, _, err := p.desk.Watch(p.t.Context(), agent, link.ID, 0)
	p.must(err)
	if seen.Status != helpdesk.LinkLive || seen.TriesLeft != 5 {
		p.t.Errorf("a scanner that %s left the link %s, with %d tries", scanners[scanner].name, seen.Status, seen.TriesLeft)
	}
	human := p.browser()
	human.opens(path, piece).at("/prepare").get("/sign-in").submit("/sign-in", "password", password).at("/set-up")
	human.submit("/set-up/verify", "code", p.code(human.key())).at("/done")
	p.browser().opens(path, piece).status(http.StatusUnprocessableEntity)
}
