package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/secret"
	"cognito-enroll/views"
)

// whyFields are what every link, reset and request comes with.
//
//nolint:gochecknoglobals // an immutable list
var whyFields = []string{"ticket", "reason", "proof", "lifetime", "language"}

// showMint asks why, or, for a privileged account, for what a second person must agree to.
func (s *Server) showMint(c echo.Context, a deskAgent) error {
	return s.renderMint(c, a, nil, nil)
}

func (s *Server) renderMint(c echo.Context, a deskAgent, typed map[string]string, failure error) error {
	known, err := s.Desk.Case(c.Request().Context(), a.Agent, c.Param("account"))
	if err == nil {
		err = known.May[helpdesk.OpMint]
	}
	if err != nil {
		return err
	}
	form, err := s.deskForm(c, a, known, helpdesk.OpMint, typed, failure)
	if err != nil {
		return err
	}
	form.Page = s.deskPage(c, a, "desk.form.title_"+form.Kind, failure != nil)
	return s.render(c, deskFormStatus(failure), views.DeskFormPage(form))
}

// mint makes the link. The agent's cookie keeps its secrets, so that its page can be loaded again.
func (s *Server) mint(c echo.Context, a deskAgent) error {
	form, err := readForm(c, whyFields...)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	known, err := s.Desk.Case(ctx, a.Agent, c.Param("account"))
	if err != nil {
		return err
	}
	approval, err := s.approvalFor(c, a, known, helpdesk.OpMint)
	if err != nil {
		return err
	}
	wish := helpdesk.Minting{
		Account: known.Account.Sub, Purpose: helpdesk.FirstSetUp, Ticket: form["ticket"], Reason: form["reason"], Proof: form["proof"],
		Lifetime: lifetime(form["lifetime"]), Language: form["language"], Approval: approval.ID,
	}
	if known.App != helpdesk.AppNotListed {
		wish.Purpose = helpdesk.Replace
	}
	link, err := s.Desk.Mint(ctx, a.Agent, wish)
	if deskOnForm(c, err) {
		return s.renderMint(c, a, form, err)
	}
	if err != nil {
		return err
	}
	s.meters.funnel.Add(stageInvited)
	return s.showNew(c, a, link)
}

// showNew leads to the page of a link that was just made.
func (s *Server) showNew(c echo.Context, a deskAgent, link helpdesk.NewLink) error {
	if err := s.keepNew(c, a, link); err != nil {
		return err
	}
	return s.goTo(c, linkPath(link.ID))
}

func (s *Server) keepNew(c echo.Context, a deskAgent, link helpdesk.NewLink) error {
	shown := shownLink{Invite: link.ID, Locator: link.Locator.Reveal(), Piece: link.Piece.Reveal(), PieceEnds: link.PieceEnds}
	if shown.Locator == "" { // a run that went on with a link made before
		shown.Locator = a.session.shown(link.ID).Locator
	}
	a.session.Shown = shown
	return s.writeDesk(c, a.session)
}

// lifetime reads a choice of deskForm: what is none is the rules' usual one.
func lifetime(text string) time.Duration {
	minutes, err := strconv.Atoi(text)
	if err != nil || minutes < 0 || minutes > int(maxLifetime.Minutes()) {
		return 0
	}
	return time.Duration(minutes) * time.Minute
}

// maxLifetime is more than any link's.
const maxLifetime = 366 * 24 * time.Hour

// deskForm is the form for a link, a lost phone, or the request for one of them.
func (s *Server) deskForm(c echo.Context, a deskAgent, known helpdesk.Case, op helpdesk.Operation, typed map[string]string, failure error) (views.DeskForm, error) {
	approval, err := s.approvalFor(c, a, known, op)
	if err != nil {
		return views.DeskForm{}, err
	}
	form := views.DeskForm{
		Kind: string(op), Account: s.deskAccount(c, known.Account), Action: c.Request().URL.EscapedPath(), Operation: string(op), Typed: typed, Field: fieldOf(failure),
	}
	switch {
	case known.Privileged && approval.State != helpdesk.ApprovalApproved && approval.State != "":
		form.Waiting = s.printer(c).T("desk.form.waiting")
	case known.Privileged && approval.State == "":
		form.Kind, form.Action = "ask", accountPath(known.Account.Sub)+"/ask"
	case known.Privileged && typed == nil:
		form.Typed = map[string]string{"ticket": approval.Ticket, "reason": approval.Reason, "proof": approval.Proof}
	}
	if failure != nil {
		form.Error = i18n.Rich{{Text: s.refusal(c, failure)}}
	}
	form.Lifetimes, form.Languages = s.lifetimes(c, typed["lifetime"]), s.languages(c, known.Account.Locale, typed["language"])
	return form, nil
}

// approvalFor is the request of an agent for a privileged account that is not over: one that was approved, and so the
// oldest of those, before one that waits, which a second click may have made. The zero one where none is needed, or there
// is none.
func (s *Server) approvalFor(c echo.Context, a deskAgent, known helpdesk.Case, op helpdesk.Operation) (helpdesk.Approval, error) {
	if !known.Privileged {
		return helpdesk.Approval{}, nil
	}
	all, err := s.Desk.Approvals(c.Request().Context(), a.Agent)
	if err != nil {
		return helpdesk.Approval{}, err
	}
	var waiting helpdesk.Approval
	for _, approval := range all {
		switch {
		case approval.Account != known.Account.Sub, approval.Operation != op, approval.Agent != a.String():
		case approval.State == helpdesk.ApprovalApproved:
			return approval, nil
		default:
			waiting = approval
		}
	}
	return waiting, nil
}

// lifetimes are what the rules allow of the usual ones.
func (s *Server) lifetimes(c echo.Context, chosen string) []views.Option {
	rules, p := s.Desk.Rules(), s.printer(c)
	lives := []time.Duration{
		5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, rules.Lifetime,
	}
	slices.Sort(lives)
	var options []views.Option
	for _, life := range slices.Compact(lives) {
		if life < rules.MinLifetime || life > rules.MaxLifetime {
			continue
		}
		option := views.Option{Value: strconv.Itoa(int(life.Minutes()))}
		switch {
		case life < time.Hour:
			option.Text = p.N("desk.minutes", int(life.Minutes()))
		case life < 24*time.Hour:
			option.Text = p.N("desk.hours", int(life.Hours()))
		default:
			option.Text = p.N("desk.days", int(life.Hours()/24))
		}
		option.Chosen = chosen == option.Value || chosen == "" && life == rules.Lifetime
		options = append(options, option)
	}
	return options
}

// languages are those that a link can be in; the account's own is chosen at first, or the agent's if nobody knows it.
func (s *Server) languages(c echo.Context, locale, chosen string) []views.Option {
	allowed := s.Desk.Rules().Languages
	if chosen == "" {
		chosen = s.Brand.Languages.Match(locale, s.printer(c).Lang()).Lang()
		if len(allowed) > 0 && !slices.Contains(allowed, chosen) {
			chosen = allowed[0]
		}
	}
	var options []views.Option
	for _, each := range s.Brand.Languages.All() {
		if len(allowed) == 0 || slices.Contains(allowed, each.Tag) {
			options = append(options, views.Option{Value: each.Tag, Text: each.Name, Lang: each.Tag, Chosen: each.Tag == chosen})
		}
	}
	return options
}

func deskFormStatus(failure error) int {
	if failure == nil {
		return http.StatusOK
	}
	return deskStatus(helpdesk.KindOf(failure))
}

// issuePiece makes another spoken piece for a link.
func (s *Server) issuePiece(c echo.Context, a deskAgent) error {
	return s.onLink(c, func(link int64) error {
		piece, err := s.Desk.IssuePiece(c.Request().Context(), a.Agent, link)
		if err != nil {
			return err
		}
		a.session.Shown = shownLink{Invite: link, Locator: a.session.shown(link).Locator, Piece: piece.Piece.Reveal(), PieceEnds: piece.Until}
		return s.writeDesk(c, a.session)
	})
}

// mailLink sends the link to the address that the pool has verified. Its locator is in the cookie of who has made it.
func (s *Server) mailLink(c echo.Context, a deskAgent) error {
	return s.onLink(c, func(link int64) error {
		shown := a.session.shown(link)
		if err := s.Desk.SendLink(c.Request().Context(), a.Agent, link, secret.New(shown.Locator)); err != nil {
			return err
		}
		a.session.Shown.Mailed = true
		return s.writeDesk(c, a.session)
	})
}

func (s *Server) revokeLink(c echo.Context, a deskAgent) error {
	return s.onLink(c, func(link int64) error { return s.Desk.Revoke(c.Request().Context(), a.Agent, link) })
}

// onLink does something to the link in the address and goes back to its page.
func (s *Server) onLink(c echo.Context, do func(link int64) error) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	link, err := number(c, "link")
	if err != nil {
		return err
	}
	if err := do(link); err != nil {
		return err
	}
	return s.goTo(c, linkPath(link))
}

// showLinkQR draws the link for a phone in the same room. Only who has made it can.
func (s *Server) showLinkQR(c echo.Context, a deskAgent) error {
	link, err := number(c, "link")
	if err != nil {
		return err
	}
	shown := a.session.shown(link)
	if shown.Locator == "" {
		return echo.ErrNotFound
	}
	if err := asPicture(c.Request()); err != nil {
		return err
	}
	picture, err := s.QR.PNG(s.linkAddress(shown.Locator))
	if err != nil {
		return fmt.Errorf("draw link: %w", err)
	}
	return c.Blob(http.StatusOK, "image/png", picture)
}

// linkAddress is where a link leads, by the configured address and no header of a request's.
func (s *Server) linkAddress(locator string) string {
	return s.PublicURL.JoinPath(linkPrefix, locator).String()
}

// linkPicture is the size of a link's QR code.
func (s *Server) linkPicture(address string) (modules, pixels int, err error) {
	modules, err = qr.Modules(address)
	if err != nil {
		return 0, 0, fmt.Errorf("measure link: %w", err)
	}
	return modules, modules * qr.Scale(modules, minLinkQR, minLinkQR), nil
}

// minLinkQR is how wide a link's QR code is at least, in CSS pixels.
const minLinkQR = 160
