package userpool_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

func TestSessionPathFromPasswordToTokens(t *testing.T) {
	w := open(t, userpool.Options{})
	first := w.signIn("ada")
	if first.ChallengeName != types.ChallengeNameTypeMfaSetup || first.AuthenticationResult != nil {
		t.Fatalf("got %+v, want MFA_SETUP without tokens", first)
	}
	if got := first.ChallengeParameters; got["MFAS_CAN_SETUP"] != `["SOFTWARE_TOKEN_MFA"]` || got["USER_ID_FOR_SRP"] != "ada" {
		t.Errorf("parameters = %v", got)
	}
	if got := *first.Session; len(got) != 1543 || !regexp.MustCompile(`^AYABe[\w-]+$`).MatchString(got) {
		t.Errorf("session of %d characters: %.20s…", len(got), got)
	}
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: first.Session})
	w.ok(err)
	if !regexp.MustCompile(`^[A-Z2-7]{52}$`).MatchString(*key.SecretCode) {
		t.Errorf("key %q is not 52 characters of base32", *key.SecretCode)
	}
	if *key.Session == *first.Session {
		t.Error("the session did not change")
	}
	verified, err := w.verify(key.Session, w.code(*key.SecretCode, 0))
	w.ok(err)
	if verified.Status != types.VerifySoftwareTokenResponseTypeSuccess || *verified.Session == *key.Session {
		t.Errorf("status %q, session changed: %t", verified.Status, *verified.Session != *key.Session)
	}
	last, err := w.respond(types.ChallengeNameTypeMfaSetup, verified.Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", "ignored")
	w.ok(err)
	if last.AuthenticationResult == nil || last.Session != nil || len(last.ChallengeParameters) != 0 {
		t.Fatalf("got %+v, want tokens alone", last)
	}
	me, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: last.AuthenticationResult.AccessToken})
	w.ok(err)
	if me.UserMFASettingList != nil || me.PreferredMfaSetting != nil {
		t.Errorf("verifying set the preference: %v %v", me.UserMFASettingList, me.PreferredMfaSetting)
	}
	next := w.signIn("ada")
	if next.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa || next.ChallengeParameters["FRIENDLY_DEVICE_NAME"] != "Phone" {
		t.Errorf("next sign-in: %s %v", next.ChallengeName, next.ChallengeParameters)
	}
}

func TestOldTokenLivesUntilTheNewOneIsVerified(t *testing.T) {
	w := open(t, userpool.Options{})
	old, tokens := w.enroll("ada")
	w.clock.advance(time.Minute)
	token := tokens.AccessToken
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	if key.Session != nil {
		t.Error("the token path answered a session")
	}
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, w.signIn("ada").Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(old, 0))
	w.ok(err)
	w.clock.advance(time.Minute)
	code := w.code(*key.SecretCode, 0)
	verified, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code})
	w.ok(err)
	if verified.Session != nil {
		t.Error("the token path answered a session")
	}
	w.clock.advance(time.Minute)
	session := w.signIn("ada").Session
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(old, 0))
	w.refused(err, "CodeMismatchException", "Invalid code received for user")
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(*key.SecretCode, 0))
	w.ok(err)
}

func TestAssociateRefusals(t *testing.T) {
	w := open(t, userpool.Options{})
	_, tokens := w.enroll("ada")
	w.add(userpool.User{Username: "bob", Password: password})
	session := w.signIn("bob").Session
	_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: session, AccessToken: tokens.AccessToken})
	w.refused(err, "InvalidParameterException", "")
	_, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{})
	w.refused(err, "InvalidParameterException", "")
	_, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: aws.String("too short")})
	w.refused(err, "InvalidParameterException", "1 validation error detected: Value at 'session' failed to satisfy constraint: Member must have length greater than or equal to 20")
	_, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: tokens.IdToken})
	w.refused(err, "NotAuthorizedException", "Invalid Access Token")
	_, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: session})
	w.ok(err)

	off := open(t, userpool.Options{MFA: userpool.MFAOptional, TOTPOff: true})
	out := off.signIn("ada")
	_, err = off.api.AssociateSoftwareToken(off.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: out.AuthenticationResult.AccessToken})
	off.refused(err, "SoftwareTokenMFANotFoundException", "Software Token MFA has not been enabled by the userPool")
}

func TestEachAssociateMakesAnotherKey(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional})
	token := w.signIn("ada").AuthenticationResult.AccessToken
	first, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	second, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	if *first.SecretCode == *second.SecretCode {
		t.Fatal("the same key twice")
	}
	code := w.code(*first.SecretCode, 0)
	_, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code})
	w.refused(err, "EnableSoftwareTokenMFAException", "Code mismatch")
	code = w.code(*second.SecretCode, 0)
	_, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code})
	w.ok(err)
}
