package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/store"
)

// What may happen to the way to DynamoDB, and what DynamoDB itself may say.

// way is an HTTP client that a test can spoil.
type way struct {
	spoil atomic.Pointer[func(*http.Request) (*http.Response, error)] // nil: nothing is wrong
	calls atomic.Int64                                                // that were spoilt
}

func (y *way) Do(r *http.Request) (*http.Response, error) {
	if spoil := y.spoil.Load(); spoil != nil {
		y.calls.Add(1)
		return (*spoil)(r)
	}
	return http.DefaultClient.Do(r)
}

// spoilt makes calls of an operation fail as answer says, for so many times.
func (y *way) spoilt(operation string, times int64, answer func(*http.Request) (*http.Response, error)) {
	y.calls.Store(0)
	var seen atomic.Int64
	spoil := func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), operation) || seen.Add(1) > times {
			return http.DefaultClient.Do(r)
		}
		return answer(r)
	}
	y.spoil.Store(&spoil)
}

// lost does what was asked and loses the answer.
func lost(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return nil, errors.New("connection reset by peer")
}

// says answers an error in DynamoDB's place.
func says(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(body))}, nil
	}
}

// onTheWay is an empty store on DynamoDB, with the store's own deadlines, and the way to it.
func onTheWay(t *testing.T, opts store.Options) (*world, *way) {
	t.Helper()
	w := &world{t: t, url: dynamotest.Table(t), clock: &clock{now: start}}
	y := &way{}
	opts.Now, opts.AWS = w.clock.Now, dynamotest.Settings()
	opts.AWS.HTTPClient = y
	var err error
	w.first, err = store.Open(t.Context(), w.url, opts)
	must(t, err)
	return w, y
}

var patient = store.Options{ReadTimeout: patience, WriteTimeout: patience}

// A transaction whose answer is lost is sent again and known again: it happens once, and its caller hears so.
func TestDynamoDBTransactionsSurviveALostAnswer(t *testing.T) {
	w, y := onTheWay(t, patient)
	put := store.Handoff{LocatorHash: hash(1), Payload: []byte("sealed"), ExpiresAt: start.Add(time.Minute)}
	y.spoilt("TransactWriteItems", 1, lost)
	must(t, w.first.PutHandoff(t.Context(), put))
	y.spoilt("TransactWriteItems", 1, lost)
	if got, err := w.first.TakeHandoff(t.Context(), hash(1)); err != nil || string(got.Payload) != "sealed" {
		t.Errorf("take: got %v, %v", got, err)
	}
	y.spoilt("TransactWriteItems", 1, lost)
	id, err := w.first.PutInvite(t.Context(), invite(1, "sub-1"))
	must(t, err)
	if list, err := w.first.Invites(t.Context(), "eu-west-1_pool", "sub-1", 9); err != nil || len(list) != 1 || list[0].ID != id {
		t.Errorf("invites: got %v, %v", list, err)
	}
	_, err = w.first.TryPiece(t.Context(), hash(1), []byte("right"), pieceTries, holder(1))
	must(t, err)
	y.spoilt("TransactWriteItems", 1, lost)
	must(t, w.first.SpendInvite(t.Context(), id, holder(1)))
	y.spoilt("TransactWriteItems", 1, lost)
	if entry, err := w.first.AppendAudit(t.Context(), store.AuditEntry{Actor: "grace"}); err != nil || entry.Seq != 1 {
		t.Errorf("audit: got %v, %v", entry, err)
	}
	last, err := w.first.VerifyAudit(t.Context())
	if err != nil || last.Seq != 1 {
		t.Errorf("audit: got a chain up to %d, %v, want one entry", last.Seq, err)
	}
}

// A change whose answer is lost is told once, as it happened once.
func TestDynamoDBTellsOnceWhatHappenedOnce(t *testing.T) {
	hears := &listener{}
	w, y := onTheWay(t, store.Options{ReadTimeout: patience, WriteTimeout: patience, Outbox: hears})
	ctx := t.Context()
	var id, reset int64
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"link.made", func() (err error) { id, err = w.first.PutInvite(ctx, invite(1, "sub-1")); return err }},
		{"link.opened", func() error {
			_, err := w.first.TryPiece(ctx, hash(1), []byte("right"), pieceTries, holder(1))
			return err
		}},
		{"link.spent", func() error { return w.first.SpendInvite(ctx, id, holder(1)) }},
		{"reset.open", func() (err error) {
			reset, err = w.first.PutReset(ctx, helpdesk.Reset{Pool: "pool", Account: "sub-2"})
			return err
		}},
		{"reset.done", func() error { return w.first.FinishReset(ctx, reset) }},
	} {
		y.spoilt("TransactWriteItems", 1, lost)
		must(t, step.do())
		if got := w.told(w.first); len(got) != 1 || !strings.HasPrefix(got[0], step.what) {
			t.Errorf("%s: told %q", step.what, got)
		}
	}
}

// What somebody else does between the reading and the writing of a call is not overlooked.
func TestDynamoDBIsReadAgainWhenItHasMoved(t *testing.T) {
	hears := &listener{}
	w, y := onTheWay(t, store.Options{ReadTimeout: patience, WriteTimeout: patience, Outbox: hears})
	ctx, other := t.Context(), w.node()
	between := func(do func() error) {
		y.spoilt("TransactWriteItems", 1, func(r *http.Request) (*http.Response, error) {
			must(t, do())
			return http.DefaultClient.Do(r)
		})
	}

	w.putInvite(1, "sub-1")
	between(func() error { _, err := other.PutInvite(ctx, invite(2, "sub-1")); return err })
	must(t, w.first.RevokeInvites(ctx, "eu-west-1_pool", helpdesk.Change{What: "account.frozen", Account: "sub-1"}))
	w.wantState(1, "cancelled")
	w.wantState(2, "revoked")

	id := w.putInvite(3, "sub-3")
	between(func() error { return other.PutPiece(ctx, id, []byte("newer"), start.Add(time.Minute)) })
	_, err := w.first.TryPiece(ctx, hash(3), []byte("right"), pieceTries, holder(1))
	wantKind(t, err, store.ErrConflict)
	w.wantState(3, "live")

	w.told(w.first)
	reset, err := w.first.PutReset(ctx, helpdesk.Reset{Pool: "pool", Account: "sub-4"})
	must(t, err)
	between(func() error { return other.SetResetInvite(ctx, reset, id) })
	must(t, w.first.FinishReset(ctx, reset))
	want := []string{fmt.Sprintf("reset.done invite %d reset %d sub-4  ", id, reset), fmt.Sprintf("reset.open invite 0 reset %d sub-4  ", reset)}
	if got := w.told(w.first); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// An index that points to nothing, which only somebody else can have made so, leads to nothing.
func TestDynamoDBListsOnlyWhatThereIs(t *testing.T) {
	w, _ := onTheWay(t, patient)
	ctx := t.Context()
	entry, err := w.first.AppendAudit(ctx, store.AuditEntry{Actor: "grace", Target: "sub-1", Stage: "intent"})
	must(t, err)
	must(t, store.ReplaceAudit(ctx, w.first, []store.AuditEntry{entry}, nil))
	if deeds, err := w.first.Deeds(ctx, "sub-1", "sub-1 ada", 0, 10); err != nil || len(deeds) != 0 {
		t.Errorf("got %v, %v", deeds, err)
	}
}

// A change on a condition is not sent again when its answer is lost: it would find itself done, and say that somebody
// else did it. The caller hears that nobody knows.
func TestDynamoDBConditionsAreNotAskedTwice(t *testing.T) {
	w, y := onTheWay(t, patient)
	id, err := w.first.PutApproval(t.Context(), approval("sub-1"))
	must(t, err)
	must(t, w.first.DecideApproval(t.Context(), id, helpdesk.ApprovalApproved, "page:lena"))
	y.spoilt("UpdateItem", 1, lost)
	err = w.first.UseApproval(t.Context(), id)
	wantKind(t, err, store.ErrUnavailable)
	if errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v, which says that somebody else used it", err)
	}
	if got, err := w.first.Approval(t.Context(), id); err != nil || got.State != helpdesk.ApprovalUsed {
		t.Errorf("got %+v, %v, want it used", got, err)
	}
	wantKind(t, w.first.UseApproval(t.Context(), id), store.ErrConflict)
}

// What DynamoDB refuses for the moment is asked again; what it goes on to refuse is unavailable by the store's deadline.
func TestDynamoDBThrottles(t *testing.T) {
	const busy = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`
	const conflict = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"no",
		"CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}`
	w, y := onTheWay(t, patient)
	must(t, w.first.EndSession(t.Context(), sid(1), start.Add(time.Hour)))
	for operation, body := range map[string]string{"UpdateItem": busy, "BatchGetItem": busy, "TransactWriteItems": conflict} {
		y.spoilt(operation, 3, says(http.StatusBadRequest, body))
		must(t, w.first.EndSession(t.Context(), sid(2), start.Add(time.Hour)))
		must(t, w.first.Unmark(t.Context(), "pool", "ada", "frozen", time.Time{}))
		if ended, err := w.first.SessionEnded(t.Context(), sid(1)); err != nil || !ended {
			t.Errorf("%s: got %t, %v", operation, ended, err)
		}
	}

	w, y = onTheWay(t, store.Options{ReadTimeout: 50 * time.Millisecond, WriteTimeout: 50 * time.Millisecond})
	for operation, call := range map[string]func() error{
		"UpdateItem":         func() error { return w.first.EndSession(t.Context(), sid(1), start) },
		"TransactWriteItems": func() error { return w.first.Unmark(t.Context(), "pool", "ada", "frozen", time.Time{}) },
		"BatchGetItem":       func() error { _, err := w.first.SessionEnded(t.Context(), sid(1)); return err },
		"Query":              func() error { _, err := w.first.Audit(t.Context(), 0, 1); return err },
	} {
		y.spoilt(operation, 1<<30, says(http.StatusBadRequest, busy))
		err := call()
		wantKind(t, err, store.ErrUnavailable)
		wantKind(t, err, context.DeadlineExceeded)
		if y.calls.Load() < 2 {
			t.Errorf("%s: asked %d times, want more", operation, y.calls.Load())
		}
	}
}

// DynamoDB's own faults are overcome where asking again does no harm, and are unavailability otherwise.
func TestDynamoDBFails(t *testing.T) {
	const fault = `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"sorry"}`
	w, y := onTheWay(t, patient)
	for _, answer := range []func(*http.Request) (*http.Response, error){
		says(http.StatusInternalServerError, fault), says(http.StatusBadGateway, "<html>"), lost,
		says(http.StatusOK, `{"Responses":`), // cut off
	} {
		y.spoilt("BatchGetItem", 2, answer)
		if ended, err := w.first.SessionEnded(t.Context(), sid(1)); err != nil || ended {
			t.Errorf("two faults: got %t, %v", ended, err)
		}
		y.spoilt("BatchGetItem", 3, answer)
		_, err := w.first.SessionEnded(t.Context(), sid(1))
		wantKind(t, err, store.ErrUnavailable)
	}
	for _, answer := range []func(*http.Request) (*http.Response, error){says(http.StatusInternalServerError, fault), lost} {
		y.spoilt("UpdateItem", 1, answer)
		must(t, w.first.EndSession(t.Context(), sid(2), start)) // twice is as good as once
		y.spoilt("UpdateItem", 1, answer)
		_, err := w.first.SaveShared(t.Context(), "line", []byte("value"), 0)
		wantKind(t, err, store.ErrUnavailable)
	}
	y.spoilt("UpdateItem", 1<<30, says(http.StatusBadRequest, `{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not authorized"}`))
	err := w.first.EndSession(t.Context(), sid(1), start)
	wantKind(t, err, store.ErrUnavailable)
	if y.calls.Load() != 1 {
		t.Errorf("asked %d times for what is not allowed, want once", y.calls.Load())
	}
	y.spoilt("BatchGetItem", 3, func(r *http.Request) (*http.Response, error) {
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			answer.Header.Set("X-Amz-Crc32", "7")
		}
		return answer, err
	})
	if _, err := w.first.SessionEnded(t.Context(), sid(1)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("another checksum: got %v", err)
	}
}

// The answers of a table that is busy come in pieces.
func TestDynamoDBAnswersInPieces(t *testing.T) {
	w, y := onTheWay(t, patient)
	must(t, w.first.EndAllBefore(t.Context(), "ada", start))
	table := w.table()
	y.spoilt("BatchGetItem", 1, says(http.StatusOK, `{"Responses":{"`+table+`":[]},"UnprocessedKeys":{"`+table+`":{"ConsistentRead":true,
		"Keys":[{"pk":{"S":"signedout ada"},"sk":{"S":"-"}}]}}}`))
	if over, err := w.first.SessionOver(t.Context(), sid(1), "ada", start.Add(-time.Second)); err != nil || !over {
		t.Errorf("got over %t, %v", over, err)
	}
}

func TestDynamoDBTablesThatDoNotOpen(t *testing.T) {
	good := strings.TrimPrefix(dynamotest.Table(t), "dynamodb:")
	must(t, dynamotest.CreateTable(t.Context(), good+"-other", "id", "sort"))
	denied := &way{}
	denied.spoilt("BatchGetItem", 1<<30, says(http.StatusBadRequest, `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}`))
	for _, test := range []struct {
		url, reason string
		settings    func(*aws.Config)
	}{
		{"dynamodb:", "want dynamodb:<table>", nil},
		{"dynamodb:a table", "want dynamodb:<table>", nil},
		{"dynamodb:" + good + "-none", "deploy/lambda", nil},
		{"dynamodb:" + good + "-other", "partition key pk and a sort key sk", nil},
		{"dynamodb:" + good, "deploy/iam/dynamodb.json", func(c *aws.Config) { c.HTTPClient = denied }},
		{"dynamodb:" + good, "AWS credentials: no such profile", func(c *aws.Config) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("no such profile")
			})
		}},
		{"dynamodb:" + good, "no AWS credentials", func(c *aws.Config) { c.Credentials = nil }},
		{"dynamodb:" + good, "set AWS_REGION", func(c *aws.Config) { c.Region, c.BaseEndpoint = "", nil }},
	} {
		settings := dynamotest.Settings()
		if test.settings != nil {
			test.settings(&settings)
		}
		_, err := store.Open(t.Context(), test.url, store.Options{Now: time.Now, AWS: settings})
		if err == nil || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: got %v, want %q", test.url, err, test.reason)
		}
	}
}

// Requests carry what the SDK's own carry: the credentials, for this service and region, over the same headers.
func TestDynamoDBRequestsAreSigned(t *testing.T) {
	var request *http.Request
	seen := &way{}
	seen.spoilt("", 1<<30, func(r *http.Request) (*http.Response, error) {
		request = r
		return says(http.StatusOK, "{}")(r)
	})
	settings := dynamotest.Settings()
	settings.HTTPClient, settings.BaseEndpoint, settings.Region = seen, nil, "eu-west-1"
	settings.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "key", "token")
	_, err := store.Open(t.Context(), "dynamodb:arn:aws:dynamodb:us-east-2:123456789012:table/portal",
		store.Options{Now: func() time.Time { return start }, AWS: settings})
	must(t, err)
	if got, want := request.URL.String(), "https://dynamodb.us-east-2.amazonaws.com/"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	signed := request.Header.Get("Authorization")
	for _, want := range []string{
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-2/dynamodb/aws4_request",
		"content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target",
	} {
		if !strings.Contains(signed, want) {
			t.Errorf("signed %q, want %q in it", signed, want)
		}
	}
}

// The policy in deploy/iam allows each action that the store takes, and no other.
func TestDynamoDBPolicyIsEnoughAndNotMore(t *testing.T) {
	w, y := onTheWay(t, patient)
	taken := map[string]bool{}
	y.spoilt("", 1<<30, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		var asked struct{ TransactItems []map[string]any }
		if err := json.Unmarshal(body, &asked); err != nil {
			return nil, err
		}
		for _, step := range asked.TransactItems { // whose permissions are those of its steps
			for kind := range step {
				taken["dynamodb:"+kind+"Item"] = true
			}
		}
		if len(asked.TransactItems) == 0 {
			taken["dynamodb:"+operation] = true
		}
		return http.DefaultClient.Do(r)
	})
	ctx := t.Context()
	must(t, w.first.Ping(ctx))
	must(t, w.first.EndSession(ctx, sid(1), start))
	must(t, w.first.PutHandoff(ctx, store.Handoff{LocatorHash: hash(1), Payload: []byte("sealed"), ExpiresAt: start.Add(time.Minute)}))
	must(t, w.first.Unmark(ctx, "pool", "ada", "frozen", time.Time{}))
	sweep, err := w.first.BeginSweep(ctx, "pool")
	must(t, err)
	must(t, w.first.PutSwept(ctx, "pool", sweep, []helpdesk.Swept{{Username: "ada"}}))
	_, err = w.first.Audit(ctx, 0, 1)
	must(t, err)

	text, err := os.ReadFile("../../deploy/iam/dynamodb.json")
	must(t, err)
	var policy struct{ Statement []struct{ Action []string } }
	must(t, json.Unmarshal(text, &policy))
	allowed := map[string]bool{}
	for _, action := range policy.Statement[0].Action {
		allowed[action] = true
	}
	if !maps.Equal(taken, allowed) {
		t.Errorf("taken %v, allowed %v", taken, allowed)
	}
}
