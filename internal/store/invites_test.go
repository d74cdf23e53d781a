package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

const pieceTries = 5

func invite(i int, account string) store.Invite {
	return store.Invite{
		LocatorHash: hash(i), Pool: "eu-west-1_pool", Account: account, Purpose: "first set-up", Agent: "grace", Ticket: "INC-1",
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

func (w *world) wantState(i int, want store.InviteState) {
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
		want.ID, want.State, want.CreatedAt, want.ChangedAt = id, store.InviteLive, start, start

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
		w.wantState(1, store.InviteLive) // the failed one cancelled nothing
	})
}

// TestInviteMoves is the whole state machine: what may follow what.
func TestInviteMoves(t *testing.T) {
	engines(t, func(w *world) {
		moves := map[string]func(i int, id int64) error{
			"open": func(i int, _ int64) error {
				_, err := w.first.TryPiece(w.t.Context(), hash(i), []byte("right"), pieceTries)
				return err
			},
			"wrong": func(i int, _ int64) error {
				_, err := w.first.TryPiece(w.t.Context(), hash(i), []byte("wrong"), pieceTries)
				return err
			},
			"spend":  func(i int, _ int64) error { return w.first.SpendInvite(w.t.Context(), hash(i)) },
			"revoke": func(_ int, id int64) error { return w.first.RevokeInvite(w.t.Context(), id) },
			"piece": func(_ int, id int64) error {
				return w.first.PutPiece(w.t.Context(), id, []byte("right"), w.clock.Now().Add(10*time.Minute))
			},
			"freeze": func(i int, _ int64) error {
				return w.first.RevokeInvites(w.t.Context(), "eu-west-1_pool", fmt.Sprint("sub-", i))
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
			state store.InviteState
		}{
			{[]string{"open"}, nil, store.InviteOpened},
			{[]string{"open", "open"}, nil, store.InviteOpened}, // on a second device, or the page loaded again
			{[]string{"open", "spend"}, nil, store.InviteSpent},
			{[]string{"spend"}, store.ErrConflict, store.InviteLive}, // without its piece
			{[]string{"open", "spend", "spend"}, store.ErrConflict, store.InviteSpent},
			{[]string{"open", "spend", "open"}, store.ErrNotFound, store.InviteSpent},
			{[]string{"open", "spend", "revoke"}, store.ErrConflict, store.InviteSpent},
			{[]string{"open", "spend", "freeze"}, nil, store.InviteSpent},
			{[]string{"open", "spend", "newer"}, nil, store.InviteSpent},
			{[]string{"open", "spend", "piece"}, store.ErrConflict, store.InviteSpent},
			{[]string{"wrong"}, store.ErrConflict, store.InviteLive},
			{[]string{"wrong", "wrong", "wrong", "wrong", "open"}, nil, store.InviteOpened},
			{[]string{"wrong", "wrong", "wrong", "wrong", "wrong", "open"}, store.ErrNotFound, store.InviteLive},
			{[]string{"wrong", "wrong", "wrong", "wrong", "wrong", "piece", "open"}, store.ErrNotFound, store.InviteLive},
			{[]string{"revoke"}, nil, store.InviteRevoked},
			{[]string{"revoke", "revoke"}, store.ErrConflict, store.InviteRevoked},
			{[]string{"revoke", "open"}, store.ErrNotFound, store.InviteRevoked},
			{[]string{"open", "revoke", "spend"}, store.ErrConflict, store.InviteRevoked},
			{[]string{"open", "freeze", "spend"}, store.ErrConflict, store.InviteRevoked},
			{[]string{"newer"}, nil, store.InviteCancelled},
			{[]string{"open", "newer", "spend"}, store.ErrConflict, store.InviteCancelled},
			{[]string{"newer", "open"}, store.ErrNotFound, store.InviteCancelled},
			{[]string{"an hour", "open"}, store.ErrNotFound, store.InviteLive},
			{[]string{"an hour", "piece"}, store.ErrConflict, store.InviteLive},
			{[]string{"open", "an hour", "spend"}, nil, store.InviteSpent},
			{[]string{"open", "an hour", "open"}, store.ErrNotFound, store.InviteOpened},
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
		_, err := w.first.TryPiece(ctx, hash(1), []byte("right"), pieceTries)
		wantKind(t, err, store.ErrNotFound)

		must(t, w.first.PutPiece(ctx, id, []byte("second"), w.clock.Now().Add(10*time.Minute)))
		_, err = w.first.TryPiece(ctx, hash(1), []byte("right"), pieceTries)
		wantKind(t, err, store.ErrConflict)
		opened, err := w.node().TryPiece(ctx, hash(1), []byte("second"), pieceTries)
		must(t, err)
		if opened.State != store.InviteOpened || opened.Tries != 1 || !opened.ChangedAt.Equal(w.clock.Now()) || opened.ID != id {
			t.Errorf("got %+v, want it opened now with one wrong try", opened)
		}
		wantKind(t, w.first.PutPiece(ctx, id+1, []byte("x"), start), store.ErrNotFound)

		// A piece that outlives its invite does not keep it open.
		must(t, w.first.PutPiece(ctx, id, []byte("third"), start.Add(24*time.Hour)))
		w.clock.advance(50 * time.Minute)
		_, err = w.first.TryPiece(ctx, hash(1), []byte("third"), pieceTries)
		wantKind(t, err, store.ErrNotFound)
	})
}

func TestInviteWithoutPiece(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		bare := invite(1, "sub-1")
		bare.PieceHash, bare.PieceExpiresAt = nil, start.Add(time.Hour)
		_, err := w.first.PutInvite(ctx, bare)
		must(t, err)
		_, err = w.first.TryPiece(ctx, hash(1), nil, pieceTries) // no piece is not an empty piece
		wantKind(t, err, store.ErrConflict)
		must(t, w.first.SpendInvite(ctx, hash(1)))
		w.wantState(1, store.InviteSpent)
		wantKind(t, w.first.SpendInvite(ctx, hash(2)), store.ErrNotFound)
	})
}

func TestThousandSpendOneInvite(t *testing.T) {
	engines(t, func(w *world) {
		w.putInvite(1, "sub-1")
		_, err := w.first.TryPiece(w.t.Context(), hash(1), []byte("right"), pieceTries)
		must(w.t, err)
		counts := w.race(1000, func(node *store.Store, _ int) error { return node.SpendInvite(w.t.Context(), hash(1)) })
		if counts[nil] != 1 || counts[store.ErrConflict] != 999 {
			w.t.Errorf("got %v, want one success and 999 conflicts", counts)
		}
	})
}

func TestThousandGuessOnePiece(t *testing.T) {
	engines(t, func(w *world) {
		w.putInvite(1, "sub-1")
		counts := w.race(1000, func(node *store.Store, i int) error {
			_, err := node.TryPiece(w.t.Context(), hash(1), fmt.Append(nil, "guess ", i), pieceTries)
			return err
		})
		if counts[store.ErrConflict] != pieceTries || counts[store.ErrNotFound] != 1000-pieceTries {
			w.t.Errorf("got %v, want %d that were heard", counts, pieceTries)
		}
		if got, err := w.first.Invite(w.t.Context(), hash(1)); err != nil || got.Tries != pieceTries {
			w.t.Errorf("got %d tries, %v, want %d", got.Tries, err, pieceTries)
		}
	})
}

func TestThousandInvitesOfOneAccount(t *testing.T) {
	engines(t, func(w *world) {
		const account = "sub-1"
		counts := w.race(1000, func(node *store.Store, i int) error {
			_, err := node.PutInvite(w.t.Context(), invite(i, account))
			return err
		})
		list, err := w.first.Invites(w.t.Context(), "eu-west-1_pool", account, 2000)
		must(w.t, err)
		states := map[store.InviteState]int{}
		for _, one := range list {
			states[one.State]++
		}
		if counts[nil] != 1000 || states[store.InviteLive] != 1 || states[store.InviteCancelled] != 999 || list[0].State != store.InviteLive {
			w.t.Errorf("got %v and %v, want a thousand made, the newest alone live", counts, states)
		}
	})
}

// TestFreezeAgainstFinish: "this was not me" and the finish of a set-up meet; whichever comes first, the other is told.
func TestFreezeAgainstFinish(t *testing.T) {
	engines(t, func(w *world) {
		for i := range 50 {
			account := fmt.Sprint("sub-", i)
			w.putInvite(i, account)
			_, err := w.first.TryPiece(w.t.Context(), hash(i), []byte("right"), pieceTries)
			must(w.t, err)
			counts := w.race(2, func(node *store.Store, side int) error {
				if side == 0 {
					return node.RevokeInvites(w.t.Context(), "eu-west-1_pool", account)
				}
				return node.SpendInvite(w.t.Context(), hash(i))
			})
			want := store.InviteSpent
			if counts[store.ErrConflict] == 1 {
				want = store.InviteRevoked
			}
			w.wantState(i, want)
		}
	})
}

func TestOldInvitesArePurged(t *testing.T) {
	engines(t, func(w *world) {
		w.putInvite(1, "sub-1")
		w.clock.advance(time.Hour + 30*24*time.Hour - time.Second)
		purge(w.t, w.first, 0)
		w.clock.advance(time.Second)
		purge(w.t, w.first, 1)
	})
}

// BenchmarkInvite makes, opens and spends an invite, and looks it up once: what one redemption costs the store.
func BenchmarkInvite(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for i := 0; b.Loop(); i++ {
			_, err := s.PutInvite(b.Context(), invite(i, fmt.Sprint("sub-", i)))
			must(b, err)
			_, err = s.Invite(b.Context(), hash(i))
			must(b, err)
			_, err = s.TryPiece(b.Context(), hash(i), []byte("right"), pieceTries)
			must(b, err)
			must(b, s.SpendInvite(b.Context(), hash(i)))
		}
	})
}
