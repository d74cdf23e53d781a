package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

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

// PendingFor is how long somebody may take at Cognito's pages.
const PendingFor = 10 * time.Minute

// maxPending is how many tabs of one browser may be there at once; of more, the newest.
const maxPending = 4

// pendingSignIn is what the browser keeps of each, sealed.
type pendingSignIn struct {
	State, Nonce, Verifier, ReturnTo string
	Began                            time.Time
}

// readPending answers the sign-ins that this browser has under way, the oldest first.
func (s *Server) readPending(c echo.Context) []pendingSignIn {
	payload, err := s.OAuthPending.Read(c.Request())
	var all []pendingSignIn
	if err != nil || json.Unmarshal(payload, &all) != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(p pendingSignIn) bool { return s.Now().Sub(p.Began) > PendingFor })
}

func (s *Server) writePending(c echo.Context, all []pendingSignIn) error {
	var payload []byte
	var err error
	if len(all) > 0 {
		payload, err = json.Marshal(all[max(0, len(all)-maxPending):])
	}
	if err == nil {
		err = s.OAuthPending.Write(c.Response(), c.Request(), payload)
	}
	if err != nil {
		return fmt.Errorf("pending sign-in: %w", err)
	}
	return nil
}

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
	begun := pendingSignIn{pending.State.Reveal(), pending.Nonce.Reveal(), pending.Verifier.Reveal(), returnTo, s.Now()}
	if err := s.writePending(c, append(s.readPending(c), begun)); err != nil {
		return err
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
	query, all := c.Request().URL.Query(), s.readPending(c)
	i := slices.IndexFunc(all, func(p pendingSignIn) bool {
		return len(query["state"]) == 1 && secret.New(query.Get("state")).Equal(secret.New(p.State))
	})
	if i < 0 { // not the answer to a sign-in that is pending here: those go on waiting for their own
		return &badRequest{status: http.StatusBadRequest, key: "oauth", err: errors.New("no sign-in of this state is pending in this browser")}
	}
	kept := all[i]
	if err := s.writePending(c, slices.Delete(all, i, i+1)); err != nil { // whatever comes of it, it is over
		return err
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
	if next.ByApp && s.appIsNewer(c, next) {
		next.ByApp = false
	}
	return s.moveOn(c, next, err)
}
