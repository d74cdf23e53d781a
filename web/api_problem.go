package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
)

// apiError is a refusal in JSON: a problem of RFC 9457. Programs read Code, people Detail.
type apiError struct {
	Title     string `json:"title"` // the status in words
	Status    int    `json:"status"`
	Code      string `json:"error"`
	Detail    string `json:"detail"`
	Field     string `json:"field,omitempty"` // of the request, with bad_input
	RequestID string `json:"request_id"`

	retryAfter time.Duration
	cause      error // for the log
}

func (e *apiError) Error() string {
	if e.cause != nil {
		return "api: " + e.Code + ": " + e.cause.Error()
	}
	return "api: " + e.Code
}

func (e *apiError) Unwrap() error { return e.cause }

// problemType is the media type of a refusal (RFC 9457).
const problemType = "application/problem+json"

// answerAPIError answers in JSON what pages are answered with a problem page.
func (s *Server) answerAPIError(err error, c echo.Context) {
	problem := problemOf(err)
	problem.Title, problem.RequestID = http.StatusText(problem.Status), requestID(c)
	if problem.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int((problem.retryAfter+time.Second-1)/time.Second)))
	}
	body, err := json.Marshal(problem)
	if err == nil {
		err = c.Blob(problem.Status, problemType, body)
	}
	if err != nil {
		s.Log.ErrorContext(c.Request().Context(), "answer failed", "error", err)
	}
}

// problemOf is the one table from failures to answers of the API.
func problemOf(err error) apiError {
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return *refusal
	}
	if failed, ok := errors.AsType[*helpdesk.Error](err); ok {
		return deskProblem(failed)
	}
	problem := apiError{Status: httpStatus(err), Detail: "see the portal's log for this request"}
	if problem.Status == 0 {
		how := answerTo(enroll.KindOf(err))
		problem.Status, problem.retryAfter = how.status, time.Duration(how.retryAfter)*time.Second
	}
	if bad, ok := errors.AsType[*badRequest](err); ok && bad.retryAfter > 0 {
		problem.retryAfter = time.Duration(bad.retryAfter) * time.Second
	}
	problem.Code = strings.ReplaceAll(strings.ToLower(http.StatusText(problem.Status)), " ", "_")
	return problem
}

// unavailable is how soon it may be worth while to ask again.
const unavailable = 5 * time.Second

// deskProblem is what the help desk's refusals mean to another application.
func deskProblem(err *helpdesk.Error) apiError {
	problem := apiError{Code: err.Kind.String(), Field: requestField(err.Field), retryAfter: err.Wait}
	switch err.Kind {
	case helpdesk.NotAllowed:
		problem.Status, problem.Detail = http.StatusForbidden, "the help desk's rules do not let this key do that: "+err.Rule
	case helpdesk.NeedsApproval, helpdesk.CoolingDown, helpdesk.NeedsMFA, helpdesk.NeedsStepUp:
		problem.Status, problem.Detail = http.StatusForbidden, "the account is privileged: a person must do this on the desk's pages"
	case helpdesk.BadInput:
		problem.Status, problem.Detail = http.StatusUnprocessableEntity, problem.Field+" is missing, out of bounds or does not fit the account"
	case helpdesk.NoSuchAccount:
		problem.Status, problem.Detail = http.StatusNotFound, "the pool has no such account"
	case helpdesk.NoSuchLink:
		problem.Status, problem.Detail = http.StatusNotFound, "there is no invite with this number, or it is over"
	case helpdesk.TooMany:
		problem.Status, problem.Detail = http.StatusTooManyRequests, "too often for this account or this key"
	case helpdesk.Conflict:
		problem.Status, problem.Detail = http.StatusConflict, "a reset of this account is in progress: an agent must finish it first"
	case helpdesk.NotSent:
		problem.Status, problem.Detail, problem.retryAfter = http.StatusServiceUnavailable, "the mail server did not take it: try again", unavailable
	case helpdesk.PoolBusy, helpdesk.PoolDown, helpdesk.StoreDown:
		problem.Status, problem.Detail, problem.retryAfter = http.StatusServiceUnavailable, "the pool or the store does not answer: try again", unavailable
	case helpdesk.PoolRefused, helpdesk.PoolCannot:
		problem.Status, problem.Detail = http.StatusServiceUnavailable, "the portal may not do this in the pool: its operator must help"
	case helpdesk.LinkNotGood, helpdesk.LinkOver, helpdesk.NeedsLink, helpdesk.NeedsAppCode, helpdesk.Unknown: // for people with links
		problem.Status, problem.Detail = http.StatusInternalServerError, "see the portal's log for this request"
	}
	return problem
}

// requestField is what the API calls a field of the help desk's.
func requestField(field string) string {
	switch field {
	case "lifetime":
		return "lifetime_seconds"
	case "locator":
		return "url"
	}
	return field
}
