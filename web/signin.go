package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/secret"
	"cognito-enroll/views"
)

func (s *Server) showSignIn(c echo.Context, f enroll.Flow) error {
	f = s.goingOn(c, f)
	if s.mustWait(c, f) {
		return s.waits(c, f)
	}
	username := f.Username
	if held, ok := s.ticket(c); ok && newcomer(f) {
		username, f.ReturnTo = held.username, cmp.Or(f.ReturnTo, held.returnTo)
	}
	return s.render(c, http.StatusOK, views.SignInPage(s.signInPage(c, f, username, nil)))
}

func (s *Server) signIn(c echo.Context, f enroll.Flow) error {
	if s.NoPasswords {
		return echo.ErrNotFound
	}
	form, err := readForm(c, "username", "password", returnParameter)
	if err != nil {
		return err
	}
	if form[returnParameter] != "" {
		f.ReturnTo = s.knownReturn(form[returnParameter])
	}
	username := strings.TrimSpace(form["username"])
	if may, err := s.mayBegin(c, f, username); err != nil || !may {
		return errors.Join(err, s.goTo(c, "/line"))
	}
	next, err := s.Enroll.SignIn(c.Request().Context(), f, username, secret.New(form["password"]))
	if onForm(c, err, enroll.WrongPassword) {
		page := s.signInPage(c, f, username, s.printer(c).Rich("signin.error.wrong_password", 0))
		return s.render(c, http.StatusUnprocessableEntity, views.SignInPage(page))
	}
	if next.ID != f.ID { // signed in: his place was for this
		err = errors.Join(err, s.Places.Write(c.Response(), c.Request(), nil))
	}
	return s.moveOn(c, next, err)
}

func (s *Server) signInPage(c echo.Context, f enroll.Flow, username string, failure i18n.Rich) views.SignIn {
	title := "signin.title"
	if f.Trying {
		title = "signin.trying.title"
	}
	page := s.page(c, f, title, failure != nil)
	page.Account = "" // not signed in yet, or no longer
	return views.SignIn{
		Page: page, Username: username, Minutes: int(s.SessionValidity.Minutes()), Trying: f.Trying,
		ReturnTo: f.ReturnTo, OAuth: s.OAuthPending != nil, Password: !s.NoPasswords,
		Notices: s.signInNotices(c, f), Error: failure, Link: f.Held != "",
	}
}

// signInNotices say why somebody is asked to sign in again, and what to do about an entry that will never work.
func (s *Server) signInNotices(c echo.Context, f enroll.Flow) []views.Notice {
	say := func(tone, key string) views.Notice {
		return views.Notice{Tone: tone, Text: s.printer(c).Rich("signin.notice."+key, 0)}
	}
	var notices []views.Notice
	if f.Notice != enroll.NoNotice && f.Step == enroll.StepSignIn { // those of other steps were for them alone
		return []views.Notice{say(toneOf(f.Notice), f.Notice.String())}
	}
	switch {
	case f.Username == "" || f.Trying && !f.Expired(s.Now()):
		return nil
	case f.Verified:
		return []views.Notice{say("ok", "verified")}
	case f.Unsure:
		return []views.Notice{say("", "unsure")}
	case f.Idle(s.Now()):
		return []views.Notice{say("", enroll.NoticeFresh.String())}
	case f.Expired(s.Now()):
		notices = append(notices, say("", "expired"))
	default:
		notices = append(notices, say("", "sign_in_again"))
	}
	if made, exists := f.DeadEntry(); exists {
		text := s.printer(c).RichAt("signin.notice.dead_entry", made, "entry", s.entry(f))
		notices = append(notices, views.Notice{Tone: "warn", Text: text})
	}
	return notices
}

// toneOf is good news or a warning: most notices are neither.
func toneOf(notice enroll.Notice) string {
	switch notice { //nolint:exhaustive // see above
	case enroll.NoticePasswordSet, enroll.NoticeConfirmed, enroll.NoticeSignedOut, enroll.NoticeLink:
		return "ok"
	case enroll.NoticeFresh, enroll.NoticeReplace:
		return "warn"
	}
	return ""
}
