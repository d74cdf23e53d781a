package web

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/views"
)

// handoffFor is how long the address of a hand-off is good: long enough for a redirect.
const handoffFor = time.Minute

// handoffRequest is what another application sends: an access token of its user, or a user name with the session of
// the challenge MFA_SETUP; and where its user wants to go on afterwards.
type handoffRequest struct {
	AccessToken string `json:"access_token"`
	Username    string `json:"username"`
	Session     string `json:"session"`
	ReturnTo    string `json:"return_to"`
}

type handoffAnswer struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// makeHandoff is POST /api/v1/handoffs.
func (s *Server) makeHandoff(c echo.Context, _ caller) error {
	var in handoffRequest
	if _, err := readJSON(c, &in); err != nil {
		return err
	}
	f, err := s.handedOver(c, in)
	if kind := enroll.KindOf(err); kind == enroll.PoolDown || kind == enroll.Busy || kind == enroll.Blocked {
		return &apiError{Status: http.StatusServiceUnavailable, Code: "unavailable", Detail: "the pool does not answer: try again", retryAfter: unavailable, cause: err}
	}
	if err != nil {
		return &apiError{Status: http.StatusUnprocessableEntity, Code: "not_accepted", Detail: "neither an access token nor a session that can be used: see the portal's log", cause: err}
	}
	payload, err := f.MarshalBinary()
	if err != nil {
		return fmt.Errorf("hand-off: %w", err)
	}
	sealed, err := s.Handoffs.Seal(payload)
	if err != nil {
		return fmt.Errorf("hand-off: %w", err)
	}
	locator, expires := rand.Text(), s.Now().Add(handoffFor)
	if err := s.Store.PutHandoff(c.Request().Context(), sha256.Sum256([]byte(locator)), sealed, expires); err != nil {
		return &apiError{Status: http.StatusServiceUnavailable, Code: "unavailable", Detail: "the store does not answer: try again", retryAfter: unavailable, cause: err}
	}
	named, err := s.nameHandoff(locator, f.Username)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, handoffAnswer{URL: s.PublicURL.JoinPath("handoff", locator, named).String(), ExpiresAt: expires.UTC()})
}

// nameHandoff seals the account's name for the address: its page says whose set-up it is, and takes nothing to know it. A
// name opens with its own locator alone.
func (s *Server) nameHandoff(locator, username string) (string, error) {
	sealed, err := s.Handoffs.Seal([]byte(locator + username))
	if err != nil {
		return "", fmt.Errorf("hand-off: %w", err)
	}
	return string(sealed), nil
}

// handoffName is the name in the address, "" for one that is not this hand-off's.
func (s *Server) handoffName(locator, sealed string) string {
	named, err := s.Handoffs.Open([]byte(sealed))
	username, ours := strings.CutPrefix(string(named), locator)
	if err != nil || !ours {
		return ""
	}
	return username
}

// handedOver is the flow in which the user goes on here.
func (s *Server) handedOver(c echo.Context, in handoffRequest) (enroll.Flow, error) {
	f := enroll.Flow{ReturnTo: s.knownReturn(in.ReturnTo)}
	switch {
	case in.AccessToken != "" && in.Username == "" && in.Session == "":
		answer, err := s.OAuth.Accept(c.Request().Context(), secret.New(in.AccessToken))
		if err != nil {
			return f, err
		}
		return s.Enroll.HandOver(c.Request().Context(), f, answer)
	case in.AccessToken == "" && in.Username != "" && in.Session != "":
		return s.Enroll.EnterSession(f, in.Username, secret.New(in.Session), s.Now().Add(s.SessionValidity))
	}
	return f, errors.New("want access_token, or username and session")
}

// showHandoff takes nothing: previews and scanners open addresses, too.
func (s *Server) showHandoff(c echo.Context, f enroll.Flow) error {
	locator := c.Param("locator")
	if !plausibleLocator(locator) { // it becomes the address of a form
		return echo.ErrNotFound
	}
	page := s.page(c, f, "handoff.title", false)
	page.Account = "" // of whoever is signed in here now
	handoff := views.Handoff{Page: page, Action: "/handoff/" + locator, For: s.handoffName(locator, c.Param("account"))}
	if handoff.For != "" { // then it is of our making
		handoff.Action += "/" + c.Param("account")
	}
	return s.render(c, http.StatusOK, views.HandoffPage(handoff))
}

// plausibleLocator reports whether text is what rand.Text makes.
func plausibleLocator(text string) bool {
	return len(text) == len(rand.Text()) && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// takeHandoff begins where the other application left off.
func (s *Server) takeHandoff(c echo.Context, _ enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	sealed, found, err := s.Store.TakeHandoff(c.Request().Context(), sha256.Sum256([]byte(c.Param("locator"))))
	if err != nil {
		return &enroll.Error{Kind: enroll.StoreDown, Op: "take hand-off", Err: err}
	}
	var f enroll.Flow
	if found {
		var payload []byte
		if payload, err = s.Handoffs.Open(sealed); err == nil {
			err = f.UnmarshalBinary(payload)
		}
	}
	if !found || err != nil {
		return &badRequest{status: http.StatusGone, key: "handoff", err: errors.Join(errors.New("hand-off is unknown, taken or too old"), err)}
	}
	if !f.Authority.Session.Text.IsZero() { // its user is in a hurry: the session is ending
		next, err := s.Enroll.Start(c.Request().Context(), f)
		return s.moveOn(c, next, err)
	}
	return s.moveOn(c, f, nil)
}
