package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
)

// locator is what the address of a link holds.
func (n newInvite) locator() secret.Text {
	_, locator, _ := strings.Cut(n.URL, "/i/")
	return secret.New(locator)
}

// opens reports whether a piece opens a link.
func (p *portal) opens(n newInvite, piece string) bool {
	p.t.Helper()
	_, err := p.apiDesk(p.clock.Now).Open(p.t.Context(), n.locator(), secret.New(piece))
	return err == nil
}

func (a *app) invitePath(n newInvite) string { return fmt.Sprintf("/api/v1/invites/%d", n.Invite.ID) }

func (a *app) statusOf(n newInvite) string {
	a.t.Helper()
	var now struct{ Status string }
	a.call(http.MethodGet, a.invitePath(n), "").want(http.StatusOK, "").read(&now)
	return now.Status
}

func TestATicketSystemMakesALink(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	a := p.app(ticketKey)
	made := a.invite(wish("ada", "language", `"de"`, "lifetime_seconds", "7200"))
	if want := p.server.URL + "/i/"; !strings.HasPrefix(made.URL, want) || a.header.Get("Location") != a.invitePath(made) || made.Mail != "not_asked" {
		t.Errorf("got %+v, Location %s", made, a.header.Get("Location"))
	}
	if status := a.statusOf(made); status != "live" || strings.Contains(a.body, made.Spoken.Piece) || strings.Contains(a.body, made.locator().Reveal()) {
		t.Errorf("asked for again: %s", a.body)
	}
	if p.opens(made, "0000-0000") || !p.opens(made, made.Spoken.Piece) || a.statusOf(made) != "opened" {
		t.Error("the piece does not open the link, or another does")
	}
	var second struct{ Piece string }
	a.call(http.MethodPost, a.invitePath(made)+"/piece", "").want(http.StatusCreated, "").read(&second)
	if p.opens(made, made.Spoken.Piece) || !p.opens(made, second.Piece) {
		t.Error("another piece does not take the first one's place")
	}
	newer := a.invite(wish("ada"))
	if a.statusOf(made) != "cancelled" || p.opens(made, second.Piece) {
		t.Error("the older link still works")
	}
	a.call(http.MethodDelete, a.invitePath(newer), "").want(http.StatusNoContent, "")
	if a.statusOf(newer) != "revoked" || p.opens(newer, newer.Spoken.Piece) {
		t.Error("a revoked link still works")
	}
	a.call(http.MethodDelete, a.invitePath(newer), "").want(http.StatusNotFound, "no_such_link")
	a.call(http.MethodPost, a.invitePath(newer)+"/piece", "").want(http.StatusNotFound, "no_such_link")
}

// A key acts as an agent of its rank: not on agents, not on privileged accounts, not more often than a
// ticket system needs.
func TestAKeyIsAnAgent(t *testing.T) {
	p := openPortal(t)
	p.addPerson("dana", userpool.HelpDeskGroup)
	p.addPerson("cfo", "finance")
	a := p.app(ticketKey)
	a.call(http.MethodPost, "/api/v1/invites", wish("dana")).want(http.StatusForbidden, "not_allowed")
	a.call(http.MethodPost, "/api/v1/invites", wish("cfo")).want(http.StatusForbidden, "needs_approval")
	for i := range 60 {
		name := fmt.Sprintf("user%d", i)
		p.addPerson(name)
		a.invite(wish(name))
	}
	p.addPerson("ada")
	a.call(http.MethodPost, "/api/v1/invites", wish("ada")).want(http.StatusTooManyRequests, "too_many")
	if wait := a.header.Get("Retry-After"); wait != "60" {
		t.Errorf("Retry-After %q, want the minute until there is room for another", wait)
	}
	p.clock.advance(time.Minute)
	a.invite(wish("ada"))
}

func TestALinkIsMailed(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	p.must(p.pool.AddUser(userpool.User{Username: "fred", Password: password, Attributes: map[string]string{"email": "fred@example.test"}}))
	a := p.app(ticketKey)
	made := a.invite(wish("ada", "mail", "true"))
	if len(p.mailbox.sent) != 1 || made.Mail != "sent" {
		t.Fatalf("%d mails, %s", len(p.mailbox.sent), made.Mail)
	}
	if n := p.mailbox.sent[0]; n.To != "ada@example.test" || n.Kind != helpdesk.NoticeLink || n.Locator.Reveal() != made.locator().Reveal() {
		t.Errorf("got a mail to %s", n.To)
	}
	if other := a.invite(wish("fred", "mail", "true")); other.Mail != "no_address" || len(p.mailbox.sent) != 1 {
		t.Errorf("an address that is not verified: %s", other.Mail)
	}
	p.mailbox.fail = errMail
	late := a.invite(wish("ada", "mail", "true"))
	if late.Mail != "failed" || !p.opens(late, late.Spoken.Piece) {
		t.Errorf("no mail server: %s, want a link all the same", late.Mail)
	}
	mail := fmt.Sprintf(`{"url":%q}`, late.URL)
	a.call(http.MethodPost, a.invitePath(late)+"/mail", mail).want(http.StatusServiceUnavailable, "not_sent")
	p.mailbox.fail = nil
	p.clock.advance(time.Hour)
	late = a.invite(wish("ada"))
	mail = fmt.Sprintf(`{"url":%q}`, late.URL)
	a.call(http.MethodPost, a.invitePath(late)+"/mail", mail).want(http.StatusNoContent, "")
	for _, address := range []string{made.URL, p.server.URL + "/i/", p.server.URL + "/i/x/../" + late.locator().Reveal(), late.locator().Reveal(), "https://evil.example/i/" + late.locator().Reveal()} {
		a.call(http.MethodPost, a.invitePath(late)+"/mail", fmt.Sprintf(`{"url":%q}`, address)).want(http.StatusUnprocessableEntity, "bad_input")
	}
	if len(p.mailbox.sent) != 2 {
		t.Errorf("%d mails, want two", len(p.mailbox.sent))
	}
}

func TestTheSameRequestTwiceIsOneLink(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	a := p.app(ticketKey)
	send := func(name, body string) *app {
		return a.call(http.MethodPost, "/api/v1/invites", body, "Idempotency-Key", name)
	}
	var first newInvite
	send("INC-1", wish("ada", "mail", "true")).want(http.StatusCreated, "").read(&first)
	answer := a.body
	for range 4 { // more often than links can be made
		if send("INC-1", wish("ada", "mail", "true")).want(http.StatusCreated, ""); a.body != answer || a.header.Get("Idempotency-Replayed") != "true" || a.header.Get("Location") == "" {
			t.Fatalf("got %s\nwant %s", a.body, answer)
		}
	}
	if len(p.mailbox.sent) != 1 {
		t.Errorf("%d mails, want one", len(p.mailbox.sent))
	}
	send("INC-1", wish("ada")).want(http.StatusConflict, "idempotency_key_reused")
	for _, bad := range []string{strings.Repeat("x", 129), "with space", "ümlaut"} {
		send(bad, wish("ada")).want(http.StatusBadRequest, "bad_request")
	}
	p.app(ticketKey).call(http.MethodPost, "/api/v1/invites", wish("ada"), "Idempotency-Key", "INC-2")
	if a.statusOf(first) != "cancelled" {
		t.Error("another name is not another link")
	}
	p.clock.advance(24*time.Hour + time.Second)
	var next newInvite
	if send("INC-1", wish("ada")).want(http.StatusCreated, "").read(&next); next.Invite.ID == first.Invite.ID {
		t.Error("a day later the name still counts")
	}
}

// A piece that is no longer heard is not given again: read out, it would cost a try.
func TestAnAnswerGivenAgainHasNoPieceThatIsOver(t *testing.T) {
	for what, ends := range map[string]func(p *portal, a *app, first newInvite){
		"nothing happened":  func(*portal, *app, newInvite) {},
		"opened meanwhile":  func(p *portal, _ *app, first newInvite) { p.opens(first, first.Spoken.Piece) },
		"ten minutes later": func(p *portal, _ *app, _ newInvite) { p.clock.advance(10 * time.Minute) },
		"another piece is made": func(p *portal, a *app, first newInvite) {
			p.clock.advance(time.Second)
			a.call(http.MethodPost, a.invitePath(first)+"/piece", "").want(http.StatusCreated, "")
		},
		"revoked":    func(_ *portal, a *app, first newInvite) { a.call(http.MethodDelete, a.invitePath(first), "") },
		"newer link": func(_ *portal, a *app, _ newInvite) { a.invite(wish("ada")) },
	} {
		p := openPortal(t)
		p.addPerson("ada")
		a := p.app(ticketKey)
		first := a.invite(wish("ada"), "Idempotency-Key", "k")
		ends(p, a, first)
		again := a.invite(wish("ada"), "Idempotency-Key", "k")
		heard := what == "nothing happened" || what == "opened meanwhile"
		if again.Invite.ID != first.Invite.ID || again.URL != first.URL || (again.Spoken != nil) != heard {
			t.Errorf("%s: got %s", what, a.body)
		}
	}
}

func TestOfManyEqualRequestsOneMakesALink(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		ids  = map[int64]int{}
		busy int
	)
	for range 20 {
		all.Go(func() {
			a := p.app(ticketKey).call(http.MethodPost, "/api/v1/invites", wish("ada"), "Idempotency-Key", "k")
			var made newInvite
			_ = json.Unmarshal([]byte(a.body), &made)
			mu.Lock()
			defer mu.Unlock()
			if a.status == http.StatusConflict && a.header.Get("Retry-After") == "1" {
				busy++
			} else {
				ids[made.Invite.ID]++
			}
		})
	}
	all.Wait()
	if len(ids) != 1 || ids[0] != 0 {
		t.Errorf("got links %v and %d told to wait, want one link", ids, busy)
	}
}

// What failed is not kept: sent again, the request is tried again.
func TestAFailureIsNotGivenAgain(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	a := p.app(ticketKey)
	p.pool.FailNext("AdminGetUser", userpool.Fault{Kind: userpool.FaultInternal, Times: 3})
	a.call(http.MethodPost, "/api/v1/invites", wish("ada"), "Idempotency-Key", "k").want(http.StatusServiceUnavailable, "pool_down")
	p.pool.ClearFaults()
	a.invite(wish("ada"), "Idempotency-Key", "k")
}

// Another application does not get the answer by the same name, and neither does who reads the store.
func TestAnswersAreTheCallersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "portal.db")
	p := openPortal(t, func(o *portalOptions) { o.store = "sqlite:" + file })
	p.addPerson("ada")
	a := p.app(ticketKey)
	made := a.invite(wish("ada"), "Idempotency-Key", "k")
	p.app(juniorKey).call(http.MethodPost, "/api/v1/invites", wish("ada"), "Idempotency-Key", "k").want(http.StatusForbidden, "not_allowed")
	p.must(p.store.Close()) // all of it is in the one file then
	content, err := os.ReadFile(file)
	p.must(err)
	for what, text := range map[string]string{"database": string(content), "log": p.log.String()} {
		for _, canary := range []string{made.Spoken.Piece, strings.ReplaceAll(made.Spoken.Piece, "-", ""), made.locator().Reveal(), strings.ToUpper(made.locator().Reveal()), ticketKey} {
			if strings.Contains(text, canary) {
				t.Errorf("%q is in the %s", canary, what)
			}
		}
	}
	if !strings.Contains(string(content), "INC-1") {
		t.Error("nothing is in the database")
	}
}

func TestTheLedgerHasPages(t *testing.T) {
	p := openPortal(t)
	for i := range 5 {
		p.must(p.recordSetUp(t, fmt.Sprintf("user%d", i)))
	}
	a := p.app(reportKey)
	var seen []string
	for next := "&before=99"; next != ""; {
		var page struct {
			Entries []struct{ Account, Event string }
			Next    *int64
		}
		a.call(http.MethodGet, "/api/v1/ledger?limit=2"+next, "").want(http.StatusOK, "").read(&page)
		for _, e := range page.Entries {
			seen = append(seen, e.Account+" "+e.Event)
		}
		if next = ""; page.Next != nil {
			next = fmt.Sprintf("&before=%d", *page.Next)
		}
	}
	if got, want := strings.Join(seen, ", "), "user4 set_up, user3 set_up, user2 set_up, user1 set_up, user0 set_up"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	a.call(http.MethodGet, "/api/v1/ledger?account=user3", "").want(http.StatusOK, "")
	if strings.Count(a.body, `"id"`) != 1 || !strings.Contains(a.body, "user3") {
		t.Errorf("of one account: %s", a.body)
	}
}

func TestCoverageInFiguresAndInRows(t *testing.T) {
	p := openPortal(t)
	p.addPerson("=cmd", "staff")
	p.addPerson("alan", "staff")
	a := p.app(reportKey)
	a.call(http.MethodGet, "/api/v1/coverage", "").want(http.StatusOK, "")
	if !strings.Contains(a.body, `"swept_at":null`) {
		t.Errorf("before the first sweep: %s", a.body)
	}
	_, err := p.apiDesk(p.clock.Now).Sweep(t.Context(), helpdesk.CLIAgent("operator"), helpdesk.SweepBudget{PerSecond: 1000})
	p.must(err)
	var figures struct {
		Groups []struct {
			Group  string
			Counts map[string]int
		}
	}
	a.call(http.MethodGet, "/api/v1/coverage", "").want(http.StatusOK, "").read(&figures)
	if len(figures.Groups) != 2 || figures.Groups[1].Group != "staff" || figures.Groups[1].Counts["pending"] != 2 || strings.Contains(a.body, "alan") {
		t.Errorf("got %s", a.body)
	}
	a.call(http.MethodGet, "/api/v1/coverage.csv", "").want(http.StatusOK, "")
	if rows := strings.Split(strings.TrimSpace(a.body), "\r\n"); len(rows) != 3 || !strings.HasPrefix(rows[1], "'=cmd") || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("got %q", a.body)
	}
	trail, err := p.store.Audit(t.Context(), 0, 100)
	p.must(err)
	if last := trail[len(trail)-1]; last.Actor != "api:reports" {
		t.Errorf("the export is not in the audit trail: %+v", last)
	}
}
