package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

func TestAuthEvents(t *testing.T) {
	w := open(t, userpool.Options{})
	admin := w.signed()
	list := func() (*cip.AdminListUserAuthEventsOutput, error) {
		return admin.AdminListUserAuthEvents(w.ctx, &cip.AdminListUserAuthEventsInput{UserPoolId: &w.info.UserPoolID, Username: aws.String("ada")})
	}
	_, err := list()
	w.refused(err, "UserPoolAddOnNotEnabledException", "")
	w.pool.SetSwitches(userpool.Switches{AuthEvents: true})
	key, _ := w.enroll("ada")
	_, err = w.start("ada", "wrong")
	w.refused(err, "NotAuthorizedException", "")
	w.clock.advance(time.Minute)
	session := w.signIn("ada").Session
	_, err = w.respond("SOFTWARE_TOKEN_MFA", session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.ok(err)
	out, err := list()
	w.ok(err)
	if len(out.AuthEvents) != 3 {
		t.Fatalf("%d events, want a set-up, a failure and a sign-in", len(out.AuthEvents))
	}
	newest, failed := out.AuthEvents[0], out.AuthEvents[1]
	if newest.EventResponse != "Pass" || len(newest.ChallengeResponses) != 2 || newest.ChallengeResponses[1].ChallengeName != "Mfa" {
		t.Errorf("newest: %+v", newest)
	}
	if failed.EventResponse != "Fail" || failed.ChallengeResponses[0].ChallengeResponse != "Failure" {
		t.Errorf("failed: %+v", failed)
	}
}
