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
	return s.render(c, http.StatusOK, views.NewPasswordPage(s.newPasswordPage(c, f, nil, nil)))
}

func (s *Server) setNewPassword(c echo.Context, f enroll.Flow) error {
	names := []string{"password", "again"}
	for _, name := range f.Attributes {
		names = append(names, "attribute."+name)
	}
	form, err := readForm(c, names...)
	if err != nil {
		return err
	}
	attributes := make(map[string]string, len(f.Attributes))
	for _, name := range f.Attributes {
		attributes[name] = form["attribute."+name]
	}
	next, err := s.Enroll.SetNewPassword(c.Request().Context(), f, secret.New(form["password"]), secret.New(form["again"]), attributes)
	if onForm(c, err, enroll.WeakPassword, enroll.PasswordReused, enroll.PasswordsDiffer, enroll.MissingAttribute) {
		return s.render(c, http.StatusUnprocessableEntity, views.NewPasswordPage(s.newPasswordPage(c, f, attributes, err)))
	}
	return s.moveOn(c, next, err)
}

func (s *Server) newPasswordPage(c echo.Context, f enroll.Flow, attributes map[string]string, failure error) views.NewPassword {
	page := views.NewPassword{Page: s.page(c, f, "newpassword.title", failure != nil), Rules: s.rules(c, failure), Error: s.passwordError(c, failure)}
	for _, name := range f.Attributes {
		label := name // an attribute of the operator's own
		if key := "attribute." + name; s.printer(c).Has(key) {
			label = s.printer(c).T(key)
		}
		page.Attributes = append(page.Attributes, views.Attribute{Name: name, Label: label, Value: attributes[name]})
	}
	return page
}

// rules are the password policy, with those marked that a refused password does not keep.
func (s *Server) rules(c echo.Context, failure error) []views.Rule {
	var missing []enroll.PasswordRule
	if e, ok := errors.AsType[*enroll.Error](failure); ok {
		missing = e.Rules
	}
	rules := make([]views.Rule, 0, len(s.Policy.Rules())+1)
	for _, rule := range append(s.Policy.Rules(), enroll.RuleNoSpace) {
		rules = append(rules, views.Rule{
			Text:    s.printer(c).N("newpassword.rule."+rule.String(), s.Policy.MinLength),
			Missing: slices.Contains(missing, rule),
		})
	}
	return rules
}

// passwordError words why a new password was not taken.
func (s *Server) passwordError(c echo.Context, failure error) i18n.Rich {
	switch kind := enroll.KindOf(failure); {
	case failure == nil:
		return nil
	case kind == enroll.WrongMailedCode:
		return s.printer(c).Rich("reset.error.wrong_mailed_code", 0)
	default:
		return s.printer(c).Rich("newpassword.error."+kind.String(), 0)
	}
}
