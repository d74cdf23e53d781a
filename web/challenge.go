package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/totp"
	"cognito-enroll/views"
)

func (s *Server) showChallenge(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.ChallengePage(s.challengePage(c, f, nil)))
}

func (s *Server) answerCode(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "code")
	if err != nil {
		return err
	}
	next, err := s.Enroll.AnswerCode(c.Request().Context(), f, form["code"])
	if onForm(c, err, enroll.WrongCode) {
		return s.render(c, http.StatusUnprocessableEntity, views.ChallengePage(s.challengePage(c, f, err)))
	}
	return s.moveOn(c, next, err)
}

func (s *Server) challengePage(c echo.Context, f enroll.Flow, failure error) views.Challenge {
	told := s.codeError(c, failure, "")
	var text i18n.Rich
	if len(told.Texts) > 0 {
		text = told.Texts[0]
	}
	if failure != nil && f.Method != enroll.MethodApp {
		text = s.printer(c).Rich("code.error.sent", 0)
	}
	page := views.Challenge{
		Page:   s.page(c, f, "challenge.title."+f.Method.String(), failure != nil),
		Method: f.Method.String(), Sent: f.Destination, Device: f.DeviceName, Error: text, Typed: told.Typed,
	}
	if f.Method == enroll.MethodApp {
		page.Wait = s.untilNextCode(f)
	}
	return page
}

// untilNextCode is how long the app will go on showing the code that was used last.
func (s *Server) untilNextCode(f enroll.Flow) time.Duration {
	if f.Spent.At.IsZero() {
		return 0
	}
	return max(0, totp.StepStart(totp.Step(f.Spent.At)+1).Sub(s.Now()))
}
