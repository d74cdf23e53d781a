package cognito

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/trace"
)

// The calls that are no operations of the SDK's: see [OAuth].
const (
	opToken = "oauth2/token"
	opKeys  = "jwks"
)

// outcomeOK is what a call that succeeded counts as; the others count as their kind.
const outcomeOK = "ok"

// observer counts the calls to the pool and follows them with a span each.
type observer struct {
	calls     *metrics.Counter
	durations *metrics.Histogram
	tracer    *trace.Tracer
	now       func() time.Time
}

func newObserver(r *metrics.Registry, tracer *trace.Tracer, now func() time.Time) *observer {
	if r == nil { // nobody reads them
		r = new(metrics.Registry)
	}
	operation := metrics.Label{Name: "operation", Values: []string{
		"InitiateAuth", "RespondToAuthChallenge", "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference", "GetUser", "GlobalSignOut",
		"ForgotPassword", "ConfirmForgotPassword", "ConfirmSignUp", "ResendConfirmationCode", "RevokeToken", opToken, opKeys,
		"AdminGetUser", "AdminSetUserMFAPreference", "AdminUserGlobalSignOut", "AdminListDevices", "AdminForgetDevice",
		"AdminListGroupsForUser", "AdminListUserAuthEvents", "ListUsers", "ListUsersInGroup", // the help desk's
		"DescribeUserPool", "DescribeUserPoolClient", "GetUserPoolMfaConfig", // the doctor's
	}}
	outcome := metrics.Label{Name: "outcome", Values: []string{outcomeOK}}
	for _, kind := range enroll.Kinds() {
		outcome.Values = append(outcome.Values, kind.String())
	}
	return &observer{
		calls: r.Counter("portal_upstream_calls_total", "Calls to the pool, by operation and what came of them.", operation, outcome),
		durations: r.Histogram("portal_upstream_call_duration_seconds", "How long calls to the pool took, with the SDK's retries.",
			[]float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8}, operation),
		tracer: tracer, now: now,
	}
}

// begin starts to follow a call; what it answers is called with the outcome.
func (o *observer) begin(ctx context.Context, operation string) (context.Context, func(outcome string)) {
	began := o.now()
	ctx, span := o.tracer.Start(ctx, operation, trace.Client)
	span.Set("rpc.system", "aws-api")
	span.Set("rpc.service", "CognitoIdentityProvider")
	span.Set("rpc.method", operation)
	return ctx, func(outcome string) {
		o.calls.Add(operation, outcome)
		o.durations.Observe(o.now().Sub(began).Seconds(), operation)
		if outcome == outcomeOK {
			outcome = ""
		} else {
			span.Set("error.type", outcome)
		}
		span.End(outcome)
	}
}

// instrument adds the observer to the SDK's calls: around the whole operation, and in the header of each request of it.
func (o *observer) instrument(stack *middleware.Stack) error {
	err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Observe", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		operation := middleware.GetOperationName(ctx)
		ctx, end := o.begin(ctx, operation)
		out, metadata, err := next.HandleInitialize(ctx, in)
		outcome := outcomeOK
		if err != nil {
			kind, _ := meaningOf(meant(operation, in.Parameters), err)
			outcome = kind.String()
		}
		end(outcome)
		return out, metadata, err
	}), middleware.Before)
	if err != nil {
		return fmt.Errorf("cognito: %w", err)
	}
	err = stack.Build.Add(middleware.BuildMiddlewareFunc("Trace", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			propagate(ctx, request.Header)
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
	if err != nil {
		return fmt.Errorf("cognito: %w", err)
	}
	return nil
}

// meant is the operation whose errors these are: an answer to two of the challenges still means signing in.
func meant(operation string, parameters any) string {
	if in, ok := parameters.(*cip.RespondToAuthChallengeInput); ok {
		switch in.ChallengeName { //nolint:exhaustive // the others are the operation's own
		case types.ChallengeNameTypePasswordVerifier:
			return opVerifier
		case types.ChallengeNameTypeSelectChallenge:
			return opSelect
		}
	}
	return operation
}

func propagate(ctx context.Context, header http.Header) {
	if id := trace.FromContext(ctx); !id.IsZero() {
		header.Set(trace.Header, id.String())
	}
}

// observedTransport follows what OAuth asks of the pool by plain HTTP.
type observedTransport struct {
	*observer
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t observedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	operation := opKeys
	if strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		operation = opToken
	}
	ctx, end := t.begin(r.Context(), operation)
	r = r.Clone(ctx)
	propagate(ctx, r.Header)
	answer, err := t.next.RoundTrip(r)
	switch {
	case err != nil || answer.StatusCode >= http.StatusInternalServerError:
		end(enroll.PoolDown.String())
	case answer.StatusCode >= http.StatusBadRequest:
		end(enroll.SignInAgain.String())
	default:
		end(outcomeOK)
	}
	return answer, err
}

// observed is client with the observer in its way.
func (o *observer) observed(client *http.Client) *http.Client {
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	with := *client
	with.Transport = observedTransport{o, next}
	return &with
}
