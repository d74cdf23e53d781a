package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

// The three texts by which clients tell what became of a session.
const (
	expired = "Invalid session for the user, session is expired."
	spent   = "Invalid session for the user, session can only be used once."
	invalid = "Invalid session for the user."
)

func TestSessionsAreUsedOnce(t *testing.T) {
	w := open(t, userpool.Options{})
	s2 := w.signIn("ada").Session
	associate := func(session *string) (*cip.AssociateSoftwareTokenOutput, error) {
		return w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: session})
	}
	_, err := w.verify(s2, "123456")
	w.refused(err, "NotAuthorizedException", invalid) // Associate comes first
	a, err := associate(s2)
	w.ok(err)
	_, err = associate(s2)
	w.refused(err, "NotAuthorizedException", spent)
	b, err := associate(a.Session) // a new key, which leaves the old session behind
	w.ok(err)
	_, err = w.verify(a.Session, w.code(*a.SecretCode, 0))
	w.refused(err, "NotAuthorizedException", invalid)
	_, err = w.respond(types.ChallengeNameTypeMfaSetup, b.Session, "USERNAME", "ada")
	w.refused(err, "NotAuthorizedException", invalid) // not verified yet
	v, err := w.verify(b.Session, w.code(*b.SecretCode, 0))
	w.ok(err)
	_, err = w.verify(b.Session, w.code(*b.SecretCode, 1))
	w.refused(err, "NotAuthorizedException", spent)
	_, err = associate(v.Session)
	w.refused(err, "NotAuthorizedException", invalid)
	_, err = w.respond(types.ChallengeNameTypeMfaSetup, v.Session, "USERNAME", "ada")
	w.ok(err)
	_, err = w.respond(types.ChallengeNameTypeMfaSetup, v.Session, "USERNAME", "ada")
	w.refused(err, "NotAuthorizedException", spent)
}

func TestSessionsExpireFromTheirOwnIssue(t *testing.T) {
	w := open(t, userpool.Options{SessionValidity: 5 * time.Minute})
	s2 := w.signIn("ada").Session
	w.clock.advance(5*time.Minute - time.Second)
	a, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: s2})
	w.ok(err)
	w.clock.advance(5*time.Minute - time.Second)
	_, err = w.verify(a.Session, w.wrong(*a.SecretCode)) // a wrong code starts no new clock
	w.refused(err, "EnableSoftwareTokenMFAException", "Code mismatch")
	w.clock.advance(time.Second)
	_, err = w.verify(a.Session, w.code(*a.SecretCode, 0))
	w.refused(err, "NotAuthorizedException", expired)
	w.clock.advance(time.Hour)
	for range 10 {
		w.signIn("ada") // makes the pool forget the expired ones
	}
	_, err = w.verify(a.Session, w.code(*a.SecretCode, 0))
	w.refused(err, "NotAuthorizedException", expired)
}

func TestSessionsAreBound(t *testing.T) {
	w := open(t, userpool.Options{})
	w.add(userpool.User{Username: "bob", Password: password})
	key, _ := w.enroll("bob")
	challenge := w.signIn("bob").Session
	_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: challenge})
	w.refused(err, "NotAuthorizedException", invalid) // of another challenge
	w.clock.advance(time.Minute)
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, challenge, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.refused(err, "NotAuthorizedException", invalid) // of another user
	other := open(t, userpool.Options{})
	other.add(userpool.User{Username: "bob", Password: password})
	_, err = other.respond(types.ChallengeNameTypeSoftwareTokenMfa, challenge, "USERNAME", "bob", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	other.refused(err, "NotAuthorizedException", invalid) // of another service
	changed := []byte(*challenge)
	changed[len(changed)-1] ^= 1
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, aws.String(string(changed)), "USERNAME", "bob", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.refused(err, "NotAuthorizedException", invalid)
	_, err = w.respond(types.ChallengeNameTypeSoftwareTokenMfa, challenge, "USERNAME", "bob", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.ok(err)
}

func TestNewSignInSupersedesTheSetUpBeforeIt(t *testing.T) {
	w := open(t, userpool.Options{})
	a, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
	w.ok(err)
	w.signIn("ada")
	_, err = w.verify(a.Session, w.code(*a.SecretCode, 0))
	w.refused(err, "NotAuthorizedException", invalid)
}

func TestSessionLength(t *testing.T) {
	for _, length := range []int{120, 1543, 1600, 2048} {
		w := open(t, userpool.Options{SessionLength: length})
		if got := len(*w.signIn("ada").Session); got != length {
			t.Errorf("session of %d characters, want %d", got, length)
		}
		w.enroll("ada")
	}
}
