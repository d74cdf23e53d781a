package conformance_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestRequiredPoolAsksForSetUpAndThenForTheCode(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	setup := w.signIn("ada")
	if setup.ChallengeName != "MFA_SETUP" || setup.ChallengeParameters["MFAS_CAN_SETUP"] != `["SOFTWARE_TOKEN_MFA"]` {
		t.Fatalf("got %s %v", setup.ChallengeName, setup.ChallengeParameters)
	}
	key, _ := w.enroll("ada")
	asked := w.signIn("ada")
	if asked.ChallengeName != "SOFTWARE_TOKEN_MFA" || asked.ChallengeParameters["FRIENDLY_DEVICE_NAME"] != "Phone" {
		t.Fatalf("got %s %v", asked.ChallengeName, asked.ChallengeParameters)
	}
	_, err := w.respond("SOFTWARE_TOKEN_MFA", asked.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key))
	w.refused(err, "ExpiredCodeException", "Your software token has already been used once.")
	w.advance(30 * time.Second)
	out, err := w.respond("SOFTWARE_TOKEN_MFA", asked.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key))
	w.ok(err)
	if out.AuthenticationResult == nil || out.Session != nil {
		t.Errorf("got %+v, want tokens alone", out)
	}
}

func TestOptionalPoolAsksOnlyWhoPrefersIt(t *testing.T) {
	w := open(t, "OPTIONAL")
	w.add("ada")
	token := w.signIn("ada").AuthenticationResult.AccessToken
	prefer := func() error {
		_, err := w.api.SetUserMFAPreference(w.ctx, &cip.SetUserMFAPreferenceInput{
			AccessToken: token, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
		})
		return err
	}
	if prefer() == nil {
		t.Fatal("preferred without a registration")
	}
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	_, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: aws.String(w.code(*key.SecretCode))})
	w.ok(err)
	if w.signIn("ada").AuthenticationResult == nil {
		t.Error("asked for a code before it was preferred")
	}
	w.ok(prefer())
	me, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: token})
	w.ok(err)
	if !slices.Equal(me.UserMFASettingList, []string{"SOFTWARE_TOKEN_MFA"}) || aws.ToString(me.PreferredMfaSetting) != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("got %v %q", me.UserMFASettingList, aws.ToString(me.PreferredMfaSetting))
	}
	if got := w.signIn("ada").ChallengeName; got != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("got %q", got)
	}
}

func TestWrongFirstCodeKeepsTheSession(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
	w.ok(err)
	right := w.code(*key.SecretCode)
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	verify := func(code string) error {
		_, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{Session: key.Session, UserCode: &code})
		return err
	}
	w.refused(verify(wrong), "EnableSoftwareTokenMFAException", "Code mismatch")
	w.refused(verify("abc"), "InvalidParameterException", "")
	w.ok(verify(w.code(*key.SecretCode)))
}

func TestAdminPreferenceDoesNotFreeFromARequiredApp(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	w.enroll("ada")
	_, err := w.api.AdminSetUserMFAPreference(w.ctx, &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: &w.pool, Username: aws.String("ada"), SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{},
	})
	w.ok(err)
	if got := w.signIn("ada").ChallengeName; got != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("got %s", got)
	}
}
