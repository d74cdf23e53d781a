package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestTemporaryPassword(t *testing.T) {
	w := open(t, "OFF")
	created, err := w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: aws.String("grace"), TemporaryPassword: aws.String(first), MessageAction: "SUPPRESS",
	})
	w.ok(err)
	if created.User.UserStatus != "FORCE_CHANGE_PASSWORD" || !created.User.Enabled {
		t.Errorf("got %+v", created.User)
	}
	_, err = w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{UserPoolId: &w.pool, Username: aws.String("grace"), MessageAction: "SUPPRESS"})
	w.refused(err, "UsernameExistsException", "")
	challenge := w.signIn("grace")
	if challenge.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Fatalf("got %s", challenge.ChallengeName)
	}
	out, err := w.respond("NEW_PASSWORD_REQUIRED", challenge.Session, "USERNAME", "grace", "NEW_PASSWORD", second)
	w.ok(err)
	if out.AuthenticationResult == nil {
		t.Errorf("got %+v, want tokens", out)
	}
	shown, err := w.api.AdminGetUser(w.ctx, &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: aws.String("grace")})
	w.ok(err)
	if shown.UserStatus != "CONFIRMED" || shown.UserMFASettingList != nil || shown.PreferredMfaSetting != nil {
		t.Errorf("got %+v", shown)
	}
}

func TestSignUpAndRecovery(t *testing.T) {
	w := open(t, "OFF")
	name := randomName()
	signUp := func() (*cip.SignUpOutput, error) {
		return w.api.SignUp(w.ctx, &cip.SignUpInput{ClientId: &w.client, Username: &name, Password: aws.String(first), UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String("someone@example.com")},
		}})
	}
	out, err := signUp()
	w.ok(err)
	if out.UserConfirmed || out.CodeDeliveryDetails == nil || out.CodeDeliveryDetails.DeliveryMedium != "EMAIL" || strings.Contains(*out.CodeDeliveryDetails.Destination, "someone") {
		t.Errorf("got %+v", out)
	}
	_, err = signUp()
	w.refused(err, "UsernameExistsException", "")
	_, err = w.start(name, first)
	w.refused(err, "UserNotConfirmedException", "User is not confirmed.")
	confirm := func(code string) error {
		_, err := w.api.ConfirmSignUp(w.ctx, &cip.ConfirmSignUpInput{ClientId: &w.client, Username: &name, ConfirmationCode: &code})
		return err
	}
	w.refused(confirm("wrong"), "CodeMismatchException", "Invalid verification code provided, please try again.")
	w.ok(confirm(w.sent(name)))
	w.refused(confirm("123456"), "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")

	_, err = w.api.ForgotPassword(w.ctx, &cip.ForgotPasswordInput{ClientId: &w.client, Username: &name})
	w.ok(err)
	reset := func(code, password string) error {
		_, err := w.api.ConfirmForgotPassword(w.ctx, &cip.ConfirmForgotPasswordInput{ClientId: &w.client, Username: &name, ConfirmationCode: &code, Password: &password})
		return err
	}
	w.refused(reset("wrong", second), "CodeMismatchException", "Invalid verification code provided, please try again.")
	w.refused(reset(w.sent(name), "short"), "InvalidPasswordException", "")
	w.ok(reset(w.sent(name), second))
	w.refused(reset("123456", second), "ExpiredCodeException", "Invalid code provided, please request a code again.")
	token, err := w.start(name, second)
	w.ok(err)
	change := func(previous, proposed string) error {
		_, err := w.api.ChangePassword(w.ctx, &cip.ChangePasswordInput{AccessToken: token.AuthenticationResult.AccessToken, PreviousPassword: &previous, ProposedPassword: &proposed})
		return err
	}
	w.refused(change("wrong", first), "NotAuthorizedException", "Incorrect username or password.")
	w.ok(change(second, first))
	w.signIn(name)
}

func TestAdminStates(t *testing.T) {
	w := open(t, "OFF")
	w.add("ada", "email", "ada@example.com", "email_verified", "true")
	token := w.signIn("ada").AuthenticationResult.AccessToken
	_, err := w.api.AdminDisableUser(w.ctx, &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: aws.String("ada")})
	w.ok(err)
	_, err = w.start("ada", first)
	w.refused(err, "NotAuthorizedException", "User is disabled.")
	if _, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: token}); err == nil {
		t.Error("the token of a disabled user works")
	}
	_, err = w.api.AdminEnableUser(w.ctx, &cip.AdminEnableUserInput{UserPoolId: &w.pool, Username: aws.String("ada")})
	w.ok(err)
	token = w.signIn("ada").AuthenticationResult.AccessToken
	_, err = w.api.AdminUserGlobalSignOut(w.ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &w.pool, Username: aws.String("ada")})
	w.ok(err)
	_, err = w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: token})
	w.refused(err, "NotAuthorizedException", "Access Token has been revoked")
	_, err = w.api.AdminResetUserPassword(w.ctx, &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: aws.String("ada")})
	w.ok(err)
	_, err = w.start("ada", first)
	w.refused(err, "PasswordResetRequiredException", "Password reset required for the user")
	_, err = w.api.AdminSetUserPassword(w.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &w.pool, Username: aws.String("ada"), Password: aws.String(second)})
	w.ok(err)
	out, err := w.start("ada", second)
	w.ok(err)
	if out.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Errorf("got %q", out.ChallengeName)
	}
	_, err = w.api.AdminDeleteUser(w.ctx, &cip.AdminDeleteUserInput{UserPoolId: &w.pool, Username: aws.String("ada")})
	w.ok(err)
	_, err = w.api.AdminGetUser(w.ctx, &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: aws.String("ada")})
	w.refused(err, "UserNotFoundException", "User does not exist.")
}

func TestListUsers(t *testing.T) {
	w := open(t, "OFF")
	for _, name := range []string{"ada", "adele", "bob", "carol", "dora"} {
		w.add(name, "email", name+"@example.com", "name", `N "`+name+`"`)
	}
	list := func(filter string) []string {
		t.Helper()
		var names []string
		var token *string
		for range 10 {
			out, err := w.api.ListUsers(w.ctx, &cip.ListUsersInput{UserPoolId: &w.pool, Filter: &filter, Limit: aws.Int32(2), PaginationToken: token})
			w.ok(err)
			for _, u := range out.Users {
				names = append(names, *u.Username)
			}
			if token = out.PaginationToken; token == nil {
				break
			}
		}
		slices.Sort(names)
		return names
	}
	for filter, want := range map[string][]string{
		"":                                  {"ada", "adele", "bob", "carol", "dora"},
		`username ^= "ad"`:                  {"ada", "adele"},
		`username = "bob"`:                  {"bob"},
		`username = "Bob"`:                  nil,
		`email = "dora@example.com"`:        {"dora"},
		`name = "N \"carol\""`:              {"carol"},
		`status = "Disabled"`:               nil,
		`cognito:user_status = "CONFIRMED"`: {"ada", "adele", "bob", "carol", "dora"},
	} {
		if got := list(filter); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	for _, filter := range []string{`nonsense`, `custom:x = "1"`, `username = ada`, `username = "a" and email = "b"`} {
		_, err := w.api.ListUsers(w.ctx, &cip.ListUsersInput{UserPoolId: &w.pool, Filter: &filter})
		w.refused(err, "InvalidParameterException", "")
	}
	_, err := w.api.ListUsers(w.ctx, &cip.ListUsersInput{UserPoolId: &w.pool, Limit: aws.Int32(61)})
	w.refused(err, "InvalidParameterException", "1 validation error detected: Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60")
	_, err = w.api.ListUsers(w.ctx, &cip.ListUsersInput{UserPoolId: &w.pool, PaginationToken: aws.String("made-up")})
	w.refused(err, "InvalidParameterException", "")
}
