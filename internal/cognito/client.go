// Package cognito is [enroll.Pool] over the AWS SDK: an Amazon Cognito user pool, or anything that speaks its protocol.
//
//	client.go   the client and its deadlines                signin.go  InitiateAuth, by the configured flow (srp.go)
//	respond.go  RespondToAuthChallenge, and what both say   claims.go  what an access token says
//	token.go    Associate and VerifySoftwareToken           account.go preference, GetUser, GlobalSignOut
//	reset.go    forgotten passwords, new accounts           errors.go  what each exception means
//	budget.go   what each call is charged to                clock.go   the pool's clock
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
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/middleware"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/trace"
)

// callTimeout bounds one operation, retries and waiting for the call budget included: longer than Cognito ever takes,
// shorter than a person waits.
const callTimeout = 8 * time.Second

// Options of a Client.
type Options struct {
	AWS             aws.Config    // region, endpoint, HTTP client; credentials are not used
	UserPoolID      string        // SRP hashes its second half
	Flow            AuthFlow      // how passwords are proved
	ClientID        string        // the app client
	ClientSecret    secret.Text   // of an app client that has one
	SessionValidity time.Duration // the app client's AuthSessionValidity: Cognito does not tell it without IAM
	Budget          Budget        // of calls; nil: as many as people cause
	Now             func() time.Time
	Clock           *Clock            // the pool's, where others go by it too; nil: made of Now
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
	clock        *Clock
}

var _ enroll.Pool = (*Client)(nil)

// New makes a Client.
func New(opts Options) *Client {
	clock := opts.Clock
	if clock == nil {
		clock = NewClock(opts.Now)
	}
	observer := newObserver(opts.Metrics, opts.Tracer, opts.Now)
	return &Client{
		api: cip.NewFromConfig(opts.AWS, func(o *cip.Options) {
			o.ClientLogMode = 0 // request and response bodies hold passwords, tokens and keys
			o.APIOptions = append(o.APIOptions, acceptLists, observer.instrument)
			if opts.Budget != nil {
				o.APIOptions = append(o.APIOptions, charge(opts.Budget))
			}
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
		clock:        clock,
	}
}

// once sends a request a single time. VerifySoftwareToken and RespondToAuthChallenge spend what they are given, a
// code or a session, even when their answer is lost: sent again they would be refused and look wrong.
func once(o *cip.Options) { o.Retryer = aws.NopRetryer{} }

// Now is the time by the pool's clock.
func (c *Client) Now() time.Time { return c.clock.Now() }

func (c *Client) observe(metadata middleware.Metadata) { c.clock.observe(metadata) }

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
