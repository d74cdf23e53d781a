package cognito_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// endless answers every request with more than anybody wants to hold.
type endless struct{ read int }

func (e *endless) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(e), Request: r, ContentLength: -1,
	}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read >= 64<<20 {
		return 0, io.EOF
	}
	n := copy(p, bytes.Repeat([]byte(" "), len(p)))
	e.read += n
	return n, nil
}

// Of an answer of the pool, or of whatever answers in its place, no more is held than any has.
func TestAnswersAreBounded(t *testing.T) {
	pool := &endless{}
	client := cognito.New(cognito.Options{
		AWS:      aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String("http://pool.invalid"), HTTPClient: &http.Client{Transport: pool}},
		ClientID: "client", SessionValidity: 3 * time.Minute, Now: time.Now,
	})
	_, err := client.Verify(t.Context(), enroll.Authority{AccessToken: secret.New("token")}, secret.New("123456"), "")
	if enroll.KindOf(err) != enroll.ResultUnknown {
		t.Errorf("%v, want that the result is unknown", err)
	}
	if pool.read > 2<<20 {
		t.Errorf("%d bytes were read", pool.read)
	}
}
