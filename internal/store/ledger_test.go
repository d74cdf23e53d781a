package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/store"
)

func event(account string, name helpdesk.Event) store.LedgerEntry {
	return store.LedgerEntry{Pool: "pool", Account: account, Event: name, Actor: account, Detail: `{"device":"phone"}`}
}

func TestLedger(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		_, err := w.first.Latest(ctx, "pool", "sub-1")
		wantKind(t, err, store.ErrNotFound)

		// All in one moment: the order in which they were appended is the order of the ledger.
		var ids []int64
		for i, name := range []helpdesk.Event{"started", "verified", "proven", "started"} {
			id, err := []*store.Store{w.first, w.node()}[i%2].AppendLedger(ctx, event(fmt.Sprint("sub-", 1+i/3), name))
			must(t, err)
			ids = append(ids, id)
		}
		_, err = w.first.AppendLedger(ctx, store.LedgerEntry{Pool: "another pool", Account: "sub-1", Event: "removed"})
		must(t, err)

		got, err := w.node().Latest(ctx, "pool", "sub-1")
		must(t, err)
		want := event("sub-1", "proven")
		want.ID, want.At = ids[2], start
		if !reflect.DeepEqual(got, want) {
			t.Errorf("latest: got %+v, want %+v", got, want)
		}
		for _, test := range []struct {
			name string
			page store.LedgerPage
			want []int64
		}{
			{"all", store.LedgerPage{Pool: "pool", Limit: 10}, []int64{ids[3], ids[2], ids[1], ids[0]}},
			{"first page", store.LedgerPage{Pool: "pool", Limit: 3}, []int64{ids[3], ids[2], ids[1]}},
			{"second page", store.LedgerPage{Pool: "pool", Limit: 3, Before: ids[1]}, []int64{ids[0]}},
			{"behind the end", store.LedgerPage{Pool: "pool", Limit: 3, Before: ids[0]}, nil},
			{"of one account", store.LedgerPage{Pool: "pool", Account: "sub-1", Limit: 2}, []int64{ids[2], ids[1]}},
			{"its second page", store.LedgerPage{Pool: "pool", Account: "sub-1", Limit: 2, Before: ids[1]}, []int64{ids[0]}},
			{"of an unknown account", store.LedgerPage{Pool: "pool", Account: "sub-9", Limit: 2}, nil},
		} {
			list, err := w.first.Ledger(ctx, test.page)
			must(t, err)
			var listed []int64
			for _, entry := range list {
				listed = append(listed, entry.ID)
			}
			if !reflect.DeepEqual(listed, test.want) {
				t.Errorf("%s: got %v, want %v", test.name, listed, test.want)
			}
		}
	})
}

func TestLatestOfAllAccounts(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		const accounts = 25
		for round, name := range []helpdesk.Event{"started", "verified"} {
			for i := range accounts - round { // the last one has only started
				_, err := w.first.AppendLedger(ctx, event(fmt.Sprintf("sub-%02d", i), name))
				must(t, err)
				w.clock.advance(time.Second)
			}
		}
		var seen []string
		for after := ""; ; {
			page, err := w.first.LatestOfAll(ctx, "pool", after, 10)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, entry := range page {
				seen = append(seen, entry.Account+" "+string(entry.Event))
			}
			after = page[len(page)-1].Account
		}
		var want []string
		for i := range accounts - 1 {
			want = append(want, fmt.Sprintf("sub-%02d verified", i))
		}
		if want = append(want, "sub-24 started"); !reflect.DeepEqual(seen, want) {
			t.Errorf("got %v, want %v", seen, want)
		}
	})
}

// TestHostileTextIsKept: what a stranger types must never stop what has to be written down.
func TestHostileTextIsKept(t *testing.T) {
	engines(t, func(w *world) {
		for text, want := range map[string]string{
			"a\x00b":            "a\uFFFDb",
			"broken \xff\xfe":   "broken \uFFFD",
			"'; --\n\r\t\u202e": "'; --\n\r\t\u202e",
			"":                  "",
		} {
			entry := store.LedgerEntry{Pool: "pool", Account: text, Event: helpdesk.Event(text), Actor: text, Detail: text}
			_, err := w.first.AppendLedger(w.t.Context(), entry)
			must(w.t, err)
			got, err := w.first.Latest(w.t.Context(), "pool", text)
			if err != nil || got.Detail != want || got.Account != want {
				w.t.Errorf("%q: got %+v, %v, want %q", text, got, err, want)
			}
			_, err = w.first.AppendAudit(w.t.Context(), store.AuditEntry{Actor: text, Action: text, Target: text, Stage: text, Detail: text})
			must(w.t, err)
			must(w.t, w.first.EndAllBefore(w.t.Context(), text, start))
		}
		_, err := w.first.VerifyAudit(w.t.Context())
		must(w.t, err)
	})
}

// The last entry of a session and its end are one thing, seen by every node.
func TestConclude(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		must(t, w.first.Conclude(ctx, event("sub-1", "set_up"), [16]byte{1}, start.Add(time.Hour), start))
		got, err := w.node().Latest(ctx, "pool", "sub-1")
		must(t, err)
		if got.Event != "set_up" || !got.At.Equal(start) {
			t.Errorf("latest: got %q at %v, want set_up at %v", got.Event, got.At, start)
		}
		for sid, want := range map[[16]byte]bool{{1}: true, {2}: false} {
			if ended, err := w.node().SessionEnded(ctx, sid); ended != want || err != nil {
				t.Errorf("session %d ended: %v (%v), want %v", sid[0], ended, err, want)
			}
		}
		for began, want := range map[time.Time]bool{start.Add(-time.Second): true, start: false} {
			if over, err := w.node().SessionOver(ctx, [16]byte{2}, "sub-1", began); over != want || err != nil {
				t.Errorf("another session, since %v: over is %v (%v), want %v", began, over, err, want)
			}
		}
		must(t, w.first.Conclude(ctx, event("sub-1", "proven"), [16]byte{3}, start.Add(time.Hour), time.Time{}))
		must(t, w.first.Conclude(ctx, event("sub-1", "set_up"), [16]byte{4}, start.Add(time.Hour), start.Add(-time.Hour))) // the later moment stays
		if at, err := w.node().NotBefore(ctx, "sub-1"); err != nil || !at.Equal(start) {
			t.Errorf("signed out before %v (%v), want %v", at, err, start)
		}
	})
}
