package web_test

import (
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// A caller and an agent, each in a browser of his own: the agent's page follows without being touched.
func TestAgentWatchesInABrowser(t *testing.T) {
	mail := &outbox{}
	p := openPortal(t, func(o *portalOptions) { o.desk = &deskOptions{notifier: mail} })
	p.addAgent("dana", "leads")
	p.addCaller("alice", userpool.StateNew)
	agent, caller := p.openTab(desktop), p.openTab(look{name: "phone", width: 390, height: 844, scale: 2, touch: true})

	agent.open("/desk").at("/desk/sign-in").fill("#username", "dana").fill("#password", password).click("main [type=submit]")
	agent.wait("!!"+one("#code")).fill("#code", p.nextCode(agentKey)).click("main [type=submit]").at("/desk")
	agent.keep("home")
	agent.fill("#account", "alice").click(".search .btn").shows("h1", "Alice Moreau")
	agent.keep("account")
	agent.click(".acts .btn").wait("!!"+one("#ticket")).fill("#ticket", "HD-1").fill("#reason", "New employee").fill("#proof", "Called back")
	agent.keep("form")
	agent.click("main [type=submit]").wait("!!" + one("#address"))
	path, piece := strings.TrimPrefix(value[string](agent, one("#address")+".textContent"), p.server.URL), value[string](agent, one("output")+".textContent")
	agent.keep("link")

	caller.open(path).at(path).fill("#piece", strings.ToLower(piece))
	caller.keep("landing")
	caller.click("main [type=submit]").at("/prepare")
	agent.shows(".track", "characters right")
	caller.open("/sign-in").at("/sign-in")
	caller.keep("sign-in")
	caller.fill("#password", password).click("main form .btn").at("/set-up")
	key := caller.key()
	agent.shows(".track", "Sees the QR code")
	caller.fill("#code", "000000").click("main form .btn").shows("[role=alert]", "does not match")
	agent.shows(".track", "Wrong code")
	caller.fill("#code", p.code(key)).click("main form .btn").at("/done")
	agent.shows(".track", "Done: the app is set up").shows(".split .pill", "Done")
	agent.keep("done")
	if agent.statuses("GET /desk/links/1")[0] != 200 || !strings.Contains(value[string](agent, "document.title"), "Set-up link") {
		t.Error("the page was not followed in place")
	}

	agent.open("/desk/coverage").click(".card [type=submit]").shows("td", "2")
	agent.keep("coverage")
	agent.open("/desk/audit").shows(".msg", "The chain holds")
	agent.keep("audit")
}

// The desk on a phone, in the dark, without script: nothing is lost and nothing hangs over the edge.
func TestDeskOnAPhoneInTheDark(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "admins")
	p.addCaller("alice", userpool.StateEnrolled)
	agent := p.openTab(look{name: "phone", width: 360, height: 780, scale: 2, touch: true, dark: true, plain: true})
	fits := func(name string) {
		t.Helper()
		if over := value[float64](agent, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			t.Errorf("%s is %v pixels too wide", name, over)
		}
		agent.keep(name)
	}
	agent.open("/desk").at("/desk/sign-in").fill("#username", "dana").fill("#password", password).click("main [type=submit]")
	agent.wait("!!"+one("#code")).fill("#code", p.nextCode(agentKey)).click("main [type=submit]").at("/desk")
	agent.fill("#account", "alice").click(".search .btn").shows("h1", "Alice Moreau")
	fits("account")
	agent.click(".acts .btn.quiet").wait("!!"+one("#ticket")).fill("#ticket", "HD-2").fill("#reason", "Stolen on the train").fill("#proof", "Called back")
	fits("form")
	agent.click("main [type=submit]").shows(".msg", "All parts are done")
	fits("reset")
	agent.click(".row a.btn").wait("!!" + one("#address"))
	fits("link")
	agent.click("a[href='/desk']").shows("td", "alice")
	fits("home")
	for _, page := range []string{"approvals", "coverage", "audit"} {
		agent.open("/desk/"+page).shows("h1", "")
		fits(page)
	}
}
