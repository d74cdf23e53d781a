package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/i18n"
)

const (
	langParameter = "lang" // in the address of any page
	langCookie    = "lang" // a choice that was made; nothing secret, and trusted for nothing else
	langKey       = "printer"
	langAge       = 365 * 24 * 60 * 60
)

// speak finds the language of the answer: the one in the address, the one chosen before, the browser's, English. A
// choice in the address of a page is remembered: the only thing that a GET changes.
func (s *Server) speak(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		remembered := ""
		if cookies := r.CookiesNamed(langCookie); len(cookies) == 1 {
			remembered = cookies[0].Value
		}
		chosen := ""
		if r.Method == http.MethodGet {
			chosen = c.QueryParam(langParameter)
		}
		c.Set(langKey, s.Languages.Match(chosen, remembered, r.Header.Get("Accept-Language")))
		if _, known := s.Languages.Printer(chosen); known && chosen != remembered {
			c.SetCookie(&http.Cookie{ //nolint:gosec // Secure wherever the portal is reached by https; nothing secret in it
				Name: langCookie, Value: chosen, Path: "/", MaxAge: langAge, Secure: s.PublicURL.Scheme == "https", HttpOnly: true,
				SameSite: http.SameSiteLaxMode,
			})
		}
		return next(c)
	}
}

// printer speaks the language of the answer.
func (s *Server) printer(c echo.Context) *i18n.Printer {
	if p, ok := c.Get(langKey).(*i18n.Printer); ok {
		return p
	}
	return s.Languages.Match()
}
