package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// changePassword is where password managers look for the page that changes a password (W3C, A Well-Known URL for
// Changing Passwords).
func changePassword(c echo.Context) error {
	return c.Redirect(http.StatusFound, "/forgot-password")
}

// showReady says whether this node should be sent visitors: not while it is stopping, and not without its store, which
// hand-offs and the end of a session need.
func (s *Server) showReady(c echo.Context) error {
	if s.Draining != nil && s.Draining() {
		return c.String(http.StatusServiceUnavailable, "draining: this node was told to stop\n")
	}
	if err := s.Store.Ping(c.Request().Context()); err != nil {
		logCause(c, err)
		return c.String(http.StatusServiceUnavailable, "store: does not answer\n")
	}
	return c.String(http.StatusOK, "ok\n")
}

// showHealth says that the process serves. It asks nobody: a pool that is down is no reason to restart the portal.
func showHealth(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}
