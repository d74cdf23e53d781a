package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/store"
)

var _ helpdesk.Store = (*store.Store)(nil)

func TestInviteEvents(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		for i, e := range []helpdesk.InviteEvent{
			{Invite: 1, Happening: helpdesk.HappeningOpened},
			{Invite: 2, Happening: helpdesk.HappeningOpened},
			{Invite: 1, Happening: helpdesk.HappeningWrongCode, Verdict: "clock_slow", Off: 4 * time.Minute},
		} {
			must(t, []*store.Store{w.first, w.node()}[i%2].AppendInviteEvent(ctx, e))
			w.clock.advance(time.Second)
		}
		list, err := w.first.InviteEvents(ctx, 1, 0, 10)
		must(t, err)
		if len(list) != 2 || !list[0].At.Equal(start) || list[1].Verdict != "clock_slow" || list[1].Off != 4*time.Minute || list[1].ID <= list[0].ID {
			t.Errorf("got %+v", list)
		}
		later, err := w.node().InviteEvents(ctx, 1, list[0].ID, 10)
		if err != nil || !reflect.DeepEqual(later, list[1:]) {
			t.Errorf("later: got %+v, %v, want %+v", later, err, list[1:])
		}
		for range 600 { // more than anybody needs
			must(t, w.first.AppendInviteEvent(ctx, helpdesk.InviteEvent{Invite: 3, Happening: helpdesk.HappeningShown}))
		}
		if many, err := w.first.InviteEvents(ctx, 3, 0, 1000); err != nil || len(many) != 500 {
			t.Errorf("%d events, %v, want them bounded", len(many), err)
		}
		w.clock.advance(60*24*time.Hour - 4*time.Second)
		w.purge(w.first, 0)
		w.clock.advance(time.Second)
		w.purge(w.first, 1)
	})
}

func TestMarks(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		marked := func(want time.Time) {
			t.Helper()
			if at, err := w.node().Marked(ctx, "pool", "ada", helpdesk.MarkFrozen); err != nil || !at.Equal(want) {
				t.Errorf("got %v, %v, want %v", at, err, want)
			}
		}
		marked(time.Time{})
		must(t, w.first.Mark(ctx, "pool", "ada", helpdesk.MarkFrozen))
		w.clock.advance(time.Hour)
		must(t, w.first.Mark(ctx, "pool", "ada", helpdesk.MarkFrozen))
		must(t, w.first.Unmark(ctx, "pool", "ada", helpdesk.MarkNeedsLink, time.Time{}))
		must(t, w.first.Unmark(ctx, "other pool", "ada", helpdesk.MarkFrozen, time.Time{}))
		must(t, w.first.Unmark(ctx, "pool", "ada", helpdesk.MarkFrozen, start.Add(time.Hour))) // made at that moment, not before
		marked(start.Add(time.Hour))                                                           // the last one counts
		must(t, w.first.Unmark(ctx, "pool", "ada", helpdesk.MarkFrozen, start.Add(time.Hour+time.Microsecond)))
		must(t, w.first.Unmark(ctx, "pool", "ada", helpdesk.MarkFrozen, time.Time{}))
		marked(time.Time{})
	})
}

func reset(account string) helpdesk.Reset {
	return helpdesk.Reset{
		Pool: "pool", Account: account, Username: "ada", Agent: "page:grace", Approval: 3, Ticket: "INC-1", Reason: "stolen",
		Proof: "called back", Language: "de", Lifetime: time.Hour,
	}
}

func TestReset(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		_, err := w.first.OpenReset(ctx, "pool", "sub-1")
		wantKind(t, err, store.ErrNotFound)
		id, err := w.first.PutReset(ctx, reset("sub-1"))
		must(t, err)
		_, err = w.node().PutReset(ctx, reset("sub-1"))
		wantKind(t, err, store.ErrConflict)
		must(t, w.node().SetResetInvite(ctx, id, 7))
		must(t, w.node().SetResetApproval(ctx, id, 9))
		must(t, w.first.PutPart(ctx, id, helpdesk.Part{Name: helpdesk.PartApp, Result: "pool_down"}))
		must(t, w.first.PutPart(ctx, id, helpdesk.Part{Name: helpdesk.PartLink, Done: true, Result: "made"}))
		w.clock.advance(time.Minute)
		must(t, w.node().PutPart(ctx, id, helpdesk.Part{Name: helpdesk.PartApp, Done: true, Result: "dropped"}))
		must(t, w.first.PutPart(ctx, id, helpdesk.Part{Name: helpdesk.PartApp, Result: "pool_down"})) // too late: it is done

		want := reset("sub-1")
		want.ID, want.CreatedAt, want.Invite, want.Approval = id, start, 7, 9
		want.Parts = []helpdesk.Part{
			{Name: helpdesk.PartLink, Done: true, Result: "made", At: start},
			{Name: helpdesk.PartApp, Done: true, Result: "dropped", At: start.Add(time.Minute)},
		}
		for name, look := range map[string]func() (helpdesk.Reset, error){
			"by ID": func() (helpdesk.Reset, error) { return w.node().Reset(ctx, id) },
			"open":  func() (helpdesk.Reset, error) { return w.first.OpenReset(ctx, "pool", "sub-1") },
		} {
			if got, err := look(); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, want)
			}
		}
		must(t, w.first.FinishReset(ctx, id))
		wantKind(t, w.node().FinishReset(ctx, id), store.ErrConflict)
		wantKind(t, w.node().FinishReset(ctx, id+9), store.ErrConflict)
		_, err = w.first.OpenReset(ctx, "pool", "sub-1")
		wantKind(t, err, store.ErrNotFound)
		second, err := w.node().PutReset(ctx, reset("sub-1"))
		must(t, err)
		if list, err := w.first.Resets(ctx, "pool", "sub-1", 10); err != nil || len(list) != 2 || list[0].ID != second || !list[1].DoneAt.Equal(start.Add(time.Minute)) {
			t.Errorf("got %+v, %v", list, err)
		}
		_, err = w.first.Reset(ctx, id+9)
		wantKind(t, err, store.ErrNotFound)
	})
}

func TestManyBeginOneReset(t *testing.T) {
	engines(t, func(w *world) {
		n := crowd()
		counts := w.race(n, func(node *store.Store, _ int) error {
			_, err := node.PutReset(w.t.Context(), reset("sub-1"))
			return err
		})
		if counts[nil] != 1 || counts[store.ErrConflict] != n-1 {
			w.t.Errorf("got %v, want one success", counts)
		}
	})
}

func approval(account string) helpdesk.Approval {
	return helpdesk.Approval{
		Pool: "pool", Operation: helpdesk.OpMint, Account: account, Agent: "page:grace", Session: "s", Ticket: "INC-1", Reason: "r", Proof: "p",
		ExpiresAt: start.Add(24 * time.Hour),
	}
}

// TestApprovalMoves is the whole state machine.
func TestApprovalMoves(t *testing.T) {
	engines(t, func(w *world) {
		ctx := w.t.Context()
		moves := map[string]func(id int64) error{
			"approve": func(id int64) error { return w.first.DecideApproval(ctx, id, helpdesk.ApprovalApproved, "page:lena") },
			"refuse":  func(id int64) error { return w.node().DecideApproval(ctx, id, helpdesk.ApprovalRefused, "page:lena") },
			"use":     func(id int64) error { return w.first.UseApproval(ctx, id) },
			"a day":   func(int64) error { w.clock.advance(24 * time.Hour); return nil },
		}
		for i, test := range []struct {
			moves []string
			err   error
			state helpdesk.ApprovalState
		}{
			{[]string{"approve"}, nil, helpdesk.ApprovalApproved},
			{[]string{"refuse"}, nil, helpdesk.ApprovalRefused},
			{[]string{"use"}, store.ErrConflict, helpdesk.ApprovalRequested},
			{[]string{"approve", "use"}, nil, helpdesk.ApprovalUsed},
			{[]string{"approve", "use", "use"}, store.ErrConflict, helpdesk.ApprovalUsed},
			{[]string{"approve", "refuse"}, store.ErrConflict, helpdesk.ApprovalApproved},
			{[]string{"refuse", "approve"}, store.ErrConflict, helpdesk.ApprovalRefused},
			{[]string{"refuse", "use"}, store.ErrConflict, helpdesk.ApprovalRefused},
			{[]string{"approve", "a day", "use"}, store.ErrConflict, helpdesk.ApprovalApproved},
			{[]string{"a day", "approve"}, store.ErrConflict, helpdesk.ApprovalRequested},
		} {
			a := approval(fmt.Sprint("sub-", i))
			a.ExpiresAt = w.clock.Now().Add(24 * time.Hour)
			id, err := w.first.PutApproval(ctx, a)
			must(w.t, err)
			for _, move := range test.moves {
				err = moves[move](id)
			}
			got, lookErr := w.node().Approval(ctx, id)
			must(w.t, lookErr)
			if !errors.Is(err, test.err) || got.State != test.state {
				w.t.Errorf("%v: got %v and %s, want %v and %s", test.moves, err, got.State, test.err, test.state)
			}
		}
		wantKind(w.t, w.first.UseApproval(ctx, 999), store.ErrNotFound)
	})
}

func TestApprovalsAreListedAndPurged(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		id, err := w.first.PutApproval(ctx, approval("sub-1"))
		must(t, err)
		refused, err := w.first.PutApproval(ctx, approval("sub-2"))
		must(t, err)
		must(t, w.first.DecideApproval(ctx, refused, helpdesk.ApprovalRefused, "page:lena"))
		want := approval("sub-1")
		want.ID, want.CreatedAt, want.State = id, start, helpdesk.ApprovalRequested
		if list, err := w.node().Approvals(ctx, "pool", 10); err != nil || !reflect.DeepEqual(list, []helpdesk.Approval{want}) {
			t.Errorf("got %+v, %v, want %+v", list, err, want)
		}
		w.clock.advance(24 * time.Hour)
		if list, err := w.node().Approvals(ctx, "pool", 10); err != nil || len(list) != 0 {
			t.Errorf("lapsed: got %+v, %v", list, err)
		}
		w.clock.advance(30*24*time.Hour - time.Second)
		w.purge(w.first, 0)
		w.clock.advance(time.Second)
		w.purge(w.first, 2)
	})
}

func TestManyUseOneApproval(t *testing.T) {
	engines(t, func(w *world) {
		id, err := w.first.PutApproval(w.t.Context(), approval("sub-1"))
		must(w.t, err)
		must(w.t, w.first.DecideApproval(w.t.Context(), id, helpdesk.ApprovalApproved, "page:lena"))
		n := crowd()
		counts := w.race(n, func(node *store.Store, _ int) error { return node.UseApproval(w.t.Context(), id) })
		if counts[nil] != 1 || counts[store.ErrConflict] != n-1 {
			w.t.Errorf("got %v, want one success", counts)
		}
	})
}

func TestSweeps(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		account := func(name string, hasApp bool, groups ...string) helpdesk.Swept {
			return helpdesk.Swept{
				Sub: "sub-" + name, Username: name, Status: helpdesk.StatusConfirmed, Enabled: true, HasApp: hasApp, Groups: groups,
				Created: start, SeenAt: w.clock.Now(),
			}
		}
		names := func() (names []string) {
			for after := ""; ; {
				page, err := w.node().Covered(ctx, "pool", after, 2)
				must(t, err)
				for _, c := range page {
					names = append(names, fmt.Sprint(c.Username, " ", c.HasApp, " ", c.Groups, " ", c.Event, " ", c.Invite))
					after = c.Username
				}
				if len(page) < 2 {
					return names
				}
			}
		}
		_, err := w.first.AppendLedger(ctx, event("ada", "removed")) // of whoever had the name before
		must(t, err)
		w.clock.advance(time.Hour)
		start := w.clock.Now()
		first, err := w.first.BeginSweep(ctx, "pool")
		must(t, err)
		ada := account("ada", true, "a", "b")
		ada.Created = start
		must(t, w.first.PutSwept(ctx, "pool", first, []helpdesk.Swept{ada, account("bob", false), account("carl", false)}))
		if at, err := w.first.Swept(ctx, "pool"); err != nil || !at.IsZero() {
			t.Errorf("swept at %v, %v, before any has finished", at, err)
		}
		must(t, w.first.FinishSweep(ctx, "pool", first))
		if at, err := w.node().Swept(ctx, "pool"); err != nil || !at.Equal(start) {
			t.Errorf("swept at %v, %v, want %v", at, err, start)
		}
		if got, want := names(), []string{"ada true [a b]  ", "bob false []  ", "carl false []  "}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}

		w.clock.advance(time.Hour)
		_, err = w.first.AppendLedger(ctx, event("ada", "proven"))
		must(t, err)
		invited := invite(1, "sub-bob")
		invited.Pool = "pool"
		_, err = w.first.PutInvite(ctx, invited)
		must(t, err)
		second, err := w.first.BeginSweep(ctx, "pool")
		must(t, err)
		third, err := w.node().BeginSweep(ctx, "pool")
		must(t, err)
		must(t, w.first.PutSwept(ctx, "pool", third, []helpdesk.Swept{ada, account("bob", false)}))
		must(t, w.first.PutSwept(ctx, "pool", second, []helpdesk.Swept{account("ada", false)})) // an older one does not overwrite
		wantKind(t, w.first.FinishSweep(ctx, "pool", second), store.ErrConflict)
		must(t, w.first.FinishSweep(ctx, "pool", third))
		if got, want := names(), []string{"ada true [a b] proven ", "bob false []  live"}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if other, err := w.first.Covered(ctx, "another pool", "", 10); err != nil || len(other) != 0 {
			t.Errorf("another pool: %v, %v", other, err)
		}
	})
}

func TestLatestInvites(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		var ids []int64
		for i := range 5 {
			ids = append(ids, w.putInvite(i, fmt.Sprint("sub-", i)))
		}
		page, err := w.node().LatestInvites(ctx, "eu-west-1_pool", 0, 3)
		must(t, err)
		rest, err := w.first.LatestInvites(ctx, "eu-west-1_pool", page[2].ID, 3)
		must(t, err)
		if len(page) != 3 || len(rest) != 2 || page[0].ID != ids[4] || rest[1].ID != ids[0] {
			t.Errorf("got %v and %v", page, rest)
		}
	})
}
