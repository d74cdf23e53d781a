package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// showBrandFile answers the operator's logo or colours. Their content's hash is in the path.
func (s *Server) showBrandFile(c echo.Context) error {
	file, found := s.Brand.File(c.Request().URL.Path)
	if !found {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	c.Response().Header().Del("Vary")
	return c.Blob(http.StatusOK, file.Type, file.Body)
}
