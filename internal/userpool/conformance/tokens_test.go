package conformance_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestRotation(t *testing.T) {
	w := open(t, "OFF", func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"}
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: "ENABLED", RetryGracePeriodSeconds: aws.Int32(10)}
	})
	w.add("ada")
	one := w.signIn("ada").AuthenticationResult.RefreshToken
	refresh := func(token *string) (*string, error) {
		out, err := w.api.GetTokensFromRefreshToken(w.ctx, &cip.GetTokensFromRefreshTokenInput{ClientId: &w.client, RefreshToken: token})
		if err != nil {
			return nil, err
		}
		return out.AuthenticationResult.RefreshToken, nil
	}
	two, err := refresh(one)
	w.ok(err)
	if two == nil || *two == *one {
		t.Fatal("the refresh token did not rotate")
	}
	_, err = w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: &w.client, AuthParameters: map[string]string{"REFRESH_TOKEN": *two}})
	w.refused(err, "InvalidParameterException", "")
	_, err = refresh(one) // within the grace period
	w.ok(err)
	w.advance(11 * time.Second)
	_, err = refresh(one)
	w.refused(err, "RefreshTokenReuseException", "")
	_, err = refresh(two)
	w.ok(err)
}

func TestRevocation(t *testing.T) {
	w := open(t, "OFF")
	w.add("ada")
	tokens := w.signIn("ada").AuthenticationResult
	_, err := w.api.RevokeToken(w.ctx, &cip.RevokeTokenInput{ClientId: &w.client, Token: tokens.RefreshToken})
	w.ok(err)
	_, err = w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: tokens.AccessToken})
	w.refused(err, "NotAuthorizedException", "Access Token has been revoked")
	_, err = w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: &w.client, AuthParameters: map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken}})
	w.refused(err, "NotAuthorizedException", "Refresh Token has been revoked")
}

func TestAdminFlow(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	out, err := w.api.AdminInitiateAuth(w.ctx, &cip.AdminInitiateAuthInput{
		UserPoolId: &w.pool, ClientId: &w.client, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": first},
	})
	w.ok(err)
	if out.ChallengeName != "MFA_SETUP" {
		t.Fatalf("got %s", out.ChallengeName)
	}
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: out.Session})
	w.ok(err)
	verified, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{Session: key.Session, UserCode: aws.String(w.code(*key.SecretCode))})
	w.ok(err)
	last, err := w.api.AdminRespondToAuthChallenge(w.ctx, &cip.AdminRespondToAuthChallengeInput{
		UserPoolId: &w.pool, ClientId: &w.client, ChallengeName: "MFA_SETUP", Session: verified.Session, ChallengeResponses: map[string]string{"USERNAME": "ada"},
	})
	w.ok(err)
	if last.AuthenticationResult == nil {
		t.Errorf("got %+v", last)
	}
	for flow, admin := range map[types.AuthFlowType]bool{"ADMIN_USER_PASSWORD_AUTH": false, "USER_PASSWORD_AUTH": true} {
		parameters := map[string]string{"USERNAME": "ada", "PASSWORD": first}
		if admin {
			_, err = w.api.AdminInitiateAuth(w.ctx, &cip.AdminInitiateAuthInput{UserPoolId: &w.pool, ClientId: &w.client, AuthFlow: flow, AuthParameters: parameters})
		} else {
			_, err = w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{ClientId: &w.client, AuthFlow: flow, AuthParameters: parameters})
		}
		w.refused(err, "InvalidParameterException", "")
	}
}
