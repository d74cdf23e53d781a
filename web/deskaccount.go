package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/views"
)

// linksShown is how many links a page lists.
const linksShown = 15

// showDesk is where an agent begins: whom to look for, and the newest links.
func (s *Server) showDesk(c echo.Context, a deskAgent) error {
	return s.renderDesk(c, a, views.DeskHome{})
}

// lookUp leads to the account that was found, or lists several.
func (s *Server) lookUp(c echo.Context, a deskAgent) error {
	form, err := readForm(c, "account")
	if err != nil {
		return err
	}
	found, err := s.Desk.Find(c.Request().Context(), a.Agent, form["account"])
	if kind := helpdesk.KindOf(err); err != nil && kind != helpdesk.BadInput && kind != helpdesk.NoSuchAccount {
		return err
	}
	if len(found) == 1 {
		return s.goTo(c, accountPath(found[0].Sub))
	}
	home := views.DeskHome{Sought: form["account"], Nothing: len(found) == 0}
	for _, account := range found {
		home.Found = append(home.Found, s.deskAccount(c, account))
	}
	return s.renderDesk(c, a, home)
}

func (s *Server) renderDesk(c echo.Context, a deskAgent, home views.DeskHome) error {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // what is no number is the beginning
	links, err := s.Desk.Links(c.Request().Context(), a.Agent, before, linksShown)
	if err != nil {
		return err
	}
	home.Page = s.deskPage(c, a, "desk.home.title", home.Nothing)
	home.Links = s.deskLinks(c, a, links)
	if len(links) == linksShown {
		home.Older = deskHome + "?before=" + strconv.FormatInt(links[len(links)-1].ID, 10)
	}
	return s.render(c, formStatus(home.Nothing), views.DeskHomePage(home))
}

// showAccount is all that is known of an account, and what can be done.
func (s *Server) showAccount(c echo.Context, a deskAgent) error {
	known, err := s.Desk.Case(c.Request().Context(), a.Agent, c.Param("account"))
	if err != nil {
		return err
	}
	page := views.DeskCase{
		Page: s.deskPage(c, a, "desk.account.title", false), Account: s.deskAccount(c, known.Account),
		Pills: s.pills(c, known), Facts: s.facts(c, known), Links: s.deskLinks(c, a, known.Links), Resets: s.resets(c, a, known.Resets),
	}
	page.Title = page.Account.Shown()
	for _, op := range []helpdesk.Operation{helpdesk.OpMint, helpdesk.OpLostPhone} {
		page.Actions = append(page.Actions, s.action(c, known, op))
	}
	for _, entry := range known.Ledger {
		page.Ledger = append(page.Ledger, views.DeskEvent{
			At: entry.At, Text: s.printer(c).T("desk.event." + string(entry.Event)), By: s.who(c, a, entry.Actor), Detail: entry.Detail,
		})
	}
	page.Trail, page.TrailHref = s.deeds(c, a, known.Trail), accountPath(known.Account.Sub)+"/trail"
	return s.render(c, http.StatusOK, views.DeskCasePage(page))
}

// showTrail is all that was done to an account, a page at a time.
func (s *Server) showTrail(c echo.Context, a deskAgent) error {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // what is no number is the end
	account, deeds, err := s.Desk.Trail(c.Request().Context(), a.Agent, c.Param("account"), max(0, before), entriesShown)
	if err != nil {
		return err
	}
	page := views.DeskTrail{
		Page: s.deskPage(c, a, "desk.trail", false), Account: s.deskAccount(c, account), Deeds: s.deeds(c, a, deeds),
	}
	if len(deeds) == entriesShown {
		page.Older = accountPath(account.Sub) + "/trail?before=" + strconv.FormatInt(deeds[len(deeds)-1].Seq, 10)
	}
	return s.render(c, http.StatusOK, views.DeskTrailPage(page))
}

// deeds are what was done to an account as a list shows it: who, what, why, and what came of it.
func (s *Server) deeds(c echo.Context, a deskAgent, deeds []helpdesk.Deed) []views.DeskDeed {
	list := make([]views.DeskDeed, 0, len(deeds))
	for _, deed := range deeds {
		row := views.DeskDeed{At: deed.At, By: s.who(c, a, deed.Actor), Action: deed.Action, Detail: deed.Detail, Result: deed.Result}
		switch {
		case !deed.Answered:
			row.Tone, row.Result = "warn", s.printer(c).T("desk.trail_no_result")
		case strings.HasPrefix(deed.Result, "failed"):
			row.Tone = "bad"
		}
		list = append(list, row)
	}
	return list
}

// action is a button, or why there is none.
func (s *Server) action(c echo.Context, known helpdesk.Case, op helpdesk.Operation) views.DeskAction {
	path, key := "/link", "desk.account.link"
	if op == helpdesk.OpLostPhone {
		path, key = "/lost-phone", "desk.account.lost"
		if slices.ContainsFunc(known.Resets, func(r helpdesk.Reset) bool { return r.DoneAt.IsZero() }) {
			key = "desk.account.lost_open"
		}
	}
	action := views.DeskAction{Text: s.printer(c).T(key), Href: accountPath(known.Account.Sub) + path, Quiet: op == helpdesk.OpLostPhone}
	if err := known.May[op]; err != nil {
		action.Href, action.Why = "", s.refusal(c, err)
	}
	if known.Account.Federated() {
		action.Href, action.Why = "", s.printer(c).T("desk.account.federated")
	}
	return action
}

// pills are an account's state in a word each.
func (s *Server) pills(c echo.Context, known helpdesk.Case) []views.Pill {
	pill := func(key, tone string, pairs ...string) views.Pill {
		return views.Pill{Text: s.printer(c).T("desk.pill."+key, pairs...), Tone: tone}
	}
	tone := map[helpdesk.AppState]string{helpdesk.AppListed: "ok", helpdesk.AppRecorded: "ok", helpdesk.AppNotListed: "warn"}[known.App]
	pills := []views.Pill{pill("app_"+string(known.App), tone)}
	for _, method := range known.Account.Methods {
		if method != enroll.MethodApp {
			pills = append(pills, pill(method.String(), ""))
		}
	}
	for _, each := range []struct {
		there bool
		key   string
		tone  string
	}{
		{!known.Account.Enabled, "disabled", "bad"},
		{!known.FrozenAt.IsZero(), "frozen", "bad"},
		{known.Privileged, "privileged", "warn"},
	} {
		if each.there {
			pills = append(pills, pill(each.key, each.tone))
		}
	}
	if known.Rank != helpdesk.NoRank {
		pills = append(pills, pill("rank_"+known.Rank.String(), ""))
	}
	return pills
}

// facts are what is known in whole sentences, also what Cognito cannot tell.
func (s *Server) facts(c echo.Context, known helpdesk.Case) []views.Fact {
	p, account := s.printer(c), known.Account
	reach := func(term, value string, verified bool) views.Fact {
		fact := views.Fact{Term: p.T(term), Data: value}
		if value != "" && !verified {
			fact.Text = p.T("desk.fact.unverified")
		}
		return fact
	}
	signIn := views.Fact{Term: p.T("desk.fact.last_sign_in"), At: known.LastSignIn}
	if known.LastSignIn.IsZero() {
		signIn.Text = p.T("desk.fact.not_told")
	}
	facts := []views.Fact{
		{Term: p.T("desk.fact.username"), Data: account.Username},
		reach("desk.fact.email", account.Email, account.EmailVerified),
		reach("desk.fact.phone", account.Phone, account.PhoneVerified),
		{Term: p.T("desk.fact.status"), Text: s.statusText(c, account.Status)},
		{Term: p.T("desk.fact.app"), Text: p.T("desk.app." + string(known.App))},
		signIn,
		{Term: p.T("desk.fact.frozen"), At: known.FrozenAt},
		{Term: p.T("desk.fact.groups"), Data: strings.Join(known.Groups, p.T("layout.comma"))},
		{Term: p.T("desk.fact.created"), At: account.Created},
	}
	return slices.DeleteFunc(facts, func(f views.Fact) bool { return f.Data == "" && f.Text == "" && f.At.IsZero() })
}

// statusText is an account's state in the pool in our words.
func (s *Server) statusText(c echo.Context, status helpdesk.Status) string {
	key := "desk.status." + strings.ToLower(string(status))
	if !s.printer(c).Has(key) {
		return string(status)
	}
	return s.printer(c).T(key)
}

func (s *Server) deskAccount(c echo.Context, a helpdesk.Account) views.DeskAccount {
	return views.DeskAccount{Path: accountPath(a.Sub), Username: a.Username, Name: a.Name, Email: a.Email, Status: s.statusText(c, a.Status), Enabled: a.Enabled}
}

// resets are an account's resets, each of which leads to its page.
func (s *Server) resets(c echo.Context, a deskAgent, resets []helpdesk.Reset) []views.DeskReset {
	list := make([]views.DeskReset, 0, len(resets))
	for _, reset := range resets {
		list = append(list, views.DeskReset{
			At: reset.CreatedAt, Ticket: reset.Ticket, By: s.who(c, a, reset.Agent), Done: !reset.DoneAt.IsZero(), Href: accountPath(reset.Account) + "/lost-phone",
		})
	}
	return list
}

// deskLinks are links as a list shows them.
func (s *Server) deskLinks(c echo.Context, a deskAgent, links []helpdesk.Link) []views.DeskLink {
	list := make([]views.DeskLink, 0, len(links))
	for _, link := range links {
		list = append(list, s.deskLink(c, a, link))
	}
	return list
}

func (s *Server) deskLink(c echo.Context, a deskAgent, link helpdesk.Link) views.DeskLink {
	row := views.DeskLink{
		Href: linkPath(link.ID), Account: link.Username, AccountHref: accountPath(link.Account), Ticket: link.Ticket, By: s.who(c, a, link.Agent),
		State: s.printer(c).T("desk.link." + string(link.Status)), Tone: linkTone(link.Status), At: link.CreatedAt,
	}
	if row.Account == "" {
		row.Account = s.nameOf(c, a, link.Account)
	}
	if link.Status == helpdesk.LinkLive || link.Status == helpdesk.LinkOpened {
		row.Ends = s.left(c, link.ExpiresAt)
	}
	return row
}

func linkTone(status helpdesk.LinkStatus) string {
	switch status {
	case helpdesk.LinkSpent:
		return "ok"
	case helpdesk.LinkOpened:
		return "warn"
	case helpdesk.LinkLocked, helpdesk.LinkExpired, helpdesk.LinkRevoked:
		return "bad"
	case helpdesk.LinkLive, helpdesk.LinkCancelled:
	}
	return ""
}

// left is how long it is until a moment.
func (s *Server) left(c echo.Context, until time.Time) string {
	switch d := until.Sub(s.Now()); {
	case d < time.Minute:
		return s.printer(c).T("desk.in_a_minute")
	case d < 2*time.Hour:
		return s.printer(c).N("desk.in_minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return s.printer(c).N("desk.in_hours", int(d.Hours()))
	default:
		return s.printer(c).N("desk.in_days", int(d.Hours()/24))
	}
}

// who is an agent of a record in words: of those of the pages the account's name.
func (s *Server) who(c echo.Context, a deskAgent, recorded string) string {
	if sub, found := strings.CutPrefix(recorded, helpdesk.Page.String()+":"); found {
		return s.nameOf(c, a, sub)
	}
	return recorded
}

// nameOf is the user name of the account with a sub, as often as not remembered: it never changes. What cannot be told is
// the sub, and so is who is gone.
func (s *Server) nameOf(c echo.Context, a deskAgent, sub string) string {
	if name, known := s.names.get(sub, s.Now()); known {
		return name
	}
	name, err := s.Desk.Name(c.Request().Context(), a.Agent, sub)
	if err != nil {
		return sub
	}
	s.names.put(sub, name, s.Now())
	return cmp.Or(name, sub)
}

// names remembers user names by sub.
type names struct {
	mu    sync.Mutex
	bySub map[string]remembered
}

// remembered is a name that was looked up; "" is nobody's.
type remembered struct {
	name string
	at   time.Time
}

// nobodyFor is how long nobody is remembered: the pool lists an account a moment after it is made.
const nobodyFor = 10 * time.Minute

// mostNames is how many are remembered: then it begins anew.
const mostNames = 5000

func (n *names) get(sub string, now time.Time) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	found, known := n.bySub[sub]
	if found.name == "" && now.Sub(found.at) > nobodyFor {
		return "", false
	}
	return cmp.Or(found.name, sub), known
}

func (n *names) put(sub, name string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.bySub == nil || len(n.bySub) >= mostNames {
		n.bySub = map[string]remembered{}
	}
	n.bySub[sub] = remembered{name, now}
}
