package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/views"
)

// linkPrefix is where the help desk's links are.
const linkPrefix = "/i/"

// maxLocator is more than any locator, with what mail programs put around it.
const maxLocator = 64

// showLink asks nobody anything: whatever the address, the page is the same, and previews and scanners use nothing up.
func (s *Server) showLink(c echo.Context, f enroll.Flow) error {
	return s.renderLink(c, f, false)
}

// openLink takes the piece that the service desk has spoken. Only the right one changes anything.
func (s *Server) openLink(c echo.Context, f enroll.Flow) error {
	if s.Desk == nil {
		return echo.ErrNotFound
	}
	form, err := readForm(c, "piece")
	if err != nil {
		return err
	}
	opened, err := s.Desk.Open(c.Request().Context(), secret.New(c.Param("locator")), secret.New(form["piece"]))
	if helpdesk.KindOf(err) == helpdesk.LinkNotGood {
		logCause(c, err)
		return s.renderLink(c, f, true)
	}
	if err != nil {
		return helpdesk.ToEnroll(err)
	}
	held, err := opened.Held.MarshalText()
	if err != nil {
		return err
	}
	if err := s.setFlow(c, s.Enroll.HoldLink(f, string(held), opened.Username)); err != nil {
		return err
	}
	s.prefer(c, opened.Language)
	return s.goTo(c, prepare)
}

func (s *Server) renderLink(c echo.Context, f enroll.Flow, failed bool) error {
	if s.Desk == nil || len(c.Param("locator")) > maxLocator {
		return echo.ErrNotFound
	}
	page := s.page(c, f, "link.title", failed)
	page.Account = "" // the link is for whoever holds it, not for who was here before
	return s.render(c, formStatus(failed), views.LinkPage(views.Link{
		Page: page, Action: linkPrefix + url.PathEscape(c.Param("locator")), Failed: failed, ByName: s.Desk.Rules().NameOpens,
	}))
}

// showNotMe is where the mail about a link leads whoever did not ask for it. It changes nothing: mails are scanned.
func (s *Server) showNotMe(c echo.Context, f enroll.Flow) error {
	return s.renderNotMe(c, f, false)
}

func (s *Server) renderNotMe(c echo.Context, f enroll.Flow, failed bool) error {
	if s.Desk == nil || !s.Desk.CheckFreeze(secret.New(c.Param("token"))) {
		return notMeOver(nil)
	}
	page := s.page(c, f, "notme.title", failed)
	page.Account = ""
	return s.render(c, formStatus(failed), views.NotMePage(views.NotMe{
		Page: page, Action: "/not-me/" + url.PathEscape(c.Param("token")), Failed: failed,
	}))
}

// freeze ends the account's links and sessions. It wants a tick beside the button: what scans mails presses buttons, too,
// and would end the link of everybody who is sent one.
func (s *Server) freeze(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "sure")
	if err != nil {
		return err
	}
	if s.Desk == nil {
		return notMeOver(nil)
	}
	if form["sure"] != "not-me" {
		return s.renderNotMe(c, f, true)
	}
	err = s.Desk.Freeze(c.Request().Context(), secret.New(c.Param("token")))
	switch helpdesk.KindOf(err) { //nolint:exhaustive // the others are told as ever
	case helpdesk.LinkNotGood, helpdesk.NoSuchAccount:
		return notMeOver(err)
	}
	if err != nil {
		return helpdesk.ToEnroll(err)
	}
	page := s.page(c, f, "notme.done_title", false)
	page.Account = ""
	return s.render(c, http.StatusOK, views.NotMePage(views.NotMe{Page: page, Done: true}))
}

func notMeOver(err error) error {
	return &badRequest{status: http.StatusGone, key: "not_me", err: errors.Join(errors.New("no token, or too old"), err)}
}
