package userpool_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

func TestPreferences(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, SMS: true})
	w.add(userpool.User{Username: "bob", Password: password, Attributes: map[string]string{"phone_number": "+15550100"}})
	token := w.signIn("bob").AuthenticationResult.AccessToken
	set := func(in cip.SetUserMFAPreferenceInput) error {
		in.AccessToken = token
		_, err := w.api.SetUserMFAPreference(w.ctx, &in)
		return err
	}
	totp := func(enabled, preferred bool) cip.SetUserMFAPreferenceInput {
		return cip.SetUserMFAPreferenceInput{SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}}
	}
	sms := func(enabled, preferred bool) cip.SetUserMFAPreferenceInput {
		return cip.SetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: enabled, PreferredMfa: preferred}}
	}
	expect := func(preferred string, list ...string) {
		t.Helper()
		me, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: token})
		w.ok(err)
		if aws.ToString(me.PreferredMfaSetting) != preferred || !slices.Equal(me.UserMFASettingList, list) {
			t.Errorf("got %q %v, want %q %v", aws.ToString(me.PreferredMfaSetting), me.UserMFASettingList, preferred, list)
		}
	}
	w.refused(set(totp(true, true)), "InvalidParameterException", "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	code := w.code(*key.SecretCode, 0)
	_, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code})
	w.ok(err)
	expect("")
	if w.signIn("bob").AuthenticationResult == nil {
		t.Error("registered but not preferred: asked for a factor")
	}
	w.ok(set(totp(true, true)))
	expect("SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA")
	w.ok(set(totp(true, false)))
	expect("", "SOFTWARE_TOKEN_MFA")
	if got := w.signIn("bob").ChallengeName; got != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("enabled alone: %q", got)
	}
	w.ok(set(sms(true, false)))
	expect("", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
	if got := w.signIn("bob"); got.ChallengeName != "SELECT_MFA_TYPE" || got.ChallengeParameters["MFAS_CAN_CHOOSE"] != `["SMS_MFA","SOFTWARE_TOKEN_MFA"]` {
		t.Errorf("two without preference: %q %v", got.ChallengeName, got.ChallengeParameters)
	}
	both := totp(true, true)
	both.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}
	w.refused(set(both), "InvalidParameterException", "")
	expect("", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
	w.ok(set(totp(true, true)))
	w.ok(set(sms(true, true)))
	expect("SMS_MFA", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
	w.ok(set(sms(false, false)))
	w.ok(set(totp(false, false)))
	expect("")
}

func TestStraySMSSettingsFailWithoutPhone(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional})
	_, err := w.api.SetUserMFAPreference(w.ctx, &cip.SetUserMFAPreferenceInput{
		AccessToken: w.signIn("ada").AuthenticationResult.AccessToken, SMSMfaSettings: &types.SMSMfaSettingsType{},
	})
	w.refused(err, "InvalidParameterException", "User does not have a phone_number set to turn on SMS MFA")
}

func TestDisablingTheOnlyFactorOfARequiredPoolChangesNothing(t *testing.T) {
	w := open(t, userpool.Options{})
	_, tokens := w.enroll("ada")
	_, err := w.api.SetUserMFAPreference(w.ctx, &cip.SetUserMFAPreferenceInput{
		AccessToken: tokens.AccessToken, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{},
	})
	w.ok(err)
	if got := w.signIn("ada").ChallengeName; got != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("got %s", got)
	}
}
