package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

func TestFirstLineLeadsToTheService(t *testing.T) {
	info := start(t, "-mfa", "on")
	api := cip.New(cip.Options{Region: info.Region, BaseEndpoint: &info.Endpoint, Retryer: aws.NopRetryer{}})
	answer, err := api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: "USER_PASSWORD_AUTH", ClientId: &info.ClientID,
		AuthParameters: map[string]string{"USERNAME": info.Users[0].Username, "PASSWORD": info.Users[0].Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.ChallengeName != "MFA_SETUP" {
		t.Errorf("challenge %q, want MFA_SETUP", answer.ChallengeName)
	}
}

func get(t *testing.T, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestControlIsOffUnlessAskedFor(t *testing.T) {
	for flag, want := range map[string]int{"-control=false": http.StatusNotFound, "-control": http.StatusOK} {
		if got := get(t, start(t, flag).Endpoint+"/_control/requests"); got != want {
			t.Errorf("%s: %d, want %d", flag, got, want)
		}
	}
}

func TestStateBringsTheSamePoolBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pool.json")
	first := start(t, "-state", path)
	if second := start(t, "-state", path); second.UserPoolID != first.UserPoolID || second.Users[0].Password != first.Users[0].Password {
		t.Errorf("got %+v, want %+v", second, first)
	}
}

func TestCode(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-code", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}, &out, io.Discard); err != nil || !regexp.MustCompile(`^\d{6}\n$`).MatchString(out.String()) {
		t.Errorf("got %q %v", out.String(), err)
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-listen", "0.0.0.0:0"}, "not a loopback address"},
		{[]string{"-listen", ":0"}, "not a loopback address"},
		{[]string{"-mfa", "maybe"}, "none of ON, OPTIONAL and OFF"},
		{[]string{"-session-validity", "2m"}, "whole number of minutes"},
		{[]string{"-code", "1"}, "not a base32 key"},
		{[]string{"extra"}, "unexpected argument"},
	} {
		err := run(t.Context(), test.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v, want %q", test.args, err, test.want)
		}
	}
}
