package web_test

import (
	"net/http"

	"cognito-enroll/internal/userpool"
)

// deskStates are the pages of agents.
func deskStates() []state {
	desk := func(name string, reach func(b *browser)) state {
		return state{name: "desk-" + name, with: []func(*portalOptions){withDesk}, reach: reach}
	}
	enrolled := func(b *browser) (path string) {
		b.addCaller("edsger", userpool.StateEnrolled)
		return atDesk(b).lookedUp("edsger").path()
	}
	return []state{
		desk("sign-in", func(b *browser) { b.get("/desk/sign-in") }),
		desk("sign-in-error", func(b *browser) {
			b.get("/desk/sign-in").submit("/desk/sign-in", "username", "dana", "password", "wrong")
		}),
		desk("sign-in-code", atDeskCode),
		desk("sign-in-code-error", func(b *browser) {
			atDeskCode(b)
			b.submit("/desk/sign-in/code", "code", b.wrongCode(agentKey))
		}),
		desk("no-agent", func(b *browser) {
			b.addAgent("mallory")
			b.get("/desk/sign-in").submit("/desk/sign-in", "username", "mallory", "password", password).
				submit("/desk/sign-in/code", "code", b.nextCode(agentKey)).status(http.StatusForbidden)
		}),
		desk("empty", func(b *browser) { atDesk(b).get("/desk") }),
		desk("links", func(b *browser) {
			atDesk(b).makesLink("alice")
			b.get("/desk")
		}),
		desk("nobody", func(b *browser) {
			atDesk(b).get("/desk").submit("/desk/look-up", "account", "nobody").status(http.StatusUnprocessableEntity)
		}),
		desk("account", func(b *browser) { atDesk(b).lookedUp("alice") }),
		desk("account-trail", func(b *browser) {
			at := atDesk(b).lookedUp("alice").path()
			b.makesLink("alice")
			b.submit(b.path() + "/revoke")
			b.get(at + "/trail")
		}),
		desk("account-enrolled", func(b *browser) { enrolled(b) }),
		desk("link-form", func(b *browser) { b.get(atDesk(b).lookedUp("alice").path() + "/link") }),
		desk("link-form-error", func(b *browser) {
			path := atDesk(b).lookedUp("alice").path() + "/link"
			b.get(path).submit(path, "ticket", "", "reason", "", "proof", "")
		}),
		desk("link-made", func(b *browser) { atDesk(b).makesLink("alice") }),
		{name: "desk-link-by-name", with: []func(*portalOptions){opensByName}, reach: func(b *browser) {
			at := atDesk(b).lookedUp("alice").path()
			b.get(at+"/link").submit(at+"/link", "ticket", "HD-1", "reason", "new", "proof", "contract")
		}},
		desk("link-opened", func(b *browser) {
			path, piece := atDesk(b).makesLink("alice")
			b.portal.browser().opens(path, "0000-0000").submit(path, "piece", piece)
			b.get(b.path())
		}),
		desk("link-revoked", func(b *browser) {
			atDesk(b).makesLink("alice")
			b.submit(b.path() + "/revoke")
		}),
		desk("link-done", func(b *browser) {
			caller := b.portal.browser()
			caller.opens(atDesk(b).makesLink("alice")).get("/sign-in").submit("/sign-in", "password", password).at("/set-up")
			caller.submit("/set-up/verify", "code", b.code(caller.key())).at("/done")
			b.get(b.path())
		}),
		desk("lost-phone", func(b *browser) { b.get(enrolled(b) + "/lost-phone") }),
		desk("lost-phone-done", func(b *browser) {
			path := enrolled(b) + "/lost-phone"
			b.get(path).submit(path, "ticket", "HD-2", "reason", "stolen", "proof", "called back").at(path)
		}),
		desk("second-person", func(b *browser) { b.get(atPrivileged(b) + "/link") }),
		desk("approvals-empty", func(b *browser) { atDesk(b).get("/desk/approvals") }),
		desk("approvals", asksSecondPerson),
		desk("approvals-to-answer", func(b *browser) {
			asksSecondPerson(b.portal.browser())
			b.addAgent("lena", "leads")
			b.deskSignIn("lena").get("/desk/approvals")
		}),
		desk("coverage-empty", func(b *browser) { atDesk(b).get("/desk/coverage") }),
		desk("coverage", func(b *browser) {
			atDesk(b).get("/desk/coverage").submit("/desk/coverage/sweep").status(http.StatusOK)
		}),
		desk("audit", func(b *browser) {
			atDesk(b).makesLink("alice")
			b.get("/desk/audit")
		}),
		desk("unknown", func(b *browser) { atDesk(b).get("/desk/links/99").status(http.StatusNotFound) }),
	}
}

// atDesk signs dana in, who may do everything; alice calls.
func atDesk(b *browser) *browser {
	b.t.Helper()
	b.addAgent("dana", "admins")
	b.addCaller("alice", userpool.StateNew)
	return b.deskSignIn("dana")
}

func atDeskCode(b *browser) {
	b.t.Helper()
	b.addAgent("dana", "admins")
	b.get("/desk/sign-in").submit("/desk/sign-in", "username", "dana", "password", password)
}

// atPrivileged is the page of an account that takes two people.
func atPrivileged(b *browser) (path string) {
	b.t.Helper()
	b.addCaller("olga", userpool.StateNew, "finance")
	return atDesk(b).lookedUp("olga").path()
}

func asksSecondPerson(b *browser) {
	b.t.Helper()
	at := atPrivileged(b)
	b.get(at+"/link").submit(at+"/ask", "ticket", "HD-3", "reason", "new", "proof", "called back").at("/desk/approvals")
}
