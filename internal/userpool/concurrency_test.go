package userpool_test

import (
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

const crowd = 200

// together runs f in two hundred goroutines that start at once and counts the outcomes by exception name; "" is success.
func together(f func(i int) error) map[string]int {
	var (
		ready   = make(chan struct{})
		done    sync.WaitGroup
		mu      sync.Mutex
		outcome = map[string]int{}
	)
	for i := range crowd {
		done.Go(func() {
			<-ready
			err := f(i)
			name := ""
			if err != nil {
				name = err.Error()
			}
			if api, ok := errors.AsType[smithy.APIError](err); ok {
				name = api.ErrorCode()
			}
			mu.Lock()
			defer mu.Unlock()
			outcome[name]++
		})
	}
	close(ready)
	done.Wait()
	return outcome
}

func only(t *testing.T, outcome map[string]int, names ...string) {
	t.Helper()
	for name := range outcome {
		allowed := false
		for _, n := range names {
			allowed = allowed || n == name
		}
		if !allowed {
			t.Errorf("outcome %q, %d times", name, outcome[name])
		}
	}
}

// A code is accepted once, however many send it: at sign-in with a session each, and with one session for all.
func TestOneCodeOneSignIn(t *testing.T) {
	for _, shared := range []bool{false, true} {
		w := open(t, userpool.Options{})
		key, _ := w.enroll("ada")
		w.clock.advance(time.Minute)
		code := w.code(key, 0)
		sessions := make([]*string, crowd)
		for i := range sessions {
			if i == 0 || !shared {
				sessions[i] = w.signIn("ada").Session
			} else {
				sessions[i] = sessions[0]
			}
		}
		outcome := together(func(i int) error {
			_, err := w.respond("SOFTWARE_TOKEN_MFA", sessions[i], "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", code)
			return err
		})
		if outcome[""] != 1 {
			t.Errorf("shared %t: accepted %d times", shared, outcome[""])
		}
		only(t, outcome, "", "ExpiredCodeException", "NotAuthorizedException")
	}
}

// Of many keys made at once exactly one is live afterwards, and whoever lost was told.
func TestManyAssociateOneKeyLives(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	token := w.signIn("ada").AuthenticationResult.AccessToken
	keys := make([]string, crowd)
	outcome := together(func(i int) error {
		out, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
		if err == nil {
			keys[i] = *out.SecretCode
		}
		return err
	})
	only(t, outcome, "", "ConcurrentModificationException")
	live := 0
	for _, key := range keys {
		if key == "" {
			continue
		}
		_, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: aws.String(w.code(key, 0))})
		if err == nil {
			live++
		}
	}
	if live != 1 {
		t.Errorf("%d keys live, want 1 (%d made)", live, outcome[""])
	}
}

// One session, one way on: the session is spent by exactly one of the callers.
func TestOneSessionOneKey(t *testing.T) {
	w := open(t, userpool.Options{})
	session := w.signIn("ada").Session
	outcome := together(func(int) error {
		_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: session})
		return err
	})
	if outcome[""] != 1 {
		t.Errorf("the session gave %d keys", outcome[""])
	}
	only(t, outcome, "", "NotAuthorizedException", "ConcurrentModificationException")
}

// Everything at once on one user: sign-ins, keys, codes, preferences, sign-outs. In the end the user has one
// registration, whose code signs in.
func TestEverythingAtOnce(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, Switches: userpool.Switches{NoCodeLockout: true}})
	var successes atomic.Int64
	outcome := together(func(i int) error {
		out, err := w.start("ada", password)
		if err != nil {
			return err
		}
		if out.AuthenticationResult == nil {
			return nil // somebody has enabled the factor already
		}
		token := out.AuthenticationResult.AccessToken
		key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
		if err != nil {
			return err
		}
		raw, err := totp.Decode(*key.SecretCode)
		if err != nil {
			return err
		}
		code := totp.Code(raw, totp.Step(w.clock.Now()))
		if _, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code}); err == nil {
			successes.Add(1)
		}
		if i%7 == 0 {
			_, err = w.api.GlobalSignOut(w.ctx, &cip.GlobalSignOutInput{AccessToken: token})
		}
		return err
	})
	only(t, outcome, "", "ConcurrentModificationException", "EnableSoftwareTokenMFAException", "ExpiredCodeException",
		"SoftwareTokenMFANotFoundException", "NotAuthorizedException")
	if n := successes.Load(); n > 1 {
		t.Errorf("%d verifications in one time step, want at most one", n)
	}
}

// What an answer or the state file shows is a copy: nobody reads a user while somebody else changes it.
func TestReadersAndWritersTogether(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, SMS: true})
	w.add(userpool.User{Username: "bob", Password: password, State: userpool.StateEnrolled, Groups: []string{"a"}, Attributes: map[string]string{
		"email": "bob@example.test", "email_verified": "true", "phone_number": "+15550100",
	}})
	w.ok(w.pool.UseState(filepath.Join(t.TempDir(), "pool.json")))
	admin := w.signed()
	name, id := aws.String("bob"), &w.info.UserPoolID
	outcome := together(func(i int) error {
		var err error
		switch i % 6 {
		case 0:
			_, err = admin.AdminSetUserMFAPreference(w.ctx, &cip.AdminSetUserMFAPreferenceInput{
				UserPoolId: id, Username: name, SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: i%12 == 0},
				SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: i%12 != 0},
			})
		case 1:
			_, err = admin.AdminGetUser(w.ctx, &cip.AdminGetUserInput{UserPoolId: id, Username: name})
		case 2:
			_, err = admin.AdminUpdateUserAttributes(w.ctx, &cip.AdminUpdateUserAttributesInput{
				UserPoolId: id, Username: name, UserAttributes: []types.AttributeType{{Name: aws.String("name"), Value: aws.String(strconv.Itoa(i))}},
			})
		case 3:
			_, err = admin.UpdateUserPool(w.ctx, &cip.UpdateUserPoolInput{
				UserPoolId: id, MfaConfiguration: "OPTIONAL", UserPoolTags: map[string]string{"i": strconv.Itoa(i)}, AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"},
			})
		case 4:
			_, err = w.start("bob", password)
		case 5:
			_, err = w.api.ForgotPassword(w.ctx, &cip.ForgotPasswordInput{ClientId: &w.info.ClientID, Username: name})
		}
		return err
	})
	only(t, outcome, "", "LimitExceededException")
}
