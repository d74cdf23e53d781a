package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/views"
)

// prepare is the path of the page before all others: with the app at hand before the password is typed, nobody looks
// for one while the pool's clock runs.
const prepare = "/prepare"

// showPrepare leads on to where the flow stands: back to the QR code for somebody who came from there.
func (s *Server) showPrepare(c echo.Context, f enroll.Flow) error {
	next := url.URL{Path: pathOf(f.At(s.Now()))}
	if key := s.knownReturn(c.QueryParam(returnParameter)); key != "" {
		next.RawQuery = url.Values{returnParameter: {key}}.Encode()
	}
	page := s.page(c, f, "prepare.title", false)
	if pathOf(f.At(s.Now())) == pathOf(enroll.StepSignIn) {
		page.Account = "" // not signed in yet, or no longer
	}
	return s.render(c, http.StatusOK, views.PreparePage(views.Prepare{
		Page: page, Apps: s.Brand.Apps, Minutes: int(s.SessionValidity.Minutes()), Next: next.String(),
	}))
}
