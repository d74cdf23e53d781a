package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/views"
)

func (s *Server) showChoose(c echo.Context, f enroll.Flow) error {
	page := views.Choose{Page: s.page(c, f, "choose.title", false)}
	for _, method := range f.Methods {
		page.Methods = append(page.Methods, views.Method{Name: method.String(), Label: s.printer(c).T("choose." + method.String())})
	}
	return s.render(c, http.StatusOK, views.ChoosePage(page))
}

func (s *Server) chooseMethod(c echo.Context, f enroll.Flow) error {
	method, err := readMethod(c)
	if err != nil {
		return err
	}
	next, err := s.Enroll.ChooseMethod(c.Request().Context(), f, method)
	return s.moveOn(c, next, err)
}

// readMethod reads a form whose buttons are methods.
func readMethod(c echo.Context) (enroll.Method, error) {
	form, err := readForm(c, "method")
	if err != nil {
		return 0, err
	}
	for _, method := range enroll.Methods() {
		if method.String() == form["method"] {
			return method, nil
		}
	}
	return 0, &badRequest{status: http.StatusBadRequest, err: errNoMethod}
}
