package helpdesk_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
)

func TestLinkFromMintToSpent(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		sub := w.add("ada")
		link := w.mint(minting("ada"))
		if link.Status != helpdesk.LinkLive || link.Account != sub || link.ExpiresAt.Sub(link.CreatedAt) != time.Hour || link.Language != "en" ||
			len(link.Locator.Reveal()) != 26 || len(link.Piece.Reveal()) != 9 || link.PieceEnds.Sub(link.CreatedAt) != 10*time.Minute {
			t.Fatalf("minted %+v", link.Link)
		}
		w.clock.advance(time.Minute)
		// As somebody types what he hears.
		typed := strings.ToLower(strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(link.Piece.Reveal()))
		opened, err := w.desk.Open(w.ctx, link.Locator, secret.New(" "+typed+" "))
		w.ok(err)
		if opened.Username != "ada" || opened.Language != "en" || opened.Purpose != helpdesk.FirstSetUp {
			t.Errorf("opened %+v", opened)
		}
		text, err := opened.Held.MarshalText()
		w.ok(err)
		var held helpdesk.Held
		w.ok(held.UnmarshalText(text))
		attempt := helpdesk.Attempt{Account: "ada", Held: held}
		w.ok(w.desk.MayStart(w.ctx, attempt))
		w.desk.Note(w.ctx, held, helpdesk.HappeningSignedIn, enroll.Diagnosis{})
		w.desk.Note(w.ctx, held, helpdesk.HappeningShown, enroll.Diagnosis{})
		w.desk.Note(w.ctx, held, helpdesk.HappeningWrongCode, enroll.Diagnosis{Verdict: enroll.ClockSlow, Off: 4 * time.Minute})
		w.ok(w.desk.MayStart(w.ctx, attempt))
		w.setUp("ada")
		w.ok(w.desk.Spend(w.ctx, held, "ada"))
		w.ok(w.desk.Spend(w.ctx, held, "ada")) // said again
		w.kind(w.desk.MayStart(w.ctx, attempt), helpdesk.LinkOver)
		_, err = w.desk.Open(w.ctx, link.Locator, link.Piece)
		w.kind(err, helpdesk.LinkNotGood)

		shown, events, err := w.desk.Watch(w.ctx, w.agent("grace"), link.ID, 0)
		w.ok(err)
		var seen []string
		for _, e := range events {
			seen = append(seen, string(e.Happening)+" "+e.Verdict+" "+e.Off.String())
		}
		if got, want := strings.Join(seen, ", "), "opened  0s, signed_in  0s, shown  0s, wrong_code clock_slow 4m0s, done  0s"; got != want || shown.Status != helpdesk.LinkSpent {
			t.Errorf("watched %s (%s), want %s", got, shown.Status, want)
		}
		_, later, err := w.desk.Watch(w.ctx, w.agent("grace"), link.ID, events[3].ID)
		if err != nil || len(later) != 1 || later[0].Happening != helpdesk.HappeningDone {
			t.Errorf("watched later: %v, %v", later, err)
		}
		for _, id := range []string{"set-up-1-email", "set-up-1-sms"} {
			if n := w.outbox.sent[id]; n.Kind != helpdesk.NoticeSetUp || n.NotMe.IsZero() {
				t.Errorf("notice %s: %+v", id, n)
			}
		}
		if link := w.desk; link == nil || w.account("ada").Sub != sub {
			t.Error("another account")
		}
		assertWorld(t, w, "ada")
	})
}

// TestLinksLookTheSame: whoever does not have the piece cannot tell a live link from one that never was.
func TestLinksLookTheSame(t *testing.T) {
	for _, nameOpens := range []bool{false, true} {
		t.Run(fmt.Sprintf("opened by name %t", nameOpens), func(t *testing.T) { linksLookTheSame(t, nameOpens) })
	}
}

func linksLookTheSame(t *testing.T, nameOpens bool) {
	t.Helper()
	w := inMemory(t, func(o *helpdesk.Options) { o.Rules.NameOpens = nameOpens })
	wrong := secret.New("0000-0000")
	states := map[string]func() (locator, piece secret.Text){
		"unknown": func() (secret.Text, secret.Text) { return secret.New(strings.Repeat("0", 26)), wrong },
		"garbled": func() (secret.Text, secret.Text) { return secret.New("../../etc/passwd"), wrong },
	}
	for _, name := range []string{"live", "piece expired", "expired", "revoked", "cancelled", "spent", "locked", "no piece yet", "another pool"} {
		states[name] = func() (secret.Text, secret.Text) {
			account := strings.ReplaceAll(name, " ", "-")
			w.add(account)
			link := w.mint(minting(account))
			piece := link.Piece
			if nameOpens {
				piece = secret.New(account)
			}
			switch name {
			case "live":
				piece = wrong
			case "piece expired":
				if nameOpens {
					piece = wrong
				}
				w.clock.advance(10 * time.Minute)
			case "expired":
				w.clock.advance(time.Hour)
			case "revoked":
				w.ok(w.desk.Revoke(w.ctx, w.agent("grace"), link.ID))
			case "cancelled":
				w.mint(minting(account))
			case "spent":
				opened, err := w.desk.Open(w.ctx, link.Locator, piece)
				w.ok(err)
				w.ok(w.desk.Spend(w.ctx, opened.Held, account))
			case "locked":
				for range 5 {
					_, err := w.desk.Open(w.ctx, link.Locator, wrong)
					w.kind(err, helpdesk.LinkNotGood)
				}
				if nameOpens {
					piece = wrong
				}
			case "no piece yet":
				w.ok(w.store.PutPiece(w.ctx, link.ID, nil, time.Time{}))
			case "another pool":
				options := w.options
				options.Pool = "eu-west-1_other"
				other, err := helpdesk.New(options)
				w.ok(err)
				_, err = other.Open(w.ctx, link.Locator, link.Piece)
				w.kind(err, helpdesk.LinkNotGood)
				piece = wrong
			}
			w.clock.advance(time.Hour) // limits of the agent
			return link.Locator, piece
		}
	}
	for name, make := range states {
		locator, piece := make()
		began := w.clock.Now()
		_, err := w.desk.Open(w.ctx, locator, piece)
		if took := w.clock.Now().Sub(began); err == nil || err.Error() != "open link: link_not_good" || took != 300*time.Millisecond {
			t.Errorf("%s: got %q after %s, want the answer of all others", name, err, took)
		}
	}
}

// TestNamesOpenWhereTheOperatorSaysSo: a link for a first set-up then opens with the account's name and with nothing else,
// and whatever is hard to take back needs the piece all the same.
func TestNamesOpenWhereTheOperatorSaysSo(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.options.Rules.NameOpens = true
		strict := w.desk
		var err error
		w.desk, err = helpdesk.New(w.options)
		w.ok(err)
		for _, name := range []string{"Ada", "alice123"} { // the second one reads like a piece
			w.add(name)
			link := w.mint(minting(name))
			if !link.ByName || !link.Piece.IsZero() || !link.PieceEnds.IsZero() {
				t.Fatalf("made %+v, want a link without a piece", link.Link)
			}
			shown, err := w.desk.Link(w.ctx, w.agent("grace"), link.ID)
			if err != nil || !shown.ByName || !shown.PieceEnds.IsZero() {
				t.Errorf("shown as %+v, %v", shown, err)
			}
			for range 7 {
				for _, wrong := range []string{"", " ", "grace", "test", "0000-0000", name + "x", strings.Repeat("a", 1000)} {
					began := w.clock.Now()
					_, err := w.desk.Open(w.ctx, link.Locator, secret.New(wrong))
					if took := w.clock.Now().Sub(began); err == nil || err.Error() != "open link: link_not_good" || took != 300*time.Millisecond {
						t.Errorf("%q: got %v after %s, want the answer of all others", wrong, err, took)
					}
				}
			}
			if now, err := w.desk.Link(w.ctx, w.agent("grace"), link.ID); err != nil || now.Status != helpdesk.LinkLive || now.TriesLeft != 5 {
				t.Errorf("after wrong names: %+v, %v", now, err)
			}
			// Switched back on, what was made before is closed.
			_, err = strict.Open(w.ctx, link.Locator, secret.New(name))
			w.kind(err, helpdesk.LinkNotGood)
			w.clock.advance(50 * time.Minute) // no ten minutes here: it opens as long as it lives
			for _, typed := range []string{" " + strings.ToUpper(name) + "\u200b", name + "@Example.test"} {
				opened, err := w.desk.Open(w.ctx, link.Locator, secret.New(typed))
				w.ok(err)
				if opened.Username != name {
					t.Errorf("%q opened it for %q", typed, opened.Username)
				}
			}
			held := w.openedBy(link, name)
			w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: name, Held: held}))
			w.setUp(name)
			w.ok(w.desk.Spend(w.ctx, held, name))
			_, err = w.desk.Open(w.ctx, link.Locator, secret.New(name))
			w.kind(err, helpdesk.LinkNotGood)
			w.clock.advance(time.Hour)
			assertWorld(t, w, name)
		}

		// A piece can be issued for it, and then the name opens nothing.
		w.add("carol")
		link := w.mint(minting("carol"))
		piece, err := w.desk.IssuePiece(w.ctx, w.agent("grace"), link.ID)
		w.ok(err)
		_, err = w.desk.Open(w.ctx, link.Locator, secret.New("carol"))
		w.kind(err, helpdesk.LinkNotGood)
		_, err = w.desk.Open(w.ctx, link.Locator, piece.Piece)
		w.ok(err)

		// Who becomes privileged meanwhile needs more than a name.
		w.add("dave")
		link = w.mint(minting("dave"))
		w.add("other", "finance")
		w.join("dave", "finance")
		_, err = w.desk.Open(w.ctx, link.Locator, secret.New("dave"))
		w.kind(err, helpdesk.LinkOver)

		// What needs the piece all the same.
		w.clock.advance(time.Hour)
		w.withPhone("erin")
		wish := minting("erin")
		wish.Purpose = helpdesk.Replace
		if link := w.mint(wish); link.ByName || link.Piece.IsZero() {
			t.Error("a link that replaces an app has no piece")
		}
		report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("erin"))
		w.ok(err)
		if w.hide(report.Link); report.Link.ByName || report.Link.Piece.IsZero() {
			t.Error("a lost phone's link has no piece")
		}
		w.ok(w.desk.SendLink(w.ctx, w.agent("grace"), report.Link.ID, report.Link.Locator))
		w.add("frank")
		w.ok(w.store.Mark(w.ctx, w.options.Pool, "frank", helpdesk.MarkFrozen))
		if link := w.mint(minting("frank")); link.ByName || link.Piece.IsZero() {
			t.Error("the link of a frozen account has no piece")
		}
		approval, err := w.desk.Request(w.ctx, w.agent("grace"), helpdesk.Asking{Operation: helpdesk.OpMint, Account: "dave", Ticket: "T", Reason: "R", Proof: "P"})
		w.ok(err)
		w.ok(w.desk.Approve(w.ctx, w.agent("lena"), approval.ID))
		w.clock.advance(31 * time.Minute)
		wish = minting("dave")
		wish.Approval = approval.ID
		if link := w.mint(wish); link.ByName || link.Piece.IsZero() {
			t.Error("a privileged account's link has no piece")
		}
		// The mail says what the page will ask for.
		w.clock.advance(time.Hour)
		w.add("heinz")
		link = w.mint(minting("heinz"))
		w.ok(w.desk.SendLink(w.ctx, w.agent("grace"), link.ID, link.Locator))
		if !w.outbox.sent[fmt.Sprintf("link-%d", link.ID)].ByName || w.outbox.sent[fmt.Sprintf("link-%d", report.Link.ID)].ByName {
			t.Error("the mail does not say what opens the link")
		}
	})
}

// openedBy opens a link with a name.
func (w *world) openedBy(link helpdesk.NewLink, name string) helpdesk.Held {
	w.Helper()
	opened, err := w.desk.Open(w.ctx, link.Locator, secret.New(name))
	w.ok(err)
	return opened.Held
}

func TestPiecesThatCostNothing(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	link := w.mint(minting("ada"))
	for _, empty := range []string{"", " ", "0000", "0000-00000", "password!", "UUUU-UUUU", strings.Repeat("0", 1000), "０0000000"} {
		for range 3 {
			_, err := w.desk.Open(w.ctx, link.Locator, secret.New(empty))
			w.kind(err, helpdesk.LinkNotGood)
		}
	}
	shown, err := w.desk.Link(w.ctx, w.agent("grace"), link.ID)
	if err != nil || shown.TriesLeft != 5 || shown.Status != helpdesk.LinkLive {
		t.Fatalf("got %+v, %v, want five tries left", shown, err)
	}
	w.open(link)
}

func TestPieceIsIssuedAgain(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	link := w.mint(minting("ada"))
	for range 3 {
		_, err := w.desk.Open(w.ctx, link.Locator, secret.New("0000-0000"))
		w.kind(err, helpdesk.LinkNotGood)
	}
	second, err := w.desk.IssuePiece(w.ctx, w.agent("heidi"), link.ID)
	w.ok(err)
	_, err = w.desk.Open(w.ctx, link.Locator, link.Piece)
	w.kind(err, helpdesk.LinkNotGood) // the fourth wrong one: the old piece is over
	opened, err := w.desk.Open(w.ctx, link.Locator, second.Piece)
	w.ok(err)
	shown, err := w.desk.Link(w.ctx, w.agent("grace"), link.ID)
	if err != nil || shown.TriesLeft != 1 {
		t.Errorf("got %d tries, %v, want one of five in all", shown.TriesLeft, err)
	}
	w.ok(w.desk.Revoke(w.ctx, w.agent("grace"), link.ID))
	_, err = w.desk.IssuePiece(w.ctx, w.agent("grace"), link.ID)
	w.kind(err, helpdesk.NoSuchLink)
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}), helpdesk.LinkOver) // at once
	w.kind(w.desk.Revoke(w.ctx, w.agent("grace"), 99), helpdesk.NoSuchLink)
}

func TestMintNeedsEverything(t *testing.T) {
	w := inMemory(t, func(o *helpdesk.Options) { o.Rules.MaxLifetime = 24 * time.Hour })
	w.add("ada")
	w.addUser(userpool.User{Username: "has-app", Password: password, State: userpool.StateEnrolled})
	w.addUser(userpool.User{Username: "Google_1", State: userpool.StateExternal})
	for name, test := range map[string]struct {
		change func(*helpdesk.Minting)
		field  string // "": it is made
	}{
		"all there":             {func(*helpdesk.Minting) {}, ""},
		"no ticket":             {func(m *helpdesk.Minting) { m.Ticket = " " }, "ticket"},
		"a long ticket":         {func(m *helpdesk.Minting) { m.Ticket = strings.Repeat("x", 65) }, "ticket"},
		"no reason":             {func(m *helpdesk.Minting) { m.Reason = "" }, "reason"},
		"a reason of two lines": {func(m *helpdesk.Minting) { m.Reason = "a\nb" }, "reason"},
		"a reason in disguise":  {func(m *helpdesk.Minting) { m.Reason = "lost \u202ephone\u202c" }, "reason"},
		"a ticket in disguise":  {func(m *helpdesk.Minting) { m.Ticket = "INC-\u20661\u2069" }, "ticket"},
		"a proof of two lines":  {func(m *helpdesk.Minting) { m.Proof = "a\u2028b" }, "proof"},
		"another script":        {func(m *helpdesk.Minting) { m.Reason = "هاتف\u200f جديد" }, ""},
		"no proof":              {func(m *helpdesk.Minting) { m.Proof = "" }, "proof"},
		"no purpose":            {func(m *helpdesk.Minting) { m.Purpose = "" }, "purpose"},
		"first, with an app":    {func(m *helpdesk.Minting) { m.Account = "has-app" }, "purpose"},
		"replace, with an app":  {func(m *helpdesk.Minting) { m.Account, m.Purpose = "has-app", helpdesk.Replace }, ""},
		"signs in elsewhere":    {func(m *helpdesk.Minting) { m.Account = "Google_1" }, "account"},
		"an unknown language":   {func(m *helpdesk.Minting) { m.Language = "xx" }, "language"},
		"another language":      {func(m *helpdesk.Minting) { m.Language = "de" }, ""},
		"five minutes":          {func(m *helpdesk.Minting) { m.Lifetime = 5 * time.Minute }, ""},
		"less":                  {func(m *helpdesk.Minting) { m.Lifetime = 5*time.Minute - 1 }, "lifetime"},
		"the operator's most":   {func(m *helpdesk.Minting) { m.Lifetime = 24 * time.Hour }, ""},
		"more":                  {func(m *helpdesk.Minting) { m.Lifetime = 24*time.Hour + 1 }, "lifetime"},
		"backwards":             {func(m *helpdesk.Minting) { m.Lifetime = -time.Hour }, "lifetime"},
		"nobody named":          {func(m *helpdesk.Minting) { m.Account = "" }, "account"},
	} {
		w.clock.advance(time.Hour)
		wish := minting("ada")
		test.change(&wish)
		_, err := w.desk.Mint(w.ctx, w.agent("grace"), wish)
		got, _ := errors.AsType[*helpdesk.Error](err)
		if test.field == "" && err != nil || test.field != "" && (got == nil || got.Kind != helpdesk.BadInput || got.Field != test.field) {
			t.Errorf("%s: got %v, want the field %q", name, err, test.field)
		}
	}
	_, err := w.desk.Mint(w.ctx, w.agent("grace"), minting("nobody"))
	w.kind(err, helpdesk.NoSuchAccount)
}

// TestLinkIsBoundToTheAccountItself: a name that is given to somebody else gets nothing.
func TestLinkIsBoundToTheAccountItself(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	w.add("eve")
	link := w.mint(minting("ada"))
	opened := w.open(link)
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "eve", Held: opened.Held}), helpdesk.LinkOver)
	w.delete("ada")
	w.add("ada")
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}), helpdesk.LinkOver)
	_, err := w.desk.Open(w.ctx, link.Locator, link.Piece)
	w.kind(err, helpdesk.LinkOver)
}

// TestSomebodyIsCalledLikeAnothersSub: user names are free, and the pool takes a sub where it takes a name.
func TestSomebodyIsCalledLikeAnothersSub(t *testing.T) {
	w := inMemory(t, nil)
	sub := w.add("ada")
	link := w.mint(minting("ada"))
	w.delete("ada")
	w.add(sub)
	_, err := w.desk.Open(w.ctx, link.Locator, link.Piece)
	w.kind(err, helpdesk.LinkOver)
	_, err = w.desk.IssuePiece(w.ctx, w.agent("grace"), link.ID)
	w.kind(err, helpdesk.NoSuchAccount)

	w.add("bob")
	link = w.mint(minting("bob"))
	grace := w.sub("grace")
	w.delete("grace")
	w.add(grace, "desk")
	_, err = w.desk.Open(w.ctx, link.Locator, link.Piece)
	w.kind(err, helpdesk.LinkOver) // the agent is gone, whoever is called like him
}

// TestWhoeverOpensLastHolds: two browsers of one person never set up two apps.
func TestWhoeverOpensLastHolds(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	link := w.mint(minting("ada"))
	computer, phone := w.open(link).Held, w.open(link).Held
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: computer}), helpdesk.LinkOver)
	w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: phone}))
	// A link for a first set-up replaces nothing, whatever the pool told at sign-in.
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: phone, HasApp: true}), helpdesk.LinkOver)
	w.kind(w.desk.Spend(w.ctx, computer, "ada"), helpdesk.LinkOver)
	if w.log.raised("link.spent_when_over") != 1 {
		t.Errorf("alarms: %v", w.log.alarms)
	}
	w.kind(w.desk.Spend(w.ctx, helpdesk.Held{Invite: 99}, "ada"), helpdesk.NoSuchLink)
	w.ok(w.desk.Spend(w.ctx, phone, "ada"))
}

func TestHeldIsRead(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, "1.000102030405060708090a0b0c0d0e0f": true, "1": false, "1.00": false, ".000102030405060708090a0b0c0d0e0f": false,
		"1.000102030405060708090a0b0c0d0e0f00": false, "x.y": false, "1.zz0102030405060708090a0b0c0d0e0f": false,
	} {
		var h helpdesk.Held
		if err := h.UnmarshalText([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: got %v", text, err)
		}
		if back, err := h.MarshalText(); err != nil || ok && string(back) != text {
			t.Errorf("%q: written as %q, %v", text, back, err)
		}
	}
}

// TestMarkerOutlivesTheStore: a first set-up's link is worth nothing once the pool has an app, whatever the store lost.
func TestMarkerOutlivesTheStore(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	link := w.mint(minting("ada"))
	opened := w.open(link)
	w.setUp("ada") // and the store that was told of Spend has lost it
	_, err := w.desk.Open(w.ctx, link.Locator, link.Piece)
	w.kind(err, helpdesk.LinkOver)
	w.kind(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "ada", Held: opened.Held}), helpdesk.LinkOver)
}

// TestRightsAreJudgedAgain: between the link and its use, agents leave and accounts rise.
func TestRightsAreJudgedAgain(t *testing.T) {
	for name, change := range map[string]func(*world){
		"the agent has left the desk":   func(w *world) { w.leave("grace", "desk") },
		"the agent was switched off":    func(w *world) { w.disable("grace") },
		"the agent's account is gone":   func(w *world) { w.delete("grace") },
		"the account joined the desk":   func(w *world) { w.join("ada", "desk") },
		"the account became privileged": func(w *world) { w.join("ada", "finance") },
	} {
		t.Run(name, func(t *testing.T) {
			w := inMemory(t, nil)
			w.add("ada")
			w.add("teller", "finance") // makes the group
			link := w.mint(minting("ada"))
			held := w.open(link).Held
			attempt := helpdesk.Attempt{Account: "ada", Held: held}
			w.ok(w.desk.MayStart(w.ctx, attempt))
			change(w)
			w.kind(w.desk.MayStart(w.ctx, attempt), helpdesk.LinkOver)
			if shown, _, err := w.desk.Watch(w.ctx, w.agent("heidi"), link.ID, 0); err != nil || shown.Status != helpdesk.LinkRevoked {
				t.Errorf("got %s, %v, want it revoked", shown.Status, err)
			}
			if w.log.raised("link.agent_lost_rights") != 1 {
				t.Errorf("alarms: %v", w.log.alarms)
			}
			_, err := w.desk.Open(w.ctx, link.Locator, link.Piece)
			w.kind(err, helpdesk.LinkNotGood)
			assertWorld(t, w, "ada")
		})
	}
}

func TestLimits(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.add("ada")
		for range 3 {
			w.mint(minting("ada"))
		}
		_, err := w.node().Mint(w.ctx, w.agent("heidi"), minting("ada"))
		w.kind(err, helpdesk.TooMany) // of whichever agent, on whichever node
		if e, _ := errors.AsType[*helpdesk.Error](err); e.Wait <= 0 || e.Wait > time.Hour {
			t.Errorf("wait %s", e.Wait)
		}
		for i := range 17 {
			name := "user-" + string(rune('a'+i))
			w.add(name)
			if i == 7 && w.log.raised("agent.many_resets") != 0 {
				t.Error("alarm before the eleventh")
			}
			w.mint(minting(name))
		}
		if n := w.log.raised("agent.many_resets"); n != 10 {
			t.Errorf("%d alarms, want one for each of the last ten", n)
		}
		w.add("one-more")
		_, err = w.desk.Mint(w.ctx, w.agent("grace"), minting("one-more"))
		w.kind(err, helpdesk.TooMany)
		if w.log.raised("agent.too_many_resets") != 1 {
			t.Errorf("alarms: %v", w.log.alarms)
		}
		_, err = w.desk.Mint(w.ctx, w.agent("heidi"), minting("one-more"))
		w.ok(err)
		w.clock.advance(time.Hour)
		w.mint(minting("ada"))
	})
}

// TestKeysHaveLimitsOfTheirOwn: several people work with one ticket system; the operator says how many links it makes.
func TestKeysHaveLimitsOfTheirOwn(t *testing.T) {
	w := inMemory(t, nil)
	n := 0
	mint := func(key string) error {
		agent, err := w.desk.KeyAgent(key)
		w.ok(err)
		n++
		name := fmt.Sprintf("user-%d", n)
		w.add(name)
		_, err = w.desk.Mint(w.ctx, agent, minting(name))
		return err
	}
	for key, most := range map[string]int{"tickets": 60, "small": 3} {
		for i := range most {
			if err := mint(key); err != nil {
				t.Fatalf("%s, link %d of %d: %v", key, i+1, most, err)
			}
		}
		w.kind(mint(key), helpdesk.TooMany)
	}
	// From half of them on somebody is told: 30 of 60, and one of three.
	if many, tooMany := w.log.raised("agent.many_resets"), w.log.raised("agent.too_many_resets"); many != 31 || tooMany != 2 {
		t.Errorf("%d and %d alarms, want 31 and 2", many, tooMany)
	}
	w.mint(minting("user-63")) // nobody else's
	w.clock.advance(time.Hour)
	w.ok(mint("small"))
}

func TestSendLink(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	w.addUser(userpool.User{Username: "unverified", Password: password, Attributes: map[string]string{"email": "somebody@example.test"}})
	grace := w.agent("grace")
	link := w.mint(minting("ada"))
	w.ok(w.desk.SendLink(w.ctx, grace, link.ID, link.Locator))
	sent := w.outbox.sent["link-1"]
	if sent.To != "ada@example.test" || sent.Via != helpdesk.ViaEmail || !sent.Locator.Equal(link.Locator) || sent.Kind != helpdesk.NoticeLink || len(w.outbox.sent) != 1 {
		t.Errorf("sent %+v", w.outbox.sent)
	}
	other := w.mint(minting("unverified"))
	w.kind(w.desk.SendLink(w.ctx, grace, other.ID, other.Locator), helpdesk.BadInput)
	w.kind(w.desk.SendLink(w.ctx, grace, link.ID, other.Locator), helpdesk.BadInput)
	assertWorld(t, w, "ada")
}
