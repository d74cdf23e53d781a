package userpool_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"

	"cognito-enroll/internal/userpool"
)

func TestFaultsWithoutEffect(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff})
	for _, test := range []struct {
		fault userpool.Fault
		code  string
	}{
		{userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Message: "Rate exceeded"}, "TooManyRequestsException"},
		{userpool.Fault{Kind: userpool.FaultInternal}, "InternalErrorException"},
		{userpool.Fault{Kind: userpool.FaultWAF}, "ForbiddenException"},
		{userpool.Fault{Kind: userpool.FaultWAFHTML}, ""},
		{userpool.Fault{Kind: userpool.FaultHTML}, ""},
		{userpool.Fault{Kind: userpool.FaultCutBefore}, ""},
	} {
		w.pool.FailNext("InitiateAuth", test.fault)
		_, err := w.start("ada", password)
		var api smithy.APIError
		if err == nil || test.code != "" && (!errors.As(err, &api) || api.ErrorCode() != test.code) {
			t.Errorf("%s: got %v, want %q", test.fault.Kind, err, test.code)
		}
		w.signIn("ada")
	}
	w.pool.FailNext("InitiateAuth", userpool.Fault{Kind: userpool.FaultInternal, Times: 2})
	for _, want := range []bool{false, false, true} {
		if _, err := w.start("ada", password); (err == nil) != want {
			t.Errorf("got %v, want success: %t", err, want)
		}
	}
}

func TestFaultsWithEffect(t *testing.T) {
	for _, kind := range []userpool.FaultKind{userpool.FaultCutAfter, userpool.FaultMalformed} {
		w := open(t, userpool.Options{})
		key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
		w.ok(err)
		w.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: kind})
		if _, err := w.verify(key.Session, w.code(*key.SecretCode, 0)); err == nil {
			t.Errorf("%s: no error", kind)
		}
		if got := w.signIn("ada").ChallengeName; got != "SOFTWARE_TOKEN_MFA" {
			t.Errorf("%s: %s at the next sign-in, want the key registered", kind, got)
		}
	}
}

func TestFaultsInTheAnswer(t *testing.T) {
	w := open(t, userpool.Options{})
	key, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: w.signIn("ada").Session})
	w.ok(err)
	w.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultStatusError})
	out, err := w.verify(key.Session, w.code(*key.SecretCode, 0))
	w.ok(err)
	if out.Status != "ERROR" {
		t.Errorf("status %q", out.Status)
	}
	w.pool.FailNext("RespondToAuthChallenge", userpool.Fault{Kind: userpool.FaultExtraChallenge})
	extra, err := w.respond("MFA_SETUP", out.Session, "USERNAME", "ada")
	w.ok(err)
	if extra.ChallengeName != "SOFTWARE_TOKEN_MFA" || extra.Session == nil {
		t.Errorf("got %+v", extra)
	}
	w.pool.FailNext("InitiateAuth", userpool.Fault{Kind: userpool.FaultUnknownChallenge})
	if got := w.signIn("ada").ChallengeName; got != "RIDDLE_OF_THE_SPHINX" {
		t.Errorf("challenge %q", got)
	}
}

func TestDelayEndsWithTheContext(t *testing.T) {
	w := open(t, userpool.Options{})
	w.pool.FailNext("InitiateAuth", userpool.Fault{Kind: userpool.FaultDelay, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	w.ctx = ctx
	if _, err := w.start("ada", password); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestRequestsNameOperationsOnly(t *testing.T) {
	w := open(t, userpool.Options{})
	w.signIn("ada")
	_, err := w.start("ada", "wrong")
	w.refused(err, "NotAuthorizedException", "")
	got := w.pool.Requests()
	if len(got) != 2 || got[0].Operation != "InitiateAuth" || got[0].Error != "" || got[1].Error != "NotAuthorizedException" {
		t.Errorf("got %+v", got)
	}
	w.pool.ResetRequests()
	if len(w.pool.Requests()) != 0 {
		t.Error("not forgotten")
	}
}

func TestErrorShape(t *testing.T) {
	w := open(t, userpool.Options{})
	post := func(target, body string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://pool.test/", strings.NewReader(body))
		w.ok(err)
		if target != "" {
			r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+target)
		}
		response, err := w.pool.Transport().RoundTrip(r)
		w.ok(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		w.ok(err)
		return response, string(text)
	}
	response, body := post("InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"`+w.info.ClientID+`","AuthParameters":{"USERNAME":"ada","PASSWORD":"x"}}`)
	if want := `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`; body != want || response.StatusCode != 400 {
		t.Errorf("%d %s\nwant %s", response.StatusCode, body, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amzn-Errortype": "NotAuthorizedException:",
		"X-Amzn-Errormessage": "Incorrect username or password.", "Date": "Sat, 14 Mar 2026 09:26:53 GMT",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(response.Header.Get("x-amzn-RequestId")) != 36 {
		t.Error("no request id")
	}
	for _, test := range []struct{ target, body, want string }{
		{"", "{}", "UnknownOperationException"},
		{"NoSuchThing", "{}", "UnknownOperationException"},
		{"GetUser", "{", "SerializationException"},
		{"GetUser", "[]", "SerializationException"},
		{"GetUser", "{} {}", "SerializationException"},
		{"GetUser", `{"AccessToken":1}`, "SerializationException"},
		{"GetUser", `{"accesstoken":"x"}`, "InvalidParameterException"},
		{"GetUser", `{}`, "Value null at 'accessToken' failed to satisfy constraint: Member must not be null"},
		{"InitiateAuth", `{"AuthFlow":"X","ClientId":"a b"}`, "2 validation errors detected: Value 'X' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set: [USER_SRP_AUTH,"},
	} {
		if response, body := post(test.target, test.body); !strings.Contains(body, test.want) || response.StatusCode != 400 {
			t.Errorf("%s %s: %d %s, want %s", test.target, test.body, response.StatusCode, body, test.want)
		}
	}
}

func TestConcurrentModification(t *testing.T) {
	gate := &gatedRand{entered: make(chan struct{}), release: make(chan struct{})}
	w := open(t, userpool.Options{MFA: userpool.MFAOff, Rand: gate})
	token := w.signIn("ada").AuthenticationResult.AccessToken
	gate.arm()
	failed := make(chan error, 1)
	go func() {
		_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
		failed <- err
	}()
	<-gate.entered // the first call holds no lock while it waits for its key
	second, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
	w.ok(err)
	close(gate.release)
	w.refused(<-failed, "ConcurrentModificationException", "")
	_, err = w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{AccessToken: token, UserCode: aws.String(w.code(*second.SecretCode, 0))})
	w.ok(err)
}
