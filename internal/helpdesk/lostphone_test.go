package helpdesk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
)

// withPhone adds somebody who has an app, a remembered device and an open session.
func (w *world) withPhone(name string) {
	w.Helper()
	w.addUser(userpool.User{Username: name, Password: password, State: userpool.StateEnrolled, TOTPSecret: oldKey})
	_, err := w.store.AppendLedger(w.ctx, helpdesk.LedgerEntry{Pool: w.options.Pool, Account: name, Event: helpdesk.EventSetUp, Actor: name})
	w.ok(err)
	w.remember(name)
	w.clock.advance(time.Minute)
}

func TestLostPhone(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.withPhone("ada")
		report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
		w.ok(err)
		w.hide(report.Link)
		var parts []string
		for _, p := range report.Reset.Parts {
			parts = append(parts, fmt.Sprint(p.Name, " ", p.Done, " ", p.Result))
		}
		want := "link true made, app true dropped, sessions true signed_out, devices true forgot 1, notices true told 2"
		if got := strings.Join(parts, ", "); got != want || report.Reset.DoneAt.IsZero() || report.Link.Piece.IsZero() || report.Link.Locator.IsZero() {
			t.Fatalf("got %s; %+v\nwant %s", got, report, want)
		}
		if left := report.TokensUntil.Sub(w.clock.Now()); left != time.Hour {
			t.Errorf("tokens live for %s, want an hour", left)
		}
		w.wantReset("ada", report.Link)
		if entry, err := w.store.Latest(w.ctx, w.options.Pool, "ada"); err != nil || entry.Event != helpdesk.EventReset {
			t.Errorf("ledger: %+v, %v", entry, err)
		}
		assertWorld(t, w, "ada")

		// Whoever has the password has no more than that, whatever the policy.
		desks := map[helpdesk.PolicyMode]*helpdesk.Desk{}
		for _, mode := range []helpdesk.PolicyMode{helpdesk.PolicyOpen, helpdesk.PolicyTicket, helpdesk.PolicyAuto} {
			options := w.options
			options.Policy.Mode = mode
			desks[mode], err = helpdesk.New(options)
			w.ok(err)
			w.kind(desks[mode].MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Began: w.clock.Now()}), helpdesk.NeedsLink)
		}

		// The new phone.
		opened := w.open(report.Link)
		for _, desk := range desks {
			w.ok(desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}))
		}
		w.setUp("ada")
		w.ok(w.desk.Spend(w.ctx, opened.Held, "ada"))
		if at, err := w.store.Marked(w.ctx, w.options.Pool, "ada", helpdesk.MarkNeedsLink); err != nil || !at.IsZero() {
			t.Errorf("still marked: %v, %v", at, err)
		}
		assertWorld(t, w, "ada")

		// The agent's page, loaded again, does nothing to it.
		again, err := w.desk.Resume(w.ctx, w.agent("grace"), report.Reset.ID, true)
		w.ok(err)
		if !w.asksForApp("ada") || !again.Link.Locator.IsZero() {
			t.Errorf("resuming a reset that is done did something: %+v", again)
		}
	})
}

// wantReset checks that nothing of the old phone works, and that the link does.
func (w *world) wantReset(name string, link helpdesk.NewLink) {
	w.Helper()
	if challenge := w.signIn(name).ChallengeName; challenge != types.ChallengeNameTypeMfaSetup {
		w.Errorf("signing in asks for %s, want MFA_SETUP", challenge)
	}
	if devices, err := w.directory.Devices(w.ctx, name); err != nil || len(devices) != 0 {
		w.Errorf("devices: %v, %v", devices, err)
	}
	if at, err := w.store.NotBefore(w.ctx, name); err != nil || at.IsZero() {
		w.Errorf("the portal's sessions go on: %v, %v", at, err)
	}
	if !slices.ContainsFunc(w.pool.Requests(), func(r userpool.Request) bool { return r.Operation == "AdminUserGlobalSignOut" && r.Error == "" }) {
		w.Error("the pool's sessions go on")
	}
	for _, via := range []string{"email", "sms"} {
		if n, ok := w.outbox.sent["reset-1-"+via]; !ok || n.Kind != helpdesk.NoticeReset || n.NotMe.IsZero() {
			w.Errorf("notice by %s: %+v", via, n)
		}
	}
	shown, err := w.desk.Link(w.ctx, w.agent("grace"), link.ID)
	if err != nil || shown.Status != helpdesk.LinkLive {
		w.Errorf("link: %s, %v", shown.Status, err)
	}
}

// TestLostPhoneIsResumed lets each call of a reset fail, before and after its effect, and runs it again. In between
// nobody is locked out; afterwards it is as if nothing had failed.
func TestLostPhoneIsResumed(t *testing.T) {
	type fault struct {
		name   string
		strike func(*world)
	}
	var faults []fault
	for _, op := range []string{"AdminDeleteSoftwareToken", "AdminUserGlobalSignOut", "AdminListDevices", "AdminForgetDevice"} {
		for kind, f := range map[string]userpool.Fault{
			"cut before": {Kind: userpool.FaultCutBefore, Times: 2}, "cut after": {Kind: userpool.FaultCutAfter, Times: 2},
			"internal": {Kind: userpool.FaultInternal, Times: 2}, "throttled": {Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 2},
			"denied": {Kind: userpool.FaultException, Exception: "AccessDeniedException", Times: 1},
			"HTML":   {Kind: userpool.FaultHTML, Times: 2}, "firewall": {Kind: userpool.FaultWAF, Times: 2},
		} {
			faults = append(faults, fault{op + " " + kind, func(w *world) { w.pool.FailNext(op, f) }})
		}
	}
	for _, op := range []struct {
		name  string
		calls int // in one reset
	}{
		{"AppendAudit", 12},
		{"Allow", 3},
		{"PutReset", 1},
		{"PutInvite", 1},
		{"SetResetInvite", 1},
		{"PutPart", 5},
		{"PutPiece", 1},
		{"AppendLedger", 1},
		{"Mark", 1},
		{"EndAllBefore", 1},
		{"FinishReset", 1},
		{"Ledger", 1},
	} {
		for n := range op.calls {
			for _, after := range []bool{false, true} {
				faults = append(faults, fault{fmt.Sprintf("%s %d %t", op.name, n, after), func(w *world) { w.faults.failAt(op.name, n, after) }})
			}
		}
	}
	faults = append(faults, fault{"notice", func(w *world) { w.outbox.fail = fmt.Errorf("mail server: %w", helpdesk.ErrUnavailable) }})

	run := func(w *world, f fault) {
		t := w.TB
		w.withPhone("ada")
		grace := w.agent("grace")
		f.strike(w)
		report, err := w.desk.LostPhone(w.ctx, grace, lostPhone("ada"))
		if err == nil {
			t.Fatal("the fault did not strike")
		}
		w.hide(report.Link)
		w.pool.ClearFaults()
		w.faults.failAt("", 0, false)
		w.outbox.fail = nil
		assertWorld(t, w, "ada")
		if !report.Link.Piece.IsZero() && w.asksForApp("ada") {
			t.Error("a piece was issued while the old app works")
		}
		w.clock.advance(time.Minute)
		again, err := w.desk.LostPhone(w.ctx, grace, lostPhone("ada"))
		w.ok(err)
		w.hide(again.Link)
		link := again.Link
		if link.Locator.IsZero() { // the first run's is good
			link.Locator, link.Piece = report.Link.Locator, report.Link.Piece
		}
		w.wantReset("ada", link)
		opened := w.open(link)
		w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}))
		w.setUp("ada")
		w.ok(w.desk.Spend(w.ctx, opened.Held, "ada"))
		_, err = w.desk.Resume(w.ctx, grace, again.Reset.ID, true)
		w.ok(err)
		if !w.asksForApp("ada") {
			t.Error("the new app was dropped")
		}
		if _, err := w.store.OpenReset(w.ctx, w.options.Pool, w.sub("ada")); err == nil {
			t.Error("a reset is left open")
		}
		assertWorld(t, w, "ada")
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel() // most of the time goes into waiting before a retry
			// Nobody may set up without a link: who has neither it nor the old app is locked out.
			run(inMemory(t, func(o *helpdesk.Options) { o.Policy.Mode = helpdesk.PolicyTicket }), f)
		})
	}
	// What the engine has to do with it: answers of the store that were lost.
	for _, f := range faults {
		if strings.HasPrefix(f.name, "Put") && strings.HasSuffix(f.name, " 0 true") {
			engines(t, userpool.Options{}, func(w *world) { run(w, f) })
		}
	}
}

// TestNoAppIsDroppedUnmarked: where it cannot be written down that the account needs a link, its app stays.
func TestNoAppIsDroppedUnmarked(t *testing.T) {
	w := inMemory(t, nil)
	w.withPhone("ada")
	w.faults.fail("Mark")
	report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.kind(err, helpdesk.StoreDown)
	if !w.asksForApp("ada") || !report.Link.Piece.IsZero() {
		t.Errorf("the app was dropped, or a piece issued: %+v", report)
	}
	assertWorld(t, w, "ada")
}

// TestResetOfWhoBecamePrivileged: a reset that began when its account needed no second person goes on once one has agreed,
// with a link that its owner may use.
func TestResetOfWhoBecamePrivileged(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.withPhone("ada")
		w.add("bob", "finance")
		grace := w.agent("grace")
		w.pool.FailNext("AdminDeleteSoftwareToken", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
		first, err := w.desk.LostPhone(w.ctx, grace, lostPhone("ada"))
		w.kind(err, helpdesk.PoolDown)
		w.hide(first.Link)
		w.join("ada", "finance")
		_, err = w.desk.Resume(w.ctx, grace, first.Reset.ID, false)
		w.kind(err, helpdesk.NeedsApproval)
		a, err := w.desk.Request(w.ctx, grace, helpdesk.Asking{Operation: helpdesk.OpLostPhone, Account: "ada", Ticket: "1", Reason: "r", Proof: "p"})
		w.ok(err)
		wish := lostPhone("ada")
		wish.Approval = a.ID
		_, err = w.desk.LostPhone(w.ctx, grace, wish)
		w.kind(err, helpdesk.NeedsApproval) // nobody has agreed
		w.ok(w.desk.Approve(w.ctx, w.agent("lena"), a.ID))
		_, err = w.desk.LostPhone(w.ctx, grace, wish)
		w.kind(err, helpdesk.CoolingDown)
		w.clock.advance(31 * time.Minute)
		_, err = w.desk.LostPhone(w.ctx, w.agent("heidi"), wish)
		w.kind(err, helpdesk.NeedsApproval) // it is another agent's
		report, err := w.desk.LostPhone(w.ctx, grace, wish)
		w.ok(err)
		w.hide(report.Link)
		if report.Reset.ID != first.Reset.ID || report.Reset.Approval != a.ID || report.Reset.DoneAt.IsZero() {
			t.Errorf("got %+v, want the first reset done with approval %d", report.Reset, a.ID)
		}
		if used, err := w.store.Approval(w.ctx, a.ID); err != nil || used.State != helpdesk.ApprovalUsed {
			t.Errorf("the approval is %s, %v", used.State, err)
		}
		opened := w.open(report.Link)
		w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}))
		w.setUp("ada")
		w.ok(w.desk.Spend(w.ctx, opened.Held, "ada"))
		assertWorld(t, w, "ada")
	})
}

// TestLostPhoneWithoutTheOperation: a pool that cannot drop apps switches one off, unless it requires MFA.
func TestLostPhoneWithoutTheOperation(t *testing.T) {
	optional := open(t, userpool.Options{MFA: userpool.MFAOptional, Switches: userpool.Switches{NoDeleteSoftwareToken: true}}, "sqlite::memory:", nil)
	optional.addUser(userpool.User{Username: "ada", Password: password, State: userpool.StateEnrolled})
	report, err := optional.desk.LostPhone(optional.ctx, optional.agent("grace"), lostPhone("ada"))
	optional.ok(err)
	if report.Reset.Parts[1].Result != "switched_off" || optional.signIn("ada").AuthenticationResult == nil {
		t.Errorf("got %+v, want to be let in with the password", report.Reset.Parts)
	}

	required := open(t, userpool.Options{Switches: userpool.Switches{NoDeleteSoftwareToken: true}}, "sqlite::memory:", nil)
	required.addUser(userpool.User{Username: "ada", Password: password, State: userpool.StateEnrolled, TOTPSecret: oldKey})
	report, err = required.desk.LostPhone(required.ctx, required.agent("grace"), lostPhone("ada"))
	required.kind(err, helpdesk.PoolCannot)
	if p := report.Reset.Parts[1]; p.Done || p.Result != "pool_cannot" || !report.Link.Piece.IsZero() || !required.asksForApp("ada") {
		t.Errorf("got %+v, want the agent to be told that it cannot be done", report)
	}
	if p := report.Reset.Parts[2]; !p.Done { // who has the phone is thrown out all the same
		t.Errorf("got %+v", p)
	}
	assertWorld(t, required, "ada")
	required.pool.SetSwitches(userpool.Switches{}) // the service has learnt it
	report, err = required.desk.Resume(required.ctx, required.agent("heidi"), report.Reset.ID, false)
	required.ok(err)
	if report.Link.Piece.IsZero() || required.asksForApp("ada") {
		t.Errorf("got %+v, want the app dropped and a piece", report)
	}
}

// TestResetIsInTheWay: while a reset may still drop the app, nobody is given what sets one up.
func TestResetIsInTheWay(t *testing.T) {
	w := inMemory(t, nil)
	w.withPhone("ada")
	w.pool.FailNext("AdminDeleteSoftwareToken", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.kind(err, helpdesk.PoolDown)
	_, err = w.desk.IssuePiece(w.ctx, w.agent("grace"), report.Link.ID)
	w.kind(err, helpdesk.Conflict)
	wish := minting("ada")
	wish.Purpose = helpdesk.Replace
	_, err = w.desk.Mint(w.ctx, w.agent("grace"), wish)
	w.kind(err, helpdesk.Conflict)
	_, err = w.desk.Open(w.ctx, report.Link.Locator, secret.New("0000-0000"))
	w.kind(err, helpdesk.LinkNotGood)
	assertWorld(t, w, "ada")

	// Ada finds her phone and sets up a new one herself; the agent goes on.
	w.clock.advance(time.Minute)
	_, err = w.api.AdminUserGlobalSignOut(w.ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &w.options.Pool, Username: new("ada")})
	w.ok(err)
	for _, event := range []helpdesk.Event{helpdesk.EventReplaced, helpdesk.EventProven} {
		_, err = w.store.AppendLedger(w.ctx, helpdesk.LedgerEntry{Pool: w.options.Pool, Account: "ada", Event: event, Actor: "ada"})
		w.ok(err)
	}
	report, err = w.desk.Resume(w.ctx, w.agent("grace"), report.Reset.ID, false)
	w.ok(err)
	if report.Reset.Parts[1].Result != "set_up_since" || !w.asksForApp("ada") {
		t.Errorf("got %+v, want the new app left alone", report.Reset.Parts)
	}
	assertWorld(t, w, "ada")
}

// TestFoundAppIsTheOldOne: that an app was found by a sweep, or used, since a reset began does not make it another one.
func TestFoundAppIsTheOldOne(t *testing.T) {
	for _, event := range []helpdesk.Event{helpdesk.EventFound, helpdesk.EventProven} {
		w := inMemory(t, nil)
		w.withPhone("ada")
		w.pool.FailNext("AdminDeleteSoftwareToken", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
		report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
		w.kind(err, helpdesk.PoolDown)
		w.clock.advance(time.Minute)
		_, err = w.store.AppendLedger(w.ctx, helpdesk.LedgerEntry{Pool: w.options.Pool, Account: "ada", Event: event, Actor: "sweep"})
		w.ok(err)
		report, err = w.desk.Resume(w.ctx, w.agent("grace"), report.Reset.ID, false)
		w.ok(err)
		if report.Reset.Parts[1].Result != "dropped" || w.asksForApp("ada") {
			t.Errorf("%s: got %+v, want the old app dropped", event, report.Reset.Parts)
		}
		assertWorld(t, w, "ada")
	}
}

// TestSpokenPieceStays: going on with a reset does not end the piece that was just spoken.
func TestSpokenPieceStays(t *testing.T) {
	w := inMemory(t, nil)
	w.withPhone("ada")
	w.pool.FailNext("AdminUserGlobalSignOut", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	first, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.kind(err, helpdesk.PoolDown)
	again, err := w.desk.Resume(w.ctx, w.agent("grace"), first.Reset.ID, false)
	w.ok(err)
	if !again.Link.Piece.IsZero() || again.Link.ID != first.Link.ID {
		t.Errorf("got %+v, want the first link and its piece kept", again.Link)
	}
	w.open(first.Link)

	// Somebody is setting up with it: not even a wish for another link takes it away.
	w.pool.FailNext("AdminUserGlobalSignOut", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	w.clock.advance(time.Hour)
	w.withPhone("bob")
	first, err = w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("bob"))
	w.kind(err, helpdesk.PoolDown)
	held := w.open(first.Link).Held
	_, err = w.desk.Resume(w.ctx, w.agent("grace"), first.Reset.ID, true)
	w.ok(err)
	w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "bob", Held: held}))
}

// TestTwoAgentsAtOnce: one account, one reset.
func TestTwoAgentsAtOnce(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.withPhone("ada")
		desks := []*helpdesk.Desk{w.desk, w.node()}
		agents := []helpdesk.Agent{w.agent("grace"), w.agent("heidi")}
		type result struct {
			report helpdesk.ResetReport
			err    error
		}
		results := make(chan result)
		for i := range desks {
			go func() {
				report, err := desks[i].LostPhone(w.ctx, agents[i], lostPhone("ada"))
				results <- result{report, err}
			}()
		}
		for range desks {
			r := <-results
			w.hide(r.report.Link)
			if kind := helpdesk.KindOf(r.err); r.err != nil && kind != helpdesk.Conflict && kind != helpdesk.NoSuchLink {
				t.Errorf("got %v, want it done or a conflict", r.err)
			}
		}
		assertWorld(t, w, "ada")
		resets, err := w.store.Resets(w.ctx, w.options.Pool, w.sub("ada"), 10)
		if err != nil || len(resets) == 0 || len(resets) > 2 {
			t.Errorf("%d resets, %v", len(resets), err)
		}
		if w.asksForApp("ada") {
			t.Error("the old app works")
		}
	})
}
