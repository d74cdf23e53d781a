package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// changePassword is where password managers look for the page that changes a password (W3C, A Well-Known URL for
// Changing Passwords).
func changePassword(c echo.Context) error {
	return c.Redirect(http.StatusFound, "/forgot-password")
}

// Ready says why this node should not be sent visitors, and what caused that: "" when it should. It should not while it is
// stopping, and not without its store, which hand-offs and the end of a session need.
func (s *Server) Ready(ctx context.Context) (reason string, cause error) {
	if s.Draining != nil && s.Draining() {
		return "draining: this node was told to stop", nil
	}
	if err := s.Store.Ping(ctx); err != nil {
		return "store: does not answer", err
	}
	return "", nil
}

func (s *Server) showReady(c echo.Context) error {
	reason, cause := s.Ready(c.Request().Context())
	if cause != nil {
		logCause(c, cause)
	}
	if reason != "" {
		return c.String(http.StatusServiceUnavailable, reason+"\n")
	}
	return c.String(http.StatusOK, "ok\n")
}

// showHealth says that the process serves. It asks nobody: a pool that is down is no reason to restart the portal.
func showHealth(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}
