package web

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// openAPI describes the API for programs (OpenAPI 3.1). Tests hold every answer that they get against it.
//
//go:embed openapi.json
var openAPI []byte //nolint:gochecknoglobals // embedded files can be nothing else

func showOpenAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/openapi+json;version=3.1", openAPI)
}
