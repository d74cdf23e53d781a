package conformance_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
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

const (
	first  = "Correct-Horse-9"
	second = "Quiet-otter-4821"
)

var sharedKeys = sync.OnceValue(userpool.NewKeys)

// target is the service under test.
type target struct {
	options  cip.Options
	embedded *userpool.Pool // nil elsewhere
	now      func() time.Time
}

// world is one pool of the target with one public client.
type world struct {
	*testing.T
	target
	api    *cip.Client
	ctx    context.Context
	pool   string
	client string
}

func connect(t *testing.T) target {
	t.Helper()
	credentials := func(id, secret, session string) aws.CredentialsProvider {
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: session}, nil
		})
	}
	if endpoint := os.Getenv("COGNITO_CONFORMANCE_ENDPOINT"); endpoint != "" {
		options := cip.Options{
			Region: os.Getenv("AWS_REGION"), HTTPClient: &http.Client{Timeout: time.Minute},
			Credentials: credentials(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		}
		if endpoint != "aws" {
			options.BaseEndpoint = &endpoint
		}
		return target{options: options, now: time.Now}
	}
	var mu sync.Mutex
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	pool, err := userpool.New(userpool.Options{Keys: sharedKeys(), Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}})
	if err != nil {
		t.Fatal(err)
	}
	info := pool.Info()
	return target{embedded: pool, now: pool.Now, options: cip.Options{
		Region: info.Region, BaseEndpoint: aws.String("http://pool.test"), HTTPClient: &http.Client{Transport: pool.Transport()},
		Credentials: credentials(info.AccessKeyID, info.SecretAccessKey, ""), Retryer: aws.NopRetryer{},
	}}
}

// open makes a pool with authenticator apps and a client with all flows, and deletes both in the end.
func open(t *testing.T, mfa types.UserPoolMfaType, change ...func(*cip.CreateUserPoolClientInput)) *world {
	t.Helper()
	w := makePool(t, &cip.CreateUserPoolInput{
		AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"},
		AccountRecoverySetting: &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
			{Name: "verified_email", Priority: aws.Int32(1)},
		}},
	})
	if mfa != types.UserPoolMfaTypeOff {
		_, err := w.api.SetUserPoolMfaConfig(w.ctx, &cip.SetUserPoolMfaConfigInput{
			UserPoolId: &w.pool, MfaConfiguration: mfa,
			SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
		})
		w.ok(err)
	}
	input := &cip.CreateUserPoolClientInput{
		UserPoolId: &w.pool, ClientName: aws.String("conformance"), ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		},
	}
	for _, f := range change {
		f(input)
	}
	w.makeClient(input)
	return w
}

// makePool makes a pool and deletes it in the end.
func makePool(t *testing.T, input *cip.CreateUserPoolInput) *world {
	t.Helper()
	w := &world{T: t, target: connect(t), ctx: t.Context()}
	w.api = cip.New(w.options)
	input.PoolName = aws.String(fmt.Sprintf("conformance-%d", time.Now().UnixNano()))
	pool, err := w.api.CreateUserPool(w.ctx, input)
	w.ok(err)
	w.pool = *pool.UserPool.Id
	t.Cleanup(func() {
		_, err := w.api.DeleteUserPool(context.WithoutCancel(t.Context()), &cip.DeleteUserPoolInput{UserPoolId: &w.pool})
		if err != nil {
			t.Errorf("delete the pool: %v", err)
		}
	})
	return w
}

func (w *world) makeClient(input *cip.CreateUserPoolClientInput) {
	w.Helper()
	client, err := w.api.CreateUserPoolClient(w.ctx, input)
	w.ok(err)
	w.client = *client.UserPoolClient.ClientId
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("got %v, want success", err)
	}
}

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

// add makes a confirmed user.
func (w *world) add(name string, attributes ...string) {
	w.Helper()
	var list []types.AttributeType
	for i := 0; i < len(attributes); i += 2 {
		list = append(list, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	_, err := w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: &name, MessageAction: "SUPPRESS", UserAttributes: list,
	})
	w.ok(err)
	_, err = w.api.AdminSetUserPassword(w.ctx, &cip.AdminSetUserPasswordInput{
		UserPoolId: &w.pool, Username: &name, Password: aws.String(first), Permanent: true,
	})
	w.ok(err)
}

func (w *world) start(name, password string) (*cip.InitiateAuthOutput, error) {
	return w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
		AuthFlow: "USER_PASSWORD_AUTH", ClientId: &w.client, AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
}

func (w *world) signIn(name string) *cip.InitiateAuthOutput {
	w.Helper()
	out, err := w.start(name, first)
	w.ok(err)
	return out
}

func (w *world) respond(challenge types.ChallengeNameType, session *string, responses ...string) (*cip.RespondToAuthChallengeOutput, error) {
	answers := map[string]string{}
	for i := 0; i < len(responses); i += 2 {
		answers[responses[i]] = responses[i+1]
	}
	return w.api.RespondToAuthChallenge(w.ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &w.client, ChallengeName: challenge, Session: session, ChallengeResponses: answers,
	})
}

func (w *world) code(secret string) string {
	w.Helper()
	key, err := totp.Decode(secret)
	w.ok(err)
	return totp.Code(key, totp.Step(w.now()))
}

// enroll sets an app up by the session path.
func (w *world) enroll(name string) (string, *types.AuthenticationResultType) {
	w.Helper()
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn(name).Session})
	w.ok(err)
	verified, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{
		Session: key.Session, UserCode: aws.String(w.code(*key.SecretCode)), FriendlyDeviceName: aws.String("Phone"),
	})
	w.ok(err)
	out, err := w.respond("MFA_SETUP", verified.Session, "USERNAME", name)
	w.ok(err)
	return *key.SecretCode, out.AuthenticationResult
}

// advance moves the clock; where it cannot be moved, the test ends here.
func (w *world) advance(by time.Duration) {
	w.Helper()
	if w.embedded == nil {
		w.Skip("the clock of this endpoint cannot be moved")
	}
	w.embedded.Advance(by)
}

// sent is the newest code sent to a user; where it cannot be read, the test ends here.
func (w *world) sent(name string) string {
	w.Helper()
	if w.embedded == nil {
		w.Skip("what this endpoint sends cannot be read")
	}
	message, found := w.embedded.LastMessage(name)
	if !found {
		w.Fatalf("nothing was sent to %s", name)
	}
	return message.Code
}

func randomName() string { return "user-" + rand.Text() }
