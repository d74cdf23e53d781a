package web

import (
	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
)

func (s *Server) signOut(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	if !f.Key.IsZero() {
		s.QR.Forget(s.uri(f))
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if err := s.clearFlow(c); err != nil {
		return err
	}
	return s.next(c, enroll.Flow{})
}

func (s *Server) signOutEverywhere(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.SignOutEverywhere(c.Request().Context(), f)
	if err == nil {
		c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	return s.moveOn(c, next, err)
}
