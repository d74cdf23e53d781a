package conformance_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

func TestSessionsChangeAtEveryStepAndAreSpent(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	two := w.signIn("ada").Session
	associate := func(session *string) (*cip.AssociateSoftwareTokenOutput, error) {
		return w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: session})
	}
	key, err := associate(two)
	w.ok(err)
	if aws.ToString(key.Session) == "" || *key.Session == *two {
		t.Error("AssociateSoftwareToken did not change the session")
	}
	_, err = associate(two)
	w.refused(err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
	verified, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{Session: key.Session, UserCode: aws.String(w.code(*key.SecretCode))})
	w.ok(err)
	if aws.ToString(verified.Session) == "" || *verified.Session == *key.Session {
		t.Error("VerifySoftwareToken did not change the session")
	}
	_, err = w.respond("MFA_SETUP", verified.Session, "USERNAME", "ada")
	w.ok(err)
	_, err = w.respond("MFA_SETUP", verified.Session, "USERNAME", "ada")
	w.refused(err, "NotAuthorizedException", "Invalid session for the user, session can only be used once.")
}

func TestSessionsExpire(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	session := w.signIn("ada").Session
	w.advance(3 * time.Minute)
	_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: session})
	w.refused(err, "NotAuthorizedException", "Invalid session for the user, session is expired.")
}

func TestSessionOfAnotherChallengeIsRefused(t *testing.T) {
	w := open(t, "ON")
	w.add("ada")
	w.enroll("ada")
	_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
	w.refused(err, "NotAuthorizedException", "")
}
