package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/views"
)

// showLostPhone is the form, or how a reset stands that has begun.
func (s *Server) showLostPhone(c echo.Context, a deskAgent) error {
	return s.renderLostPhone(c, a, nil, nil)
}

// lostPhone does the whole reset. What fails is on the page that follows, and can be gone on with there.
func (s *Server) lostPhone(c echo.Context, a deskAgent) error {
	form, err := readForm(c, whyFields...)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	known, err := s.Desk.Case(ctx, a.Agent, c.Param("account"))
	if err != nil {
		return err
	}
	approval, err := s.approvalFor(c, a, known, helpdesk.OpLostPhone)
	if err != nil {
		return err
	}
	report, err := s.Desk.LostPhone(ctx, a.Agent, helpdesk.LostPhone{
		Account: known.Account.Sub, Ticket: form["ticket"], Reason: form["reason"], Proof: form["proof"],
		Lifetime: lifetime(form["lifetime"]), Language: form["language"], Approval: approval.ID,
	})
	if report.Reset.ID == 0 && deskOnForm(c, err) {
		return s.renderLostPhone(c, a, form, err)
	}
	return s.resetDone(c, a, report, err)
}

// resumeReset goes on with what is left of a reset. Who has the link's locator keeps the link.
func (s *Server) resumeReset(c echo.Context, a deskAgent) error {
	form, err := readForm(c, "reset")
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(form["reset"], 10, 64)
	if err != nil {
		return echo.ErrNotFound
	}
	known, err := s.Desk.Case(c.Request().Context(), a.Agent, c.Param("account"))
	if err != nil {
		return err
	}
	has := false
	for _, reset := range known.Resets {
		has = has || reset.ID == id && a.session.shown(reset.Invite).Locator != ""
	}
	report, err := s.Desk.Resume(c.Request().Context(), a.Agent, id, !has)
	return s.resetDone(c, a, report, err)
}

// resetDone keeps the link's secrets and shows the parts, whether or not all are done.
func (s *Server) resetDone(c echo.Context, a deskAgent, report helpdesk.ResetReport, err error) error {
	if report.Reset.ID == 0 {
		return err
	}
	if err != nil {
		logCause(c, err)
	}
	if link := report.Link; !link.Locator.IsZero() || !link.Piece.IsZero() {
		if err := s.keepNew(c, a, link); err != nil {
			return err
		}
	}
	return s.goTo(c, accountPath(report.Reset.Account)+"/lost-phone")
}

func (s *Server) renderLostPhone(c echo.Context, a deskAgent, typed map[string]string, failure error) error {
	known, err := s.Desk.Case(c.Request().Context(), a.Agent, c.Param("account"))
	if err == nil {
		err = known.May[helpdesk.OpLostPhone]
	}
	if err != nil {
		return err
	}
	reset, found := present(known, c.QueryParams().Has("new"))
	unapproved := known.Privileged && reset.Approval == 0 && reset.DoneAt.IsZero() // begun when none was needed: ask for it
	if found && failure == nil && !unapproved {
		return s.renderReset(c, a, known, reset)
	}
	form, err := s.deskForm(c, a, known, helpdesk.OpLostPhone, typed, failure)
	if err != nil {
		return err
	}
	form.Page = s.deskPage(c, a, "desk.form.title_"+form.Kind, failure != nil)
	return s.render(c, deskFormStatus(failure), views.DeskFormPage(form))
}

// present is the reset that an account's page is about: one that is not done or, unless another one is asked for, the
// last one while its link can be used.
func present(known helpdesk.Case, another bool) (helpdesk.Reset, bool) {
	for _, reset := range known.Resets {
		if reset.DoneAt.IsZero() {
			return reset, true
		}
		for _, link := range known.Links {
			if !another && link.ID == reset.Invite && (link.Status == helpdesk.LinkLive || link.Status == helpdesk.LinkOpened) {
				return reset, true
			}
		}
	}
	return helpdesk.Reset{}, false
}

// renderReset shows every part with what came of it.
func (s *Server) renderReset(c echo.Context, a deskAgent, known helpdesk.Case, reset helpdesk.Reset) error {
	p := s.printer(c)
	page := views.DeskLost{
		Page: s.deskPage(c, a, "desk.reset.title", false), Account: s.deskAccount(c, known.Account), Action: accountPath(reset.Account) + "/lost-phone/go-on",
		ID: strconv.FormatInt(reset.ID, 10), Done: !reset.DoneAt.IsZero(), Ticket: reset.Ticket, By: s.who(c, a, reset.Agent),
	}
	if reset.Invite != 0 {
		page.Link = linkPath(reset.Invite)
	}
	done := map[helpdesk.PartName]helpdesk.Part{}
	for _, part := range reset.Parts {
		done[part.Name] = part
	}
	for _, name := range helpdesk.PartNames() {
		part, tried := done[name]
		row := views.DeskPart{Text: p.T("desk.part." + string(name)), Result: p.T("desk.part.not_yet"), At: part.At}
		switch {
		case part.Done:
			row.Tone, row.Result = "ok", s.partResult(c, part.Result)
		case tried:
			row.Tone, row.Result = "bad", p.T("desk.part.failed", "why", s.kindText(c, part.Result))
		}
		page.Parts = append(page.Parts, row)
		if name == helpdesk.PartSessions && part.Done {
			page.TokensUntil = part.At.Add(s.Desk.Rules().TokenLife)
		}
	}
	return s.render(c, http.StatusOK, views.DeskResetPage(page))
}

// partResult words what a part has done: a word of the desk's, perhaps with a number.
func (s *Server) partResult(c echo.Context, result string) string {
	var n int
	word := result
	for i, r := range result {
		if r == ' ' {
			word = result[:i]
			n, _ = strconv.Atoi(result[i+1:]) // not a number: none
		}
	}
	key := "desk.result." + word
	if !s.printer(c).Has(key) {
		return result
	}
	return s.printer(c).N(key, n)
}

// kindText words the kind of a failure that was recorded.
func (s *Server) kindText(c echo.Context, kind string) string {
	if key := "desk.problem." + kind; s.printer(c).Has(key) {
		return s.printer(c).T(key)
	}
	return kind
}
