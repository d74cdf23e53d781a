package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
)

// APIKey is another application's key: its name for the log, and the SHA-256 of its text.
type APIKey struct {
	Name string
	Hash [32]byte
}

// maxJSON is more than any request to the API.
const maxJSON = 16 << 10

// apiPrefix is where everything that speaks JSON is.
const apiPrefix = "/api/"

// answerAPIError answers in JSON what pages are answered with a problem page.
func (s *Server) answerAPIError(err error, c echo.Context) {
	status := httpStatus(err)
	if status == 0 {
		status = answerTo(enroll.KindOf(err)).status
	}
	code := strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
	if err := c.JSON(status, &apiError{status, code, "see the portal's log, request " + requestID(c)}); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "answer failed", "error", err)
	}
}

// apiError is a refusal in JSON.
type apiError struct {
	status  int
	Code    string `json:"error"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return "api: " + e.Code }

// api answers for other applications: bearer key in, JSON out, also for failures.
func (s *Server) api(handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := s.authorized(c)
		if err == nil {
			err = handle(c)
		}
		refusal, ok := errors.AsType[*apiError](err)
		if !ok {
			return err
		}
		if c.Get(causeKey) == nil {
			logCause(c, err)
		}
		if refusal.status == http.StatusUnauthorized {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
		}
		return c.JSON(refusal.status, refusal)
	}
}

func (s *Server) authorized(c echo.Context) error {
	key, found := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
	hash := sha256.Sum256([]byte(key))
	for _, known := range s.APIKeys {
		if found && subtle.ConstantTimeCompare(hash[:], known.Hash[:]) == 1 {
			return nil
		}
	}
	return &apiError{http.StatusUnauthorized, "unauthorized", "the request needs a bearer key that the portal knows"}
}

// readJSON reads one JSON object from the body, and nothing else.
func readJSON(c echo.Context, into any) error {
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != echo.MIMEApplicationJSON {
		return &apiError{http.StatusUnsupportedMediaType, "unsupported_media_type", "want application/json"}
	}
	decoder := json.NewDecoder(http.MaxBytesReader(c.Response(), r.Body, maxJSON))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return &apiError{http.StatusRequestEntityTooLarge, "too_large", "the body is too large"}
		}
		return &apiError{http.StatusBadRequest, "bad_request", "the body is not the JSON object that this call takes"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &apiError{http.StatusBadRequest, "bad_request", "more than one JSON value"}
	}
	return nil
}
