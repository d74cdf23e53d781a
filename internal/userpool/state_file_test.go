package userpool_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

// restart is the same world with a new process's pool, from the file alone.
func (w *world) restart(path string) {
	w.Helper()
	pool, err := userpool.New(userpool.Options{Now: w.clock.Now, Keys: sharedKeys})
	w.ok(err)
	w.ok(pool.UseState(path))
	w.pool, w.api = pool, apiOf(pool)
	if got := pool.Info(); got.ClientID != w.info.ClientID || got.UserPoolID != w.info.UserPoolID || got.SecretAccessKey != w.info.SecretAccessKey {
		w.Fatal("another pool came back")
	}
}

func TestStateSurvivesARestartBetweenAnyTwoCalls(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pool.json")
	w := open(t, userpool.Options{})
	w.ok(w.pool.UseState(path))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("state file: %v %v", info.Mode(), err)
	}
	first := w.signIn("ada")
	w.restart(path)
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: first.Session})
	w.ok(err)
	w.restart(path)
	_, err = w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: first.Session})
	w.refused(err, "NotAuthorizedException", spent)
	verified, err := w.verify(key.Session, w.code(*key.SecretCode, 0))
	w.ok(err)
	w.restart(path)
	last, err := w.respond("MFA_SETUP", verified.Session, "USERNAME", "ada")
	w.ok(err)
	w.restart(path)
	_, err = w.api.GetUser(w.ctx, &cip.GetUserInput{AccessToken: last.AuthenticationResult.AccessToken})
	w.ok(err)
	session := w.signIn("ada").Session
	_, err = w.respond("SOFTWARE_TOKEN_MFA", session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(*key.SecretCode, 0))
	w.refused(err, "ExpiredCodeException", "")
	w.restart(path)
	w.clock.advance(time.Minute)
	_, err = w.respond("SOFTWARE_TOKEN_MFA", session, "USERNAME", "ada", "SOFTWARE_TOKEN_MFA_CODE", w.code(*key.SecretCode, 0))
	w.ok(err)
	_, err = w.begin("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", aws.ToString(last.AuthenticationResult.RefreshToken))
	w.ok(err)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	w.ok(err)
	if hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 1 || len(hidden) != 0 {
		t.Errorf("left behind: %v %v", left, hidden)
	}
}

func TestBrokenStateFileIsRefused(t *testing.T) {
	for name, content := range map[string]string{"cut": `{"region":"local-1","poo`, "empty": `{}`} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		w := open(t, userpool.Options{})
		if err := w.pool.UseState(path); err == nil {
			t.Errorf("%s: taken", name)
		}
		w.signIn("ada") // and nothing is lost
	}
}
