package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/views"
)

// answer is how a kind of failure is told when it is not a message on a form: the texts are the catalogue's
// "problem.<kind>".
type answer struct {
	status     int
	retryAfter int    // seconds; 0: not said
	action     string // key of the link's text
	href       string
}

// onward leads from a failure to where the flow stands; whoever has not begun is past the first page already.
const onward = "/sign-in"

// answerTo says how each kind is told. The link of the way on is always a GET, and GETs are harmless.
func answerTo(kind enroll.Kind) answer {
	switch kind {
	case enroll.WrongPassword, enroll.WeakPassword, enroll.PasswordReused, enroll.PasswordsDiffer, enroll.WrongCode,
		enroll.WrongMailedCode, enroll.MissingAttribute:
		return answer{http.StatusUnprocessableEntity, 0, "problem.again", onward}
	case enroll.SignInAgain, enroll.SessionSpent:
		return answer{http.StatusForbidden, 0, "problem.sign_in", onward}
	case enroll.TooManyTries:
		return answer{http.StatusTooManyRequests, 900, "problem.again", onward}
	case enroll.ResetRequired, enroll.NotConfirmed, enroll.NotAllowed, enroll.AppsOff, enroll.OtherMethod, enroll.NeedsAppCode, enroll.OnlyEmail,
		enroll.Federated, enroll.PasswordExpired, enroll.NoWayToReach:
		return answer{http.StatusForbidden, 0, "problem.start", onward}
	case enroll.NeedsLink, enroll.LinkForOther:
		return answer{http.StatusForbidden, 0, "problem.sign_in", onward}
	case enroll.LinkOver:
		return answer{http.StatusGone, 0, "problem.sign_in", onward}
	case enroll.Conflict:
		return answer{http.StatusConflict, 0, "problem.again", onward}
	case enroll.Busy, enroll.PoolDown, enroll.StoreDown:
		return answer{http.StatusServiceUnavailable, 5, "problem.again", onward}
	case enroll.Blocked:
		return answer{http.StatusServiceUnavailable, 120, "problem.again", onward}
	case enroll.Misconfigured:
		return answer{http.StatusServiceUnavailable, 600, "problem.start", onward}
	case enroll.ResultUnknown:
		return answer{http.StatusServiceUnavailable, 30, "problem.result_unknown.back", onward}
	case enroll.Unknown:
	}
	return answer{http.StatusInternalServerError, 0, "problem.again", onward}
}

// answerError is the one place where a failure becomes a page. It says what happened in our own words and the
// request's id; the cause goes to the log (see logRequest).
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	logCause(c, err)
	if strings.HasPrefix(c.Request().URL.Path, apiPrefix) {
		s.answerAPIError(err, c)
		return
	}
	kind := enroll.KindOf(err)
	if failure, ok := errors.AsType[*helpdesk.Error](err); ok && kind == enroll.Unknown {
		s.answerDeskError(failure, c)
		return
	}
	how, texts := answerTo(kind), "problem."+kind.String()
	if status := httpStatus(err); status != 0 {
		how = answer{status, 0, "problem.start", "/"}
		texts = "problem.http." + strconv.Itoa(status)
		if !s.printer(c).Has(texts + ".title") {
			texts = "problem.http." + strconv.Itoa(http.StatusBadRequest)
		}
	}
	if bad, ok := errors.AsType[*badRequest](err); ok && bad.key != "" {
		texts, how.retryAfter = "problem."+bad.key, bad.retryAfter
		if bad.retryAfter > 0 {
			how.action = "problem.again"
		}
	}
	body := s.printer(c).Rich(texts+".body", 0)
	if refusal, ok := errors.AsType[*tooOften](err); ok {
		how = answer{http.StatusTooManyRequests, refusal.seconds(), "problem.again", "/"}
		texts, body = "problem."+enroll.TooManyTries.String(), s.waitText(c, refusal)
	}
	if how.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(how.retryAfter))
	}
	problem := views.Problem{
		Page:      s.problemPage(c, texts+".title"),
		Heading:   s.printer(c).T(texts + ".title"),
		Body:      body,
		Action:    views.Action{Text: s.printer(c).T(how.action), Href: how.href},
		RequestID: requestID(c),
	}
	if err := s.renderWhole(c, how.status, views.ProblemPage(problem)); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "problem page failed", "error", err)
	}
}

// problemPage is what a problem's page has; an agent's leads back to the desk.
func (s *Server) problemPage(c echo.Context, titleKey string) views.Page {
	if agent, ok := c.Get(agentKey).(deskAgent); ok {
		return s.deskPage(c, agent, titleKey, false)
	}
	return s.page(c, enroll.Flow{}, titleKey, false)
}

// httpStatus is the status of a request that is wrong in itself: 0 when it is not.
func httpStatus(err error) int {
	if bad, ok := errors.AsType[*badRequest](err); ok {
		return bad.status
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok && e.Code >= 400 && e.Code < 500 {
		return e.Code
	}
	return 0
}

// onForm reports whether err is of one of the kinds that a form tells beside its fields. If so it goes to the log
// here, since no error page will put it there.
func onForm(c echo.Context, err error, kinds ...enroll.Kind) bool {
	if err == nil || !slices.Contains(kinds, enroll.KindOf(err)) {
		return false
	}
	logCause(c, err)
	return true
}

// verdictOf is the doctor's verdict on the code that err is about.
func verdictOf(err error) (enroll.Verdict, bool) {
	failure, ok := errors.AsType[*enroll.Error](err)
	if !ok || failure.Kind != enroll.WrongCode {
		return enroll.Match, false
	}
	return failure.Diagnosis.Verdict, true
}

// codeError words the doctor's verdict.
func (s *Server) codeError(c echo.Context, err error, entry string) views.CodeError {
	failure, ok := errors.AsType[*enroll.Error](err)
	if !ok {
		return views.CodeError{}
	}
	d := failure.Diagnosis
	key := "code.error." + d.Verdict.String()
	if d.Verdict == enroll.NoMatch && entry != "" {
		key = "code.error.no_match_setup"
	}
	told := views.CodeError{Texts: []i18n.Rich{s.printer(c).Rich(key, int(d.Off.Minutes()), "entry", entry)}}
	told.Again = d.Verdict == enroll.PoolRefused
	if form, err := parseForm(c); err == nil && d.Verdict == enroll.NotSixDigits {
		told.Typed = form.Get("code")
	}
	if d.Verdict == enroll.ClockSlow || d.Verdict == enroll.ClockFast {
		told.OffClock = true
		told.Texts = append(told.Texts, s.printer(c).RichAt("code.error.portal_time", s.Now()))
	}
	return told
}
