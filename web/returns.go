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

// start is the page that links lead to.
func (s *Server) start(c echo.Context, f enroll.Flow) error {
	key := c.QueryParam(returnParameter)
	if path := pathOf(f.At(s.Now())); key != "" && path == pathOf(enroll.StepSignIn) {
		return c.Redirect(http.StatusSeeOther, path+"?"+url.Values{returnParameter: {s.knownReturn(key)}}.Encode())
	}
	return s.next(c, f)
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
