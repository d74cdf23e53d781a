package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

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
	if f.Notice == enroll.NoticeMoved {
		return s.goTo(c, swapPath)
	}
	return s.goTo(c, pathOf(f.At(s.Now())))
}

func (s *Server) goTo(c echo.Context, path string) error {
	if isHTMX(c) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// moveOn stores what a step made of the flow, also when it failed, and goes to where the flow stands now.
func (s *Server) moveOn(c echo.Context, f enroll.Flow, err error) error {
	s.countStages(c, f)
	s.recordDone(c, f) // forgets what was before
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
	s.rememberDevice(c, f)
	return s.next(c, f)
}

// flow reads the request's flow: the zero Flow when there is none, or when it is too old to go on with.
func (s *Server) flow(c echo.Context) (enroll.Flow, error) {
	payload, err := s.Sessions.Read(c.Request())
	if errors.Is(err, session.ErrExpired) {
		return enroll.Flow{Notice: enroll.NoticeEnded}, nil
	}
	var f enroll.Flow
	if err == nil {
		err = f.UnmarshalBinary(payload)
	}
	if err != nil {
		// Cleared, so that the way on is not barred by the same cookie.
		return enroll.Flow{}, &badRequest{status: http.StatusBadRequest, key: "cookie", err: errors.Join(err, s.clearFlow(c))}
	}
	if f.Over(s.Now()) {
		return enroll.Flow{Notice: enroll.NoticeEnded, ReturnTo: f.ReturnTo}, nil
	}
	if s.ended(c, f) {
		return s.leftOf(c, f), nil
	}
	c.Set(flowKey, f)
	return f, nil
}

// formToken names the flow's sign-in in the forms of its pages, without telling its ID.
func formToken(f enroll.Flow) string {
	if f.ID == (enroll.ID{}) {
		return ""
	}
	return digest("form of ", f.ID)
}

// digest stands for a sign-in where its ID must not be told, one for each use.
func digest(use string, id enroll.ID) string {
	sum := sha256.Sum256(append([]byte(use), id[:]...))
	return hex.EncodeToString(sum[:16])
}

// belongs reports whether a form was made for this sign-in: not by another site, nor for an account that this browser
// was signed in to before.
func belongs(f enroll.Flow, form url.Values) bool {
	token := formToken(f)
	return token == "" || subtle.ConstantTimeCompare([]byte(form.Get("flow")), []byte(token)) == 1
}

// flowKey is where the request's flow is in its Echo context.
const flowKey = "flow"

// ended reports whether the flow's sign-in was ended. A store that does not answer ends nobody's enrollment: the cookie
// is young, sealed, and good for its own flow alone.
func (s *Server) ended(c echo.Context, f enroll.Flow) bool {
	if f.ID == (enroll.ID{}) {
		return false
	}
	ctx, cancel := briefly(lasting(c))
	defer cancel()
	ended, err := s.Store.SessionOver(ctx, f.ID, f.Account, f.Began)
	if err != nil {
		s.Log.WarnContext(c.Request().Context(), "store does not tell whether a session was ended", "request_id", requestID(c), "error", err)
	}
	return ended
}

// lasting is the request's context for what must be known or done even if the browser does not wait. Whoever sends a request
// can end its own context, by closing his half of the connection, and still read the answer: he must not choose which of
// our questions are answered.
func lasting(c echo.Context) context.Context { return context.WithoutCancel(c.Request().Context()) }

// storePatience is how long a page waits for what it can do without.
const storePatience = 250 * time.Millisecond

// briefly is for reads of the store that the page goes on without. What has to be known is waited for as long as the store
// itself allows: who looks after others must not be told that nothing can be remembered because a machine was busy.
func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, storePatience)
}

// endUnless ends the request's sign-in when the browser gets another one, or none: a copy of its old cookie is worth
// nothing from now on.
func (s *Server) endUnless(c echo.Context, next enroll.ID) {
	ends := leaves(c, next)
	if ends == (enroll.ID{}) {
		return
	}
	if before, ok := c.Get(flowKey).(enroll.Flow); ok {
		s.Enroll.Leave(c.Request().Context(), before)
	}
	m := missed{ends: ends, until: s.Now().Add(s.SessionAge)}
	if err := s.say(lasting(c), m); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "session could not be ended yet", "request_id", requestID(c), "error", err)
		s.sayLate(m)
	}
}

// leaves is the sign-in that a browser leaves when it gets the next one: none when it has none, or stays.
func leaves(c echo.Context, next enroll.ID) enroll.ID {
	before, _ := c.Get(flowKey).(enroll.Flow)
	if before.ID == next {
		return enroll.ID{}
	}
	return before.ID
}

func (s *Server) setFlow(c echo.Context, f enroll.Flow) error {
	s.endUnless(c, f.ID)
	f = s.withoutOldWord(c, f)
	f.Touched = s.Now()
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
	s.endUnless(c, enroll.ID{})
	return s.Sessions.Write(c.Response(), c.Request(), nil)
}
