package helpdesk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/helpdesk"
)

// assertWorld checks the invariants (docs/proof.md) that the help desk answers for, in pool, ledger and store together.
// It holds after every attack and every fault, also in the middle of a reset.
//
//	I1 nobody locked out          I2 nobody half-enrolled (the ledger follows the pool, never leads it)
//	I5 one submit, one effect     I7 no canary outside its place
//
// I3, I4 and I6 are the pages': there is no key, no form and no answer here.
func assertWorld(t testing.TB, w *world, accounts ...string) {
	t.Helper()
	trail := w.trail()
	for _, name := range accounts {
		account := w.account(name)
		invites, err := w.store.Invites(w.ctx, w.options.Pool, account.Sub, 1000)
		w.ok(err)
		working := slices.IndexFunc(invites, func(i helpdesk.Invite) bool {
			return (i.State == helpdesk.InviteLive || i.State == helpdesk.InviteOpened) && w.clock.Now().Before(i.ExpiresAt)
		})
		hasApp := w.asksForApp(name)
		if !hasApp && working < 0 && !w.maySetUp(name) {
			t.Errorf("I1: %s has no app, no link, and may not set up", name)
		}

		entry, err := w.store.Latest(w.ctx, w.options.Pool, name)
		claims := err == nil && slices.Contains([]helpdesk.Event{helpdesk.EventSetUp, helpdesk.EventReplaced, helpdesk.EventProven}, entry.Event)
		if claims && !hasApp && !dropping(trail, account) {
			t.Errorf("I2: the ledger says %q of %s, which has no app", entry.Event, name)
		}

		live := 0
		for _, i := range invites {
			if i.State == helpdesk.InviteLive || i.State == helpdesk.InviteOpened {
				live++
			}
		}
		if live > 1 {
			t.Errorf("I5: %s has %d links that work", name, live)
		}
	}
	assertIntents(t, trail)
	if hits := w.secrets.Find(fmt.Append(nil, trail)); len(hits) > 0 { // the rest is swept when the test ends
		t.Errorf("I7: the audit trail has the %v", hits)
	}
}

// asksForApp reports whether signing in asks for an app's code: the only thing that tells for certain.
func (w *world) asksForApp(name string) bool {
	w.Helper()
	return w.signIn(name).ChallengeName == types.ChallengeNameTypeSoftwareTokenMfa
}

// maySetUp reports whether signing in leads to set-up again, with nothing but the password.
func (w *world) maySetUp(name string) bool {
	return w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: name, Began: w.clock.Now()}) == nil
}

// dropping reports whether an account's app was dropped later than anybody could write into the ledger.
func dropping(trail []helpdesk.AuditEntry, account helpdesk.Account) bool {
	return slices.ContainsFunc(trail, func(e helpdesk.AuditEntry) bool {
		return e.Action == "drop app" && strings.HasPrefix(e.Target, account.Sub)
	})
}

// assertIntents: each result has the intent that it names, before it, and each intent one result at most. A link is spent
// once.
func assertIntents(t testing.TB, trail []helpdesk.AuditEntry) {
	t.Helper()
	answered, spent := map[int64]int{}, map[string]int{}
	for _, e := range trail {
		if e.Stage != helpdesk.StageResult {
			continue
		}
		i := intent(trail, e)
		if i.Seq >= e.Seq || i.Stage != helpdesk.StageIntent || i.Action != e.Action || i.Actor != e.Actor || i.Target != e.Target {
			t.Errorf("I5: result %+v is not of intent %+v", e, i)
		}
		if answered[i.Seq]++; answered[i.Seq] > 1 {
			t.Errorf("I5: intent %d has %d results", i.Seq, answered[i.Seq])
		}
		if e.Action == "spend link" && e.Detail == "spent" {
			if spent[i.Detail]++; spent[i.Detail] > 1 {
				t.Errorf("I5: %s of %s was spent %d times", i.Detail, e.Target, spent[i.Detail])
			}
		}
	}
}

func intent(trail []helpdesk.AuditEntry, result helpdesk.AuditEntry) helpdesk.AuditEntry {
	if result.Intent < 1 || result.Intent > int64(len(trail)) {
		return helpdesk.AuditEntry{}
	}
	return trail[result.Intent-1]
}
