package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/trace"
)

// stage is how far somebody has come, as operators count it. What is lost between two of them is what to look into.
const (
	stageInvited  = "invited"   // an agent, or a ticket system, made a link
	stageOpened   = "opened"    // a page to begin at was shown
	stageSignedIn = "signed_in" // the account is known
	stageScanned  = "scanned"   // the page with the QR code was reached: nobody but the phone knows what it has scanned
	stageVerified = "verified"  // the pool has accepted the first code
	stageProven   = "proven"    // a real sign-in with the app succeeded
)

// badRequestKind is the kind of requests that no page of ours sends.
const badRequestKind = "bad_request"

// meters is what is counted. docs/operate.md says what to make of it.
type meters struct {
	requests  *metrics.Counter
	durations *metrics.Histogram
	failures  *metrics.Counter
	verdicts  *metrics.Counter
	funnel    *metrics.Counter
}

// newMeters makes them once the routes are known.
func newMeters(r *metrics.Registry, routes []*echo.Route) meters {
	method := metrics.Label{Name: "method", Values: []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}}
	route, code := metrics.Label{Name: "route"}, metrics.Label{Name: "code"}
	for _, r := range routes {
		route.Values = append(route.Values, r.Path)
	}
	for status := 100; status < 600; status++ {
		if http.StatusText(status) != "" {
			code.Values = append(code.Values, strconv.Itoa(status))
		}
	}
	kinds, verdicts := metrics.Label{Name: "kind", Values: []string{badRequestKind}}, metrics.Label{Name: "verdict"}
	for _, kind := range enroll.Kinds() {
		kinds.Values = append(kinds.Values, kind.String())
	}
	for verdict := enroll.NoMatch; verdict <= enroll.PoolRefused; verdict++ {
		verdicts.Values = append(verdicts.Values, verdict.String())
	}
	return meters{
		requests: r.Counter("portal_http_requests_total", "Requests, by route and answer.", method, route, code),
		durations: r.Histogram("portal_http_request_duration_seconds", "How long requests took.",
			[]float64{0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}, method, route),
		failures: r.Counter("portal_failures_total", "What went wrong, in the words of the log.", kinds),
		verdicts: r.Counter("portal_wrong_codes_total", "Codes that were refused, by what the portal makes of them.", verdicts),
		funnel: r.Counter("portal_funnel_total", "How far people come.",
			metrics.Label{Name: "stage", Values: []string{stageInvited, stageOpened, stageSignedIn, stageScanned, stageVerified, stageProven}}),
	}
}

// measure follows the request: what is counted of it, and its span.
func (s *Server) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.Clock()
		ctx, span := s.Tracer.Start(trace.Continue(c.Request().Context(), c.Request().Header), "request", trace.Server)
		if ctx != c.Request().Context() { // there is a trace
			c.SetRequest(c.Request().WithContext(ctx))
		}
		err := next(c)
		method, route, status := methodForLog(c.Request().Method), routeForLog(c.Path()), c.Response().Status
		s.meters.requests.Add(method, route, strconv.Itoa(status))
		s.meters.durations.Observe(s.Clock().Sub(began).Seconds(), method, route)
		kind := s.countFailure(c)
		if status == http.StatusOK && opens(c, method, route) {
			s.meters.funnel.Add(stageOpened)
		}
		span.Name(method + " " + route)
		span.Set("http.request.method", method)
		span.Set("http.route", route)
		span.Set("http.response.status_code", status)
		span.Set("request_id", requestID(c))
		if kind != "" {
			span.Set("error.type", kind)
		}
		if status < http.StatusInternalServerError {
			kind = ""
		}
		span.End(kind)
		return err
	}
}

// countFailure counts what the request's log line tells, and answers its kind: "" when nothing went wrong.
func (s *Server) countFailure(c echo.Context) string {
	cause, ok := c.Get(causeKey).(error)
	if !ok {
		return ""
	}
	kind := enroll.KindOf(cause).String()
	if httpStatus(cause) != 0 {
		kind = badRequestKind
	}
	s.meters.failures.Add(kind)
	if verdict, ok := verdictOf(cause); ok {
		s.meters.verdicts.Add(verdict.String())
	}
	return kind
}

// opens reports whether a page was shown to somebody who has only just come.
func opens(c echo.Context, method, route string) bool {
	f, _ := c.Get(flowKey).(enroll.Flow)
	return method == http.MethodGet && c.Get(waitsKey) == nil && f.Username == "" && f.ID == (enroll.ID{}) && (route == "/sign-in" || route == "/handoff/:locator")
}

// countStages counts the stages that a flow has just reached.
func (s *Server) countStages(c echo.Context, next enroll.Flow) {
	before, _ := c.Get(flowKey).(enroll.Flow)
	another := before.ID != next.ID
	switch before.Step {
	case enroll.StepSignIn, enroll.StepNewPassword, enroll.StepCode, enroll.StepChoose, enroll.StepReset:
		another = true
	case enroll.StepReview, enroll.StepScan, enroll.StepFinish, enroll.StepDone:
	}
	if another && (next.Step == enroll.StepReview || next.Step == enroll.StepScan) {
		s.meters.funnel.Add(stageSignedIn)
	}
	if next.Step == enroll.StepScan && (another || before.Step != enroll.StepScan) {
		s.meters.funnel.Add(stageScanned)
	}
	if before.Step == enroll.StepScan && (next.Step == enroll.StepFinish || next.Step == enroll.StepDone) {
		s.meters.funnel.Add(stageVerified)
	}
	if next.Step == enroll.StepDone && before.Step != enroll.StepDone && !next.ProvenAt.IsZero() {
		s.meters.funnel.Add(stageProven)
	}
}
