package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/static"
	"cognito-enroll/views"
)

// isHTMX reports whether htmx sent the request; isPartial whether it wants the swappable part of the page alone.
func isHTMX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

func isPartial(c echo.Context) bool {
	return isHTMX(c) && c.Request().Header.Get("HX-Request-Type") == "partial"
}

// render answers a page, or its fragment. The page is complete in memory before the first byte is sent.
func (s *Server) render(c echo.Context, status int, page templ.Component) error {
	if !isPartial(c) {
		return s.renderWhole(c, status, page)
	}
	var body bytes.Buffer
	if err := templ.RenderFragments(c.Request().Context(), &body, page, views.Title, views.Step); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	if !bytes.Contains(body.Bytes(), []byte(`id="`+views.Step+`"`)) { // the page has no such part
		return s.renderWhole(c, status, page)
	}
	return blob(c, status, body.Bytes())
}

// renderWhole answers a page that takes the place of the whole one, also in htmx's hands.
func (s *Server) renderWhole(c echo.Context, status int, page templ.Component) error {
	body := s.bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // it makes nothing else
	defer s.bodies.Put(body)
	body.Reset()
	if err := page.Render(c.Request().Context(), body); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	if isHTMX(c) {
		c.Response().Header().Set("HX-Retarget", "body")
		c.Response().Header().Set("HX-Reswap", "innerHTML")
	}
	return blob(c, status, body.Bytes())
}

// blob answers HTML in one piece, of a length told beforehand.
func blob(c echo.Context, status int, body []byte) error {
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	return c.HTMLBlob(status, body)
}

// page is what every page has. The title says so when a form came back.
func (s *Server) page(c echo.Context, f enroll.Flow, titleKey string, failed bool) views.Page {
	title := s.printer(c).T(titleKey)
	if failed {
		title = s.printer(c).T("layout.error_title", "title", title)
	}
	return views.Page{
		P: s.printer(c), Title: title, Brand: s.Brand, Demo: s.Demo, HasDesk: s.DeskSessions != nil, Account: f.Username, Flow: formToken(f),
		Assets: views.Assets{
			CSS: s.Assets.URL(static.CSS), Script: s.Assets.URL(static.Script), Icon: s.Assets.URL(static.Icon),
		},
	}
}

// formStatus is the status of a page with a form: 422 when what was typed was not accepted.
func formStatus(failed bool) int {
	if failed {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}
