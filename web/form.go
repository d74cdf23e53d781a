package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// Limits of a form: no name, password or code comes near them.
const (
	maxForm  = 8 << 10
	maxField = 2 << 10
)

// badRequest is a request that no page of ours sends. Its key names the texts of the answer.
type badRequest struct {
	status     int
	key        string // "problem.<key>.title" and ".body"; "" for those of the status
	retryAfter int    // seconds; 0: not said
	err        error
}

func (e *badRequest) Error() string { return "bad request: " + e.err.Error() }

func (e *badRequest) Unwrap() error { return e.err }

// formKey is where a request's form is in its Echo context.
const formKey = "form"

// parseForm reads the request's body, once. It refuses what no form of ours sends: fields in the URL, too many bytes,
// another encoding, a field given twice.
func parseForm(c echo.Context) (url.Values, error) {
	if form, ok := c.Get(formKey).(url.Values); ok {
		return form, nil
	}
	r := c.Request()
	refuse := func(status int, why string) (url.Values, error) {
		return nil, &badRequest{status: status, err: errors.New(why)}
	}
	if r.URL.RawQuery != "" {
		return refuse(http.StatusBadRequest, "fields in the URL")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return refuse(http.StatusUnsupportedMediaType, "not a form")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxForm))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, tooLarge.Error())
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "body cut off")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return refuse(http.StatusBadRequest, "form encoding")
	}
	for name, given := range form {
		if len(given) > 1 {
			return refuse(http.StatusBadRequest, "field given twice: "+name)
		}
	}
	c.Set(formKey, form)
	return form, nil
}

// readForm reads the named fields from the request's body and from nowhere else. A missing field is empty, and one that
// is not named is not looked at. It refuses text that is too long or no text.
func readForm(c echo.Context, names ...string) (map[string]string, error) {
	values, err := parseForm(c)
	if err != nil {
		return nil, err
	}
	form := make(map[string]string, len(names))
	for _, name := range names {
		given := values[name]
		switch {
		case len(given) == 0:
			continue
		case len(given[0]) > maxField:
			return nil, &badRequest{status: http.StatusRequestEntityTooLarge, err: fmt.Errorf("field too long: %s has %d bytes", name, len(given[0]))}
		case !utf8.ValidString(given[0]) || strings.ContainsFunc(given[0], unicode.IsControl):
			return nil, &badRequest{status: http.StatusBadRequest, err: errors.New("field is not text: " + name)}
		}
		form[name] = given[0]
	}
	return form, nil
}
