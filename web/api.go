package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/throttle"
)

// APIKey is another application's key: its name in records, the SHA-256 of its text, and what it is for.
type APIKey struct {
	Name   string
	Hash   [32]byte
	Scopes []Scope
	Rank   helpdesk.Rank // what it counts as at the help desk
	Links  int           // how many links it may make in an hour; 0: the usual number
}

// Scope is what an API key opens.
type Scope string

// The scopes.
const (
	ScopeHandoffs Scope = "handoffs" // hand users over
	ScopeInvites  Scope = "invites"  // make links, look at them, end them
	ScopeCoverage Scope = "coverage" // figures, without names
	ScopeLedger   Scope = "ledger"   // who set up what, when: names. Needs the rank of a lead
)

// Scopes is every scope.
func Scopes() []Scope { return []Scope{ScopeHandoffs, ScopeInvites, ScopeCoverage, ScopeLedger} }

// apiPrefix is where everything that speaks JSON is.
const apiPrefix = "/api/"

// apiRoute is one row: what the key must be for, and who answers.
type apiRoute struct {
	method, path string
	scope        Scope
	handler      func(c echo.Context, caller caller) error
}

// apiRoutes are described in openapi.json; a test holds both against each other.
func (s *Server) apiRoutes() []apiRoute {
	return []apiRoute{
		{http.MethodPost, "/api/v1/handoffs", ScopeHandoffs, s.makeHandoff},
		{http.MethodPost, "/api/v1/invites", ScopeInvites, s.asAgent(s.makeInvite)},
		{http.MethodGet, "/api/v1/invites/:id", ScopeInvites, s.asAgent(s.showInvite)},
		{http.MethodDelete, "/api/v1/invites/:id", ScopeInvites, s.asAgent(s.revokeInvite)},
		{http.MethodPost, "/api/v1/invites/:id/piece", ScopeInvites, s.asAgent(s.issueInvitePiece)},
		{http.MethodPost, "/api/v1/invites/:id/mail", ScopeInvites, s.asAgent(s.mailInvite)},
		{http.MethodGet, "/api/v1/coverage", ScopeCoverage, s.asAgent(s.tellCoverage)},
		{http.MethodGet, "/api/v1/coverage.csv", ScopeLedger, s.asAgent(s.tellCoverageCSV)},
		{http.MethodGet, "/api/v1/ledger", ScopeLedger, s.asAgent(s.showLedger)},
	}
}

// caller is the application that sent a request, and who it is at the help desk.
type caller struct {
	key   APIKey
	text  string // of the key
	agent helpdesk.Agent
}

// api answers for other applications: bearer key in, JSON out, also for failures.
func (s *Server) api(row apiRoute) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, err := s.admitted(c, row.scope)
		if err == nil {
			err = row.handler(c, who)
		}
		return err
	}
}

// admitted is the caller, unless it comes too often. Who has no key is held to the failures of his network, which cost
// nobody else anything.
func (s *Server) admitted(c echo.Context, scope Scope) (caller, error) {
	limit, who := throttle.Applications(), throttle.Who{Network: s.network(c)}
	c.SetRequest(c.Request().WithContext(throttle.WithSite(c.Request().Context(), throttle.Site(who.Network))))
	app, err := s.caller(c, scope)
	who.Account, who.Device = app.key.Name, app.key.Name
	if wait := s.Guard.Try(c.Request().Context(), limit, who); wait > 0 {
		refusal := &tooOften{limit.Name, wait}
		return caller{}, &apiError{Status: http.StatusTooManyRequests, Code: "too_many_requests", Detail: "try again in " + strconv.Itoa(refusal.seconds()) + " seconds", retryAfter: wait, cause: refusal}
	}
	if app.key.Name == "" { // a key that is none; one that is for something else is no guess
		s.Guard.Failed(c.Request().Context(), limit, who)
	}
	return app, err
}

// caller checks the bearer key and that it is for this.
func (s *Server) caller(c echo.Context, scope Scope) (caller, error) {
	text, found := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
	hash := sha256.Sum256([]byte(text))
	for _, known := range s.APIKeys {
		if !found || subtle.ConstantTimeCompare(hash[:], known.Hash[:]) != 1 {
			continue
		}
		c.Set(apiKeyKey, known.Name)
		if !slices.Contains(known.Scopes, scope) {
			return caller{key: known}, &apiError{Status: http.StatusForbidden, Code: "scope", Detail: "this key is not for " + string(scope)}
		}
		return caller{key: known, text: text}, nil
	}
	c.Response().Header().Set("WWW-Authenticate", "Bearer")
	return caller{}, &apiError{Status: http.StatusUnauthorized, Code: "unauthorized", Detail: "the request needs a bearer key that the portal knows"}
}

// asAgent makes the caller an agent, where there is a help desk.
func (s *Server) asAgent(handle func(echo.Context, caller) error) func(echo.Context, caller) error {
	return func(c echo.Context, who caller) error {
		if s.Desk == nil {
			return &apiError{Status: http.StatusNotFound, Code: "no_help_desk", Detail: "this portal has no help desk"}
		}
		var err error
		if who.agent, err = s.Desk.KeyAgent(who.key.Name); err != nil {
			return err
		}
		return handle(c, who)
	}
}

// maxJSON is more than any request to the API.
const maxJSON = 16 << 10

// readJSON reads one JSON object from the body into a struct, and nothing else: every name once, spelt exactly, and none
// that the struct does not have. It answers the body, too.
func readJSON(c echo.Context, into any) ([]byte, error) {
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != echo.MIMEApplicationJSON {
		return nil, &apiError{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "want application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxJSON))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &apiError{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: fmt.Sprintf("want at most %d bytes", maxJSON)}
	}
	if err == nil {
		err = checkObject(body, namesOf(into))
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		detail := "the body is not the JSON object that this call takes"
		if bad, ok := errors.AsType[*badObject](err); ok {
			detail += ": " + bad.Error()
		}
		return nil, &apiError{Status: http.StatusBadRequest, Code: "bad_request", Detail: detail, cause: err}
	}
	return body, nil
}

// badObject says in what way a body is not what is wanted: words for the caller.
type badObject struct{ what string }

func (e *badObject) Error() string { return e.what }

// checkObject refuses what encoding/json forgives: names in another case, twice, unknown or null, and broken UTF-8.
func checkObject(body []byte, known []string) error {
	if !utf8.Valid(body) {
		return &badObject{"not UTF-8"}
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return &badObject{"no object"}
	}
	var seen []string
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return &badObject{"no JSON"}
		}
		name, _ := token.(string)
		var value json.RawMessage
		switch err := decoder.Decode(&value); {
		case err != nil:
			return &badObject{"no JSON"}
		case !slices.Contains(known, name):
			return &badObject{"want only " + strings.Join(known, ", ")}
		case slices.Contains(seen, name):
			return &badObject{name + " is there twice"}
		case string(value) == "null":
			return &badObject{name + " is null: leave it out"}
		}
		seen = append(seen, name)
	}
	if _, err := decoder.Token(); err != nil {
		return &badObject{"no JSON"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &badObject{"more than one value"}
	}
	return nil
}

// names are the names of a request's fields.
func namesOf(request any) []string {
	kind := reflect.TypeOf(request).Elem()
	all := make([]string, 0, kind.NumField())
	for i := range kind.NumField() {
		all = append(all, kind.Field(i).Tag.Get("json"))
	}
	return all
}
