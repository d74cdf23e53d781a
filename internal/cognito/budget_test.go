package cognito_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// ledger is a budget that writes down what is taken, and has room until full.
type ledger struct {
	taken []string
	full  bool
}

func (l *ledger) Take(_ context.Context, category string, urgent bool) error {
	if l.full {
		return errors.New("no room")
	}
	if urgent {
		category += " (urgent)"
	}
	l.taken = append(l.taken, category)
	return nil
}

// Every call is charged before it is sent, and so is every repetition; without room nothing is sent.
func TestEveryCallIsCharged(t *testing.T) {
	pool, err := userpool.New(userpool.Options{MFA: userpool.MFAOptional})
	must(t, err)
	must(t, pool.AddUser(userpool.User{Username: "ada", Password: "Correct-Horse-9", State: userpool.StateNew}))
	info, budget := pool.Info(), &ledger{}
	client := cognito.New(cognito.Options{
		AWS: aws.Config{
			Region: info.Region, BaseEndpoint: aws.String("http://pool.invalid"), HTTPClient: &http.Client{Transport: pool.Transport()},
		},
		UserPoolID: info.UserPoolID, ClientID: info.ClientID, Flow: cognito.FlowSRP, SessionValidity: 3 * time.Minute, Budget: budget, Now: time.Now,
	})
	ctx := t.Context()
	wantTaken := func(want ...string) {
		t.Helper()
		if sent := len(pool.Requests()); !slices.Equal(budget.taken, want) || sent != len(want) {
			t.Errorf("charged %q, sent %d; want %q", budget.taken, sent, want)
		}
		budget.taken = nil
		pool.ResetRequests()
	}

	answer, err := client.SignIn(ctx, "ada", secret.New("Correct-Horse-9"))
	must(t, err)
	wantTaken("UserAuthentication", "UserAuthentication challenge responses (urgent)")
	authority := enroll.Authority{AccessToken: answer.AccessToken}
	key, err := client.Associate(ctx, authority)
	must(t, err)
	wantTaken("UserUpdate")
	raw, err := totp.Decode(key.Key.Reveal())
	must(t, err)
	code := secret.New(totp.Code(raw, totp.Step(time.Now())))

	budget.full = true
	if _, err := client.Verify(ctx, authority, code, ""); enroll.KindOf(err) != enroll.Busy {
		t.Errorf("without room: %v, want busy: the code is not spent", err)
	}
	if _, err := client.SignIn(ctx, "ada", secret.New("Correct-Horse-9")); enroll.KindOf(err) != enroll.Busy {
		t.Errorf("without room: %v, want busy", err)
	}
	wantTaken()
	budget.full = false

	_, err = client.Verify(ctx, authority, code, "")
	must(t, err)
	must(t, client.Prefer(ctx, answer.AccessToken, enroll.MethodApp))
	wantTaken("UserUpdate (urgent)", "UserUpdate (urgent)")
	pool.FailNext("GetUser", userpool.Fault{Kind: userpool.FaultInternal}) // which the SDK repeats
	_, err = client.Account(ctx, answer.AccessToken)
	must(t, err)
	wantTaken("UserRead (urgent)", "UserRead (urgent)")
	must(t, client.SignOutEverywhere(ctx, answer.AccessToken))
	wantTaken("UserToken (urgent)")
	_ = client.ForgotPassword(ctx, "ada") // whatever becomes of it
	_ = client.ResetPassword(ctx, "ada", code, code)
	_ = client.ConfirmSignUp(ctx, "ada", code)
	_ = client.ResendConfirmation(ctx, "ada")
	wantTaken("UserAccountRecovery", "UserAccountRecovery (urgent)", "UserCreation (urgent)", "UserCreation")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An operation that is charged to nothing would never be sent. The inspector's are the doctor's, which has no budget.
func TestEveryOperationHasACategory(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	call := regexp.MustCompile(`\bapi\.([A-Z][A-Za-z]+)\(ctx`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "inspector") {
			continue
		}
		source, err := os.ReadFile(file)
		must(t, err)
		for _, match := range call.FindAllStringSubmatch(string(source), -1) {
			if !cognito.Charged(match[1]) {
				t.Errorf("%s calls %s, which is charged to nothing", file, match[1])
			}
		}
	}
}
