package cognito

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cognito-enroll/internal/doctor"
)

// credentialTimeout bounds the search for IAM credentials: on a machine without any, the chain ends at a metadata
// service that may not answer for twelve seconds.
const credentialTimeout = 3 * time.Second

// maxKeys bounds the answer with a pool's public keys.
const maxKeys = 64 << 10

// Inspector is [doctor.Pool]: it asks a user pool about itself. Nothing that it calls changes anything.
type Inspector struct {
	client     *Client
	userPoolID string
	nobody     string // a user name that nobody has
}

var _ doctor.Pool = (*Inspector)(nil)

// NewInspector makes an Inspector. Unlike a [Client] it also uses the credentials in opts.AWS, if there are any.
func NewInspector(opts Options) *Inspector {
	return &Inspector{client: New(opts), userPoolID: opts.UserPoolID, nobody: "portal-doctor-" + strings.ToLower(rand.Text())}
}

// InitiateAuthFlows are the AuthFlows of InitiateAuth that a portal with this setting uses, the best one first.
func (f AuthFlow) InitiateAuthFlows() []string {
	switch f {
	case FlowSRP:
		return []string{string(types.AuthFlowTypeUserSrpAuth)}
	case FlowPassword:
		return []string{string(types.AuthFlowTypeUserPasswordAuth)}
	case FlowChoice:
		return []string{string(types.AuthFlowTypeUserAuth)}
	case FlowAuto:
	}
	return []string{string(types.AuthFlowTypeUserSrpAuth), string(types.AuthFlowTypeUserPasswordAuth)}
}

// SignIn begins a sign-in by a flow, as nobody.
func (i *Inspector) SignIn(ctx context.Context, flow string) doctor.Reply {
	parameters := map[string]string{"USERNAME": i.nobody}
	switch types.AuthFlowType(flow) { //nolint:exhaustive // the others need only a name
	case types.AuthFlowTypeUserPasswordAuth:
		parameters["PASSWORD"] = unguessable()
	case types.AuthFlowTypeUserSrpAuth:
		parameters["SRP_A"] = newSRP().public()
	case types.AuthFlowTypeUserAuth:
		parameters["PREFERRED_CHALLENGE"] = string(types.ChallengeNameTypePasswordSrp)
		parameters["SRP_A"] = newSRP().public()
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := i.client.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowType(flow), ClientId: aws.String(i.client.clientID),
		AuthParameters: i.client.withSecretHash(i.nobody, parameters),
	})
	if err != nil {
		return i.reply(err)
	}
	return i.answered(out.ResultMetadata)
}

// unguessable is a password that nobody has and most policies allow.
func unguessable() string { return "aA1!" + rand.Text() }

// What stands in for tokens and sessions: well-formed, and worth nothing.
const noToken = "portal.doctor.none"

func noSession() *string { return aws.String(strings.Repeat("portal-doctor-", 4)) }

// Touch calls an unsigned operation with a token or session that cannot be.
func (i *Inspector) Touch(ctx context.Context, operation string) doctor.Reply {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var err error
	switch api := i.client.api; operation {
	case "RespondToAuthChallenge":
		_, err = api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
			ClientId: aws.String(i.client.clientID), ChallengeName: types.ChallengeNameTypeMfaSetup, Session: noSession(),
			ChallengeResponses: i.client.withSecretHash(i.nobody, map[string]string{"USERNAME": i.nobody}),
		})
	case "AssociateSoftwareToken":
		_, err = api.AssociateSoftwareToken(ctx, &cip.AssociateSoftwareTokenInput{Session: noSession()})
	case "VerifySoftwareToken":
		_, err = api.VerifySoftwareToken(ctx, &cip.VerifySoftwareTokenInput{Session: noSession(), UserCode: aws.String("000000")})
	case "SetUserMFAPreference":
		_, err = api.SetUserMFAPreference(ctx, &cip.SetUserMFAPreferenceInput{AccessToken: aws.String(noToken)})
	case "RevokeToken":
		input := &cip.RevokeTokenInput{ClientId: aws.String(i.client.clientID), Token: aws.String(noToken)}
		if !i.client.clientSecret.IsZero() {
			input.ClientSecret = aws.String(i.client.clientSecret.Reveal())
		}
		_, err = api.RevokeToken(ctx, input)
	default:
		err = fmt.Errorf("no such operation: %s", operation)
	}
	return i.reply(err)
}

// Keys fetches the keys that the pool publishes at its issuer.
func (i *Inspector) Keys(ctx context.Context) doctor.Reply {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	options := i.client.api.Options()
	endpoint, err := options.EndpointResolverV2.ResolveEndpoint(ctx, cip.EndpointParameters{
		Region: aws.String(options.Region), Endpoint: options.BaseEndpoint,
	}.WithDefaults())
	if err != nil {
		return i.reply(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint.URI.JoinPath(i.userPoolID, ".well-known", "jwks.json").String(), nil)
	if err != nil {
		return i.reply(err)
	}
	answer, err := options.HTTPClient.Do(r)
	if err != nil {
		return i.reply(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, maxKeys)).Decode(&set)
	switch status := answer.StatusCode; {
	case status == http.StatusOK && err == nil && len(set.Keys) > 0:
		return doctor.Reply{Kind: doctor.Answered}
	case status == http.StatusBadRequest, status == http.StatusNotFound:
		return doctor.Reply{Kind: doctor.NoPool, Seen: httpStatus(status)}
	default:
		return doctor.Reply{Kind: kindOfStatus(status), Seen: httpStatus(status)}
	}
}

// HasCredentials looks for IAM credentials.
func (i *Inspector) HasCredentials(ctx context.Context) bool {
	provider := i.client.api.Options().Credentials
	if provider == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, credentialTimeout)
	defer cancel()
	found, err := provider.Retrieve(ctx)
	return err == nil && found.HasKeys()
}

// MFA is GetUserPoolMfaConfig.
func (i *Inspector) MFA(ctx context.Context) (doctor.MFASettings, doctor.Reply) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := i.client.api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: aws.String(i.userPoolID)})
	if err != nil {
		return doctor.MFASettings{}, i.reply(err)
	}
	return doctor.MFASettings{
		Mode: string(out.MfaConfiguration),
		Apps: out.SoftwareTokenMfaConfiguration != nil && out.SoftwareTokenMfaConfiguration.Enabled,
	}, i.answered(out.ResultMetadata)
}

// Client is DescribeUserPoolClient. The secret, which it answers in clear, goes no further.
func (i *Inspector) Client(ctx context.Context) (doctor.ClientSettings, doctor.Reply) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := i.client.api.DescribeUserPoolClient(ctx, &cip.DescribeUserPoolClientInput{
		UserPoolId: aws.String(i.userPoolID), ClientId: aws.String(i.client.clientID),
	})
	if err != nil {
		return doctor.ClientSettings{}, i.reply(err)
	}
	c := out.UserPoolClient
	if c == nil {
		return doctor.ClientSettings{}, doctor.Reply{Kind: doctor.NotCognito, Seen: "an answer without UserPoolClient"}
	}
	settings := doctor.ClientSettings{
		HasSecret:       aws.ToString(c.ClientSecret) != "",
		HidesUsers:      c.PreventUserExistenceErrors == types.PreventUserExistenceErrorTypesEnabled,
		SessionValidity: time.Duration(aws.ToInt32(c.AuthSessionValidity)) * time.Minute,
		RevokesTokens:   aws.ToBool(c.EnableTokenRevocation),
		OAuth:           aws.ToBool(c.AllowedOAuthFlowsUserPoolClient),
		Scopes:          c.AllowedOAuthScopes,
		CallbackURLs:    c.CallbackURLs,
	}
	if c.AuthSessionValidity == nil {
		settings.SessionValidity = 3 * time.Minute // the default (API reference, CreateUserPoolClient)
	}
	for _, flow := range c.ExplicitAuthFlows {
		settings.Flows = append(settings.Flows, string(flow))
	}
	for _, flow := range c.AllowedOAuthFlows {
		settings.CodeGrant = settings.CodeGrant || flow == types.OAuthFlowTypeCode
	}
	return settings, i.answered(out.ResultMetadata)
}

// Settings is DescribeUserPool.
func (i *Inspector) Settings(ctx context.Context) (doctor.PoolSettings, doctor.Reply) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := i.client.api.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: aws.String(i.userPoolID)})
	if err != nil {
		return doctor.PoolSettings{}, i.reply(err)
	}
	if out.UserPool == nil {
		return doctor.PoolSettings{}, doctor.Reply{Kind: doctor.NotCognito, Seen: "an answer without UserPool"}
	}
	settings := doctor.PoolSettings{ARN: aws.ToString(out.UserPool.Arn)}
	if out.UserPool.Policies != nil && out.UserPool.Policies.PasswordPolicy != nil {
		p := out.UserPool.Policies.PasswordPolicy
		settings.PasswordPolicy = doctor.PasswordPolicy{
			MinLength: int(aws.ToInt32(p.MinimumLength)), Upper: p.RequireUppercase, Lower: p.RequireLowercase,
			Number: p.RequireNumbers, Symbol: p.RequireSymbols,
		}
	}
	return settings, i.answered(out.ResultMetadata)
}

// Try calls an operation of the help desk for nobody.
func (i *Inspector) Try(ctx context.Context, operation string) doctor.Reply {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	pool, name := aws.String(i.userPoolID), aws.String(i.nobody)
	var err error
	switch api := i.client.api; operation {
	case "AdminGetUser":
		_, err = api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: pool, Username: name})
	case "AdminDeleteSoftwareToken": // not yet in the SDK; its input is AdminGetUser's
		_, err = api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: pool, Username: name}, instead(operation))
	case "ListUsers":
		_, err = api.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: pool, Filter: aws.String(`username = "` + i.nobody + `"`), Limit: aws.Int32(1)})
	case "AdminSetUserMFAPreference":
		_, err = api.AdminSetUserMFAPreference(ctx, &cip.AdminSetUserMFAPreferenceInput{UserPoolId: pool, Username: name})
	case "AdminUserGlobalSignOut":
		_, err = api.AdminUserGlobalSignOut(ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: pool, Username: name})
	case "AdminListDevices":
		_, err = api.AdminListDevices(ctx, &cip.AdminListDevicesInput{UserPoolId: pool, Username: name})
	case "AdminForgetDevice":
		device := i.client.api.Options().Region + "_00000000-0000-0000-0000-000000000000"
		_, err = api.AdminForgetDevice(ctx, &cip.AdminForgetDeviceInput{UserPoolId: pool, Username: name, DeviceKey: aws.String(device)})
	case "AdminListGroupsForUser":
		_, err = api.AdminListGroupsForUser(ctx, &cip.AdminListGroupsForUserInput{UserPoolId: pool, Username: name})
	case "AdminListUserAuthEvents":
		_, err = api.AdminListUserAuthEvents(ctx, &cip.AdminListUserAuthEventsInput{UserPoolId: pool, Username: name})
	case "GetUserPoolMfaConfig":
		_, err = api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: pool})
	case "ListUsersInGroup":
		_, err = api.ListUsersInGroup(ctx, &cip.ListUsersInGroupInput{UserPoolId: pool, GroupName: name})
	default:
		err = fmt.Errorf("no such operation: %s", operation)
	}
	return i.reply(err)
}

// instead sends the input of one operation to another, before it is signed.
func instead(operation string) func(*cip.Options) {
	return cip.WithAPIOptions(func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("OtherOperation", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
			middleware.BuildOutput, middleware.Metadata, error,
		) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
			}
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	})
}

// answered is the reply of a call without an error.
func (i *Inspector) answered(metadata middleware.Metadata) doctor.Reply {
	served, dated := awsmiddleware.GetServerTime(metadata)
	return doctor.Reply{Kind: doctor.Answered, Dated: dated, Ahead: served.Sub(i.client.clock.own())}
}
