package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/throttle"
)

// reportPath is where browsers report what the content security policy has refused.
const reportPath = "/csp"

// maxReport is more than a browser sends at once.
const maxReport = 8 << 10

// takeReport logs that the policy has refused something: by which directive, on which page. All else in a report is
// somebody's address and may be anything, so nothing of it is kept. Too many are dropped without a word.
func (s *Server) takeReport(c echo.Context) error {
	r := c.Request()
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) //nolint:errcheck // then it is neither
	if kind != "application/csp-report" && kind != "application/reports+json" {
		return &badRequest{status: http.StatusUnsupportedMediaType, err: errors.New("not a report")}
	}
	who := throttle.Who{Account: "all", Network: s.network(c)}
	if s.Guard.Try(r.Context(), throttle.Reports(), who) > 0 {
		return c.NoContent(http.StatusNoContent)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxReport))
	if err != nil {
		return &badRequest{status: http.StatusRequestEntityTooLarge, err: errors.New("report too long, or cut off")}
	}
	directive, page := readReport(body)
	s.Log.WarnContext(r.Context(), "content security policy has refused something", "request_id", requestID(c), "directive", directive, "route", s.routeOf(page))
	return c.NoContent(http.StatusNoContent)
}

// readReport reads the first report, in the form of report-uri or of report-to (CSP Level 3, sections 5.3 and 5.5).
func readReport(body []byte) (directive, page string) {
	var old struct {
		Report struct {
			Directive string `json:"effective-directive"`
			Page      string `json:"document-uri"`
		} `json:"csp-report"`
	}
	var reports []struct {
		Body struct {
			Directive string `json:"effectiveDirective"`
			Page      string `json:"documentURL"`
		} `json:"body"`
	}
	if json.Unmarshal(body, &old) == nil {
		directive, page = old.Report.Directive, old.Report.Page
	} else if json.Unmarshal(body, &reports) == nil && len(reports) > 0 {
		directive, page = reports[0].Body.Directive, reports[0].Body.Page
	}
	if !slices.Contains(directives(), directive) {
		directive = "other"
	}
	return directive, page
}

// directives are those of the policy, and the narrower names under which browsers report them.
func directives() []string {
	names := []string{"script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr"}
	for part := range strings.SplitSeq(policy, "; ") {
		name, _, _ := strings.Cut(part, " ")
		names = append(names, name)
	}
	return names
}

// routeOf is the pattern of a page's route.
func (s *Server) routeOf(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return routeForLog("")
	}
	c := s.echo.NewContext(nil, nil)
	s.echo.Router().Find(http.MethodGet, u.EscapedPath(), c)
	return routeForLog(c.Path())
}
