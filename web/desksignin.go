package web

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/secret"
	"cognito-enroll/static"
	"cognito-enroll/views"
)

// showDeskSignIn asks for name and password or, once they were right, for the app's code.
func (s *Server) showDeskSignIn(c echo.Context, in deskSession) error {
	if in.asked(s.Now()) && !c.QueryParams().Has("again") {
		return s.renderDeskCode(c, in, nil)
	}
	return s.renderDeskSignIn(c, in, deskPath(c.QueryParam("to")), nil)
}

// asked reports whether the pool waits for the app's code.
func (in deskSession) asked(now time.Time) bool { return in.Challenge != "" && now.Before(in.Until) }

// deskSignIn takes name and password of somebody whose account has an authenticator app.
func (s *Server) deskSignIn(c echo.Context, in deskSession) error {
	form, err := readForm(c, "username", "password", "to")
	if err != nil {
		return err
	}
	typed, to := strings.TrimSpace(form["username"]), deskPath(form["to"])
	pool, err := s.Enroll.BeginProof(c.Request().Context(), typed, secret.New(form["password"]))
	if onForm(c, err, enroll.WrongPassword, enroll.NeedsAppCode) {
		return s.renderDeskSignIn(c, in, to, s.printer(c).Rich("desk.signin.error."+enroll.KindOf(err).String(), 0))
	}
	if err != nil {
		return err
	}
	in.Typed, in.To = typed, to
	in.Challenge, in.UserID, in.Until = pool.Text.Reveal(), pool.UserID, s.Now().Add(s.SessionValidity)
	if err := s.writeDesk(c, in); err != nil {
		return err
	}
	return s.goTo(c, deskHome+"/sign-in")
}

// deskCode takes the app's code. What comes of it is another sign-in than the one before.
func (s *Server) deskCode(c echo.Context, in deskSession) error {
	form, err := readForm(c, "code")
	if err != nil {
		return err
	}
	if !in.asked(s.Now()) {
		return s.goTo(c, deskHome+"/sign-in")
	}
	account, err := s.Enroll.Prove(c.Request().Context(), enroll.Session{Text: secret.New(in.Challenge), UserID: in.UserID}, form["code"])
	switch {
	case onForm(c, err, enroll.WrongCode):
		return s.renderDeskCode(c, in, s.printer(c).Rich("desk.signin.error.wrong_code", 0))
	case onForm(c, err, enroll.SignInAgain, enroll.SessionSpent):
		return s.renderDeskSignIn(c, in, in.To, s.printer(c).Rich("desk.signin.error.again", 0))
	case err != nil:
		return err
	}
	if err := s.endDesk(c.Request().Context(), in); err != nil {
		return err
	}
	next := deskSession{ID: newDeskID(), Username: account, Typed: in.Typed, ProvedAt: s.Now()}
	if account == in.Username {
		next.Shown = in.Shown
	}
	if err := s.writeDesk(c, next); err != nil {
		return err
	}
	s.markDevice(c, in.Typed)
	return s.goTo(c, in.To)
}

func (s *Server) deskSignOut(c echo.Context, in deskSession) error {
	form, err := parseForm(c)
	if err != nil {
		return err
	}
	if !belongs(enroll.Flow{ID: in.ID}, form) {
		return s.goTo(c, deskHome)
	}
	if err := s.endDesk(c.Request().Context(), in); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if err := s.DeskSessions.Write(c.Response(), c.Request(), nil); err != nil {
		return err
	}
	return s.goTo(c, deskHome+"/sign-in")
}

func (s *Server) renderDeskSignIn(c echo.Context, in deskSession, to string, failure i18n.Rich) error {
	return s.render(c, formStatus(failure != nil), views.DeskSignInPage(views.DeskSignIn{
		Page: s.deskDoorPage(c, in, failure != nil), Username: in.Typed, To: to, Again: in.Username != "", Error: failure,
	}))
}

func (s *Server) renderDeskCode(c echo.Context, in deskSession, failure i18n.Rich) error {
	return s.render(c, formStatus(failure != nil), views.DeskSignInPage(views.DeskSignIn{
		Page: s.deskDoorPage(c, in, failure != nil), Username: in.Typed, Code: true, Error: failure,
	}))
}

// deskDoorPage is what the pages before the sign-in have.
func (s *Server) deskDoorPage(c echo.Context, in deskSession, failed bool) views.Page {
	page := s.page(c, enroll.Flow{}, "desk.signin.title", failed)
	page.Desk = &views.Desk{CSS: s.Assets.URL(static.DeskCSS)}
	if in.Username != "" {
		page.Flow = formToken(enroll.Flow{ID: in.ID})
	}
	return page
}
