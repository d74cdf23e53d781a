package helpdesk_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
)

func TestThisWasNotMe(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.withPhone("ada")
		report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
		w.ok(err)
		w.hide(report.Link)
		held := w.open(report.Link).Held
		token := w.outbox.sent["reset-1-email"].NotMe
		if !w.desk.CheckFreeze(token) {
			t.Fatal("the token is no good")
		}
		before, err := w.store.NotBefore(w.ctx, "ada")
		w.ok(err)
		w.clock.advance(time.Minute)
		w.ok(w.node().Freeze(w.ctx, token))
		w.ok(w.desk.Freeze(w.ctx, token)) // pressed twice
		w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: held}), helpdesk.LinkOver)
		w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada"}), helpdesk.NeedsLink) // with a stolen password
		if at, err := w.store.NotBefore(w.ctx, "ada"); err != nil || !at.After(before) {
			t.Errorf("the portal's sessions go on: %v, %v", at, err)
		}
		if w.log.raised("account.frozen") != 2 {
			t.Errorf("alarms: %+v", w.log.alarms)
		}
		c, err := w.desk.Case(w.ctx, w.agent("grace"), "ada")
		if err != nil || c.FrozenAt.IsZero() || c.Links[0].Status != helpdesk.LinkRevoked {
			t.Errorf("case: %+v, %v", c, err)
		}
		// Her call to the desk brings her back.
		w.clock.advance(time.Hour)
		wish := minting("ada")
		wish.Purpose = helpdesk.Replace
		opened := w.open(w.mint(wish))
		w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}))
		w.setUp("ada")
		w.ok(w.desk.Spend(w.ctx, opened.Held, "ada"))
		if c, err = w.desk.Case(w.ctx, w.agent("grace"), "ada"); err != nil || !c.FrozenAt.IsZero() {
			t.Errorf("still frozen: %v, %v", c.FrozenAt, err)
		}
		assertWorld(t, w, "ada")
	})
}

func TestFreezeTokens(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	held := w.open(w.mint(minting("ada"))).Held
	w.setUp("ada")
	w.ok(w.desk.Spend(w.ctx, held, "ada"))
	good := w.outbox.sent["set-up-1-email"].NotMe.Reveal()
	for i := range good { // any one character
		other := "0"
		if good[i] == '0' {
			other = "2"
		}
		if w.desk.CheckFreeze(secret.New(good[:i] + other + good[i+1:])) {
			t.Errorf("character %d changed: accepted", i)
		}
	}
	for _, bad := range []string{"", "0", strings.Repeat("0", len(good)), good + "0", good[1:]} {
		w.kind(w.desk.Freeze(w.ctx, secret.New(bad)), helpdesk.LinkNotGood)
	}
	if !w.desk.CheckFreeze(secret.New(strings.ToUpper(good))) {
		t.Error("refused in capitals")
	}
	options := w.options
	options.Pool = "eu-west-1_Another"
	other, err := helpdesk.New(options)
	w.ok(err)
	if other.CheckFreeze(secret.New(good)) {
		t.Error("good in another pool with the same key")
	}
	w.kind(other.Freeze(w.ctx, secret.New(good)), helpdesk.LinkNotGood)
	// Never made anew: it is in a mail of an earlier version.
	options.Pool = "eu-central-1_Earlier"
	if other, err = helpdesk.New(options); err != nil || !other.CheckFreeze(secret.New("00000000000020000006p3b580e8ryx9jg4caygefy7twmp3ydzg")) {
		t.Errorf("the token of an earlier version is refused, %v", err)
	}
	w.clock.advance(7*24*time.Hour - time.Second)
	if !w.desk.CheckFreeze(secret.New(good)) {
		t.Error("refused within a week")
	}
	w.clock.advance(time.Second)
	w.kind(w.desk.Freeze(w.ctx, secret.New(good)), helpdesk.LinkNotGood)
}

// TestFreezeMeetsTheFinish: whichever comes first, the other is told, and the account is safe: a thousand times on each
// engine with PORTAL_PROVE=1.
func TestFreezeMeetsTheFinish(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		other, grace := w.node(), w.agent("grace")
		freezes, won := prove.Times(1000, 40), 0
		for i := range freezes {
			name := fmt.Sprintf("user-%d", i)
			sub := w.add(name)
			w.clock.advance(time.Hour)
			link, err := w.desk.Mint(w.ctx, grace, minting(name))
			w.ok(err)
			w.ok(w.desk.SendLink(w.ctx, grace, link.ID, link.Locator))
			token := w.outbox.sent[fmt.Sprintf("link-%d", link.ID)].NotMe
			w.clock.advance(time.Minute)
			held := w.open(link).Held
			var spent, frozen error
			var both sync.WaitGroup
			both.Go(func() { spent = w.desk.Spend(w.ctx, held, name) })
			both.Go(func() { frozen = other.Freeze(w.ctx, token) })
			both.Wait()
			w.ok(frozen)
			shown, _, err := w.desk.Watch(w.ctx, grace, link.ID, 0)
			w.ok(err)
			switch {
			case spent == nil && shown.Status == helpdesk.LinkSpent:
			case helpdesk.KindOf(spent) == helpdesk.LinkOver && shown.Status == helpdesk.LinkRevoked:
				won++
			default:
				t.Fatalf("race %d: spend said %v, and the link is %s", i, spent, shown.Status)
			}
			// Whoever was first: the link is over, nobody goes on with it, no session lives, and the account stays marked.
			_, err = w.desk.Open(w.ctx, link.Locator, link.Piece)
			w.kind(err, helpdesk.LinkNotGood)
			w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: name, Held: held}), helpdesk.LinkOver)
			w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: name}), helpdesk.NeedsLink)
			if at, err := w.store.NotBefore(w.ctx, name); err != nil || !at.Equal(w.clock.Now()) && at.Before(shown.ChangedAt) {
				t.Fatalf("race %d: sessions go on: %v, %v", i, at, err)
			}
			if at, err := w.store.Marked(w.ctx, w.options.Pool, name, helpdesk.MarkFrozen); err != nil || at.IsZero() {
				t.Fatalf("race %d: %s is not frozen, %v; spend said %v", i, sub, err, spent)
			}
		}
		t.Logf("%d races, of which the freeze was first in %d", freezes, won)
		assertWorld(t, w)
	})
}

// TestManyRaceForOneLink: browsers on four nodes, a thousand with PORTAL_PROVE=1, have link and piece. One holds it in the end, and one
// set-up spends it.
func TestManyRaceForOneLink(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.add("ada")
		link := w.mint(minting("ada"))
		desks := []*helpdesk.Desk{w.desk, w.node(), w.node(), w.node()}
		browsers := prove.Times(1000, 200)
		held := make([]helpdesk.Held, browsers)
		each := func(do func(i int)) {
			var all sync.WaitGroup
			gun := make(chan struct{})
			for i := range browsers {
				all.Go(func() { <-gun; do(i) })
			}
			close(gun)
			all.Wait()
		}
		each(func(i int) {
			opened, err := desks[i%4].Open(w.ctx, link.Locator, link.Piece)
			if err != nil {
				t.Errorf("browser %d: %v", i, err)
			}
			held[i] = opened.Held
		})
		var mu sync.Mutex
		said := map[helpdesk.Kind]int{}
		var winner int
		each(func(i int) {
			err := desks[i%4].Spend(w.ctx, held[i], "ada")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				winner = i
				said[helpdesk.Unknown]++
				return
			}
			said[helpdesk.KindOf(err)]++
		})
		if said[helpdesk.Unknown] != 1 || said[helpdesk.LinkOver] != browsers-1 {
			t.Fatalf("got %v, want one winner and %d told that it is over", said, browsers-1)
		}
		invite, err := w.store.InviteByID(w.ctx, link.ID)
		if err != nil || invite.Holder != held[winner].Holder {
			t.Errorf("the winner did not hold it: %v", err)
		}
		assertWorld(t, w, "ada")
	})
}
