package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// dynamoConns is how many connections one node holds at most, unless Options say: each carries one call at a time.
	dynamoConns = 64
	// dynamoBatch is how many items one call reads at most.
	dynamoBatch = 100
	// answerAtMost bounds what is read of one answer. DynamoDB's have at most 16 MB.
	answerAtMost = 32 << 20
)

// dynamoClient speaks DynamoDB's protocol, for the four operations that are needed here: one POST each, JSON, signed by
// the AWS SDK's signer with the credentials that its configuration found.
type dynamoClient struct {
	table       string
	endpoint    string
	region      string
	credentials aws.CredentialsProvider
	signer      *v4.Signer
	http        aws.HTTPClient
	now         func() time.Time
}

func newDynamoClient(ctx context.Context, table string, opts Options) (*dynamoClient, error) {
	if opts.AWS.Credentials == nil {
		return nil, errors.New("no AWS credentials are configured")
	}
	region := opts.AWS.Region
	if parts := strings.Split(table, ":"); len(parts) > 1 { // an ARN
		region = parts[3]
	}
	endpoint, err := dynamoEndpoint(ctx, opts.AWS, region)
	if err != nil {
		return nil, err
	}
	c := &dynamoClient{
		table: table, endpoint: endpoint, region: region, credentials: opts.AWS.Credentials, signer: v4.NewSigner(),
		http: opts.AWS.HTTPClient, now: opts.Now,
	}
	conns := or(opts.MaxConns, dynamoConns)
	client, ours := c.http.(*awshttp.BuildableClient)
	if c.http == nil || ours {
		if client == nil {
			client = awshttp.NewBuildableClient()
		}
		c.http = client.WithTransportOptions(func(t *http.Transport) {
			t.MaxConnsPerHost, t.MaxIdleConnsPerHost = conns, conns
		})
	}
	return c, nil
}

func (c *dynamoClient) close() {
	if client, ours := c.http.(*awshttp.BuildableClient); ours {
		client.GetTransport().CloseIdleConnections()
	}
}

// fault is an error that DynamoDB answers.
type fault struct {
	status  int
	code    string
	message string
	reasons []string // of a cancelled transaction, step by step: "None" or what was wrong
}

func (f *fault) Error() string {
	return fmt.Sprintf("%s (%d): %s", f.code, f.status, f.message)
}

func isFault(err error, code string) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && f.code == code
}

const conditionFailed = "ConditionalCheckFailed"

// unmet reports whether some condition did not hold: nothing was written.
func unmet(err error) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && (f.code == conditionFailed+"Exception" || slices.Contains(f.reasons, conditionFailed))
}

// unmetAt is unmet for one step of a transaction.
func unmetAt(err error, index int) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && index < len(f.reasons) && f.reasons[index] == conditionFailed
}

// refused reports whether DynamoDB did nothing, and would have done it at another moment: another transaction had the
// item, or there were too many calls.
func (f *fault) refused() bool {
	switch f.code {
	case "TransactionConflictException", "TransactionInProgressException", "ProvisionedThroughputExceededException",
		"ThrottlingException", "RequestLimitExceeded":
		return true
	case "TransactionCanceledException":
		return !slices.Contains(f.reasons, conditionFailed) && slices.ContainsFunc(f.reasons, func(reason string) bool {
			return reason == "TransactionConflict" || reason == "ThrottlingError" || reason == "ProvisionedThroughputExceeded"
		})
	}
	return false
}

// get reads items, as they are now: nil for a key that has none.
func (c *dynamoClient) get(ctx context.Context, keys ...key) ([]item, error) {
	found := make([]item, len(keys))
	var (
		wait   sync.WaitGroup
		failed = make([]error, (len(keys)+dynamoBatch-1)/dynamoBatch)
	)
	for n, first := 0, 0; first < len(keys); n, first = n+1, first+dynamoBatch {
		last := min(first+dynamoBatch, len(keys))
		if n == len(failed)-1 { // the last batch, mostly the only one, needs no goroutine
			failed[n] = c.getBatch(ctx, keys[first:last], found[first:last])
			break
		}
		wait.Go(func() { failed[n] = c.getBatch(ctx, keys[first:last], found[first:last]) })
	}
	wait.Wait()
	return found, errors.Join(failed...)
}

func (c *dynamoClient) getBatch(ctx context.Context, keys []key, found []item) error {
	type tables map[string]struct {
		Keys           []item
		ConsistentRead bool
	}
	where := map[key][]int{}
	wanted := make([]item, 0, len(keys))
	for i, k := range keys {
		if where[k] = append(where[k], i); len(where[k]) == 1 {
			wanted = append(wanted, k.item())
		}
	}
	for try := 0; len(wanted) > 0; try++ {
		if try > 0 { // DynamoDB was too busy for some of it
			if err := pause(ctx, try); err != nil {
				return err
			}
		}
		request := struct{ RequestItems tables }{tables{c.table: {Keys: wanted, ConsistentRead: true}}}
		var answer struct {
			Responses       map[string][]item
			UnprocessedKeys tables
		}
		if err := c.call(ctx, "BatchGetItem", request, &answer, true); err != nil {
			return err
		}
		for _, items := range answer.Responses { // one table
			for _, one := range items {
				for _, i := range where[key{one.text("pk"), one.text("sk")}] {
					found[i] = one
				}
			}
		}
		wanted = nil
		for _, rest := range answer.UnprocessedKeys {
			wanted = rest.Keys
		}
	}
	return nil
}

// query reads a partition's items, as they are now.
func (c *dynamoClient) query(ctx context.Context, q query) ([]item, error) {
	var list []item
	request := q.request(c.table)
	for {
		var answer struct {
			Items            []item
			LastEvaluatedKey item
		}
		if err := c.call(ctx, "Query", request, &answer, true); err != nil {
			return nil, err
		}
		list = append(list, answer.Items...)
		if q.limit > 0 && len(list) >= q.limit {
			return list[:q.limit], nil
		}
		if len(answer.LastEvaluatedKey) == 0 {
			return list, nil
		}
		request.ExclusiveStartKey = answer.LastEvaluatedKey
	}
}

// update changes one item, and answers it as it is then. When the answer is lost it is not sent again, unless it says that
// it may be: a condition would find the change already made, and take it for somebody else's.
func (c *dynamoClient) update(ctx context.Context, ch change) (item, error) {
	request := ch.action()
	request.TableName, request.ReturnValues = c.table, "ALL_NEW"
	var answer struct{ Attributes item }
	err := c.call(ctx, "UpdateItem", request, &answer, ch.twice)
	return answer.Attributes, err
}

// transact takes all steps or none. Its token lets DynamoDB know it again when it is sent twice.
func (c *dynamoClient) transact(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		for _, a := range []*action{s.Put, s.Update, s.Delete, s.ConditionCheck} {
			if a != nil {
				a.TableName = c.table
			}
		}
	}
	return c.call(ctx, "TransactWriteItems", struct {
		TransactItems      []step
		ClientRequestToken string
	}{steps, rand.Text()}, nil, true)
}

// call sends a request until it is answered, or ctx ends. What DynamoDB refused it sends again; what may have been done
// only when it is repeatable.
func (c *dynamoClient) call(ctx context.Context, operation string, request, answer any, repeatable bool) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := c.send(ctx, operation, body, answer)
		if err == nil || !resendable(err, repeatable && try < 3) {
			return err
		}
		if ended := pause(ctx, try); ended != nil {
			return fmt.Errorf("%w: %w", ended, err)
		}
	}
}

// resendable reports whether the request that failed may be sent once more.
func resendable(err error, repeatable bool) bool {
	said, answered := errors.AsType[*fault](err)
	if answered && said.refused() {
		return true
	}
	return repeatable && (!answered || said.status >= http.StatusInternalServerError)
}

// pause waits before a request is sent again: longer each time, and no two callers equally long.
func pause(ctx context.Context, try int) error {
	longest := 5 * time.Millisecond << min(try, 5)
	if ctx.Err() != nil { // select would toss a coin
		return ctx.Err()
	}
	var chance [1]byte
	_, _ = rand.Read(chance[:]) // never fails
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(longest * time.Duration(chance[0]) / 256):
		return nil
	}
}

// send sends one request and reads its answer.
func (c *dynamoClient) send(ctx context.Context, operation string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("Accept-Encoding", "identity") // its checksum is of what goes over the wire
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("AWS credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), "dynamodb", c.region, c.now()); err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(response.Body, answerAtMost))
	if err != nil {
		return err
	}
	if want := response.Header.Get("X-Amz-Crc32"); want != "" && want != strconv.FormatUint(uint64(crc32.ChecksumIEEE(said)), 10) {
		return errors.New("the answer was damaged on its way")
	}
	if response.StatusCode != http.StatusOK {
		return readFault(response.StatusCode, said)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(said, answer)
}

func readFault(status int, said []byte) error {
	var answer struct {
		Type                string `json:"__type"`
		Message             string `json:"message"`
		CancellationReasons []struct{ Code string }
	}
	if err := json.Unmarshal(said, &answer); err != nil {
		answer.Message = "not DynamoDB's answer"
	}
	f := &fault{status: status, code: answer.Type[strings.LastIndex(answer.Type, "#")+1:], message: answer.Message}
	for _, reason := range answer.CancellationReasons {
		f.reasons = append(f.reasons, reason.Code)
	}
	return f
}
