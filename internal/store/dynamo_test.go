package store_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/helpdesk"
)

// passTTL deletes what is past its ttl, as DynamoDB does in the background, and counts all but the indexes.
func (w *world) passTTL() (deleted int64, err error) {
	err = w.scan(func(ctx context.Context, api *dynamodb.Client, item map[string]types.AttributeValue) error {
		ttl, ok := item["ttl"].(*types.AttributeValueMemberN)
		if !ok {
			return nil
		}
		second, err := strconv.ParseInt(ttl.Value, 10, 64)
		if err != nil || second*1_000_000 > w.clock.Now().UnixMicro() {
			return err
		}
		if !strings.HasPrefix(textOf(item, "pk"), "index ") {
			deleted++
		}
		_, err = api.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: aws.String(w.table()), Key: map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]},
		})
		return err
	})
	return deleted, err
}

// scan calls do with every item of the table.
func (w *world) scan(do func(context.Context, *dynamodb.Client, map[string]types.AttributeValue) error) error {
	api := dynamotest.Client()
	pages := dynamodb.NewScanPaginator(api, &dynamodb.ScanInput{TableName: aws.String(w.table())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := do(w.t.Context(), api, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// everything is the whole table as text.
func (w *world) everything() (stored string) {
	w.t.Helper()
	must(w.t, w.scan(func(_ context.Context, _ *dynamodb.Client, item map[string]types.AttributeValue) error {
		stored += fmt.Sprintf("%s %s %v\n", textOf(item, "pk"), textOf(item, "sk"), item)
		return nil
	}))
	return stored
}

func textOf(item map[string]types.AttributeValue, name string) string {
	if s, ok := item[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// What the last sweep did not see is not listed, also while nobody could delete it; a later sweep does.
func TestDynamoDBSweepsNeedNoTidying(t *testing.T) {
	w, y := onTheWay(t, patient)
	ctx := t.Context()
	sweep := func(names ...string) {
		t.Helper()
		number, err := w.first.BeginSweep(ctx, "pool")
		must(t, err)
		for _, name := range names {
			must(t, w.first.PutSwept(ctx, "pool", number, []helpdesk.Swept{{Username: name, Sub: "sub-" + name}}))
		}
		must(t, w.first.FinishSweep(ctx, "pool", number))
	}
	sweep("ada", "bob", "carl")
	y.spoilt("Query", 1, says(http.StatusBadRequest, `{"__type":"com.amazon.coral.service#AccessDeniedException","message":"no"}`))
	sweep("ada", "carl")
	if !strings.Contains(w.everything(), "=bob") {
		t.Fatal("bob was deleted")
	}
	page, err := w.first.Covered(ctx, "pool", "", 2)
	if err != nil || len(page) != 2 || page[0].Username != "ada" || page[1].Username != "carl" {
		t.Errorf("got %v, %v", page, err)
	}
	sweep("ada")
	if stored := w.everything(); strings.Contains(stored, "=bob") || strings.Contains(stored, "=carl") {
		t.Errorf("bob and carl are still there:\n%s", stored)
	}
}

// A long list is read in several calls, each of which answers in an order of its own.
func TestDynamoDBLongListsAreWhole(t *testing.T) {
	w, _ := onTheWay(t, patient)
	ctx := t.Context()
	number, err := w.first.BeginSweep(ctx, "pool")
	must(t, err)
	const accounts = 135
	for first := 0; first < accounts; first += 9 {
		var some []helpdesk.Swept
		for i := range 9 {
			some = append(some, helpdesk.Swept{Username: fmt.Sprintf("user-%03d", first+i), Sub: fmt.Sprintf("sub-%03d", first+i), Created: start})
		}
		must(t, w.first.PutSwept(ctx, "pool", number, some))
	}
	must(t, w.first.FinishSweep(ctx, "pool", number))
	for _, i := range []int{3, 134} {
		_, err := w.first.AppendLedger(ctx, event(fmt.Sprintf("user-%03d", i), "proven"))
		must(t, err)
		link := invite(i, fmt.Sprintf("sub-%03d", i))
		link.Pool = "pool"
		_, err = w.first.PutInvite(ctx, link)
		must(t, err)
	}
	list, err := w.first.Covered(ctx, "pool", "", 200)
	must(t, err)
	if len(list) != accounts {
		t.Fatalf("got %d accounts, want %d", len(list), accounts)
	}
	for i, c := range list {
		want := i == 3 || i == 134
		if c.Username != fmt.Sprintf("user-%03d", i) || (c.Event == "proven") != want || (c.Invite == "live") != want {
			t.Errorf("account %d: got %+v", i, c)
		}
	}
}
