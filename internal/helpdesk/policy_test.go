package helpdesk_test

import (
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

func TestPolicy(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const idle = 90 * 24 * time.Hour
	const ok = helpdesk.Unknown
	for _, test := range []struct {
		about              string
		facts              helpdesk.Facts
		open, ticket, auto helpdesk.Kind
	}{
		{"an account in use", helpdesk.Facts{Status: helpdesk.StatusConfirmed, LastSeen: now}, ok, helpdesk.NeedsLink, ok},
		{"with a link", helpdesk.Facts{Status: helpdesk.StatusTemporaryPassword, Link: true}, ok, ok, ok},
		{"made by an administrator, never signed in", helpdesk.Facts{Status: helpdesk.StatusTemporaryPassword, LastSeen: now}, ok, helpdesk.NeedsLink, helpdesk.NeedsLink},
		{"idle for exactly as long", helpdesk.Facts{Status: helpdesk.StatusConfirmed, LastSeen: now.Add(-idle)}, ok, helpdesk.NeedsLink, ok},
		{"idle for longer", helpdesk.Facts{Status: helpdesk.StatusConfirmed, LastSeen: now.Add(-idle - 1)}, ok, helpdesk.NeedsLink, helpdesk.NeedsLink},
		{"never seen", helpdesk.Facts{Status: helpdesk.StatusConfirmed}, ok, helpdesk.NeedsLink, helpdesk.NeedsLink},
		{"refused before, or frozen", helpdesk.Facts{Status: helpdesk.StatusConfirmed, LastSeen: now, Marked: true}, helpdesk.NeedsLink, helpdesk.NeedsLink, helpdesk.NeedsLink},
		{"refused before, with a link", helpdesk.Facts{Marked: true, Link: true}, ok, ok, ok},
		{"an app, and its code", helpdesk.Facts{HasApp: true, ByApp: true}, ok, ok, ok},
		{"an app, and not its code", helpdesk.Facts{HasApp: true, LastSeen: now}, helpdesk.NeedsAppCode, helpdesk.NeedsAppCode, helpdesk.NeedsAppCode},
		{"an app, and a link", helpdesk.Facts{HasApp: true, Link: true}, ok, ok, ok},
		{"no app, but the flow says its code", helpdesk.Facts{ByApp: true, LastSeen: now}, ok, helpdesk.NeedsLink, ok},
	} {
		test.facts.Now = now
		for mode, want := range map[helpdesk.PolicyMode]helpdesk.Kind{
			helpdesk.PolicyOpen: test.open, helpdesk.PolicyTicket: test.ticket, helpdesk.PolicyAuto: test.auto,
		} {
			err := helpdesk.Policy{Mode: mode, Idle: idle}.Judge(test.facts)
			if got := helpdesk.KindOf(err); got != want || (err == nil) != (want == ok) {
				t.Errorf("%s, %s: got %v, want %s", test.about, mode, err, want)
			}
		}
	}
	if err := (helpdesk.Policy{Mode: "relaxed"}).Judge(helpdesk.Facts{LastSeen: now, Now: now}); helpdesk.KindOf(err) != helpdesk.NeedsLink {
		t.Errorf("an unknown policy: got %v, want a link to be needed", err)
	}
}

func auto(o *helpdesk.Options) {
	o.Policy = helpdesk.Policy{Mode: helpdesk.PolicyAuto, Idle: 30 * 24 * time.Hour}
}

// TestDormantAccount: who guesses a temporary password sets nothing up, not even after replacing it.
func TestDormantAccount(t *testing.T) {
	w := inMemory(t, auto)
	w.addUser(userpool.User{Username: "ada", Password: password, State: userpool.StateTemporaryPassword})
	attempt := helpdesk.Attempt{Account: "ada", Began: w.clock.Now()}
	w.kind(w.desk.MayStart(w.ctx, attempt), helpdesk.NeedsLink)
	_, err := w.api.AdminSetUserPassword(w.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &w.options.Pool, Username: new("ada"), Password: new(password), Permanent: true})
	w.ok(err)
	if status := w.account("ada").Status; status != helpdesk.StatusConfirmed {
		t.Fatalf("the pool says %s", status)
	}
	w.kind(w.desk.MayStart(w.ctx, attempt), helpdesk.NeedsLink)

	opened := w.open(w.mint(minting("ada")))
	attempt.Held = opened.Held
	w.ok(w.desk.MayStart(w.ctx, attempt))
	w.setUp("ada")
	w.ok(w.desk.Spend(w.ctx, opened.Held, "ada"))
	attempt.Held = helpdesk.Held{}
	w.ok(w.desk.MayStart(w.ctx, attempt)) // no longer marked
}

func TestIdleAccount(t *testing.T) {
	w := inMemory(t, auto)
	w.add("ada")
	w.add("bob")
	attempt := func(name string) helpdesk.Attempt { return helpdesk.Attempt{Account: name, Began: w.clock.Now()} }
	w.ok(w.desk.MayStart(w.ctx, attempt("ada")))
	w.clock.advance(31 * 24 * time.Hour)
	// A sign of life in our ledger; one from this sign-in itself does not count.
	began := w.clock.Now()
	w.clock.advance(time.Second)
	for _, name := range []string{"ada", "bob"} {
		_, err := w.store.AppendLedger(w.ctx, helpdesk.LedgerEntry{Pool: w.options.Pool, Account: name, Event: helpdesk.EventRemoved})
		w.ok(err)
	}
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Began: began}), helpdesk.NeedsLink)
	w.clock.advance(time.Second)
	w.ok(w.desk.MayStart(w.ctx, attempt("bob")))
	w.kind(w.desk.MayStart(w.ctx, attempt("ada")), helpdesk.NeedsLink) // having been refused is no sign of life
}

// TestIdleByThePoolsOwnRecord: a pool with threat protection tells when somebody signed in, this sign-in not counted.
func TestIdleByThePoolsOwnRecord(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, Switches: userpool.Switches{AuthEvents: true}}, "sqlite::memory:", auto)
	w.add("ada")
	w.signIn("ada")
	w.clock.advance(29 * 24 * time.Hour)
	began := w.clock.Now()
	w.clock.advance(time.Second)
	w.signIn("ada")
	w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Began: began}))
	w.clock.advance(31 * 24 * time.Hour)
	began = w.clock.Now()
	w.clock.advance(time.Second)
	w.signIn("ada") // with a stolen password
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Began: began}), helpdesk.NeedsLink)
	w.clock.advance(time.Minute)
	w.signIn("ada") // and once more: the first try is now the pool's last sign-in
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Began: w.clock.Now()}), helpdesk.NeedsLink)
}

// TestPolicyWhenSomethingIsDown: nobody is let in of whom it cannot be read whether he needs a link.
func TestPolicyWhenSomethingIsDown(t *testing.T) {
	for mode, want := range map[helpdesk.PolicyMode]helpdesk.Kind{
		helpdesk.PolicyOpen: helpdesk.StoreDown, helpdesk.PolicyTicket: helpdesk.NeedsLink, helpdesk.PolicyAuto: helpdesk.StoreDown,
	} {
		w := inMemory(t, func(o *helpdesk.Options) { o.Policy.Mode = mode })
		w.add("ada")
		w.faults.fail("Marked")
		err := w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Began: w.clock.Now()})
		if err == nil || helpdesk.KindOf(err) != want {
			t.Errorf("%s: got %v, want %s", mode, err, want)
		}
	}
	w := inMemory(t, auto)
	w.add("ada")
	w.pool.FailNext("AdminGetUser", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada"}), helpdesk.PoolDown)
}
