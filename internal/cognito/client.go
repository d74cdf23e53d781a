// Package cognito is [enroll.Pool] over the AWS SDK: an Amazon Cognito user pool, or anything that speaks its protocol.
//
//	client.go   the client, its clock and its limits        signin.go  InitiateAuth, by the configured flow (srp.go)
//	respond.go  RespondToAuthChallenge, and what both say   claims.go  what an access token says
//	token.go    Associate and VerifySoftwareToken           account.go preference, GetUser, GlobalSignOut
//	reset.go    forgotten passwords, new accounts           errors.go  what each exception means
//	observe.go  figures and traces of the calls
//
// None of the operations used here is signed: the access token or the session in the request is the only credential,
// so no IAM credentials are needed.
package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/middleware"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/trace"
)

const (
	// callTimeout bounds one operation, retries included: longer than Cognito ever takes, shorter than a person waits.
	callTimeout = 8 * time.Second
	// skewNoticed is the least clock difference worth correcting: the Date header has whole seconds, and an answer
	// takes its time.
	skewNoticed = 5 * time.Second
)

// Options of a Client.
type Options struct {
	AWS             aws.Config    // region, endpoint, HTTP client; credentials are not used
	UserPoolID      string        // SRP hashes its second half
	Flow            AuthFlow      // how passwords are proved
	ClientID        string        // the app client
	ClientSecret    secret.Text   // of an app client that has one
	SessionValidity time.Duration // the app client's AuthSessionValidity: Cognito does not tell it without IAM
	Now             func() time.Time
	Metrics         *metrics.Registry // nil: nobody reads them
	Tracer          *trace.Tracer     // nil: no trace begins here
}

// Client is a user pool. It is safe for concurrent use.
type Client struct {
	api          *cip.Client
	poolID       string
	flow         AuthFlow
	passwordOnly atomic.Bool // with FlowAuto: the app client has turned out not to allow SRP
	clientID     string
	clientSecret secret.Text
	validity     time.Duration
	now          func() time.Time
	skew         atomic.Int64 // nanoseconds by which the pool's clock is ahead of ours
}

var _ enroll.Pool = (*Client)(nil)

// New makes a Client.
func New(opts Options) *Client {
	observer := newObserver(opts.Metrics, opts.Tracer, opts.Now)
	return &Client{
		api: cip.NewFromConfig(opts.AWS, func(o *cip.Options) {
			o.ClientLogMode = 0 // request and response bodies hold passwords, tokens and keys
			o.APIOptions = append(o.APIOptions, acceptLists, observer.instrument)
			o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
				r.MaxAttempts = 2
				r.MaxBackoff = 400 * time.Millisecond
			})
		}),
		poolID:       opts.UserPoolID,
		flow:         opts.Flow,
		clientID:     opts.ClientID,
		clientSecret: opts.ClientSecret,
		validity:     opts.SessionValidity,
		now:          opts.Now,
	}
}

// once sends a request a single time. VerifySoftwareToken and RespondToAuthChallenge spend what they are given, a
// code or a session, even when their answer is lost: sent again they would be refused and look wrong.
func once(o *cip.Options) { o.Retryer = aws.NopRetryer{} }

// Now is the time by the pool's clock, as far as the Date headers of its answers have told. Codes and expiries are
// judged by the pool, so its clock is the one that counts.
func (c *Client) Now() time.Time {
	return c.now().Add(time.Duration(c.skew.Load()))
}

// observe learns the pool's clock from an answer.
func (c *Client) observe(metadata middleware.Metadata) {
	served, ok := awsmiddleware.GetServerTime(metadata)
	if !ok {
		return
	}
	skew := served.Sub(c.now())
	if skew.Abs() < skewNoticed {
		skew = 0
	}
	c.skew.Store(int64(skew))
}

// secretHash is what an app client with a secret wants beside a user name (Cognito developer guide, "Computing secret
// hash values"): base64(HMAC-SHA-256(client secret, user name ‖ client id)). It is "" for a client without one.
func (c *Client) secretHash(username string) string {
	if c.clientSecret.IsZero() {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(c.clientSecret.Reveal()))
	mac.Write([]byte(username + c.clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// withSecretHash adds SECRET_HASH to an operation's parameters when the app client needs it.
func (c *Client) withSecretHash(username string, parameters map[string]string) map[string]string {
	if hash := c.secretHash(username); hash != "" {
		parameters["SECRET_HASH"] = hash
	}
	return parameters
}

func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callTimeout)
}

// withoutCancel bounds a call that must not be cut off because somebody closed the browser: it has an effect that
// cannot be taken back.
func withoutCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
}
