package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/secret"
)

// ForgotPassword is the operation of that name.
func (c *Client) ForgotPassword(ctx context.Context, username string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	_, err := c.api.ForgotPassword(ctx, &cip.ForgotPasswordInput{
		ClientId: aws.String(c.clientID), Username: aws.String(username), SecretHash: c.optionalHash(username),
	}, once)
	if err != nil {
		return translate("ForgotPassword", err)
	}
	return nil
}

// ResetPassword is ConfirmForgotPassword.
func (c *Client) ResetPassword(ctx context.Context, username string, code, password secret.Text) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	_, err := c.api.ConfirmForgotPassword(ctx, &cip.ConfirmForgotPasswordInput{
		ClientId: aws.String(c.clientID), Username: aws.String(username), SecretHash: c.optionalHash(username),
		ConfirmationCode: aws.String(code.Reveal()), Password: aws.String(password.Reveal()),
	}, once)
	if err != nil {
		return translate("ConfirmForgotPassword", err)
	}
	return nil
}

// ConfirmSignUp is the operation of that name.
func (c *Client) ConfirmSignUp(ctx context.Context, username string, code secret.Text) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	_, err := c.api.ConfirmSignUp(ctx, &cip.ConfirmSignUpInput{
		ClientId: aws.String(c.clientID), Username: aws.String(username), SecretHash: c.optionalHash(username),
		ConfirmationCode: aws.String(code.Reveal()),
	}, once)
	if err != nil {
		return translate("ConfirmSignUp", err)
	}
	return nil
}

// ResendConfirmation is ResendConfirmationCode.
func (c *Client) ResendConfirmation(ctx context.Context, username string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	_, err := c.api.ResendConfirmationCode(ctx, &cip.ResendConfirmationCodeInput{
		ClientId: aws.String(c.clientID), Username: aws.String(username), SecretHash: c.optionalHash(username),
	}, once)
	if err != nil {
		return translate("ResendConfirmationCode", err)
	}
	return nil
}

// optionalHash is secretHash as these operations take it.
func (c *Client) optionalHash(username string) *string {
	if hash := c.secretHash(username); hash != "" {
		return aws.String(hash)
	}
	return nil
}
