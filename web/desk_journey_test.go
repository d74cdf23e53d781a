package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

// A new employee calls: the agent makes a link, the caller opens it with what he is told, and sets up. The agent sees how
// far he is, and nothing else.
func TestNewEmployeeOnThePhone(t *testing.T) {
	p := openPortal(t, needsTicket)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateTemporaryPassword)
	agent, caller := p.browser(), p.browser()

	caller.signIn("alice", password).status(http.StatusForbidden).text("h1", "You need a link")
	caller.get("/sign-in").at("/sign-in")

	agent.deskSignIn("dana").at("/desk")
	link, piece := agent.makesLink("alice@example.test")
	watched := agent.path()
	agent.text(".track", "Link made").text(".pill", "Service desk")

	caller.opens(link, piece).at("/prepare")
	agent.get(watched).text(".track", "characters right")
	caller.get("/sign-in").text(".msg", "Your link is open")
	if got := caller.page.Attr("#username", "value"); got != "alice" {
		t.Errorf("the user name is filled in as %q", got)
	}
	caller.submit("/sign-in", "password", password).at("/new-password")
	caller.submit("/new-password", "password", "Better-Horse-7", "again", "Better-Horse-7").at("/set-up")
	agent.get(watched).text(".track", "Signed in").text(".track", "Sees the QR code")
	caller.submit("/set-up/verify", "code", p.codeAt(caller.key(), p.clock.Now().Add(-4*time.Minute))).status(http.StatusUnprocessableEntity)
	agent.get(watched).text(".track", "4 minutes slow")
	caller.submit("/set-up/verify", "code", p.code(caller.key())).at("/done")
	agent.get(watched).text(".track", "Done: the app is set up").text(".split .pill", "Done")
	if agent.page.Text("#address") != "" || agent.page.Text("output") != "" {
		t.Error("the secrets of a link that is done are still on the page")
	}

	again := p.browser().opens(link, piece)
	again.status(http.StatusUnprocessableEntity).text("[role=alert]", "did not open")
}

// Where the operator says so, a new employee needs no call: his name opens the link, and his password is asked for as ever.
func TestNewEmployeeWithoutACall(t *testing.T) {
	p := openPortal(t, opensByName)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateTemporaryPassword)
	agent, caller := p.browser().deskSignIn("dana"), p.browser()
	at := agent.lookedUp("alice").path()
	agent.get(at+"/link").submit(at+"/link", "ticket", "HD-1", "reason", "new", "proof", "contract").text(".msg", "no characters are needed")
	link, watched := strings.TrimPrefix(agent.page.Text("#address"), p.server.URL), agent.path()

	caller.get(link).text("label", "user name")
	for range 6 {
		caller.submit(link, "piece", "bob").status(http.StatusUnprocessableEntity).text("[role=alert]", "did not open")
	}
	caller.submit(link, "piece", "Alice@example.test").at("/prepare")
	caller.get("/sign-in").submit("/sign-in", "password", password).at("/new-password")
	caller.submit("/new-password", "password", "Better-Horse-7", "again", "Better-Horse-7").at("/set-up")
	caller.submit("/set-up/verify", "code", p.code(caller.key())).at("/done")
	agent.get(watched).text(".split .pill", "Done")
	p.browser().opens(link, "alice").status(http.StatusUnprocessableEntity)

	// Characters can be told all the same; then nothing else opens it.
	p.addCaller("bob", userpool.StateNew)
	at = agent.lookedUp("bob").path()
	agent.get(at+"/link").submit(at+"/link", "ticket", "HD-2", "reason", "new", "proof", "contract")
	agent.submit(agent.path() + "/piece")
	link, piece := agent.handedOut()
	p.browser().opens(link, "bob").status(http.StatusUnprocessableEntity)
	p.browser().opens(link, piece).at("/prepare")
}

// An agent sees who did what to an account, page by page.
func TestTheTrailOfAnAccount(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addAgent("dave", "desk")
	p.addCaller("alice", userpool.StateNew)
	p.addCaller("bob", userpool.StateNew)
	p.browser().deskSignIn("dave").makesLink("bob")
	agent := p.browser().deskSignIn("dana")
	at := agent.lookedUp("alice").text("main", "Nobody has done anything to it here").path()
	agent.makesLink("alice")
	agent.submit(agent.path() + "/revoke")
	agent.get(at).text("main", "dana revoke link · link 2 → revoked").text("main", `make link · first, ticket "HD-1"`)
	agent.get(at+"/trail").text("h1", "Who did what").text("main", "dana make link")
	if text := agent.page.Text("main"); strings.Contains(text, "dave") {
		t.Errorf("another account's trail is on the page:\n%s", text)
	}
	for range 20 {
		p.clock.advance(time.Hour)
		agent.deskSignIn("dana").makesLink("alice")
		agent.submit(agent.path() + "/revoke")
	}
	agent.get(at + "/trail")
	older := agent.page.Attr(".card p:last-child a", "href")
	if !strings.HasPrefix(older, at+"/trail?before=") {
		t.Fatalf("no older ones: %q", older)
	}
	agent.get(older).text("main", "link 2 → revoked")
}

// Replacing a phone that is gone is one action, after which a fresh link waits.
func TestLostPhoneOnThePhone(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateEnrolled)
	old := p.browser()
	old.signIn("alice", password).at("/challenge")
	old.submit("/challenge", "code", p.nextCode("KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ")).at("/authenticator")

	agent, caller := p.browser(), p.browser()
	agent.deskSignIn("dana")
	at := agent.lookedUp("alice").text(".pills", "Authenticator app: on").path()
	agent.get(at+"/lost-phone").submit(at+"/lost-phone", "ticket", "HD-2", "reason", "stolen", "proof", "called back").at(at + "/lost-phone")
	agent.text(".msg.ok", "All parts are done").text(".track", "Old app forgotten done").text(".track", "on 0 channels")
	agent.get(agent.page.Attr(".row a.btn", "href"))
	link, piece := agent.handedOut()

	old.get("/authenticator").at("/sign-in")

	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "username", "alice", "password", password).at("/set-up")
	caller.submit("/set-up/verify", "code", p.code(caller.key())).at("/done")
	agent.get(agent.path()).text(".split .pill", "Done")
	agent.get(at).text(".pills", "Authenticator app")
}

// Wrong characters open nothing, and too many of them end the link; an agent can tell new ones before.
func TestWrongSecondPiece(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent, caller := p.browser(), p.browser()
	agent.deskSignIn("dana")
	link, piece := agent.makesLink("alice")
	watched := agent.path()

	caller.opens(link, "0000-0000").status(http.StatusUnprocessableEntity)
	agent.get(watched).text(".msg.warn", "4 tries are left")
	agent.submit(watched + "/piece")
	_, fresh := agent.handedOut()
	caller.opens(link, piece).status(http.StatusUnprocessableEntity)
	caller.opens(link, " "+fresh[:4]+" "+fresh[5:]+" ").at("/prepare")

	other, _ := agent.makesLink("alice")
	for range 5 {
		caller.opens(other, "1111-1111").status(http.StatusUnprocessableEntity)
	}
	agent.get(agent.path()).text(".split .pill", "Locked")
	agent.submit(agent.path() + "/piece")
	caller.opens(other, agent.page.Text("output")).status(http.StatusUnprocessableEntity)
}

// A link that was taken back, ran out, or was replaced opens nothing, and ends what it had opened.
func TestLinksThatAreOver(t *testing.T) {
	p := openPortal(t, needsTicket)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent, caller := p.browser(), p.browser()
	agent.deskSignIn("dana")

	link, piece := agent.makesLink("alice")
	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "password", password).at("/set-up")
	agent.submit(agent.path()+"/revoke").text(".track", "Revoked")
	caller.submit("/set-up/verify", "code", p.code(caller.key())).status(http.StatusGone).text("h1", "Your link has ended")
	caller.get("/sign-in").at("/sign-in")
	caller.opens(link, piece).status(http.StatusUnprocessableEntity)

	older, olderPiece := agent.makesLink("alice")
	newer, newerPiece := agent.makesLink("alice")
	p.browser().opens(older, olderPiece).status(http.StatusUnprocessableEntity)
	caller = p.browser()
	caller.opens(newer, newerPiece).at("/prepare")

	p.clock.advance(2 * time.Hour)
	p.browser().opens(newer, newerPiece).status(http.StatusUnprocessableEntity)
}

// The link of one account lets nobody set up another one.
func TestLinkForAnotherAccount(t *testing.T) {
	p := openPortal(t, needsTicket)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	p.addCaller("mallory", userpool.StateNew)
	agent, caller := p.browser(), p.browser()
	link, piece := agent.deskSignIn("dana").makesLink("alice")
	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "username", "mallory", "password", password)
	caller.status(http.StatusForbidden).text("h1", "for another account")
	caller.get("/sign-in").text(".msg", "Your link is open").submit("/sign-in", "username", "alice", "password", password).at("/set-up")

	caller.get("/sign-in").get("/set-up")
	left := p.browser()
	left.opens(agentLink(agent)).get("/sign-in").submit("/sign-out").at("/sign-in")
	left.submit("/sign-in", "username", "alice", "password", password).status(http.StatusForbidden).text("h1", "You need a link")
}

func agentLink(agent *browser) (path, piece string) {
	agent.t.Helper()
	agent.submit(agent.path() + "/piece")
	return agent.handedOut()
}

// A privileged account takes two people, and time.
func TestPrivilegedAccountNeedsASecondPerson(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addAgent("lena", "leads")
	p.addCaller("olga", userpool.StateNew, "finance")
	agent, lead := p.browser(), p.browser()
	agent.deskSignIn("dana")
	at := agent.lookedUp("olga").text(".pills", "Needs a second person").path()
	agent.get(at+"/link").text("h1", "Ask a second person")
	agent.submit(at+"/ask", "ticket", "HD-3", "reason", "new", "proof", "called back").at("/desk/approvals").text(".why", "Waits for somebody else")
	agent.get(at+"/link").text(".msg.warn", "nobody has answered")

	lead.deskSignIn("lena").get("/desk/approvals").text("main", "HD-3")
	action := lead.page.Attr(".acts form", "action")
	agent.get("/desk/approvals").do(agent.request(http.MethodPost, action, map[string][]string{"answer": {"approve"}})).status(http.StatusForbidden)
	lead.do(lead.request(http.MethodPost, action, map[string][]string{"answer": {"approve"}})).at("/desk/approvals").text(".msg.ok", "Approved by lena")

	agent.get(at+"/link").submit(at+"/link").status(http.StatusForbidden).text("[role=alert]", "It was approved, and can be used in 30 minutes")
	p.clock.advance(deskCooldown)
	agent.submit(at + "/link").status(http.StatusOK)
	agent.handedOut()
	agent.get(at+"/link").text("h1", "Ask a second person")
}

// A double click asks twice. The second person answers one of the two, and that is enough.
func TestASecondClickHidesNoApproval(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addAgent("lena", "leads")
	p.addCaller("olga", userpool.StateNew, "finance")
	agent, lead := p.browser(), p.browser()
	agent.deskSignIn("dana")
	at := agent.lookedUp("olga").path()
	lead.deskSignIn("lena")
	for range 2 {
		agent.get("/desk").do(agent.request(http.MethodPost, at+"/ask", map[string][]string{
			"operation": {"mint"}, "ticket": {"HD-3"}, "reason": {"new"}, "proof": {"called back"},
		})).at("/desk/approvals")
	}
	lead.get("/desk/approvals") // the oldest is first
	lead.do(lead.request(http.MethodPost, lead.page.Attr(".acts form", "action"), map[string][]string{"answer": {"approve"}})).at("/desk/approvals")
	p.clock.advance(deskCooldown)
	agent.get(at + "/link").submit(at + "/link").status(http.StatusOK)
	agent.handedOut()
}

// A reset that began when its account needed no second person asks for one, and goes on with his answer.
func TestAResetIsApprovedAfterwards(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addAgent("lena", "leads")
	p.addCaller("alice", userpool.StateEnrolled)
	p.addCaller("bob", userpool.StateNew, "finance")
	agent, lead := p.browser(), p.browser()
	agent.deskSignIn("dana")
	lost := agent.lookedUp("alice").path() + "/lost-phone"
	p.pool.FailNext("AdminDeleteSoftwareToken", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	agent.get(lost).submit(lost, "ticket", "HD-2", "reason", "stolen", "proof", "called back").at(lost).text(".track", "Cognito does not answer")
	_, err := p.admin().AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{
		UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: aws.String("alice"), GroupName: aws.String("finance"),
	})
	p.must(err)
	ask := strings.TrimSuffix(lost, "/lost-phone") + "/ask"
	agent.get(lost).text("h1", "Ask a second person").submit(ask, "ticket", "HD-2", "reason", "stolen", "proof", "called back").at("/desk/approvals")
	lead.deskSignIn("lena").get("/desk/approvals")
	lead.do(lead.request(http.MethodPost, lead.page.Attr(".acts form", "action"), map[string][]string{"answer": {"approve"}})).at("/desk/approvals")
	p.clock.advance(deskCooldown)
	agent.deskSignIn("dana").get(lost).submit(lost).at(lost).text(".msg.ok", "All parts are done")
	agent.get(agent.page.Attr(".row a.btn", "href"))
	agent.handedOut()
}

// Whether an account needs a link stands in the store. While it does not answer a first set-up is told to come back, if
// there is a help desk; without one there is nothing to know.
func TestASetUpWaitsForTheStore(t *testing.T) {
	for name, desk := range map[string]func(*portalOptions){"with a desk": withDesk, "without": func(*portalOptions) {}} {
		p := openPortal(t, desk)
		p.addUser("ada", userpool.StateNew)
		b := p.browser()
		b.get("/sign-in")
		p.must(p.store.Close())
		b.submit("/sign-in", "username", "ada", "password", password)
		if name == "without" {
			b.at("/set-up")
			b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
			continue
		}
		b.status(http.StatusServiceUnavailable).text("main", b.answer.Header.Get("X-Request-Id"))
		if b.answer.Header.Get("Retry-After") == "" {
			t.Error("nobody says when to come back")
		}
	}
}

// Whoever made links and was deleted since is looked up once, and not for each row of each page.
func TestDeletedAgentsAreLookedUpOnce(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addAgent("dave", "desk")
	p.addCaller("alice", userpool.StateNew)
	dave, err := p.desk.PageAgent(t.Context(), helpdesk.SignedIn{Username: "dave", Session: "his", MFA: true, SteppedUpAt: p.clock.Now()})
	p.must(err)
	for range 3 {
		_, err := p.desk.Mint(t.Context(), dave, helpdesk.Minting{Account: "alice", Purpose: helpdesk.FirstSetUp, Ticket: "HD-1", Reason: "new", Proof: "called back"})
		p.must(err)
	}
	_, err = p.admin().AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: aws.String("dave")})
	p.must(err)
	agent := p.browser().deskSignIn("dana")
	at := agent.lookedUp("alice").path()
	p.clock.advance(time.Hour / 2) // what was remembered of nobody is forgotten
	p.calls()
	usual := 0
	for visit := range 3 {
		agent.get(at).text("main", dave.ID)
		calls := len(strings.Fields(p.calls()))
		if visit == 0 {
			usual = calls - 1
		} else if calls != usual {
			t.Errorf("visit %d: %d calls, want %d", visit, calls, usual)
		}
	}
}

// Whoever did not ask for it ends link and sessions with one button, and opening the address does nothing.
func TestNotMe(t *testing.T) {
	mail := &outbox{}
	p := openPortal(t, func(o *portalOptions) { o.desk = &deskOptions{notifier: mail} })
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent, caller, owner := p.browser(), p.browser(), p.browser()
	link, piece := agent.deskSignIn("dana").makesLink("alice")
	agent.submit(agent.path()+"/mail").text(".msg.ok", "on its way")
	notice := mail.last(t, helpdesk.NoticeLink)
	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "password", password).at("/set-up")

	path := "/not-me/" + notice.NotMe.Reveal()
	owner.get(path).status(http.StatusOK)
	caller.get("/set-up").at("/set-up")
	p.clock.advance(time.Second)
	owner.submit(path).status(http.StatusUnprocessableEntity) // without the tick
	caller.get("/set-up").at("/set-up")
	owner.submit(path, "sure", "not-me").status(http.StatusOK).text("h1", "Stopped")
	caller.get("/set-up").at("/sign-in")
	p.browser().signIn("alice", password).status(http.StatusForbidden).text("h1", "You need a link")
	agent.get(agent.path()).text(".split .pill", "Revoked")

	owner.get("/not-me/" + notice.NotMe.Reveal()[1:]).status(http.StatusGone)
	p.clock.advance(8 * 24 * time.Hour)
	owner.get(path).status(http.StatusGone)
}

// However an answer of the pool is lost on the way: once the app works, the link is used up.
func TestLostAnswersUseTheLinkUp(t *testing.T) {
	for _, mode := range []userpool.MFA{userpool.MFAOn, userpool.MFAOptional} {
		for _, operation := range []string{"AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference", "RespondToAuthChallenge"} {
			if operation == map[userpool.MFA]string{userpool.MFAOn: "SetUserMFAPreference", userpool.MFAOptional: "RespondToAuthChallenge"}[mode] {
				continue // not called on that path
			}
			for _, kind := range []userpool.FaultKind{userpool.FaultInternal, userpool.FaultCutBefore, userpool.FaultCutAfter} {
				t.Run(string(mode)+"/"+operation+"/"+string(kind), func(t *testing.T) {
					t.Parallel() // most of the time goes into waiting before a retry
					p := openPortal(t, needsTicket, func(o *portalOptions) { o.pool.MFA = mode })
					p.addAgent("dana", "desk")
					p.addCaller("alice", userpool.StateNew)
					agent, caller := p.browser(), p.browser()
					link, piece := agent.deskSignIn("dana").makesLink("alice")
					caller.opens(link, piece).at("/prepare")
					p.pool.FailNext(operation, userpool.Fault{Kind: kind})
					key := caller.finishSomehow("alice")
					if caller.path() == "/challenge" {
						caller.submit("/challenge", "code", p.nextCode(key)).at("/authenticator")
					}
					agent.get(agent.path()).text(".split .pill", "Done")
				})
			}
		}
	}
}

// The link is used up as soon as the pool has verified the app, whatever is still left to do.
func TestTheLinkIsUsedUpBeforeTheLastStep(t *testing.T) {
	p := openPortal(t, needsTicket, optional)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent, caller := p.browser().deskSignIn("dana"), p.browser()
	link, piece := agent.makesLink("alice")
	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "password", password).submit("/authenticator/start").at("/set-up")
	p.pool.FailNext("SetUserMFAPreference", userpool.Fault{Kind: userpool.FaultException, Exception: "ForbiddenException"})
	caller.submit("/set-up/verify", "code", p.code(caller.key())).status(http.StatusServiceUnavailable)
	agent.get(agent.path()).text(".split .pill", "Done")
	caller.get("/set-up").submit("/set-up/finish").at("/done")
}

// An app that works is replaced with a link instead of its code, and with no link for a first set-up.
func TestReplacingAnAppWithALink(t *testing.T) {
	p := openPortal(t, withDesk, everyFactor, optional)
	p.addAgent("dana", "desk")
	p.addReachable("edsger", userpool.StateEnrolled)
	_, err := p.admin().AdminSetUserMFAPreference(t.Context(), &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: aws.String("edsger"),
		SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	p.must(err)
	agent, caller := p.browser().deskSignIn("dana"), p.browser()
	link, piece := agent.makesLink("edsger")
	caller.signIn("edsger", password).submit("/challenge", "code", p.sentCode("edsger")).at("/authenticator")
	caller.submit("/authenticator/start").status(http.StatusForbidden).text("h1", "code is needed")
	caller.opens(link, piece).get("/sign-in").submit("/sign-in", "password", password).submit("/challenge", "code", p.sentCode("edsger"))
	caller.submit("/authenticator/start").at("/set-up").submit("/set-up/verify", "code", p.code(caller.key())).at("/done")
	agent.get(agent.path()).text(".split .pill", "Done")
}

// Whoever chose a language keeps it; others read on in the link's.
func TestTheLinksLanguage(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.addCaller("alice", userpool.StateNew)
	agent := p.browser().deskSignIn("dana")
	at := agent.lookedUp("alice").path()
	agent.get(at + "/link")
	form := agent.page.Form(at+"/link", "ticket", "HD-1", "reason", "new", "proof", "called back")
	form.Set("language", "de")
	form.Set("lifetime", "15")
	agent.do(agent.request(http.MethodPost, at+"/link", form)).text(".track", "Link made")
	link, piece := agent.handedOut()
	p.browser().opens(link, piece).text("h1", "Authenticator‑App")
	chosen := p.browser()
	chosen.get("/sign-in?lang=fr").opens(link, piece).text("h1", "application")
	p.clock.advance(15 * time.Minute)
	agent.get(agent.path()).text(".split .pill", "Expired")
}

// What the pool has and what we say of it stand apart: the address keeps its own direction, and no browser translates it.
func TestUnverifiedAddressIsTold(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addAgent("dana", "desk")
	p.must(p.pool.AddUser(userpool.User{
		Username: "noor", Password: password, State: userpool.StateNew,
		Attributes: map[string]string{"email": "noor@example.test", "phone_number": "+15550100"},
	}))
	agent := p.browser().deskSignIn("dana").lookedUp("noor")
	agent.text(".facts", "noor@example.test (not verified").text(".facts", "+15550100 (not verified")
	agent.text(".facts bdi", "noor")
}
