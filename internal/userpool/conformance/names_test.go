package conformance_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// openNamed makes a pool with its own idea of names.
func openNamed(t *testing.T, change func(*cip.CreateUserPoolInput)) *world {
	t.Helper()
	input := &cip.CreateUserPoolInput{}
	change(input)
	w := makePool(t, input)
	w.makeClient(&cip.CreateUserPoolClientInput{
		UserPoolId: &w.pool, ClientName: aws.String("names"), ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
	})
	return w
}

func TestSignInByEmailAlone(t *testing.T) {
	w := openNamed(t, func(in *cip.CreateUserPoolInput) { in.UsernameAttributes = []types.UsernameAttributeType{"email"} })
	_, err := w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{UserPoolId: &w.pool, Username: aws.String("ada"), MessageAction: "SUPPRESS"})
	w.refused(err, "InvalidParameterException", "")
	w.add("ada@example.com")
	out := w.signIn("ADA@example.com")
	me, err := w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: out.AuthenticationResult.AccessToken})
	w.ok(err)
	got := w.attributesOf("ada@example.com")
	if *me.Username != got["sub"] || got["email"] != "ada@example.com" {
		t.Errorf("username %q, attributes %v; want the sub", *me.Username, got)
	}
	_, err = w.api.SignUp(w.ctx, &cip.SignUpInput{ClientId: &w.client, Username: aws.String("ada@example.com"), Password: aws.String(first)})
	w.refused(err, "UsernameExistsException", "")
}

func TestAliases(t *testing.T) {
	w := openNamed(t, func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{"email", "preferred_username"}
	})
	w.add("ada", "email", "ada@example.com", "email_verified", "true", "preferred_username", "countess")
	w.add("bob", "email", "bob@example.com")
	w.signIn("ada@example.com")
	w.signIn("countess")
	_, err := w.start("bob@example.com", first)
	w.refused(err, "UserNotFoundException", "User does not exist.") // not verified
	_, err = w.api.AdminUpdateUserAttributes(w.ctx, &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: aws.String("bob"), UserAttributes: attributes("email", "ada@example.com"),
	})
	w.refused(err, "AliasExistsException", "")
	_, err = w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: aws.String("eve"), MessageAction: "SUPPRESS", UserAttributes: attributes("email", "ada@example.com", "email_verified", "true"),
	})
	w.refused(err, "UsernameExistsException", "")
}

func TestCase(t *testing.T) {
	w := openNamed(t, func(in *cip.CreateUserPoolInput) {
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
	})
	w.add("Ada")
	w.signIn("aDA")
	strict := open(t, "OFF")
	strict.add("Ada")
	_, err := strict.start("ada", first)
	strict.refused(err, "UserNotFoundException", "User does not exist.")
}

func TestRequiredAttributesAndHistory(t *testing.T) {
	w := openNamed(t, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: aws.String("name"), AttributeDataType: "String", Required: aws.Bool(true), Mutable: aws.Bool(true)}}
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(10), RequireLowercase: true, PasswordHistorySize: aws.Int32(2)}}
	})
	_, err := w.api.SignUp(w.ctx, &cip.SignUpInput{ClientId: &w.client, Username: aws.String("ada"), Password: aws.String("just-lower-case")})
	w.refused(err, "InvalidParameterException", "Attributes did not conform to the schema: name: The attribute is required")
	_, err = w.api.AdminCreateUser(w.ctx, &cip.AdminCreateUserInput{UserPoolId: &w.pool, Username: aws.String("ada"), MessageAction: "SUPPRESS", TemporaryPassword: aws.String(first)})
	w.ok(err)
	out := w.signIn("ada")
	if out.ChallengeParameters["requiredAttributes"] != `["userAttributes.name"]` {
		t.Errorf("got %v", out.ChallengeParameters)
	}
	_, err = w.respond("NEW_PASSWORD_REQUIRED", out.Session, "USERNAME", "ada", "NEW_PASSWORD", "just-lower-case")
	w.refused(err, "InvalidParameterException", "")
	_, err = w.respond("NEW_PASSWORD_REQUIRED", out.Session, "USERNAME", "ada", "NEW_PASSWORD", first, "userAttributes.name", "Ada")
	w.refused(err, "PasswordHistoryPolicyViolationException", "")
	_, err = w.respond("NEW_PASSWORD_REQUIRED", out.Session, "USERNAME", "ada", "NEW_PASSWORD", "just-lower-case", "userAttributes.name", "Ada")
	w.ok(err)
}
