package web_test

import (
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

// linkStates are the pages that people see who were given a link, or should have been.
func linkStates() []state {
	mailing := []func(*portalOptions){func(o *portalOptions) {
		o.desk = &deskOptions{notifier: &outbox{}, policy: helpdesk.Policy{Mode: helpdesk.PolicyTicket}}
	}}
	return []state{
		{name: "link", with: mailing, reach: func(b *browser) {
			link, _ := atLink(b)
			b.get(link)
		}},
		{name: "link-wrong-piece", with: mailing, reach: func(b *browser) {
			link, _ := atLink(b)
			b.opens(link, "AAAA-AAAA")
		}},
		{name: "link-by-name", with: []func(*portalOptions){opensByName}, reach: func(b *browser) { b.get("/i/00000000000000000000000000") }},
		{name: "link-by-name-wrong", with: []func(*portalOptions){opensByName}, reach: func(b *browser) { b.opens("/i/00000000000000000000000000", "test") }},
		{name: "link-opened", with: mailing, reach: func(b *browser) {
			link, piece := atLink(b)
			b.opens(link, piece).get("/sign-in").at("/sign-in")
		}},
		{name: "link-needed", with: mailing, reach: func(b *browser) {
			b.addCaller("alice", userpool.StateNew)
			b.signIn("alice", password)
		}},
		{name: "not-me", with: mailing, reach: func(b *browser) { b.get(atNotMe(b)) }},
		{name: "not-me-stopped", with: mailing, reach: func(b *browser) {
			path := atNotMe(b)
			b.get(path).submit(path, "sure", "not-me")
		}},
		{name: "not-me-without-tick", with: mailing, reach: func(b *browser) {
			path := atNotMe(b)
			b.get(path).submit(path)
		}},
		{name: "not-me-over", with: mailing, reach: func(b *browser) { b.get("/not-me/nonsense") }},
	}
}

// atLink is a link for alice that was never opened.
func atLink(b *browser) (path, piece string) {
	b.t.Helper()
	b.addAgent("dana", "desk")
	b.addCaller("alice", userpool.StateNew)
	return b.portal.browser().deskSignIn("dana").makesLink("alice")
}

// atNotMe is the address in the mail about such a link.
func atNotMe(b *browser) string {
	b.t.Helper()
	b.addAgent("dana", "desk")
	b.addCaller("alice", userpool.StateNew)
	agent := b.portal.browser().deskSignIn("dana")
	agent.makesLink("alice")
	agent.submit(agent.path() + "/mail")
	mail, _ := b.options.desk.notifier.(*outbox)
	return "/not-me/" + mail.last(b.t, helpdesk.NoticeLink).NotMe.Reveal()
}
