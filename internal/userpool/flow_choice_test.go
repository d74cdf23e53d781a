package userpool_test

import (
	"encoding/base64"
	"math/big"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

func (w *world) begin(flow types.AuthFlowType, parameters ...string) (*cip.InitiateAuthOutput, error) {
	values := map[string]string{}
	for i := 0; i < len(parameters); i += 2 {
		values[parameters[i]] = parameters[i+1]
	}
	return w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{AuthFlow: flow, ClientId: &w.info.ClientID, AuthParameters: values})
}

func (w *world) lastCode(name string) string {
	w.Helper()
	message, found := w.pool.LastMessage(name)
	if !found {
		w.Fatalf("nothing was sent to %s", name)
	}
	return message.Code
}

func TestUserAuth(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, Email: true})
	offered, err := w.begin("USER_AUTH", "USERNAME", "ada")
	w.ok(err)
	if offered.ChallengeName != "SELECT_CHALLENGE" || !slices.Equal(offered.AvailableChallenges, []types.ChallengeNameType{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}) {
		t.Fatalf("got %s %v", offered.ChallengeName, offered.AvailableChallenges)
	}
	_, err = w.respond("SELECT_CHALLENGE", offered.Session, "USERNAME", "ada", "ANSWER", "WEB_AUTHN")
	w.refused(err, "InvalidParameterException", "")
	_, err = w.respond("SELECT_CHALLENGE", offered.Session, "USERNAME", "ada", "ANSWER", "PASSWORD", "PASSWORD", "wrong")
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	out, err := w.respond("SELECT_CHALLENGE", offered.Session, "USERNAME", "ada", "ANSWER", "PASSWORD", "PASSWORD", password)
	w.ok(err)
	if out.AuthenticationResult == nil {
		t.Errorf("got %+v", out)
	}
	direct, err := w.begin("USER_AUTH", "USERNAME", "ada", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
	w.ok(err)
	if direct.AuthenticationResult == nil {
		t.Errorf("got %+v", direct)
	}
	asked, err := w.begin("USER_AUTH", "USERNAME", "ada", "PREFERRED_CHALLENGE", "PASSWORD")
	w.ok(err)
	_, err = w.respond("PASSWORD", asked.Session, "USERNAME", "ada", "PASSWORD", password)
	w.ok(err)
	mailed, err := w.begin("USER_AUTH", "USERNAME", "ada", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	w.ok(err)
	if got := mailed.ChallengeParameters; got["CODE_DELIVERY_DELIVERY_MEDIUM"] != "EMAIL" || got["CODE_DELIVERY_DESTINATION"] != "a***@e***" {
		t.Errorf("got %v", got)
	}
	for range 2 {
		_, err = w.respond("EMAIL_OTP", mailed.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", "no")
		w.refused(err, "CodeMismatchException", "Invalid code or auth state for the user.")
	}
	_, err = w.respond("EMAIL_OTP", mailed.Session, "USERNAME", "ada", "EMAIL_OTP_CODE", w.lastCode("ada"))
	w.ok(err)
	srp, err := w.begin("USER_AUTH", "USERNAME", "ada", "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", userpool.NewSRPClient(big.NewInt(12345)).A())
	w.ok(err)
	if srp.ChallengeName != "PASSWORD_VERIFIER" {
		t.Errorf("got %s", srp.ChallengeName)
	}
}

func TestUserAuthHidesWhoExists(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff, Email: true, PreventUserExistenceErrors: true})
	_, err := w.begin("USER_AUTH", "USERNAME", "nobody", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	mailed, err := w.begin("USER_AUTH", "USERNAME", "nobody", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	w.ok(err)
	_, err = w.respond("EMAIL_OTP", mailed.Session, "USERNAME", "nobody", "EMAIL_OTP_CODE", "123456")
	w.refused(err, "CodeMismatchException", "Invalid code or auth state for the user.")
	offered, err := w.begin("USER_AUTH", "USERNAME", "nobody")
	w.ok(err)
	_, err = w.respond("SELECT_CHALLENGE", offered.Session, "USERNAME", "nobody", "ANSWER", "PASSWORD", "PASSWORD", password)
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	simulated, err := w.api.ForgotPassword(w.ctx, &cip.ForgotPasswordInput{ClientId: &w.info.ClientID, Username: aws.String("nobody")})
	w.ok(err)
	if simulated.CodeDeliveryDetails == nil {
		t.Error("no delivery was simulated")
	}
	_, err = w.api.ConfirmForgotPassword(w.ctx, &cip.ConfirmForgotPasswordInput{
		ClientId: &w.info.ClientID, Username: aws.String("nobody"), ConfirmationCode: aws.String("123456"), Password: aws.String(password),
	})
	w.refused(err, "CodeMismatchException", "")
}

func TestSelectFactorAndSMS(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, SMS: true})
	w.add(userpool.User{Username: "bob", Password: password, State: userpool.StateEnrolled, Attributes: map[string]string{"phone_number": "+15550100"}})
	token := func() *string {
		session := w.signIn("bob")
		if session.AuthenticationResult != nil {
			return session.AuthenticationResult.AccessToken
		}
		return nil
	}
	if token() != nil {
		t.Fatal("enrolled and not asked")
	}
	admin := w.signed()
	_, err := admin.AdminSetUserMFAPreference(w.ctx, &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: &w.info.UserPoolID, Username: aws.String("bob"), SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true},
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
	})
	w.ok(err)
	choice := w.signIn("bob")
	if choice.ChallengeName != "SELECT_MFA_TYPE" {
		t.Fatalf("got %s", choice.ChallengeName)
	}
	_, err = w.respond("SELECT_MFA_TYPE", choice.Session, "USERNAME", "bob", "ANSWER", "EMAIL_OTP")
	w.refused(err, "InvalidParameterException", "")
	sms, err := w.respond("SELECT_MFA_TYPE", choice.Session, "USERNAME", "bob", "ANSWER", "SMS_MFA")
	w.ok(err)
	if sms.ChallengeName != "SMS_MFA" || sms.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "+****0100" {
		t.Fatalf("got %s %v", sms.ChallengeName, sms.ChallengeParameters)
	}
	_, err = w.respond("SMS_MFA", sms.Session, "USERNAME", "bob", "SMS_MFA_CODE", "wrong")
	w.refused(err, "CodeMismatchException", "Invalid code or auth state for the user.")
	_, err = w.respond("SMS_MFA", sms.Session, "USERNAME", "bob", "SMS_MFA_CODE", w.lastCode("bob"))
	w.ok(err)
	_, err = w.respond("SMS_MFA", sms.Session, "USERNAME", "bob", "SMS_MFA_CODE", w.lastCode("bob"))
	w.refused(err, "NotAuthorizedException", spent)
}

func TestRequiredPoolTakesAVerifiedPhoneBeforeSetUp(t *testing.T) {
	w := open(t, userpool.Options{SMS: true})
	w.add(userpool.User{Username: "bob", Password: password, Attributes: map[string]string{"phone_number": "+15550100", "phone_number_verified": "true"}})
	if got := w.signIn("bob").ChallengeName; got != "SMS_MFA" {
		t.Errorf("got %s", got)
	}
	if got := w.signIn("ada").ChallengeParameters["MFAS_CAN_SETUP"]; got != `["SMS_MFA","SOFTWARE_TOKEN_MFA"]` {
		t.Errorf("got %s", got)
	}
}

func TestEmailInsteadOfAnApp(t *testing.T) {
	w := open(t, userpool.Options{Email: true})
	w.add(userpool.User{Username: "bob", Password: password})
	setup := w.signIn("bob")
	_, err := w.respond("MFA_SETUP", setup.Session, "USERNAME", "bob", "EMAIL", "no address")
	w.refused(err, "InvalidParameterException", "")
	mailed, err := w.respond("MFA_SETUP", setup.Session, "USERNAME", "bob", "EMAIL", "bob@example.test")
	w.ok(err)
	out, err := w.respond("EMAIL_OTP", mailed.Session, "USERNAME", "bob", "EMAIL_OTP_CODE", w.lastCode("bob"))
	w.ok(err)
	if out.AuthenticationResult == nil || w.signIn("bob").ChallengeName != "EMAIL_OTP" {
		t.Error("e-mail is not the second factor")
	}
}

func TestCustomChallenges(t *testing.T) {
	w := open(t, userpool.Options{})
	_, err := w.begin("CUSTOM_AUTH", "USERNAME", "ada")
	w.refused(err, "InvalidParameterException", "")
	w.pool.SetCustomChallenges([]userpool.CustomRound{
		{Parameters: map[string]string{"question": "2+2"}, Answer: "4"}, {Parameters: map[string]string{"question": "colour"}, Answer: "blue"},
	})
	one, err := w.begin("CUSTOM_AUTH", "USERNAME", "ada")
	w.ok(err)
	if one.ChallengeName != "CUSTOM_CHALLENGE" || one.ChallengeParameters["question"] != "2+2" {
		t.Fatalf("got %s %v", one.ChallengeName, one.ChallengeParameters)
	}
	again, err := w.respond("CUSTOM_CHALLENGE", one.Session, "USERNAME", "ada", "ANSWER", "5")
	w.ok(err)
	two, err := w.respond("CUSTOM_CHALLENGE", again.Session, "USERNAME", "ada", "ANSWER", "4")
	w.ok(err)
	if two.ChallengeParameters["question"] != "colour" {
		t.Errorf("got %v", two.ChallengeParameters)
	}
	session := two.Session
	for range 2 {
		wrong, err := w.respond("CUSTOM_CHALLENGE", session, "USERNAME", "ada", "ANSWER", "red")
		w.ok(err)
		session = wrong.Session
	}
	_, err = w.respond("CUSTOM_CHALLENGE", session, "USERNAME", "ada", "ANSWER", "red")
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
}

func TestRememberedDeviceSkipsTheSecondFactor(t *testing.T) {
	w := open(t, userpool.Options{})
	admin := w.signed()
	_, err := admin.UpdateUserPool(w.ctx, &cip.UpdateUserPoolInput{UserPoolId: &w.info.UserPoolID, MfaConfiguration: "ON", DeviceConfiguration: &types.DeviceConfigurationType{}})
	w.ok(err)
	_, tokens := w.enroll("ada")
	offer := tokens.NewDeviceMetadata
	if offer == nil {
		t.Fatal("no device was offered")
	}
	refresh := func(key string) error {
		_, err := w.begin("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", *tokens.RefreshToken, "DEVICE_KEY", key)
		return err
	}
	w.refused(refresh(*offer.DeviceKey), "NotAuthorizedException", "Invalid Refresh Token")
	salt, secret := []byte("\x11sixteen bytes of"), "the device's own password"
	_, err = w.api.ConfirmDevice(w.ctx, &cip.ConfirmDeviceInput{
		AccessToken: tokens.AccessToken, DeviceKey: offer.DeviceKey, DeviceName: aws.String("Laptop"),
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{
			Salt:             aws.String(base64.StdEncoding.EncodeToString(salt)),
			PasswordVerifier: aws.String(base64.StdEncoding.EncodeToString(userpool.SRPVerifier(salt, *offer.DeviceGroupKey, *offer.DeviceKey, secret))),
		},
	})
	w.ok(err)
	w.ok(refresh(*offer.DeviceKey))
	w.refused(refresh("local-1_other"), "NotAuthorizedException", "Invalid Refresh Token")
	listed, err := w.api.ListDevices(w.ctx, &cip.ListDevicesInput{AccessToken: tokens.AccessToken})
	w.ok(err)
	if len(listed.Devices) != 1 {
		t.Fatalf("%d devices", len(listed.Devices))
	}
	// Clients that sign in by SRP send the key with the verifier's answer (amazon-cognito-identity-js 6.3).
	bySRP, err := w.srp("ada", password, timestamp, "DEVICE_KEY", *offer.DeviceKey)
	w.ok(err)
	if bySRP.ChallengeName != "DEVICE_SRP_AUTH" {
		t.Fatalf("got %s", bySRP.ChallengeName)
	}
	known, err := w.begin("USER_PASSWORD_AUTH", "USERNAME", "ada", "PASSWORD", password, "DEVICE_KEY", *offer.DeviceKey)
	w.ok(err)
	if known.ChallengeName != "DEVICE_SRP_AUTH" {
		t.Fatalf("got %s", known.ChallengeName)
	}
	client := userpool.NewSRPClient(big.NewInt(987654321))
	verifier, err := w.respond("DEVICE_SRP_AUTH", known.Session, "USERNAME", "ada", "DEVICE_KEY", *offer.DeviceKey, "SRP_A", client.A())
	w.ok(err)
	got := verifier.ChallengeParameters
	block, err := base64.StdEncoding.DecodeString(got["SECRET_BLOCK"])
	w.ok(err)
	sign := func(secret string) (*cip.RespondToAuthChallengeOutput, error) {
		return w.respond("DEVICE_PASSWORD_VERIFIER", nil, "USERNAME", "ada", "DEVICE_KEY", *offer.DeviceKey, "TIMESTAMP", timestamp,
			"PASSWORD_CLAIM_SECRET_BLOCK", got["SECRET_BLOCK"],
			"PASSWORD_CLAIM_SIGNATURE", client.Sign(*offer.DeviceGroupKey, *offer.DeviceKey, secret, got["SALT"], got["SRP_B"], block, timestamp))
	}
	_, err = sign("wrong")
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	out, err := sign(secret)
	w.ok(err)
	if out.AuthenticationResult == nil {
		t.Fatalf("got %+v", out)
	}
	user, pool := aws.String("ada"), &w.info.UserPoolID
	shown, err := admin.AdminGetDevice(w.ctx, &cip.AdminGetDeviceInput{UserPoolId: pool, Username: user, DeviceKey: offer.DeviceKey})
	w.ok(err)
	if got := *shown.Device.DeviceAttributes[1].Value; got != "Laptop" {
		t.Errorf("device name %q", got)
	}
	all, err := admin.AdminListDevices(w.ctx, &cip.AdminListDevicesInput{UserPoolId: pool, Username: user})
	w.ok(err)
	if len(all.Devices) != 1 {
		t.Errorf("%d devices", len(all.Devices))
	}
	for status, want := range map[types.DeviceRememberedStatusType]types.ChallengeNameType{"not_remembered": "SOFTWARE_TOKEN_MFA", "remembered": "DEVICE_SRP_AUTH"} {
		_, err = w.api.UpdateDeviceStatus(w.ctx, &cip.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: offer.DeviceKey, DeviceRememberedStatus: status})
		w.ok(err)
		next, err := w.begin("USER_PASSWORD_AUTH", "USERNAME", "ada", "PASSWORD", password, "DEVICE_KEY", *offer.DeviceKey)
		w.ok(err)
		if next.ChallengeName != want {
			t.Errorf("%s: %s, want %s", status, next.ChallengeName, want)
		}
	}
	_, err = w.api.GetDevice(w.ctx, &cip.GetDeviceInput{AccessToken: tokens.AccessToken, DeviceKey: aws.String("local-1_0")})
	w.refused(err, "ResourceNotFoundException", "")
	_, err = admin.AdminForgetDevice(w.ctx, &cip.AdminForgetDeviceInput{UserPoolId: &w.info.UserPoolID, Username: aws.String("ada"), DeviceKey: offer.DeviceKey})
	w.ok(err)
	asked, err := w.begin("USER_PASSWORD_AUTH", "USERNAME", "ada", "PASSWORD", password, "DEVICE_KEY", *offer.DeviceKey)
	w.ok(err)
	if asked.ChallengeName != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("got %s", asked.ChallengeName)
	}
}

func TestDevicesWhereThePoolDoesNotTrackThem(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	token := w.signIn("ada").AuthenticationResult.AccessToken
	_, err := w.api.ListDevices(w.ctx, &cip.ListDevicesInput{AccessToken: token})
	w.refused(err, "InvalidParameterException", "Device tracking not currently enabled for this pool.")
}
