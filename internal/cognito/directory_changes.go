package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/helpdesk"
)

// DropApp is AdminDeleteSoftwareToken. Where the service does not know it or the credentials may not call it, an app is
// switched off in a pool that does not require MFA (AdminSetUserMFAPreference); in one that does, that would change
// nothing.
func (d *Directory) DropApp(ctx context.Context, username string) (helpdesk.Dropped, error) {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	// The SDK does not have it yet. Its input is AdminGetUser's, its output is empty.
	_, err := d.client.api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: d.poolID, Username: aws.String(username)},
		instead("AdminDeleteSoftwareToken"))
	switch {
	case err == nil:
		return helpdesk.DroppedApp, nil
	case says(err, "ResourceNotFoundException", "User pool"):
	case says(err, "ResourceNotFoundException", ""), says(err, "UserNotConfirmedException", ""):
		return helpdesk.DroppedNothing, nil
	}
	refused := directoryError("AdminDeleteSoftwareToken", err)
	if kind := helpdesk.KindOf(refused); kind != helpdesk.PoolCannot && !says(err, "AccessDeniedException", "") {
		return "", refused
	}
	dropped, err := d.switchOff(ctx, username)
	if dropped == helpdesk.DroppedNot && helpdesk.KindOf(refused) == helpdesk.PoolRefused {
		return "", refused // what can be mended
	}
	return dropped, err
}

func (d *Directory) switchOff(ctx context.Context, username string) (helpdesk.Dropped, error) {
	config, err := d.client.api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: d.poolID})
	if err != nil {
		return "", directoryError("GetUserPoolMfaConfig", err)
	}
	if config.MfaConfiguration != types.UserPoolMfaTypeOptional {
		return helpdesk.DroppedNot, nil
	}
	_, err = d.client.api.AdminSetUserMFAPreference(ctx, &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: d.poolID, Username: aws.String(username),
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: false, PreferredMfa: false},
	})
	if err != nil {
		return "", directoryError("AdminSetUserMFAPreference", err)
	}
	return helpdesk.DroppedOff, nil
}

// SignOut is AdminUserGlobalSignOut.
func (d *Directory) SignOut(ctx context.Context, username string) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	_, err := d.client.api.AdminUserGlobalSignOut(ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: d.poolID, Username: aws.String(username)})
	if err != nil {
		return directoryError("AdminUserGlobalSignOut", err)
	}
	return nil
}

// ForgetDevice is AdminForgetDevice.
func (d *Directory) ForgetDevice(ctx context.Context, username, device string) error {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	_, err := d.client.api.AdminForgetDevice(ctx, &cip.AdminForgetDeviceInput{UserPoolId: d.poolID, Username: aws.String(username), DeviceKey: aws.String(device)})
	if err == nil || says(err, "ResourceNotFoundException", "Device") {
		return nil
	}
	return directoryError("AdminForgetDevice", err)
}
