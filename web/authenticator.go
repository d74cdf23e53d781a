package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/views"
)

func (s *Server) showReview(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.ReviewPage(views.Review{
		Page: s.page(f, "review.title", false), HasApp: f.HasApp, Device: f.DeviceName,
	}))
}

func (s *Server) startSetUp(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.Start(c.Request().Context(), f)
	return s.moveOn(c, next, err)
}
