package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

func TestCodesOfTheStepsOnEitherSide(t *testing.T) {
	for steps, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		w := open(t, userpool.Options{})
		key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
		w.ok(err)
		_, err = w.verify(key.Session, w.code(*key.SecretCode, steps))
		if want {
			w.ok(err)
		} else {
			w.refused(err, "EnableSoftwareTokenMFAException", "Code mismatch")
		}
	}
}

func TestWrongFirstCodesCostNothing(t *testing.T) {
	w := open(t, userpool.Options{})
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
	w.ok(err)
	for range 12 {
		_, err = w.verify(key.Session, w.wrong(*key.SecretCode))
		w.refused(err, "EnableSoftwareTokenMFAException", "Code mismatch")
	}
	_, err = w.verify(key.Session, "Aaaa")
	w.refused(err, "InvalidParameterException", "2 validation errors detected: Value 'Aaaa' at 'userCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9]+; Value 'Aaaa' at 'userCode' failed to satisfy constraint: Member must have length greater than or equal to 6")
	_, err = w.verify(key.Session, w.code(*key.SecretCode, 0))
	w.ok(err)
}

func TestCodeUsedAtVerifyIsRefusedAtSignIn(t *testing.T) {
	w := open(t, userpool.Options{})
	key, _ := w.enroll("ada")
	session := w.signIn("ada").Session
	_, err := w.respond(types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.refused(err, "ExpiredCodeException", "Your software token has already been used once.")
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, -1))
	w.refused(err, "ExpiredCodeException", "Your software token has already been used once.")
	w.clock.advance(30 * time.Second)
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.ok(err)
}

func TestVerifyRefusals(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional})
	token := w.signIn("ada").AuthenticationResult.AccessToken
	verify := func(code string) error {
		_, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code})
		return err
	}
	w.refused(verify("123456"), "SoftwareTokenMFANotFoundException", "Software Token MFA does not exist for the user.")
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	code := w.code(*key.SecretCode, 0)
	w.ok(verify(code))
	w.refused(verify(code), "SoftwareTokenMFANotFoundException", "")
	key, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	w.refused(verify(w.code(*key.SecretCode, 0)), "ExpiredCodeException", "Your software token has already been used once.")
	w.clock.advance(time.Hour)
	w.refused(verify("123456"), "NotAuthorizedException", "Access Token has expired")
	_, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: aws.String("a.b.c"), UserCode: aws.String("123456")})
	w.refused(err, "NotAuthorizedException", "Invalid Access Token")
}

func TestVerifySwitches(t *testing.T) {
	w := open(t, userpool.Options{Switches: userpool.Switches{VerifyAcceptsOldCode: true, ReplayIsMismatch: true, VerifyLimit: 2}})
	old, tokens := w.enroll("ada")
	verify := func(code string) error {
		_, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: tokens.AccessToken, UserCode: &code})
		return err
	}
	_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
	w.ok(err)
	w.refused(verify(w.code(old, 0)), "EnableSoftwareTokenMFAException", "Code mismatch")
	w.clock.advance(time.Minute)
	w.ok(verify(w.code(old, 0)))
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
	w.ok(err)
	for range 2 {
		w.refused(verify(w.wrong(*key.SecretCode)), "EnableSoftwareTokenMFAException", "Code mismatch")
	}
	w.refused(verify(w.code(*key.SecretCode, 1)), "TooManyRequestsException", "")

	drops := open(t, userpool.Options{Switches: userpool.Switches{AssociateDropsOldToken: true}})
	_, tokens = drops.enroll("ada")
	_, err = drops.api.AssociateSoftwareToken(drops.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
	drops.ok(err)
	if got := drops.signIn("ada").ChallengeName; got != types.ChallengeNameTypeMfaSetup {
		t.Errorf("challenge %s, want MFA_SETUP: the old registration is gone", got)
	}
}
