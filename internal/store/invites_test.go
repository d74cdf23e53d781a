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

const pieceTries = 5

func invite(i int, account string) store.Invite {
	return store.Invite{
		LocatorHash: hash(i), Pool: "eu-west-1_pool", Account: account, Purpose: "first", Before: "none", Approval: 7, Agent: "grace", Ticket: "INC-1",
		Reason: "new employee", Proof: "called back", Language: "de", ExpiresAt: start.Add(time.Hour),
		PieceHash: []byte("right"), PieceExpiresAt: start.Add(10 * time.Minute),
	}
}

func (w *world) putInvite(i int, account string) int64 {
	w.t.Helper()
	id, err := w.first.PutInvite(w.t.Context(), invite(i, account))
	must(w.t, err)
	return id
}

func (w *world) wantState(i int, want helpdesk.InviteState) {
	w.t.Helper()
	got, err := w.first.Invite(w.t.Context(), hash(i))
	if err != nil || got.State != want {
		w.t.Errorf("invite %d: got state %q, %v, want %q", i, got.State, err, want)
	}
}

func TestInviteIsKeptWhole(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		want := invite(1, "sub-1")
		want.Reason = "said \"it broke\"; DROP TABLE invites; -- ünï 電話"
		id, err := w.first.PutInvite(ctx, want)
		must(t, err)
		want.ID, want.State, want.CreatedAt, want.ChangedAt = id, helpdesk.InviteLive, start, start

		byLocator, err := w.node().Invite(ctx, hash(1))
		must(t, err)
		byID, err := w.first.InviteByID(ctx, id)
		must(t, err)
		list, err := w.first.Invites(ctx, want.Pool, want.Account, 10)
		must(t, err)
		for name, got := range map[string]store.Invite{"by locator": byLocator, "by ID": byID, "listed": list[0]} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got\n%+v, want\n%+v", name, got, want)
			}
		}

		_, err = w.first.Invite(ctx, hash(2))
		wantKind(t, err, store.ErrNotFound)
		_, err = w.first.InviteByID(ctx, id+1)
		wantKind(t, err, store.ErrNotFound)
		_, err = w.first.PutInvite(ctx, want)
		wantKind(t, err, store.ErrConflict)
		w.wantState(1, helpdesk.InviteLive) // the failed one cancelled nothing
	})
}

// TestInviteMoves is the whole state machine: what may follow what.
func TestInviteMoves(t *testing.T) {
	engines(t, func(w *world) {
		moves := map[string]func(i int, id int64) error{
			"open": func(i int, _ int64) error {
				_, err := w.first.TryPiece(w.t.Context(), hash(i), []byte("right"), pieceTries, holder(1))
				return err
			},
			"wrong": func(i int, _ int64) error {
				_, err := w.first.TryPiece(w.t.Context(), hash(i), []byte("wrong"), pieceTries, holder(1))
				return err
			},
			"open elsewhere": func(i int, _ int64) error {
				_, err := w.node().TryPiece(w.t.Context(), hash(i), []byte("right"), pieceTries, holder(2))
				return err
			},
			"spend":  func(_ int, id int64) error { return w.first.SpendInvite(w.t.Context(), id, holder(1)) },
			"revoke": func(_ int, id int64) error { return w.first.RevokeInvite(w.t.Context(), id, "page:1") },
			"piece": func(_ int, id int64) error {
				return w.first.PutPiece(w.t.Context(), id, []byte("right"), w.clock.Now().Add(10*time.Minute))
			},
			"freeze": func(i int, _ int64) error {
				return w.first.RevokeInvites(w.t.Context(), "eu-west-1_pool", helpdesk.Change{Account: fmt.Sprint("sub-", i)})
			},
			"newer": func(i int, _ int64) error {
				_, err := w.node().PutInvite(w.t.Context(), invite(i+1000, fmt.Sprint("sub-", i)))
				return err
			},
			"an hour": func(int, int64) error { w.clock.advance(time.Hour); return nil },
		}
		for i, test := range []struct {
			moves []string
			err   error // of the last move
			state helpdesk.InviteState
		}{
			{[]string{"open"}, nil, helpdesk.InviteOpened},
			{[]string{"open", "open"}, nil, helpdesk.InviteOpened}, // on a second device, or the page loaded again
			{[]string{"open", "spend"}, nil, helpdesk.InviteSpent},
			{[]string{"spend"}, store.ErrConflict, helpdesk.InviteLive},                             // without its piece
			{[]string{"open", "open elsewhere", "spend"}, store.ErrConflict, helpdesk.InviteOpened}, // whoever opens last holds it
			{[]string{"open elsewhere", "open", "spend"}, nil, helpdesk.InviteSpent},
			{[]string{"open", "spend", "spend"}, store.ErrConflict, helpdesk.InviteSpent},
			{[]string{"open", "spend", "open"}, store.ErrNotFound, helpdesk.InviteSpent},
			{[]string{"open", "spend", "revoke"}, store.ErrConflict, helpdesk.InviteSpent},
			{[]string{"open", "spend", "freeze"}, nil, helpdesk.InviteSpent},
			{[]string{"open", "spend", "newer"}, nil, helpdesk.InviteSpent},
			{[]string{"open", "spend", "piece"}, store.ErrConflict, helpdesk.InviteSpent},
			{[]string{"wrong"}, store.ErrConflict, helpdesk.InviteLive},
			{[]string{"wrong", "wrong", "wrong", "wrong", "open"}, nil, helpdesk.InviteOpened},
			{[]string{"wrong", "wrong", "wrong", "wrong", "wrong", "open"}, store.ErrNotFound, helpdesk.InviteLive},
			{[]string{"wrong", "wrong", "wrong", "wrong", "wrong", "piece", "open"}, store.ErrNotFound, helpdesk.InviteLive},
			{[]string{"revoke"}, nil, helpdesk.InviteRevoked},
			{[]string{"revoke", "revoke"}, store.ErrConflict, helpdesk.InviteRevoked},
			{[]string{"revoke", "open"}, store.ErrNotFound, helpdesk.InviteRevoked},
			{[]string{"open", "revoke", "spend"}, store.ErrConflict, helpdesk.InviteRevoked},
			{[]string{"open", "freeze", "spend"}, store.ErrConflict, helpdesk.InviteRevoked},
			{[]string{"newer"}, nil, helpdesk.InviteCancelled},
			{[]string{"open", "newer", "spend"}, store.ErrConflict, helpdesk.InviteCancelled},
			{[]string{"newer", "open"}, store.ErrNotFound, helpdesk.InviteCancelled},
			{[]string{"an hour", "open"}, store.ErrNotFound, helpdesk.InviteLive},
			{[]string{"an hour", "piece"}, store.ErrConflict, helpdesk.InviteLive},
			{[]string{"open", "an hour", "spend"}, nil, helpdesk.InviteSpent},
			{[]string{"open", "an hour", "open"}, store.ErrNotFound, helpdesk.InviteOpened},
		} {
			fresh := invite(i, fmt.Sprint("sub-", i))
			fresh.ExpiresAt, fresh.PieceExpiresAt = w.clock.Now().Add(time.Hour), w.clock.Now().Add(10*time.Minute)
			id, err := w.first.PutInvite(w.t.Context(), fresh)
			must(w.t, err)
			for _, move := range test.moves {
				err = moves[move](i, id)
			}
			if !errors.Is(err, test.err) {
				w.t.Errorf("%v: got error %v, want %v", test.moves, err, test.err)
			}
			w.wantState(i, test.state)
		}
	})
}

func TestPieceExpiresAndIsIssuedAgain(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		id := w.putInvite(1, "sub-1")
		w.clock.advance(10 * time.Minute)
		_, err := w.first.TryPiece(ctx, hash(1), []byte("right"), pieceTries, holder(1))
		wantKind(t, err, store.ErrNotFound)

		must(t, w.first.PutPiece(ctx, id, []byte("second"), w.clock.Now().Add(10*time.Minute)))
		_, err = w.first.TryPiece(ctx, hash(1), []byte("right"), pieceTries, holder(1))
		wantKind(t, err, store.ErrConflict)
		opened, err := w.node().TryPiece(ctx, hash(1), []byte("second"), pieceTries, holder(1))
		must(t, err)
		if opened.State != helpdesk.InviteOpened || opened.Tries != 1 || !opened.ChangedAt.Equal(w.clock.Now()) || opened.ID != id {
			t.Errorf("got %+v, want it opened now with one wrong try", opened)
		}
		wantKind(t, w.first.PutPiece(ctx, id+1, []byte("x"), start), store.ErrNotFound)

		// A piece that outlives its invite does not keep it open.
		must(t, w.first.PutPiece(ctx, id, []byte("third"), start.Add(24*time.Hour)))
		w.clock.advance(50 * time.Minute)
		_, err = w.first.TryPiece(ctx, hash(1), []byte("third"), pieceTries, holder(1))
		wantKind(t, err, store.ErrNotFound)
	})
}

func TestInviteWhosePieceIsNotIssuedYet(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		bare := invite(1, "sub-1")
		bare.PieceHash, bare.PieceExpiresAt = nil, time.Time{}
		id, err := w.first.PutInvite(ctx, bare)
		must(t, err)
		_, err = w.first.TryPiece(ctx, hash(1), nil, pieceTries, holder(1)) // no piece is not an empty piece
		wantKind(t, err, store.ErrNotFound)
		wantKind(t, w.first.SpendInvite(ctx, id, holder(1)), store.ErrConflict)
		wantKind(t, w.first.SpendInvite(ctx, id, [16]byte{}), store.ErrConflict) // nobody does not hold it
		wantKind(t, w.first.SpendInvite(ctx, id+1, holder(1)), store.ErrNotFound)
		w.wantState(1, helpdesk.InviteLive)
		if got, err := w.first.InviteByID(ctx, id); err != nil || got.Tries != 0 {
			t.Errorf("got %d tries, %v, want none", got.Tries, err)
		}
		must(t, w.first.PutPiece(ctx, id, []byte("right"), start.Add(10*time.Minute)))
		_, err = w.first.TryPiece(ctx, hash(1), []byte("right"), pieceTries, holder(1))
		must(t, err)
	})
}

func TestThousandSpendOneInvite(t *testing.T) {
	engines(t, func(w *world) {
		id := w.putInvite(1, "sub-1")
		_, err := w.first.TryPiece(w.t.Context(), hash(1), []byte("right"), pieceTries, holder(1))
		must(w.t, err)
		counts := w.race(1000, func(node *store.Store, _ int) error { return node.SpendInvite(w.t.Context(), id, holder(1)) })
		if counts[nil] != 1 || counts[store.ErrConflict] != 999 {
			w.t.Errorf("got %v, want one success and 999 conflicts", counts)
		}
	})
}

func TestManyGuessOnePiece(t *testing.T) {
	engines(t, func(w *world) {
		w.putInvite(1, "sub-1")
		n := crowd()
		counts := w.race(n, func(node *store.Store, i int) error {
			_, err := node.TryPiece(w.t.Context(), hash(1), fmt.Append(nil, "guess ", i), pieceTries, holder(1))
			return err
		})
		if counts[store.ErrConflict] != pieceTries || counts[store.ErrNotFound] != n-pieceTries {
			w.t.Errorf("got %v, want %d that were heard", counts, pieceTries)
		}
		if got, err := w.first.Invite(w.t.Context(), hash(1)); err != nil || got.Tries != pieceTries {
			w.t.Errorf("got %d tries, %v, want %d", got.Tries, err, pieceTries)
		}
	})
}

func TestManyInvitesOfOneAccount(t *testing.T) {
	engines(t, func(w *world) {
		const account = "sub-1"
		n := crowd()
		counts := w.race(n, func(node *store.Store, i int) error {
			_, err := node.PutInvite(w.t.Context(), invite(i, account))
			return err
		})
		list, err := w.first.Invites(w.t.Context(), "eu-west-1_pool", account, 2000)
		must(w.t, err)
		states := map[helpdesk.InviteState]int{}
		for _, one := range list {
			states[one.State]++
		}
		if counts[nil] != n || states[helpdesk.InviteLive] != 1 || states[helpdesk.InviteCancelled] != n-1 || list[0].State != helpdesk.InviteLive {
			w.t.Errorf("got %v and %v, want %d made, the newest alone live", counts, states, n)
		}
	})
}

// TestFreezeAgainstFinish: "this was not me" and the finish of a set-up meet; whichever comes first, the other is told.
func TestFreezeAgainstFinish(t *testing.T) {
	engines(t, func(w *world) {
		for i := range 50 {
			account := fmt.Sprint("sub-", i)
			id := w.putInvite(i, account)
			_, err := w.first.TryPiece(w.t.Context(), hash(i), []byte("right"), pieceTries, holder(1))
			must(w.t, err)
			counts := w.race(2, func(node *store.Store, side int) error {
				if side == 0 {
					return node.RevokeInvites(w.t.Context(), "eu-west-1_pool", helpdesk.Change{Account: account})
				}
				return node.SpendInvite(w.t.Context(), id, holder(1))
			})
			want := helpdesk.InviteSpent
			if counts[store.ErrConflict] == 1 {
				want = helpdesk.InviteRevoked
			}
			w.wantState(i, want)
		}
	})
}

func TestOldInvitesArePurged(t *testing.T) {
	engines(t, func(w *world) {
		w.putInvite(1, "sub-1")
		w.clock.advance(time.Hour + 30*24*time.Hour - time.Second)
		w.purge(w.first, 0)
		w.clock.advance(time.Second)
		w.purge(w.first, 1)
	})
}

// BenchmarkInvite makes, opens and spends an invite, and looks it up once: what one redemption costs the store.
func BenchmarkInvite(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := 0; b.Loop(); i++ {
			id, err := s.PutInvite(b.Context(), invite(i, fmt.Sprint("sub-", i)))
			must(b, err)
			_, err = s.Invite(b.Context(), hash(i))
			must(b, err)
			_, err = s.TryPiece(b.Context(), hash(i), []byte("right"), pieceTries, holder(1))
			must(b, err)
			must(b, s.SpendInvite(b.Context(), id, holder(1)))
		}
	})
}
