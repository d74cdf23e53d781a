package conformance_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestPoolAndMFAConfiguration(t *testing.T) {
	w := open(t, "OPTIONAL")
	pool, err := w.api.DescribeUserPool(w.ctx, &cip.DescribeUserPoolInput{UserPoolId: &w.pool})
	w.ok(err)
	if pool.UserPool.MfaConfiguration != "OPTIONAL" || *pool.UserPool.Policies.PasswordPolicy.MinimumLength != 8 {
		t.Errorf("got %+v", pool.UserPool)
	}
	config, err := w.api.GetUserPoolMfaConfig(w.ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &w.pool})
	w.ok(err)
	if config.MfaConfiguration != "OPTIONAL" || !config.SoftwareTokenMfaConfiguration.Enabled {
		t.Errorf("got %+v", config)
	}
	_, err = w.api.SetUserPoolMfaConfig(w.ctx, &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &w.pool, MfaConfiguration: "OFF", SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	})
	w.refused(err, "InvalidParameterException", "")
	_, err = w.api.SetUserPoolMfaConfig(w.ctx, &cip.SetUserPoolMfaConfigInput{UserPoolId: &w.pool, MfaConfiguration: "ON"})
	w.refused(err, "InvalidParameterException", "")
	none := w.options.Region + "_Nowhere99"
	_, err = w.api.DescribeUserPool(w.ctx, &cip.DescribeUserPoolInput{UserPoolId: &none})
	w.refused(err, "ResourceNotFoundException", "User pool "+none+" does not exist.")
}

func TestClients(t *testing.T) {
	w := open(t, "OFF", func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = nil
		in.GenerateSecret = true
		in.AuthSessionValidity = aws.Int32(15)
	})
	got, err := w.api.DescribeUserPoolClient(w.ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &w.pool, ClientId: &w.client})
	w.ok(err)
	if aws.ToString(got.UserPoolClient.ClientSecret) == "" || *got.UserPoolClient.AuthSessionValidity != 15 {
		t.Errorf("got %+v", got.UserPoolClient)
	}
	_, err = w.start("ada", first)
	w.refused(err, "InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client")
	_, err = w.api.UpdateUserPoolClient(w.ctx, &cip.UpdateUserPoolClientInput{
		UserPoolId: &w.pool, ClientId: &w.client, ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"},
	})
	w.refused(err, "InvalidParameterException", "")
	updated, err := w.api.UpdateUserPoolClient(w.ctx, &cip.UpdateUserPoolClientInput{
		UserPoolId: &w.pool, ClientId: &w.client, ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
	})
	w.ok(err)
	if *updated.UserPoolClient.AuthSessionValidity != 3 || *updated.UserPoolClient.ClientSecret != *got.UserPoolClient.ClientSecret {
		t.Errorf("got %+v", updated.UserPoolClient)
	}
	_, err = w.start("ada", first)
	w.refused(err, "NotAuthorizedException", "Client "+w.client+" is configured with secret but SECRET_HASH was not received")
	clients, err := w.api.ListUserPoolClients(w.ctx, &cip.ListUserPoolClientsInput{UserPoolId: &w.pool})
	w.ok(err)
	if !slices.ContainsFunc(clients.UserPoolClients, func(c types.UserPoolClientDescription) bool { return *c.ClientId == w.client }) {
		t.Error("not listed")
	}
	_, err = w.api.DeleteUserPoolClient(w.ctx, &cip.DeleteUserPoolClientInput{UserPoolId: &w.pool, ClientId: &w.client})
	w.ok(err)
	_, err = w.start("ada", first)
	w.refused(err, "ResourceNotFoundException", "User pool client "+w.client+" does not exist.")
}

func TestSignedOperationsWantTheirKey(t *testing.T) {
	w := open(t, "OFF")
	unsigned := w.options
	unsigned.Credentials = nil
	_, err := cip.New(unsigned).DescribeUserPool(w.ctx, &cip.DescribeUserPoolInput{UserPoolId: &w.pool})
	if err == nil {
		t.Error("an unsigned call was answered")
	}
	wrong := w.options
	wrong.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		keys, err := w.options.Credentials.Retrieve(ctx)
		keys.SecretAccessKey = "wrong"
		return keys, err
	})
	_, err = cip.New(wrong).DescribeUserPool(w.ctx, &cip.DescribeUserPoolInput{UserPoolId: &w.pool})
	w.refused(err, "InvalidSignatureException", "")
}

func TestValidityOfTokens(t *testing.T) {
	w := open(t, "OFF")
	update := func(access int32, unit types.TimeUnitsType) error {
		_, err := w.api.UpdateUserPoolClient(w.ctx, &cip.UpdateUserPoolClientInput{
			UserPoolId: &w.pool, ClientId: &w.client, AccessTokenValidity: &access, TokenValidityUnits: &types.TokenValidityUnitsType{AccessToken: unit},
			ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
		})
		return err
	}
	w.refused(update(4, "minutes"), "InvalidParameterException", "")
	w.refused(update(2, "days"), "InvalidParameterException", "")
	w.ok(update(600, "seconds"))
	w.add("ada")
	out := w.signIn("ada").AuthenticationResult
	if out.ExpiresIn != 600 {
		t.Errorf("expires in %d", out.ExpiresIn)
	}
	w.advance(10 * time.Minute)
	_, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: out.AccessToken})
	w.refused(err, "NotAuthorizedException", "Access Token has expired")
}
