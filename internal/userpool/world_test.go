package userpool_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// sharedKeys are generated once for all tests of the package.
var sharedKeys *userpool.Keys

func TestMain(m *testing.M) {
	sharedKeys = userpool.NewKeys()
	os.Exit(m.Run())
}

// clock is a clock that only moves when told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// world is a pool with the SDK in front of it.
type world struct {
	*testing.T
	pool  *userpool.Pool
	api   *cip.Client
	clock *clock
	info  userpool.Info
	ctx   context.Context
}

const password = "Correct-Horse-9"

func open(t *testing.T, options userpool.Options) *world {
	t.Helper()
	c := newClock()
	options.Now, options.Keys = c.Now, sharedKeys
	pool, err := userpool.New(options)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, pool: pool, clock: c, info: pool.Info(), ctx: t.Context()}
	w.api = apiOf(pool)
	w.add(userpool.User{Username: "ada", Password: password, Attributes: map[string]string{"email": "ada@example.test", "email_verified": "true"}})
	return w
}

// apiOf is the real SDK in front of a pool, without retries.
func apiOf(pool *userpool.Pool) *cip.Client {
	info := pool.Info()
	return cip.New(cip.Options{
		Region: info.Region, BaseEndpoint: aws.String("http://pool.test"),
		HTTPClient: &http.Client{Transport: pool.Transport()}, Retryer: aws.NopRetryer{},
	})
}

func (w *world) credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: w.info.AccessKeyID, SecretAccessKey: w.info.SecretAccessKey}, nil
}

func (w *world) add(u userpool.User) {
	w.Helper()
	if err := w.pool.AddUser(u); err != nil {
		w.Fatal(err)
	}
}

// ok fails the test unless err is nil.
func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("got %v, want success", err)
	}
}

// refused fails the test unless err is that exception with that text.
func (w *world) refused(err error, name, message string) {
	w.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		w.Fatalf("got %v, want %s", err, name)
	}
	if api.ErrorCode() != name || message != "" && api.ErrorMessage() != message {
		w.Fatalf("got  %s %q\nwant %s %q", api.ErrorCode(), api.ErrorMessage(), name, message)
	}
}

func (w *world) start(name, secret string) (*cip.InitiateAuthOutput, error) {
	return w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &w.info.ClientID,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": secret},
	})
}

func (w *world) signIn(name string) *cip.InitiateAuthOutput {
	w.Helper()
	out, err := w.start(name, password)
	w.ok(err)
	return out
}

func (w *world) respond(challenge types.ChallengeNameType, session *string, responses ...string) (*cip.RespondToAuthChallengeOutput, error) {
	answers := map[string]string{}
	for i := 0; i < len(responses); i += 2 {
		answers[responses[i]] = responses[i+1]
	}
	return w.api.RespondToAuthChallenge(w.ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &w.info.ClientID, ChallengeName: challenge, Session: session, ChallengeResponses: answers,
	})
}

func (w *world) code(secret string, steps int64) string {
	w.Helper()
	key, err := totp.Decode(secret)
	w.ok(err)
	return totp.Code(key, totp.Step(w.clock.Now())+steps)
}

// wrong is six digits that are no code of any near step.
func (w *world) wrong(secret string) string {
	w.Helper()
	near := w.code(secret, -1) + w.code(secret, 0) + w.code(secret, 1)
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if !strings.Contains(near, code) {
			return code
		}
	}
	return "444444"
}

// enroll walks the session path for a new user of a required pool and answers the key and the tokens.
func (w *world) enroll(name string) (string, *types.AuthenticationResultType) {
	w.Helper()
	first := w.signIn(name)
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: first.Session})
	w.ok(err)
	verified, err := w.verify(key.Session, w.code(*key.SecretCode, 0))
	w.ok(err)
	last, err := w.respond(types.ChallengeNameTypeMfaSetup, verified.Session, "USERNAME", name)
	w.ok(err)
	return *key.SecretCode, last.AuthenticationResult
}

func (w *world) verify(session *string, code string) (*cip.VerifySoftwareTokenOutput, error) {
	return w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{Session: session, UserCode: &code, FriendlyDeviceName: aws.String("Phone")})
}
