package web

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/views"
)

// tooOften is the refusal of what was tried too often.
type tooOften struct {
	rule string
	wait time.Duration // until it may be tried again
}

func (e *tooOften) Error() string { return fmt.Sprintf("too many of: %s: wait %s", e.rule, e.wait) }

// seconds is the wait as Retry-After tells it, never too short.
func (e *tooOften) seconds() int { return int(math.Ceil(e.wait.Seconds())) }

// limited calls a form's handler if its row's limit has room, and counts whether it was a failure.
func (s *Server) limited(c echo.Context, row route, f enroll.Flow, form url.Values) error {
	who := s.actor(c, row.limit, f, form)
	c.SetRequest(c.Request().WithContext(throttle.WithSite(c.Request().Context(), throttle.Site(who.Network))))
	if wait := s.Guard.Try(c.Request().Context(), row.limit, who); wait > 0 {
		return s.askToWait(c, f, form, &tooOften{row.limit.Name, wait})
	}
	err := row.handler(c, f)
	if failed(c, err) {
		s.Guard.Failed(c.Request().Context(), row.limit, who)
	}
	return err
}

// limitedDesk is limited for the desk's forms: for who signs in to it, and for agents.
func (s *Server) limitedDesk(limit throttle.Rule, handle func(echo.Context, deskSession) error) func(echo.Context, deskSession) error {
	return func(c echo.Context, in deskSession) error {
		form, err := parseForm(c)
		if err != nil {
			return err
		}
		who := throttle.Who{Account: in.Username, Device: s.device(c, in.Typed), Network: s.network(c)}
		switch limit.Name {
		case throttle.Passwords().Name:
			who.Account, who.Device = typedName(form), s.device(c, typedName(form))
		case throttle.Codes().Name:
			who.Account = in.UserID
		}
		c.SetRequest(c.Request().WithContext(throttle.WithSite(c.Request().Context(), throttle.Site(who.Network))))
		if wait := s.Guard.Try(c.Request().Context(), limit, who); wait > 0 {
			return &tooOften{limit.Name, wait}
		}
		err = handle(c, in)
		if failed(c, err) {
			s.Guard.Failed(c.Request().Context(), limit, who)
		}
		return err
	}
}

// failed reports whether what was typed was not right, whether a form or a page says so.
func failed(c echo.Context, err error) bool {
	if cause, ok := c.Get(causeKey).(error); ok && err == nil {
		err = cause
	}
	kind := enroll.KindOf(err)
	return kind == enroll.WrongPassword || kind == enroll.WrongCode || kind == enroll.WrongMailedCode
}

// actor is who acts: on the account that is signed in, or whose name is typed where none is. A limit that is for networks alone
// need not know.
func (s *Server) actor(c echo.Context, limit throttle.Rule, f enroll.Flow, form url.Values) throttle.Who {
	if limit.Account == (throttle.Limit{}) {
		return throttle.Who{Network: s.network(c)}
	}
	name, account := f.Username, f.Account
	if f.At(s.Now()) == enroll.StepSignIn {
		name, account = typedName(form), ""
	}
	if account == "" {
		account = name
	}
	return throttle.Who{Account: account, Device: s.device(c, name), Network: s.network(c)}
}

// network is where a request comes from; zero when people cannot be told apart by it.
func (s *Server) network(c echo.Context) netip.Addr {
	if s.OneNetwork {
		return netip.Addr{}
	}
	return clientAddr(c.Request(), s.Proxies)
}

func typedName(form url.Values) string {
	name := strings.TrimSpace(form.Get("username"))
	if len(name) > maxField || !utf8.ValidString(name) {
		return ""
	}
	return name
}

// askToWait answers a form that came too soon: the form again, where a name was typed in it, else a page.
func (s *Server) askToWait(c echo.Context, f enroll.Flow, form url.Values, refusal *tooOften) error {
	name, text := typedName(form), s.waitText(c, refusal)
	if key := form.Get(returnParameter); key != "" {
		f.ReturnTo = s.knownReturn(key)
	}
	logCause(c, refusal)
	c.Response().Header().Set("Retry-After", strconv.Itoa(refusal.seconds()))
	switch c.Path() {
	case "/forgot-password":
		if f.Step == enroll.StepReset {
			return refusal
		}
		return s.render(c, http.StatusTooManyRequests, views.ForgotPage(s.forgotPage(c, f, name, text)))
	case "/sign-in":
		return s.render(c, http.StatusTooManyRequests, views.SignInPage(s.signInPage(c, f, name, text)))
	case "/confirm":
		return s.render(c, http.StatusTooManyRequests, views.ConfirmPage(s.confirmPage(c, f, name, nil, text)))
	}
	return refusal
}

// waitText says how long to wait, in whole minutes and never too few.
func (s *Server) waitText(c echo.Context, refusal *tooOften) i18n.Rich {
	return s.printer(c).Rich("problem.too_often.body", 0, "time", s.minutes(c, refusal.wait))
}

func (s *Server) minutes(c echo.Context, d time.Duration) string {
	return s.printer(c).N("setup.minutes", int(math.Ceil(d.Minutes())))
}
