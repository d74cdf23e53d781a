package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// Prefer is SetUserMFAPreference for one method alone: naming any other, even to switch it off, fails for accounts that
// do not have it (amplify-js#618, #5766).
func (c *Client) Prefer(ctx context.Context, accessToken secret.Text, method enroll.Method) error {
	in := &cip.SetUserMFAPreferenceInput{}
	switch method {
	case enroll.MethodApp:
		in.SoftwareTokenMfaSettings = &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true}
	case enroll.MethodSMS:
		in.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}
	case enroll.MethodEmail:
		in.EmailMfaSettings = &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true}
	}
	return c.setPreference(ctx, accessToken, in)
}

// Remove is SetUserMFAPreference with the app switched off.
func (c *Client) Remove(ctx context.Context, accessToken secret.Text) error {
	return c.setPreference(ctx, accessToken, &cip.SetUserMFAPreferenceInput{
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: false, PreferredMfa: false},
	})
}

func (c *Client) setPreference(ctx context.Context, accessToken secret.Text, in *cip.SetUserMFAPreferenceInput) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	in.AccessToken = aws.String(accessToken.Reveal())
	out, err := c.api.SetUserMFAPreference(ctx, in)
	if err != nil {
		return translate("SetUserMFAPreference", err)
	}
	c.observe(out.ResultMetadata)
	return nil
}

// Account is GetUser.
func (c *Client) Account(ctx context.Context, accessToken secret.Text) (enroll.Account, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := c.api.GetUser(ctx, &cip.GetUserInput{AccessToken: aws.String(accessToken.Reveal())})
	if err != nil {
		return enroll.Account{}, translate("GetUser", err)
	}
	c.observe(out.ResultMetadata)
	var account enroll.Account
	for _, name := range out.UserMFASettingList {
		if method, ok := methodOf(name); ok {
			account.Methods = append(account.Methods, method)
		}
	}
	account.Preferred, account.Prefers = methodOf(aws.ToString(out.PreferredMfaSetting))
	return account, nil
}

// SignOutEverywhere is GlobalSignOut.
func (c *Client) SignOutEverywhere(ctx context.Context, accessToken secret.Text) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	if _, err := c.api.GlobalSignOut(ctx, &cip.GlobalSignOutInput{AccessToken: aws.String(accessToken.Reveal())}); err != nil {
		return translate("GlobalSignOut", err)
	}
	return nil
}

// Revoke is RevokeToken.
func (c *Client) Revoke(ctx context.Context, refreshToken secret.Text) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	in := &cip.RevokeTokenInput{ClientId: aws.String(c.clientID), Token: aws.String(refreshToken.Reveal())}
	if !c.clientSecret.IsZero() {
		in.ClientSecret = aws.String(c.clientSecret.Reveal())
	}
	if _, err := c.api.RevokeToken(ctx, in); err != nil {
		return translate("RevokeToken", err)
	}
	return nil
}
