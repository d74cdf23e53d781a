package conformance_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

func TestValidationComesFirst(t *testing.T) {
	w := open(t, "ON")
	_, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{Session: aws.String(strings.Repeat("x", 30)), UserCode: aws.String("Aaaa")})
	w.refused(err, "InvalidParameterException", "2 validation errors detected: Value 'Aaaa' at 'userCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9]+; Value 'Aaaa' at 'userCode' failed to satisfy constraint: Member must have length greater than or equal to 6")
	_, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: aws.String(strings.Repeat("x", 2049))})
	w.refused(err, "InvalidParameterException", "")
	_, err = w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: aws.String("not a token")})
	w.refused(err, "InvalidParameterException", "")
	_, err = w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: aws.String("a.b.c")})
	w.refused(err, "NotAuthorizedException", "Invalid Access Token")
	_, err = w.api.AdminGetUser(w.ctx, &cip.AdminGetUserInput{UserPoolId: aws.String("no-pool"), Username: aws.String("with space")})
	w.refused(err, "InvalidParameterException", "")
	_, err = w.start("", first)
	w.refused(err, "InvalidParameterException", "Missing required parameter USERNAME")
}
