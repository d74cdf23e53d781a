package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// showHealth says that the process serves. It asks nobody: a pool that is down is no reason to restart the portal.
func showHealth(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}
