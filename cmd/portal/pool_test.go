package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// Calls that follow others at once find a connection that is open already.
func TestConnectionsToThePoolAreKept(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	const atOnce = 40
	var opened atomic.Int64
	var met sync.WaitGroup // nobody is answered before all have come
	pool := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		met.Done()
		met.Wait()
		_, _ = w.Write([]byte("{}"))
	}))
	pool.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	pool.Start()
	defer pool.Close()
	settings, err := awsSettings(t.Context(), config{Region: "eu-central-1", Endpoint: pool.URL})
	if err != nil {
		t.Fatal(err)
	}
	client := cip.NewFromConfig(settings)
	for range 3 {
		met.Add(atOnce)
		var calls sync.WaitGroup
		for range atOnce {
			calls.Go(func() {
				if _, err := client.SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{AccessToken: aws.String("x")}); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
	}
	if got := opened.Load(); got > atOnce*3/2 { // a few are given back a moment after their answer was read
		t.Errorf("%d connections for three times %d calls", got, atOnce)
	}
}
