package conformance_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func attributes(pairs ...string) []types.AttributeType {
	var all []types.AttributeType
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, types.AttributeType{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return all
}

func (w *world) attributesOf(name string) map[string]string {
	w.Helper()
	out, err := w.api.AdminGetUser(w.ctx, &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: &name})
	w.ok(err)
	all := map[string]string{}
	for _, a := range out.UserAttributes {
		all[*a.Name] = *a.Value
	}
	return all
}

func TestOwnAttributes(t *testing.T) {
	w := open(t, "OFF")
	w.add("ada", "email", "old@example.com", "email_verified", "true", "name", "Ada")
	token := w.signIn("ada").AuthenticationResult.AccessToken
	update := func(pairs ...string) error {
		_, err := w.api.UpdateUserAttributes(w.ctx, &cip.UpdateUserAttributesInput{AccessToken: token, UserAttributes: attributes(pairs...)})
		return err
	}
	w.refused(update("email_verified", "true"), "NotAuthorizedException", "A client attempted to write unauthorized attribute")
	w.refused(update("email", "no address"), "InvalidParameterException", "Invalid email address format.")
	w.refused(update("phone_number", "12"), "InvalidParameterException", "Invalid phone number format.")
	w.ok(update("email", "new@example.com", "name", "Ada L."))
	if got := w.attributesOf("ada"); got["email"] != "new@example.com" || got["email_verified"] != "false" || got["name"] != "Ada L." || len(got["sub"]) != 36 {
		t.Errorf("got %v", got)
	}
	_, err := w.api.DeleteUserAttributes(w.ctx, &cip.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"name"}})
	w.ok(err)
	if got := w.attributesOf("ada"); got["name"] != "" {
		t.Errorf("got %v", got)
	}
	verify := func(code string) error {
		_, err := w.api.VerifyUserAttribute(w.ctx, &cip.VerifyUserAttributeInput{AccessToken: token, AttributeName: aws.String("email"), Code: &code})
		return err
	}
	w.refused(verify("wrong"), "CodeMismatchException", "")
	_, err = w.api.GetUserAttributeVerificationCode(w.ctx, &cip.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: aws.String("email")})
	w.ok(err)
	w.ok(verify(w.sent("ada")))
	if got := w.attributesOf("ada"); got["email_verified"] != "true" {
		t.Errorf("got %v", got)
	}
	factors, err := w.api.GetUserAuthFactors(w.ctx, &cip.GetUserAuthFactorsInput{AccessToken: token})
	w.ok(err)
	if len(factors.ConfiguredUserAuthFactors) == 0 || factors.ConfiguredUserAuthFactors[0] != "PASSWORD" {
		t.Errorf("got %v", factors.ConfiguredUserAuthFactors)
	}
	_, err = w.api.DeleteUser(w.ctx, &cip.DeleteUserInput{AccessToken: token})
	w.ok(err)
	_, err = w.start("ada", first)
	w.refused(err, "UserNotFoundException", "User does not exist.")
}

func TestAdminAttributes(t *testing.T) {
	w := open(t, "OFF")
	w.add("ada", "email", "ada@example.com")
	_, err := w.api.AdminUpdateUserAttributes(w.ctx, &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: aws.String("ada"), UserAttributes: attributes("email_verified", "true", "nickname", "A"),
	})
	w.ok(err)
	if got := w.attributesOf("ada"); got["email_verified"] != "true" || got["nickname"] != "A" {
		t.Errorf("got %v", got)
	}
	_, err = w.api.AdminDeleteUserAttributes(w.ctx, &cip.AdminDeleteUserAttributesInput{UserPoolId: &w.pool, Username: aws.String("ada"), UserAttributeNames: []string{"nickname", "email"}})
	w.ok(err)
	if got := w.attributesOf("ada"); got["email"] != "" || got["nickname"] != "" {
		t.Errorf("got %v", got)
	}
}

func TestResendAndAdminConfirm(t *testing.T) {
	w := open(t, "OFF")
	_, err := w.api.SignUp(w.ctx, &cip.SignUpInput{ClientId: &w.client, Username: aws.String("una"), Password: aws.String(first), UserAttributes: attributes("email", "una@example.com")})
	w.ok(err)
	resend := func() error {
		_, err := w.api.ResendConfirmationCode(w.ctx, &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: aws.String("una")})
		return err
	}
	w.ok(resend())
	confirm := func() error {
		_, err := w.api.AdminConfirmSignUp(w.ctx, &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: aws.String("una")})
		return err
	}
	w.ok(confirm())
	w.refused(confirm(), "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
	w.refused(resend(), "InvalidParameterException", "User is already confirmed.")
	_, err = w.api.ForgotPassword(w.ctx, &cip.ForgotPasswordInput{ClientId: &w.client, Username: aws.String("una")})
	w.refused(err, "InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number")
	w.signIn("una")
}

func TestInvitingAgain(t *testing.T) {
	w := open(t, "OFF")
	create := func(action types.MessageActionType, password string) error {
		_, err := w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{
			UserPoolId: &w.pool, Username: aws.String("grace"), MessageAction: action, TemporaryPassword: &password,
			UserAttributes: attributes("email", "grace@example.com", "email_verified", "true"),
		})
		return err
	}
	w.refused(create("RESEND", first), "UserNotFoundException", "User does not exist.")
	w.refused(create("SUPPRESS", "short"), "InvalidPasswordException", "")
	w.ok(create("SUPPRESS", first))
	_, err := w.api.ForgotPassword(w.ctx, &cip.ForgotPasswordInput{ClientId: &w.client, Username: aws.String("grace")})
	w.refused(err, "NotAuthorizedException", "User password cannot be reset in the current state.")
	w.advance(8 * 24 * time.Hour)
	_, err = w.start("grace", first)
	w.refused(err, "NotAuthorizedException", "")
	w.ok(create("RESEND", second))
	if got := w.sent("grace"); got != second {
		t.Errorf("sent %q", got)
	}
	out, err := w.start("grace", second)
	w.ok(err)
	_, err = w.respond("NEW_PASSWORD_REQUIRED", out.Session, "USERNAME", "grace", "NEW_PASSWORD", first)
	w.ok(err)
	w.refused(create("RESEND", second), "UnsupportedUserStateException", "")
}

func TestAttemptsAnHour(t *testing.T) {
	w := open(t, "OFF")
	w.add("ada")
	token := w.signIn("ada").AuthenticationResult.AccessToken
	change := func(previous string) error {
		_, err := w.api.ChangePassword(w.ctx, &cip.ChangePasswordInput{AccessToken: token, PreviousPassword: &previous, ProposedPassword: aws.String(second)})
		return err
	}
	for range 5 {
		if change("wrong") == nil {
			t.Fatal("a wrong password was taken")
		}
	}
	w.refused(change(first), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
}
