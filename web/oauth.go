package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// OAuth is signing in at Cognito's own pages.
type OAuth interface {
	// Start answers where to send the browser, and what its return is checked against.
	Start() (url string, pending OAuthPending)
	// Finish trades the code that came back.
	Finish(ctx context.Context, pending OAuthPending, state, code secret.Text) (enroll.Answer, error)
	// Accept verifies an access token that comes from elsewhere.
	Accept(ctx context.Context, token secret.Text) (enroll.Answer, error)
}

// OAuthPending is a sign-in under way at Cognito's pages.
type OAuthPending struct{ State, Nonce, Verifier secret.Text }

// pendingCookie is what the browser keeps of it, sealed.
type pendingCookie struct{ State, Nonce, Verifier, ReturnTo string }

// startOAuth sends the browser to Cognito's page. It is a GET, because the content security policy, rightly, lets no
// form of ours lead to another site; all that it changes is this browser's own pending cookie.
func (s *Server) startOAuth(c echo.Context, f enroll.Flow) error {
	if s.OAuthPending == nil {
		return echo.ErrNotFound
	}
	address, pending := s.OAuth.Start()
	returnTo := s.knownReturn(c.QueryParam(returnParameter))
	if returnTo == "" {
		returnTo = f.ReturnTo
	}
	payload, err := json.Marshal(pendingCookie{pending.State.Reveal(), pending.Nonce.Reveal(), pending.Verifier.Reveal(), returnTo})
	if err != nil {
		return fmt.Errorf("pending sign-in: %w", err)
	}
	if err := s.OAuthPending.Write(c.Response(), c.Request(), payload); err != nil {
		return fmt.Errorf("pending sign-in: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// oauthCallback is where Cognito's pages send the browser back to. It answers no HEAD: that would spend the code.
const oauthCallback = "/sign-in/oauth/callback"

// finishOAuth is where Cognito's page sends the browser back to.
func (s *Server) finishOAuth(c echo.Context, f enroll.Flow) error {
	if s.OAuthPending == nil {
		return echo.ErrNotFound
	}
	payload, err := s.OAuthPending.Read(c.Request())
	var kept pendingCookie
	if err != nil || json.Unmarshal(payload, &kept) != nil {
		return &badRequest{status: http.StatusBadRequest, key: "oauth", err: errors.New("no sign-in is pending in this browser")}
	}
	query := c.Request().URL.Query()
	if len(query["state"]) != 1 || query.Get("state") == "" || !secret.New(query.Get("state")).Equal(secret.New(kept.State)) {
		// Not the answer to the sign-in that is pending here, which goes on waiting for its own.
		return &badRequest{status: http.StatusBadRequest, key: "oauth", err: errors.New("another sign-in's state")}
	}
	if err := s.OAuthPending.Write(c.Response(), c.Request(), nil); err != nil { // whatever comes of it, it is over
		return fmt.Errorf("pending sign-in: %w", err)
	}
	if len(query["code"]) != 1 || query.Has("error") {
		return &badRequest{status: http.StatusBadRequest, key: "oauth", err: errors.New("came back without a code")}
	}
	pending := OAuthPending{State: secret.New(kept.State), Nonce: secret.New(kept.Nonce), Verifier: secret.New(kept.Verifier)}
	answer, err := s.OAuth.Finish(c.Request().Context(), pending, secret.New(query.Get("state")), secret.New(query.Get("code")))
	if enroll.KindOf(err) == enroll.SignInAgain {
		return &badRequest{status: http.StatusBadRequest, key: "oauth", err: err}
	}
	if err != nil {
		return err
	}
	next, err := s.Enroll.EnterFromPages(c.Request().Context(), f, kept.ReturnTo, answer)
	return s.moveOn(c, next, err)
}
