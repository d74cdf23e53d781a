package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/views"
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
		c.Set(langKey, s.Brand.Languages.Match(chosen, remembered, r.Header.Get("Accept-Language")))
		if _, known := s.Brand.Languages.Printer(chosen); known && chosen != remembered {
			s.rememberLanguage(c, chosen)
		}
		return next(c)
	}
}

// prefer is the language of the pages from now on, unless the visitor has chosen one.
func (s *Server) prefer(c echo.Context, tag string) {
	if len(c.Request().CookiesNamed(langCookie)) > 0 {
		return
	}
	if _, known := s.Brand.Languages.Printer(tag); known {
		s.rememberLanguage(c, tag)
	}
}

func (s *Server) rememberLanguage(c echo.Context, tag string) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure wherever the portal is reached by https; nothing secret in it
		Name: langCookie, Value: tag, Path: "/", MaxAge: langAge, Secure: s.PublicURL.Scheme == "https", HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// printer speaks the language of the answer.
func (s *Server) printer(c echo.Context) *i18n.Printer {
	if p, ok := c.Get(langKey).(*i18n.Printer); ok {
		return p
	}
	return s.Brand.Languages.Match()
}

// showLanguages lists the languages to choose from. Each leads back to the page that the visitor came from, which
// remembers the choice.
func (s *Server) showLanguages(c echo.Context, f enroll.Flow) error {
	page := views.Languages{Page: s.page(c, f, "languages.title", false), All: s.Brand.Languages.All(), Back: s.cameFrom(c)}
	return s.render(c, http.StatusOK, views.LanguagesPage(page))
}

// cameFrom is the path of the page of ours that led here: "/", which knows where the visit stands, when that is not told
// or cannot be gone back to.
func (s *Server) cameFrom(c echo.Context) string {
	from, err := url.Parse(c.Request().Referer())
	if err != nil || from.Host != s.PublicURL.Host {
		return "/"
	}
	if s.DeskSessions != nil && (from.Path == deskHome || strings.HasPrefix(from.Path, deskHome+"/")) {
		return s.deskPageAt(deskPath(from.EscapedPath()))
	}
	if locator, found := strings.CutPrefix(from.EscapedPath(), linkPrefix); found && len(locator) <= maxLocator {
		return linkPrefix + locator // whoever has opened an address needs it again
	}
	for _, row := range s.routes() {
		if row.method == http.MethodGet && row.path == from.Path && row.path != oauthCallback {
			return row.path
		}
	}
	return "/"
}
