package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/views"
)

func (s *Server) showForgotPassword(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.ForgotPage(s.forgotPage(c, f, f.Username, nil)))
}

func (s *Server) forgotPage(c echo.Context, f enroll.Flow, username string, failure i18n.Rich) views.Forgot {
	page := s.page(c, f, "forgot.title", failure != nil)
	page.Account = ""
	return views.Forgot{Page: page, Username: username, Error: failure}
}

func (s *Server) forgotPassword(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "username")
	if err != nil {
		return err
	}
	username := strings.TrimSpace(form["username"])
	if f.Step == enroll.StepReset { // again: to the account that the limit was counted for
		username = f.Username
	}
	next, err := s.Enroll.ForgotPassword(c.Request().Context(), f, username)
	return s.moveOn(c, next, err)
}

func (s *Server) showResetPassword(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.ResetPage(s.resetPage(c, f, nil)))
}

func (s *Server) resetPassword(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "code", "password", "again")
	if err != nil {
		return err
	}
	next, err := s.Enroll.ResetPassword(c.Request().Context(), f, form["code"], secret.New(form["password"]), secret.New(form["again"]))
	if onForm(c, err, enroll.WrongMailedCode, enroll.WeakPassword, enroll.PasswordReused, enroll.PasswordsDiffer) {
		return s.render(c, http.StatusUnprocessableEntity, views.ResetPage(s.resetPage(c, f, err)))
	}
	return s.moveOn(c, next, err)
}

func (s *Server) resetPage(c echo.Context, f enroll.Flow, failure error) views.Reset {
	page := s.page(c, f, "reset.title", failure != nil)
	page.Account = "" // not signed in
	reset := views.Reset{Page: page, Username: f.Username, Rules: s.rules(c, failure), Error: s.passwordError(c, failure)}
	if f.Notice == enroll.NoticeSentAgain && failure == nil {
		reset.Notice = s.printer(c).Rich("reset.sent_again", 0)
	}
	return reset
}

func (s *Server) showConfirm(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.ConfirmPage(s.confirmPage(c, f, f.Username, nil, nil)))
}

func (s *Server) confirmAccount(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "username", "code", "resend")
	if err != nil {
		return err
	}
	username := strings.TrimSpace(form["username"])
	if form["resend"] != "" {
		typed, mails := url.Values{"username": {username}}, throttle.Mails()
		if wait := s.Guard.Try(c.Request().Context(), mails, s.actor(c, mails, f, typed)); wait > 0 {
			return s.askToWait(c, f, typed, &tooOften{mails.Name, wait})
		}
		if err := s.Enroll.ResendConfirmation(c.Request().Context(), username); err != nil {
			return err
		}
		page := s.confirmPage(c, f, username, s.printer(c).Rich("confirm.sent", 0), nil)
		return s.renderWhole(c, http.StatusOK, views.ConfirmPage(page))
	}
	next, err := s.Enroll.ConfirmSignUp(c.Request().Context(), f, username, form["code"])
	if onForm(c, err, enroll.WrongMailedCode) {
		page := s.confirmPage(c, f, username, nil, s.printer(c).Rich("confirm.error.wrong_mailed_code", 0))
		return s.render(c, http.StatusUnprocessableEntity, views.ConfirmPage(page))
	}
	return s.moveOn(c, next, err)
}

func (s *Server) confirmPage(c echo.Context, f enroll.Flow, username string, notice, failure i18n.Rich) views.Confirm {
	page := s.page(c, f, "confirm.title", failure != nil)
	page.Account = ""
	return views.Confirm{Page: page, Username: username, Notice: notice, Error: failure}
}
