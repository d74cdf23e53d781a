package userpool_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

func TestPasswordRefusals(t *testing.T) {
	w := open(t, userpool.Options{})
	w.add(userpool.User{Username: "una", Password: password, State: userpool.StateUnconfirmed})
	w.add(userpool.User{Username: "rita", Password: password, State: userpool.StateResetRequired})
	w.add(userpool.User{Username: "dis", Password: password, State: userpool.StateDisabled})
	w.add(userpool.User{Username: "temp", Password: password, State: userpool.StateTemporaryPassword})
	for _, test := range []struct{ about, name, password, exception, message string }{
		{"wrong password", "ada", "wrong", "NotAuthorizedException", "Incorrect username or password."},
		{"unknown user", "nobody", password, "UserNotFoundException", "User does not exist."},
		{"unconfirmed, before the password", "una", "wrong", "UserNotConfirmedException", "User is not confirmed."},
		{"disabled", "dis", password, "NotAuthorizedException", "User is disabled."},
		{"reset required", "rita", password, "PasswordResetRequiredException", "Password reset required for the user"},
		{"reset required, wrong password", "rita", "wrong", "NotAuthorizedException", "Incorrect username or password."},
		{"temporary, wrong password", "temp", "wrong", "NotAuthorizedException", "Incorrect username or password."},
		{"no name", "", password, "InvalidParameterException", "Missing required parameter USERNAME"},
		{"no password", "ada", "", "InvalidParameterException", "Missing required parameter PASSWORD"},
	} {
		t.Run(test.about, func(t *testing.T) {
			_, err := w.start(test.name, test.password)
			w.refused(err, test.exception, test.message)
		})
	}
	w.clock.advance(8 * 24 * time.Hour)
	_, err := w.start("temp", password)
	w.refused(err, "NotAuthorizedException", "Temporary password has expired and must be reset by an administrator.")
}

func TestPreventUserExistenceErrors(t *testing.T) {
	w := open(t, userpool.Options{PreventUserExistenceErrors: true})
	_, err := w.start("nobody", password)
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
}

func TestUnknownClientAndDisabledFlow(t *testing.T) {
	w := open(t, userpool.Options{})
	w.info.ClientID = "nobodysclient"
	_, err := w.start("ada", password)
	w.refused(err, "ResourceNotFoundException", "User pool client nobodysclient does not exist.")
}

func TestMFAConfigurationDecides(t *testing.T) {
	enrolled := userpool.User{Username: "bob", Password: password, State: userpool.StateEnrolled}
	for mfa, want := range map[userpool.MFA]types.ChallengeNameType{
		userpool.MFAOn: "SOFTWARE_TOKEN_MFA", userpool.MFAOptional: "SOFTWARE_TOKEN_MFA", userpool.MFAOff: "",
	} {
		w := open(t, userpool.Options{MFA: mfa})
		w.add(enrolled)
		if got := w.signIn("bob").ChallengeName; got != want {
			t.Errorf("%s, enrolled: %q, want %q", mfa, got, want)
		}
	}
	w := open(t, userpool.Options{MFA: userpool.MFAOptional})
	if w.signIn("ada").AuthenticationResult == nil {
		t.Error("OPTIONAL, not enrolled: no tokens")
	}
}

func TestLockoutDoublesAndPasses(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	for range 5 {
		_, err := w.start("ada", "wrong")
		w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	}
	_, err := w.start("ada", password)
	w.refused(err, "NotAuthorizedException", "Password attempts exceeded")
	w.clock.advance(time.Second)
	_, err = w.start("ada", "wrong") // the sixth: two seconds
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	w.clock.advance(time.Second)
	_, err = w.start("ada", password)
	w.refused(err, "NotAuthorizedException", "Password attempts exceeded")
	w.clock.advance(time.Second)
	w.signIn("ada")
	_, err = w.start("ada", "wrong") // success has cleared the count
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	w.signIn("ada")
}

func TestCodeLockout(t *testing.T) {
	w := open(t, userpool.Options{})
	key, _ := w.enroll("ada")
	session := w.signIn("ada").Session
	w.clock.advance(time.Minute)
	answer := func(code string) error {
		_, err := w.respond(types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", code)
		return err
	}
	for range 5 {
		w.refused(answer(w.wrong(key)), "CodeMismatchException", "Invalid code received for user")
	}
	w.refused(answer(w.code(key, 0)), "NotAuthorizedException", "Password attempts exceeded")
	w.clock.advance(time.Second)
	w.ok(answer(w.code(key, 0)))
}

// Whoever knows the password must not be able to guess codes for ever by signing in anew.
func TestPasswordAloneDoesNotForgetWrongCodes(t *testing.T) {
	w := open(t, userpool.Options{})
	key, _ := w.enroll("ada")
	w.clock.advance(time.Minute)
	for range 5 {
		_, err := w.respond("SOFTWARE_TOKEN_MFA", w.signIn("ada").Session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.wrong(key))
		w.refused(err, "CodeMismatchException", "Invalid code received for user")
	}
	_, err := w.start("ada", password)
	w.refused(err, "NotAuthorizedException", "Password attempts exceeded")
	w.clock.advance(15 * time.Minute) // quiet minutes forget
	session := w.signIn("ada").Session
	for range 4 {
		_, err = w.respond("SOFTWARE_TOKEN_MFA", session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.wrong(key))
		w.refused(err, "CodeMismatchException", "Invalid code received for user")
	}
	session = w.signIn("ada").Session
	_, err = w.respond("SOFTWARE_TOKEN_MFA", session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(key, 0))
	w.ok(err)
}

func hash(secret, name, client string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(name + client))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestSecretHash(t *testing.T) {
	w := open(t, userpool.Options{})
	id, secret := w.info.SecretClientID, w.info.SecretClientSecret
	start := func(client, hash string) (*cip.InitiateAuthOutput, error) {
		parameters := map[string]string{"USERNAME": "ada", "PASSWORD": password}
		if hash != "" {
			parameters["SECRET_HASH"] = hash
		}
		return w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: &client, AuthParameters: parameters})
	}
	_, err := start(id, "")
	w.refused(err, "NotAuthorizedException", "Client "+id+" is configured with secret but SECRET_HASH was not received")
	_, err = start(id, hash(secret, "bob", id))
	w.refused(err, "NotAuthorizedException", "Unable to verify secret hash for client "+id)
	_, err = start(w.info.ClientID, hash(secret, "ada", id))
	w.refused(err, "NotAuthorizedException", "")
	out, err := start(id, hash(secret, "ada", id))
	w.ok(err)
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: out.Session})
	w.ok(err)
	verified, err := w.verify(key.Session, w.code(*key.SecretCode, 0))
	w.ok(err)
	w.info.ClientID = id
	_, err = w.respond("MFA_SETUP", verified.Session, "USERNAME", "ada")
	w.refused(err, "NotAuthorizedException", "Client "+id+" is configured with secret but SECRET_HASH was not received")
	_, err = w.respond("MFA_SETUP", verified.Session, "USERNAME", "ada", "SECRET_HASH", hash(secret, "x", id))
	w.refused(err, "NotAuthorizedException", "Unable to verify secret hash for client "+id)
	_, err = w.respond("MFA_SETUP", verified.Session, "USERNAME", "ada", "SECRET_HASH", hash(secret, "ada", id))
	w.ok(err)
}

func TestRefresh(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	tokens := w.signIn("ada").AuthenticationResult
	if n := len(*tokens.RefreshToken); n < 1600 || n > 1900 {
		t.Errorf("refresh token of %d characters", n)
	}
	refresh := func(token string) (*cip.InitiateAuthOutput, error) {
		return w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
			AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: &w.info.ClientID, AuthParameters: map[string]string{"REFRESH_TOKEN": token},
		})
	}
	w.clock.advance(2 * time.Hour)
	out, err := refresh(*tokens.RefreshToken)
	w.ok(err)
	if out.AuthenticationResult.RefreshToken != nil || out.AuthenticationResult.AccessToken == nil {
		t.Errorf("got %+v", out.AuthenticationResult)
	}
	_, err = w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: out.AuthenticationResult.AccessToken})
	w.ok(err)
	_, err = refresh(*tokens.AccessToken)
	w.refused(err, "NotAuthorizedException", "Invalid Refresh Token")
	w.clock.advance(31 * 24 * time.Hour)
	_, err = refresh(*tokens.RefreshToken)
	w.refused(err, "NotAuthorizedException", "Refresh Token has expired")
}

func TestNewPasswordRequired(t *testing.T) {
	w := open(t, userpool.Options{})
	w.add(userpool.User{Username: "grace", Password: password, State: userpool.StateTemporaryPassword, Attributes: map[string]string{"email": "g@example.test", "email_verified": "true"}})
	first := w.signIn("grace")
	if first.ChallengeName != "NEW_PASSWORD_REQUIRED" || first.ChallengeParameters["requiredAttributes"] != "[]" ||
		first.ChallengeParameters["userAttributes"] != `{"email":"g@example.test","email_verified":"true"}` {
		t.Fatalf("got %s %v", first.ChallengeName, first.ChallengeParameters)
	}
	for bad, message := range map[string]string{
		"Aa-1":           "Password did not conform with policy: Password not long enough",
		"lower-case-9":   "Password did not conform with policy: Password must have uppercase characters",
		"UPPER-CASE-9":   "Password did not conform with policy: Password must have lowercase characters",
		"No-digits-oh":   "Password did not conform with policy: Password must have numeric characters",
		"NoSymbolsHere9": "Password did not conform with policy: Password must have symbol characters",
	} {
		_, err := w.respond("NEW_PASSWORD_REQUIRED", first.Session, "USERNAME", "grace", "NEW_PASSWORD", bad)
		w.refused(err, "InvalidPasswordException", message)
	}
	_, err := w.respond("NEW_PASSWORD_REQUIRED", first.Session, "USERNAME", "grace")
	w.refused(err, "InvalidParameterException", "Missing required parameter NEW_PASSWORD")
	next, err := w.respond("NEW_PASSWORD_REQUIRED", first.Session, "USERNAME", "grace", "NEW_PASSWORD", "Quiet-otter-4821", "userAttributes.name", "Grace")
	w.ok(err)
	if next.ChallengeName != "MFA_SETUP" {
		t.Fatalf("got %s, want MFA_SETUP", next.ChallengeName)
	}
	_, err = w.respond("NEW_PASSWORD_REQUIRED", first.Session, "USERNAME", "grace", "NEW_PASSWORD", "Quiet-otter-4821")
	w.refused(err, "NotAuthorizedException", spent)
	_, err = w.start("grace", password)
	w.refused(err, "NotAuthorizedException", "Incorrect username or password.")
	out, err := w.start("grace", "Quiet-otter-4821")
	w.ok(err)
	if out.ChallengeName != "MFA_SETUP" {
		t.Errorf("got %s", out.ChallengeName)
	}
}

func TestSeededAccountsSignIn(t *testing.T) {
	w := open(t, userpool.Options{})
	pool, err := userpool.New(userpool.Options{Now: w.clock.Now, Keys: sharedKeys})
	w.ok(err)
	w.ok(pool.Seed())
	w.pool, w.info = pool, pool.Info()
	w.api = apiOf(pool)
	want := map[string]types.ChallengeNameType{"ada": "MFA_SETUP", "grace": "NEW_PASSWORD_REQUIRED", "edsger": "SOFTWARE_TOKEN_MFA", "dana": "SOFTWARE_TOKEN_MFA"}
	for _, u := range w.info.Users {
		out, err := w.start(u.Username, u.Password)
		w.ok(err)
		if out.ChallengeName != want[u.Username] {
			t.Errorf("%s (%s): %s, want %s", u.Username, u.State, out.ChallengeName, want[u.Username])
		}
		if u.State != userpool.StateEnrolled {
			continue
		}
		if _, err := totp.Decode(u.TOTPSecret); err != nil {
			t.Errorf("key of %s: %v", u.Username, err)
		}
		_, err = w.respond(out.ChallengeName, out.Session, "USERNAME", u.Username, "SOFTWARE_TOKEN_MFA_CODE", w.code(u.TOTPSecret, 0))
		w.ok(err)
	}
	if len(w.info.Users) != 4 || w.info.Users[3].Groups[0] != userpool.HelpDeskGroup {
		t.Errorf("demo accounts: %d", len(w.info.Users))
	}
}
