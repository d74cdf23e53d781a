package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/brand"
)

// brandKey is where a request's brand is in its Echo context: the same from its beginning to its end.
const brandKey = "brand"

func (s *Server) brand(c echo.Context) *brand.Brand {
	if b, ok := c.Get(brandKey).(*brand.Brand); ok {
		return b
	}
	return s.Brand()
}

// showBrandFile answers the operator's logo or colours. Their content's hash is in the path.
func (s *Server) showBrandFile(c echo.Context) error {
	file, found := s.brand(c).File(c.Request().URL.Path)
	if !found {
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	c.Response().Header().Del("Vary")
	return c.Blob(http.StatusOK, file.Type, file.Body)
}
