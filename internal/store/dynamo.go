package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// dynamo keeps the contract with one table of DynamoDB: a partition key pk, a sort key sk, both strings, and nothing else.
// There is no index, because reading one may answer with the past; what is looked up in two ways is written twice, in
// one transaction. <id> has twenty digits, so that text sorts as numbers do. Where an account stands behind a pool, the
// pool's ID ends at the first blank.
//
//	pk                           sk            what
//	session <sid>                -             an ended session
//	signedout <account>          -             the moment before which its sessions ended
//	handoff <hash>               -             sealed
//	answer <hash>                -             claimed, then answered
//	throttle <hash>              -             one cell
//	shared <name>                -             value and version
//	invite <id>                  -             the invite: its state is here alone
//	reset <id>                   -             the reset: its state is here alone
//	reset <id>                   <part>        what came of a part
//	approval <id>                -             the approval: its state is here alone
//	events <invite>              <id>          one happening
//	mark <pool> <account>        <mark>        since when
//	ledger <pool>                <id>          one entry
//	latest <pool>                =<account>    its newest entry
//	audit                        <seq>         one entry
//	delivery <id>                -             a message and its tries
//	swept <pool>                 =<username>   what the newest sweep that saw it saw
//	sweep <pool>                 -             numbers of the newest and of the last finished sweep
//
//	index locator <hash>         -             which invite
//	index newest <pool> <account>   -          which invite: the one that may still work
//	index invites <pool>         <id>          a pool's invites, an account's
//	index invites <pool> <account>  <id>
//	index ledger <pool> <account>   <id>       an account's entries, once more
//	index open <pool> <account>  -             which reset is in progress
//	index resets <pool> <account>   <id>       an account's resets
//	index approvals <pool>       <end> <id>    by when they lapse
//	index due                    <when> <id>   deliveries, by when they are due
//	index head                   -             the audit chain's newest entry
//	index deeds <target>         <seq>         an intent about it
//	index result <seq>           -             which entry has the intent's result
//	index count <kind>           -             the ID that was given last
//
// Attribute ttl says, in seconds since 1970, from when on nobody asks for an item any more; DynamoDB deletes it some day
// after. Until then every method goes by the moments in the item and by our clock.
//
//	dynamo_client.go     calls: signed, sent again where that does no harm
//	dynamo_endpoint.go   where DynamoDB is
//	dynamo_request.go    items, conditions, transactions
//	dynamo_<file>.go     what <file>.go is for SQL
type dynamo struct {
	api                       *dynamoClient
	now                       func() time.Time
	readTimeout, writeTimeout time.Duration
	meters                    meters
	outbox                    Outbox
	turns                     turns
}

// tableName is what DynamoDB calls a table, or the ARN of one.
var tableName = regexp.MustCompile(`^([a-zA-Z0-9_.-]{3,255}|arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]{3,255})$`) //nolint:gochecknoglobals // a constant

// openDynamo makes sure that the table is there and ours.
func openDynamo(ctx context.Context, table string, opts Options) (*dynamo, error) {
	if !tableName.MatchString(table) {
		return nil, errors.New("store: dynamodb: want dynamodb:<table>, with the table's name or ARN")
	}
	api, err := newDynamoClient(ctx, table, opts)
	if err != nil {
		return nil, fmt.Errorf("store: dynamodb: %w", err)
	}
	d := &dynamo{api: api, now: opts.Now, readTimeout: opts.ReadTimeout, writeTimeout: opts.WriteTimeout, meters: newMeters(opts), outbox: opts.Outbox, turns: newTurns()}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	switch _, err := api.get(ctx, key{"index head", only}); {
	case isFault(err, "ResourceNotFoundException"):
		return nil, fmt.Errorf("store: dynamodb: no table %s in this account and region: make it as deploy/lambda or deploy/terraform does, with the keys pk and sk", table)
	case isFault(err, "ValidationException"):
		return nil, fmt.Errorf("store: dynamodb: table %s has other keys: want a partition key pk and a sort key sk, both of type S (%w)", table, err)
	case isFault(err, "AccessDeniedException"):
		return nil, fmt.Errorf("store: dynamodb: table %s: deploy/iam/dynamodb.json has the IAM policy that the portal needs (%w)", table, err)
	case err != nil:
		return nil, fmt.Errorf("store: dynamodb: table %s: %w", table, err)
	}
	return d, nil
}

// Close ends idle connections.
func (d *dynamo) Close() error {
	d.api.close()
	return nil
}

// Ping reports whether the table answers.
func (d *dynamo) Ping(ctx context.Context) error {
	_, err := d.one(ctx, "ping", key{"index head", only})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Purge has nothing to do: DynamoDB deletes what is past its ttl.
func (d *dynamo) Purge(context.Context, int) (int64, error) { return 0, nil }

// read does what asks DynamoDB and changes nothing.
func (d *dynamo) read(ctx context.Context, op string, do func(context.Context) error) (err error) {
	defer d.meters.begin(callRead)(&err)
	ctx, cancel := context.WithTimeout(ctx, d.readTimeout)
	defer cancel()
	return fail(op, do(ctx))
}

// write does what changes the table.
func (d *dynamo) write(ctx context.Context, op string, do func(context.Context) error) (err error) {
	defer d.meters.begin(callWrite)(&err)
	ctx, cancel := context.WithTimeout(ctx, d.writeTimeout)
	defer cancel()
	return fail(op, do(ctx))
}

// one reads an item: ErrNotFound when there is none.
func (d *dynamo) one(ctx context.Context, op string, k key) (found item, err error) {
	err = d.read(ctx, op, func(ctx context.Context) error {
		found, err = d.look(ctx, k)
		return err
	})
	return found, err
}

// look reads an item as part of a call: ErrNotFound when there is none.
func (d *dynamo) look(ctx context.Context, k key) (item, error) {
	found, err := d.api.get(ctx, k)
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, ErrNotFound
	}
	return found[0], nil
}

// next gives an ID: higher than every one that was given before the call began.
func (d *dynamo) next(ctx context.Context, kind string) (int64, error) {
	counter, err := d.api.update(ctx, change{key: key{"index count " + kind, only}, set: "ADD #n :one", values: item{":one": number(1)}, twice: true})
	return counter.number("n"), err
}

// announce takes steps that change what others are told of, and keeps the messages with them: changes and messages are in
// the table, or neither is.
func (d *dynamo) announce(ctx context.Context, changes []helpdesk.Change, steps ...step) error {
	if d.outbox == nil {
		changes = nil
	}
	for _, change := range changes {
		name, body, err := d.outbox.Message(change)
		if err != nil {
			return err
		}
		kept, err := d.delivery(ctx, name, body)
		if err != nil {
			return err
		}
		steps = append(steps, kept...)
	}
	if len(steps) == 0 {
		return nil
	}
	err := d.api.transact(ctx, steps...)
	if err == nil && len(changes) > 0 {
		d.outbox.Kept()
	}
	return err
}

// quietly is nil for a condition that did not hold, when that only means that there is nothing to do.
func quietly(err error) error {
	if unmet(err) {
		return nil
	}
	return err
}

// conflicts is ErrConflict for a condition that did not hold.
func conflicts(err error) error {
	if unmet(err) {
		return ErrConflict
	}
	return err
}

// turns lets calls of one process that would get into one another's way go one after the other. It is for their speed
// alone: between processes conditions decide.
type turns []chan struct{}

func newTurns() turns {
	t := make(turns, 64)
	for i := range t {
		t[i] = make(chan struct{}, 1)
	}
	return t
}

// take waits for its turn; what it answers gives the turn to the next.
func (t turns) take(ctx context.Context, name string) (func(), error) {
	sum := sha256.Sum256([]byte(name))
	turn := t[int(sum[0])%len(t)]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
