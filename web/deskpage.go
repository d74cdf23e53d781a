package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/static"
	"cognito-enroll/views"
)

func accountPath(sub string) string { return deskHome + "/accounts/" + url.PathEscape(sub) }

func linkPath(link int64) string { return deskHome + "/links/" + strconv.FormatInt(link, 10) }

// deskPage is what every page of the desk has.
func (s *Server) deskPage(c echo.Context, a deskAgent, titleKey string, failed bool) views.Page {
	page := s.page(c, enroll.Flow{ID: a.session.ID}, titleKey, failed)
	page.Desk = &views.Desk{CSS: s.Assets.URL(static.DeskCSS), Agent: a.session.Typed}
	for _, place := range []struct {
		key, path string
		operation helpdesk.Operation
	}{
		{"home", "", helpdesk.OpLookUp}, {"approvals", "/approvals", helpdesk.OpLookUp}, {"coverage", "/coverage", helpdesk.OpCoverage}, {"audit", "/audit", helpdesk.OpAudit},
	} {
		if s.Desk.Allowed(place.operation, a.Agent, helpdesk.Target{}) == nil {
			page.Desk.Places = append(page.Desk.Places, views.Place{
				Text: s.printer(c).T("desk.nav." + place.key), Href: deskHome + place.path, Here: c.Path() == deskHome+place.path,
			})
		}
	}
	return page
}

// deskPageAt is an address of the desk if a GET of it answers a page: else the first one's.
func (s *Server) deskPageAt(path string) string {
	parts := strings.Split(path, "/")
	if slices.ContainsFunc(s.deskRoutes(), func(row deskRoute) bool {
		return row.method == http.MethodGet && slices.EqualFunc(strings.Split(row.path, "/"), parts, func(want, got string) bool {
			return want == got || strings.HasPrefix(want, ":")
		})
	}) {
		return path
	}
	return deskHome
}

// number is a number in the address.
func number(c echo.Context, name string) (int64, error) {
	n, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, echo.ErrNotFound
	}
	return n, nil
}

// refusal is why an agent may not do something, in a sentence.
func (s *Server) refusal(c echo.Context, err error) string {
	failure, ok := errors.AsType[*helpdesk.Error](err)
	if !ok {
		return s.printer(c).T("desk.problem.unknown")
	}
	key := "desk.problem." + failure.Kind.String()
	if failure.Rule != "" {
		key = "desk.problem.not_allowed." + failure.Rule
	}
	if failure.Field != "" && s.printer(c).Has("desk.problem.bad_input."+failure.Field) {
		key = "desk.problem.bad_input." + failure.Field
	}
	if failure.Wait > 0 {
		return s.printer(c).T(key, "wait", s.left(c, s.Now().Add(failure.Wait)))
	}
	return s.printer(c).T(key)
}

// deskStatus is the status of an answer that tells of a failure of the desk.
func deskStatus(kind helpdesk.Kind) int {
	switch kind {
	case helpdesk.NotAllowed, helpdesk.NeedsMFA, helpdesk.NeedsStepUp, helpdesk.NeedsApproval, helpdesk.CoolingDown, helpdesk.NeedsLink, helpdesk.NeedsAppCode:
		return http.StatusForbidden
	case helpdesk.BadInput:
		return http.StatusUnprocessableEntity
	case helpdesk.NoSuchAccount, helpdesk.NoSuchLink:
		return http.StatusNotFound
	case helpdesk.LinkNotGood, helpdesk.LinkOver:
		return http.StatusGone
	case helpdesk.TooMany:
		return http.StatusTooManyRequests
	case helpdesk.Conflict:
		return http.StatusConflict
	case helpdesk.PoolRefused, helpdesk.PoolCannot, helpdesk.PoolBusy, helpdesk.PoolDown, helpdesk.NotSent, helpdesk.StoreDown:
		return http.StatusServiceUnavailable
	case helpdesk.Unknown:
	}
	return http.StatusInternalServerError
}

// answerDeskError is answerError for agents: they are told which rule said no.
func (s *Server) answerDeskError(err *helpdesk.Error, c echo.Context) {
	if err.Kind == helpdesk.NeedsStepUp {
		if err := s.toDeskSignIn(c); err != nil {
			s.Log.ErrorContext(c.Request().Context(), "problem page failed", "error", err)
		}
		return
	}
	if err.Wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(err.Wait.Seconds())+1))
	}
	agent, _ := c.Get(agentKey).(deskAgent)
	problem := views.Problem{
		Page: s.deskPage(c, agent, "desk.problem.title", false), Heading: s.printer(c).T("desk.problem.title"),
		Body:   s.printer(c).Rich("desk.problem.body", 0, "why", s.refusal(c, err)),
		Action: views.Action{Text: s.printer(c).T("desk.problem.back"), Href: deskHome}, RequestID: requestID(c),
	}
	if err := s.renderWhole(c, deskStatus(err.Kind), views.ProblemPage(problem)); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "problem page failed", "error", err)
	}
}

// deskOnForm reports whether a failure is told on the form itself.
func deskOnForm(c echo.Context, err error) bool {
	switch helpdesk.KindOf(err) { //nolint:exhaustive // the others have a page of their own
	case helpdesk.BadInput, helpdesk.TooMany, helpdesk.Conflict, helpdesk.NeedsApproval, helpdesk.CoolingDown, helpdesk.PoolBusy:
		logCause(c, err)
		return true
	}
	return false
}

// fieldOf is the field that a failure is about.
func fieldOf(err error) string {
	if failure, ok := errors.AsType[*helpdesk.Error](err); ok {
		return failure.Field
	}
	return ""
}
