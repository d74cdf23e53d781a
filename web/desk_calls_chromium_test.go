package web_test

import (
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

// call is an agent and a caller, each in a browser of his own.
type call struct {
	*portal
	agent, caller *tab
}

// deskSignIn signs an agent in.
func (b *tab) deskSignIn(name string) *tab {
	b.t.Helper()
	b.open("/desk/sign-in").fill("#username", name).fill("#password", password).click("main [type=submit]")
	return b.wait("!!"+one("#code")).fill("#code", b.nextCode(agentKey)).click("main [type=submit]").at("/desk")
}

// asks leads an agent to an account, and by the first or second button to its form, which he fills in.
func (c *call) asks(account, button string) {
	c.t.Helper()
	c.agent.open("/desk").at("/desk").fill("#account", account).click(".search .btn").wait("!!" + one(button)).click(button)
	c.agent.wait("!!"+one("#ticket")).fill("#ticket", "HD-1").fill("#reason", "call").fill("#proof", "Called back").click("main [type=submit]")
}

// makesLink has the agent make a link, and answers its path and its piece.
func (c *call) makesLink(account string) (path, piece string) {
	c.t.Helper()
	c.asks(account, ".acts .btn")
	return c.handedOut()
}

func (c *call) handedOut() (path, piece string) {
	c.t.Helper()
	c.agent.wait("!!" + one("#address") + " && !!" + one("output"))
	return strings.TrimPrefix(value[string](c.agent, one("#address")+".textContent"), c.server.URL), value[string](c.agent, one("output")+".textContent")
}

// opens has the caller open a link with a piece.
func (c *call) opens(path, piece string) *tab {
	c.t.Helper()
	return c.caller.open(path).at(path).fill("#piece", piece).click("main [type=submit]")
}

// signsIn has the caller go on, to the QR code.
func (c *call) signsIn() {
	c.t.Helper()
	c.caller.at("/prepare").open("/sign-in").at("/sign-in").fill("#password", password).click("main form .btn").at("/set-up")
}

func (c *call) finishes() {
	c.t.Helper()
	c.caller.fill("#code", c.code(c.caller.key())).click("main form .btn").at("/done")
	c.agent.shows(".split .pill", "Done")
}

// Calls that go another way than a new employee's (TestAgentWatchesInABrowser), one after the other.
func TestCallsInABrowser(t *testing.T) {
	mail := &outbox{}
	p := openPortal(t, func(o *portalOptions) {
		o.desk = &deskOptions{notifier: mail, policy: helpdesk.Policy{Mode: helpdesk.PolicyTicket}}
	})
	p.addAgent("dana", "desk")
	p.addAgent("lena", "leads")
	for _, name := range []string{"bob", "carl", "nora"} {
		p.addCaller(name, userpool.StateNew)
	}
	p.addCaller("ada", userpool.StateEnrolled)
	p.addCaller("olga", userpool.StateNew, "finance")
	handheld := look{name: "phone", width: 390, height: 844, scale: 2, touch: true}
	c := &call{p, p.openTab(desktop).deskSignIn("dana"), p.openTab(handheld)}
	c.caller.expect("status of 422", "status of 410")
	refused := func(path, piece string) {
		t.Helper()
		c.opens(path, piece).shows("[role=alert]", "did not open")
	}

	// A lost phone.
	c.asks("ada", ".acts .btn.quiet")
	c.agent.shows(".msg", "All parts are done").click(".row a.btn")
	c.opens(c.handedOut())
	c.signsIn()
	c.finishes()

	// Wrong characters, new ones, and a link that is taken back in the middle.
	path, piece := c.makesLink("bob")
	refused(path, "0000-0000")
	c.agent.shows(".msg.warn", "4 tries are left").click(`form[action$="/piece"] button`)
	c.agent.wait("!!" + one("output") + " && " + one("output") + ".textContent != " + js(piece))
	_, fresh := c.handedOut()
	refused(path, piece)
	c.opens(path, fresh)
	c.signsIn()
	c.agent.click(`form[action$="/revoke"] button`).shows(".track", "Revoked")
	c.caller.fill("#code", p.code(c.caller.key())).click("main form .btn").shows("h1", "Your link has ended")

	// A newer link ends the older one.
	older, olderPiece := c.makesLink("carl")
	newer, newerPiece := c.makesLink("carl")
	refused(older, olderPiece)
	c.opens(newer, newerPiece).at("/prepare")

	// A privileged account, with a second person.
	c.asks("olga", ".acts .btn")
	c.agent.at("/desk/approvals").shows(".why", "Waits for somebody else")
	lead := p.openTab(desktop).deskSignIn("lena")
	lead.open("/desk/approvals").click(`.acts [value="approve"]`).shows(".msg.ok", "Approved by lena")
	p.clock.advance(deskCooldown)
	c.agent.open("/desk/approvals").click(".acts a.btn").wait("!!" + one("#ticket")).click("main [type=submit]")
	c.opens(c.handedOut())
	c.signsIn()
	c.finishes()

	// Somebody else has called in the owner's name.
	c.opens(c.makesLink("nora"))
	c.agent.click(`form[action$="/mail"] button`).shows(".msg.ok", "on its way")
	c.signsIn()
	p.clock.advance(time.Second)
	owner := p.openTab(handheld)
	owner.open("/not-me/"+mail.last(t, helpdesk.NoticeLink).NotMe.Reveal()).click("[name=sure]").click("main [type=submit]").shows("h1", "Stopped")
	c.caller.open("/set-up").at("/sign-in")
	c.agent.shows(".split .pill", "Revoked")

	// Too late.
	p.clock.advance(2 * time.Hour)
	refused(newer, newerPiece)
	c.agent.deskSignIn("dana").shows("main", "Expired")
}
