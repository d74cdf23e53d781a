package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/throttle"
)

// Pages are the patterns of the addresses that a browser can be sent to.
func (s *Server) Pages() []string {
	var patterns []string
	for _, row := range s.routes() {
		if row.method == http.MethodGet {
			patterns = append(patterns, row.path)
		}
	}
	if s.Desk == nil {
		return patterns
	}
	for _, row := range s.deskRoutes() {
		if row.method == http.MethodGet {
			patterns = append(patterns, row.path)
		}
	}
	return append(patterns, deskHome+"/sign-in")
}

// FailAt makes requests of path fail: every failure has a page, though some are hard to come by.
func (s *Server) FailAt(path string, err error) {
	s.echo.GET(path, func(echo.Context) error { return err })
}

// PanicAt makes requests of path panic.
func (s *Server) PanicAt(path string) {
	s.echo.GET(path, func(echo.Context) error { panic("of our own") })
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

// Posts are the paths of every route that may change something.
func (s *Server) Posts() (paths []string) {
	for _, route := range s.echo.Routes() {
		if route.Method != http.MethodGet && route.Method != http.MethodHead {
			paths = append(paths, route.Method+" "+route.Path)
		}
	}
	return paths
}

// Limits are what the rows of the routes table say.
func (s *Server) Limits() map[string]throttle.Rule {
	limits := map[string]throttle.Rule{}
	for _, row := range s.routes() {
		limits[row.method+" "+row.path] = row.limit
	}
	return limits
}

// AddUnlimited adds a route as the table does, without a limit.
func (s *Server) AddUnlimited(method, path string) error {
	return s.add(method, path, throttle.Rule{}, func(echo.Context) error { return nil })
}

// ClientAddr is clientAddr.
func ClientAddr(r *http.Request, proxies []netip.Prefix) netip.Addr { return clientAddr(r, proxies) }
