package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
)

// returnParameter names, in the address of the first page, where to go on afterwards: a key of the operator's list,
// never an address.
const returnParameter = "return_to"

// start is the address that links lead to: the first page for whoever has not begun, else where the flow stands.
func (s *Server) start(c echo.Context, f enroll.Flow) error {
	if f.ID != (enroll.ID{}) || f.Notice != enroll.NoNotice || f.Step != enroll.StepSignIn {
		return s.next(c, f)
	}
	first := url.URL{Path: prepare}
	if key := s.knownReturn(c.QueryParam(returnParameter)); key != "" {
		first.RawQuery = url.Values{returnParameter: {key}}.Encode()
	}
	return c.Redirect(http.StatusSeeOther, first.String())
}

// goingOn is a flow that goes on where the address of its page says, if that says so.
func (s *Server) goingOn(c echo.Context, f enroll.Flow) enroll.Flow {
	if key := c.QueryParam(returnParameter); key != "" {
		f.ReturnTo = s.knownReturn(key)
	}
	return f
}

// knownReturn is key if the operator listed it, else "", which stands for the default.
func (s *Server) knownReturn(key string) string {
	for _, place := range s.Returns {
		if place.Key == key {
			return key
		}
	}
	return ""
}

// returnTo is where the flow goes on: what it asked for, else the default; the zero Return when there is none.
func (s *Server) returnTo(f enroll.Flow) Return {
	for _, place := range s.Returns {
		if place.Key == f.ReturnTo {
			return place
		}
	}
	if len(s.Returns) > 0 {
		return s.Returns[0]
	}
	return Return{}
}
