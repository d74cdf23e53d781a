package cognito

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/trace"
)

// OAuthOptions of an OAuth.
type OAuthOptions struct {
	Issuer       string // https://cognito-idp.<region>.amazonaws.com/<pool id>
	Domain       string // of Cognito's own pages, https://<prefix>.auth.<region>.amazoncognito.com; "" when only tokens are verified
	RedirectURL  string // our callback, as the app client has it
	UserPoolID   string
	ClientID     string
	ClientSecret secret.Text
	HTTPClient   *http.Client
	Now          func() time.Time
	Metrics      *metrics.Registry // nil: nobody reads them
	Tracer       *trace.Tracer     // nil: no trace begins here
	Clock        func() time.Time  // this machine's, for durations; nil: Now
}

// OAuth signs people in at Cognito's own pages (authorization code with PKCE, RFC 6749 and RFC 7636) and verifies
// tokens that come from elsewhere. Signatures are checked against the pool's JWKS, which is fetched again when a token
// names a key that is not known yet.
type OAuth struct {
	config   oauth2.Config
	idTokens *oidc.IDTokenVerifier
	accesses *oidc.IDTokenVerifier
	poolID   string
	http     *http.Client
}

// NewOAuth makes an OAuth. The end of ctx does not end it.
func NewOAuth(ctx context.Context, opts OAuthOptions) *OAuth {
	if opts.Clock == nil {
		opts.Clock = opts.Now
	}
	opts.HTTPClient = newObserver(opts.Metrics, opts.Tracer, opts.Clock).observed(opts.HTTPClient)
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), opts.HTTPClient), opts.Issuer+"/.well-known/jwks.json")
	verifier := func(clientID string) *oidc.IDTokenVerifier {
		return oidc.NewVerifier(opts.Issuer, keys, &oidc.Config{
			ClientID: clientID, SkipClientIDCheck: clientID == "", SupportedSigningAlgs: []string{oidc.RS256}, Now: opts.Now,
		})
	}
	return &OAuth{
		config: oauth2.Config{
			ClientID: opts.ClientID, ClientSecret: opts.ClientSecret.Reveal(), RedirectURL: opts.RedirectURL,
			Endpoint: oauth2.Endpoint{AuthURL: opts.Domain + "/oauth2/authorize", TokenURL: opts.Domain + "/oauth2/token"},
			Scopes:   []string{oidc.ScopeOpenID, adminScope},
		},
		idTokens: verifier(opts.ClientID),
		accesses: verifier(""), // Cognito's access tokens have no aud; client_id is checked instead
		poolID:   opts.UserPoolID,
		http:     opts.HTTPClient,
	}
}

// Pending is a sign-in that has gone to Cognito's pages: what its return is checked against.
type Pending struct{ State, Nonce, Verifier secret.Text }

// Start begins a sign-in: the address to send the browser to, and what to keep until it returns. Cognito's pages are
// told to ask for the password anew: whoever changes how he signs in must have signed in just now.
func (o *OAuth) Start() (string, Pending) {
	pending := Pending{State: secret.New(rand.Text()), Nonce: secret.New(rand.Text()), Verifier: secret.New(oauth2.GenerateVerifier())}
	return o.config.AuthCodeURL(pending.State.Reveal(), oidc.Nonce(pending.Nonce.Reveal()), oauth2.S256ChallengeOption(pending.Verifier.Reveal()),
		oauth2.SetAuthURLParam("prompt", "login")), pending
}

// Finish trades the code for tokens.
func (o *OAuth) Finish(ctx context.Context, pending Pending, state, code secret.Text) (enroll.Answer, error) {
	const op = "oauth2/token"
	if state.IsZero() || !state.Equal(pending.State) {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("another sign-in's state")}
	}
	ctx, cancel := withTimeout(oidc.ClientContext(ctx, o.http))
	defer cancel()
	token, err := o.config.Exchange(ctx, code.Reveal(), oauth2.VerifierOption(pending.Verifier.Reveal()))
	if err != nil {
		return enroll.Answer{}, oauthError(op, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := o.idTokens.Verify(ctx, raw)
	if err != nil {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("ID token does not verify")}
	}
	if !secret.New(id.Nonce).Equal(pending.Nonce) {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("another sign-in's nonce")}
	}
	var about struct {
		Identities []any `json:"identities"`
	}
	if err := id.Claims(&about); err != nil {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("ID token has claims that cannot be read")}
	}
	answer, err := o.Accept(ctx, secret.New(token.AccessToken))
	answer.Federated = answer.Federated || len(about.Identities) > 0
	answer.Refresh = secret.New(token.RefreshToken)
	return answer, err
}

// Accept verifies an access token: signature, issuer, life, purpose, app client and scope.
func (o *OAuth) Accept(ctx context.Context, token secret.Text) (enroll.Answer, error) {
	const op = "access token"
	verified, err := o.accesses.Verify(oidc.ClientContext(ctx, o.http), token.Reveal())
	if err != nil {
		if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
			return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("expired")}
		}
		if strings.Contains(err.Error(), "fetching keys") {
			return enroll.Answer{}, &enroll.Error{Kind: enroll.PoolDown, Op: op, Err: errors.New("the pool's keys cannot be fetched")}
		}
		return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("does not verify")}
	}
	var about struct {
		ClientID string `json:"client_id"`
	}
	if err := verified.Claims(&about); err != nil || about.ClientID != o.config.ClientID {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("of another app client")}
	}
	return readAnswer(op, o.poolID, token)
}

// oauthError is what the token endpoint's refusal means.
func oauthError(op string, err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		switch refused.ErrorCode {
		case "invalid_grant":
			return &enroll.Error{Kind: enroll.SignInAgain, Op: op, Err: errors.New("invalid_grant: the code is spent, old or another's")}
		case "invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type":
			return &enroll.Error{Kind: enroll.Misconfigured, Op: op, Err: errors.New(refused.ErrorCode + ": check COGNITO_CLIENT_ID, COGNITO_CLIENT_SECRET and the app client's callback URL")}
		}
		return &enroll.Error{Kind: enroll.PoolDown, Op: op, Err: fmt.Errorf("HTTP %d", refused.Response.StatusCode)}
	}
	if refused, ok := errors.AsType[*url.Error](err); ok && refused.Timeout() {
		return &enroll.Error{Kind: enroll.PoolDown, Op: op, Err: errors.New("no answer in time")}
	}
	return &enroll.Error{Kind: enroll.PoolDown, Op: op, Err: errors.New("no answer")}
}
