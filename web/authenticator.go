package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/views"
)

var errNoMethod = errors.New("no such method") //nolint:gochecknoglobals // a sentinel

func (s *Server) showReview(c echo.Context, f enroll.Flow) error {
	page := views.Review{
		Page: s.page(c, f, "review.title", false), HasApp: f.HasApp, Device: f.DeviceName, Looked: f.Looked, SignedIn: !f.Authority.AccessToken.IsZero(), MayRemove: s.Enroll.MayRemove(f),
	}
	if f.HasApp {
		device, at := s.recorded(c, f)
		page.Since = at
		if page.Device == "" {
			page.Device = device
		}
	}
	if f.Notice == enroll.NoticeRemoved || f.Notice == enroll.NoticePreferred {
		page.Notice = s.printer(c).Rich("review.notice."+f.Notice.String(), 0)
	}
	if f.Looked {
		for _, method := range f.Methods {
			page.Methods = append(page.Methods, views.Method{
				Name: method.String(), Label: s.printer(c).T("method." + method.String()), Preferred: f.Prefers && f.Method == method,
			})
		}
	}
	return s.render(c, http.StatusOK, views.ReviewPage(page))
}

func (s *Server) startSetUp(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.Start(c.Request().Context(), f)
	return s.moveOn(c, next, err)
}

func (s *Server) lookUpMethods(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.Look(c.Request().Context(), f)
	return s.moveOn(c, next, err)
}

func (s *Server) preferMethod(c echo.Context, f enroll.Flow) error {
	method, err := readMethod(c)
	if err != nil {
		return err
	}
	next, err := s.Enroll.Prefer(c.Request().Context(), f, method)
	return s.moveOn(c, next, err)
}

func (s *Server) removeApp(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.Remove(c.Request().Context(), f)
	if err == nil && f.HasApp && !next.HasApp && next.Step == enroll.StepReview {
		s.record(c, next, EventRemoved)
	}
	return s.moveOn(c, next, err)
}
