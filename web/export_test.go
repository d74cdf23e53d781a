package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Pages are the patterns of the addresses that a browser can be sent to.
func (s *Server) Pages() []string {
	var patterns []string
	for _, row := range s.routes() {
		if row.method == http.MethodGet {
			patterns = append(patterns, row.path)
		}
	}
	return patterns
}

// FailAt makes requests of path fail: every failure has a page, though some are hard to come by.
func (s *Server) FailAt(path string, err error) {
	s.echo.GET(path, func(echo.Context) error { return err })
}

// APIRoutes are the routes that the portal really has under /api/.
func (s *Server) APIRoutes() []*echo.Route {
	var routes []*echo.Route
	for _, route := range s.echo.Routes() {
		if strings.HasPrefix(route.Path, apiPrefix) {
			routes = append(routes, route)
		}
	}
	return routes
}
