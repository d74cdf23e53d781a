package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/views"
)

func (s *Server) showDone(c echo.Context, f enroll.Flow) error {
	page := views.Done{
		Page: s.page(c, f, "done.title", false), Device: f.DeviceName, At: f.DoneAt, Replaced: f.HasApp, ProvenAt: f.ProvenAt,
		MayTry: f.ProvenAt.IsZero() && !f.Elsewhere && !s.NoPasswords,
	}
	page.Return = s.returnAction(c, f)
	return s.render(c, http.StatusOK, views.DonePage(page))
}

// returnAction is the link to where the person goes on: zero for nowhere.
func (s *Server) returnAction(c echo.Context, f enroll.Flow) views.Action {
	place := s.returnTo(f)
	if place.URL == "" {
		return views.Action{}
	}
	return views.Action{Text: s.printer(c).T("done.return", "name", place.Name), Href: place.URL}
}

func (s *Server) tryApp(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	return s.moveOn(c, s.Enroll.Try(f), nil)
}
