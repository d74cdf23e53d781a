package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

func TestFirstLineLeadsToTheService(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-listen", "127.0.0.1:0", "-mfa", "on"}, in, io.Discard)
		_ = in.CloseWithError(err) // wakes the reader when the start fails
		done <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var info userpool.Info
	if err := json.Unmarshal([]byte(line), &info); err != nil {
		t.Fatal(err)
	}
	api := cip.New(cip.Options{Region: info.Region, BaseEndpoint: &info.Endpoint, Retryer: aws.NopRetryer{}})
	answer, err := api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		AuthFlow: "USER_PASSWORD_AUTH", ClientId: &info.ClientID,
		AuthParameters: map[string]string{"USERNAME": info.Users[0].Username, "PASSWORD": info.Users[0].Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.ChallengeName != "MFA_SETUP" {
		t.Errorf("challenge %q, want MFA_SETUP", answer.ChallengeName)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestRefusesToListenForOthers(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-listen", "0.0.0.0:0"}, "not a loopback address"},
		{[]string{"-listen", ":0"}, "not a loopback address"},
		{[]string{"-mfa", "maybe"}, "none of ON, OPTIONAL and OFF"},
		{[]string{"-session-validity", "2m"}, "whole number of minutes"},
		{[]string{"extra"}, "unexpected argument"},
	} {
		err := run(t.Context(), test.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v, want %q", test.args, err, test.want)
		}
	}
}
