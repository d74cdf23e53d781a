package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/secret"
	"cognito-enroll/views"
)

func (s *Server) showNewPassword(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.NewPasswordPage(s.newPasswordPage(f, nil)))
}

func (s *Server) setNewPassword(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "password", "again")
	if err != nil {
		return err
	}
	next, err := s.Enroll.SetNewPassword(c.Request().Context(), f, secret.New(form["password"]), secret.New(form["again"]))
	if onForm(c, err, enroll.WeakPassword, enroll.PasswordReused, enroll.PasswordsDiffer) {
		return s.render(c, http.StatusUnprocessableEntity, views.NewPasswordPage(s.newPasswordPage(f, err)))
	}
	return s.moveOn(c, next, err)
}

func (s *Server) newPasswordPage(f enroll.Flow, failure error) views.NewPassword {
	var text i18n.Rich
	var missing []enroll.PasswordRule
	if failure != nil {
		text = s.Printer.Rich("newpassword.error."+enroll.KindOf(failure).String(), 0)
	}
	if e, ok := errors.AsType[*enroll.Error](failure); ok {
		missing = e.Rules
	}
	page := views.NewPassword{Page: s.page(f, "newpassword.title", failure != nil), Error: text}
	for _, rule := range append(s.Policy.Rules(), enroll.RuleNoSpace) {
		page.Rules = append(page.Rules, views.Rule{
			Text:    s.Printer.N("newpassword.rule."+rule.String(), s.Policy.MinLength),
			Missing: slices.Contains(missing, rule),
		})
	}
	return page
}
