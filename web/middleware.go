package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/session"
	"cognito-enroll/static"
)

// Keys of what a request carries in its Echo context.
const (
	requestIDKey = "request_id"
	causeKey     = "cause"
	apiKeyKey    = "api_key" // the name of the application's key
)

// identify gives the request a short id, which its problem page shows and its log line has: something to read out on
// the phone.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		text := rand.Text()
		id := text[:4] + "-" + text[4:8]
		c.Set(requestIDKey, id)
		c.Response().Header().Set("X-Request-Id", id)
		return next(c)
	}
}

func requestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// logCause keeps why a request failed for its log line.
func logCause(c echo.Context, err error) { c.Set(causeKey, err) }

// logRequest writes one line for each request: the route's pattern, never the URI, whose query may be anything.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.Clock()
		if err := next(c); err != nil {
			s.answerError(err, c)
		}
		attrs := []slog.Attr{
			slog.String("request_id", requestID(c)),
			slog.String("method", methodForLog(c.Request().Method)),
			slog.String("route", routeForLog(c.Path())),
			slog.Int("status", c.Response().Status),
			slog.String("client", clientAddr(c.Request(), s.Proxies).String()),
			slog.Float64("duration_ms", float64(s.Clock().Sub(began).Microseconds())/1000),
		}
		if name, ok := c.Get(apiKeyKey).(string); ok {
			attrs = append(attrs, slog.String("api_key", name))
		}
		level := slog.LevelInfo
		if cause, ok := c.Get(causeKey).(error); ok {
			attrs = append(attrs, slog.String("error", cause.Error()))
			level = slog.LevelWarn
		}
		if c.Response().Status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		s.Log.LogAttrs(c.Request().Context(), level, "request", attrs...)
		return nil
	}
}

func routeForLog(pattern string) string {
	if pattern == "" {
		return "other"
	}
	return pattern
}

func methodForLog(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recoverPanic turns a panic into the page for our own failures.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel that net/http asks for
					panic(p)
				}
				s.Log.ErrorContext(c.Request().Context(), "panic", "request_id", requestID(c), "stack", string(debug.Stack()))
				err = errors.New("panic")
			}
		}()
		return next(c)
	}
}

// closeForMaintenance answers every page with the same one while the operator works on the portal. Health and assets
// go on: a load balancer that saw a node as down would show a page of its own.
func (s *Server) closeForMaintenance(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch path := c.Path(); {
		case !s.Maintenance, path == "/healthz", path == "/readyz", path == static.Prefix+"*", path == brand.Prefix+":file":
			return next(c)
		}
		return &badRequest{status: http.StatusServiceUnavailable, key: "maintenance", retryAfter: 300, err: errors.New("closed for maintenance")}
	}
}

// policy is the content security policy: nothing but our own stylesheet, scripts and pictures, no inline anything.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"

// permissions switches off what the pages never use.
const permissions = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), microphone=(), " +
	"midi=(), payment=(), publickey-credentials-create=(), serial=(), usb=(), browsing-topics=(), clipboard-write=(self)"

// protective are the headers of every answer. Echo puts the middleware together anew for each request, so they are made
// outside.
func protective(https bool) http.Header {
	header := http.Header{}
	for name, value := range map[string]string{
		"Content-Security-Policy":      policy,
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"X-XSS-Protection":             "0",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
		"Permissions-Policy":           permissions,
	} {
		header.Set(name, value)
	}
	if https {
		header.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	return header
}

// protect sets the headers of every answer and refuses forms that another site sent.
func (s *Server) protect(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		maps.Copy(header, s.headers)
		if !strings.HasPrefix(c.Request().URL.Path, static.Prefix) {
			header.Set("Cache-Control", "no-store")
			header.Set("Vary", "HX-Request, HX-Request-Type, Cookie")
			header.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		}
		if err := s.checkOrigin(c.Request()); err != nil {
			return &badRequest{status: http.StatusForbidden, err: fmt.Errorf("foreign origin: %w", err)}
		}
		return next(c)
	}
}

// checkOrigin refuses what another site makes a browser send. Where an old browser names no more than its origin,
// net/http compares that with Host whatever its scheme: a page made up by plain http, on somebody's network, would pass
// for ours.
func (s *Server) checkOrigin(r *http.Request) error {
	if err := s.csrf.Check(r); err != nil {
		return fmt.Errorf("sent by another site: %w", err)
	}
	origin := r.Header.Get("Origin")
	switch {
	case origin == "", r.Header.Get("Sec-Fetch-Site") != "", strings.HasPrefix(origin, s.PublicURL.Scheme+"://"):
		return nil
	case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions:
		return nil
	}
	return errors.New("the origin has another scheme")
}

// maxCookies is more cookies than a browser has for us and for what our site's neighbours may set.
const maxCookies = 30

// countCookies answers a browser that sends too many with a clear page, and takes ours back. They may be planted, and
// past some number the server would read none: a visit that went on would look signed out.
func (s *Server) countCookies(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		count := 0
		for _, line := range c.Request().Header["Cookie"] {
			count += 1 + strings.Count(line, ";")
		}
		if count <= maxCookies || strings.HasPrefix(c.Request().URL.Path, static.Prefix) {
			return next(c)
		}
		err := fmt.Errorf("%d cookies", count)
		for _, cookies := range []*session.Store{s.Sessions, s.Places, s.Devices, s.OAuthPending} {
			if cookies != nil {
				err = errors.Join(err, cookies.Write(c.Response(), c.Request(), nil))
			}
		}
		return &badRequest{status: http.StatusBadRequest, key: "cookie", err: err}
	}
}
