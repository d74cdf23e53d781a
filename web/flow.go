package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/session"
)

// pathOf is where each step lives: the only place that knows.
func pathOf(step enroll.Step) string {
	switch step {
	case enroll.StepSignIn:
		return "/sign-in"
	case enroll.StepNewPassword:
		return "/new-password"
	case enroll.StepCode:
		return "/challenge"
	case enroll.StepReview:
		return "/authenticator"
	case enroll.StepScan, enroll.StepFinish:
		return "/set-up"
	case enroll.StepDone:
		return "/done"
	case enroll.StepChoose:
		return "/choose"
	case enroll.StepReset:
		return "/reset-password"
	}
	return "/sign-in"
}

// next sends the browser to where the flow stands. htmx is told to load that page: it would follow a redirect by
// itself and put the whole page where the form was.
func (s *Server) next(c echo.Context, f enroll.Flow) error {
	path := pathOf(f.At(s.Now()))
	if isHTMX(c) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// moveOn stores what a step made of the flow, also when it failed, and goes to where the flow stands now.
func (s *Server) moveOn(c echo.Context, f enroll.Flow, err error) error {
	if setErr := s.setFlow(c, f); setErr != nil {
		return errors.Join(setErr, err)
	}
	switch enroll.KindOf(err) { //nolint:exhaustive // the others have pages of their own
	case enroll.SignInAgain, enroll.SessionSpent: // the sign-in page says why
		logCause(c, err)
		return s.next(c, f)
	}
	if err != nil {
		return err
	}
	return s.next(c, f)
}

// flow reads the request's flow: the zero Flow when there is none, or when it is too old to go on with.
func (s *Server) flow(c echo.Context) (enroll.Flow, error) {
	payload, err := s.Sessions.Read(c.Request())
	if errors.Is(err, session.ErrExpired) {
		return enroll.Flow{}, nil
	}
	var f enroll.Flow
	if err == nil {
		err = f.UnmarshalBinary(payload)
	}
	if err != nil {
		// Cleared, so that the way on is not barred by the same cookie.
		return enroll.Flow{}, &badRequest{status: http.StatusBadRequest, key: "cookie", err: errors.Join(err, s.clearFlow(c))}
	}
	return f, nil
}

func (s *Server) setFlow(c echo.Context, f enroll.Flow) error {
	payload, err := f.MarshalBinary()
	if err != nil {
		return fmt.Errorf("write flow: %w", err)
	}
	if err := s.Sessions.Write(c.Response(), c.Request(), payload); err != nil {
		return fmt.Errorf("write flow: %w", err)
	}
	return nil
}

func (s *Server) clearFlow(c echo.Context) error {
	return s.Sessions.Write(c.Response(), c.Request(), nil)
}
