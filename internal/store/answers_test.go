package store_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

func TestARequestIsAnsweredOnce(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		claim, answer, err := w.first.ClaimAnswer(ctx, hash(1), hash(11))
		must(t, err)
		if claim == 0 || answer != nil {
			t.Fatalf("first: got claim %d, answer %q, want a claim", claim, answer)
		}
		if again, answer, err := w.node().ClaimAnswer(ctx, hash(1), hash(11)); again != 0 || answer != nil || err != nil {
			t.Errorf("meanwhile: got %d, %q, %v, want nothing", again, answer, err)
		}
		must(t, w.node().KeepAnswer(ctx, hash(1), claim, []byte("sealed \x00\xff bytes")))
		wantKind(t, w.first.KeepAnswer(ctx, hash(1), claim, []byte("another")), store.ErrConflict)
		must(t, w.first.ForgetAnswer(ctx, hash(1), claim)) // of no effect: it was answered
		for range 2 {
			if again, answer, err := w.node().ClaimAnswer(ctx, hash(1), hash(11)); again != 0 || string(answer) != "sealed \x00\xff bytes" || err != nil {
				t.Errorf("afterwards: got %d, %q, %v, want the answer", again, answer, err)
			}
		}
		_, _, err = w.node().ClaimAnswer(ctx, hash(1), hash(12))
		wantKind(t, err, store.ErrConflict)
		if other, _, err := w.node().ClaimAnswer(ctx, hash(2), hash(11)); other == 0 || err != nil {
			t.Errorf("another key: got %d, %v, want a claim", other, err)
		}
	})
}

func TestAnUnansweredRequestCanBeSaidAgain(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		claim, _, err := w.first.ClaimAnswer(ctx, hash(1), hash(11))
		must(t, err)
		must(t, w.first.ForgetAnswer(ctx, hash(1), claim))
		w.clock.advance(time.Second)
		second, _, err := w.node().ClaimAnswer(ctx, hash(1), hash(12)) // nothing came of the first: it may be another
		must(t, err)
		w.clock.advance(2*time.Minute - time.Second)
		if early, _, err := w.node().ClaimAnswer(ctx, hash(1), hash(12)); early != 0 || err != nil {
			t.Errorf("within two minutes: got %d, %v, want no claim", early, err)
		}
		w.clock.advance(time.Second)
		_, _, err = w.node().ClaimAnswer(ctx, hash(1), hash(11))
		wantKind(t, err, store.ErrConflict)
		third, _, err := w.node().ClaimAnswer(ctx, hash(1), hash(12)) // whoever had it was killed
		must(t, err)
		if second == 0 || third == 0 || third == second {
			t.Errorf("got claims %d and %d, want two", second, third)
		}
		// He was slow, not dead: his answer is not the one that counts.
		wantKind(t, w.first.KeepAnswer(ctx, hash(1), second, []byte("late")), store.ErrConflict)
		must(t, w.first.ForgetAnswer(ctx, hash(1), second))
		must(t, w.first.KeepAnswer(ctx, hash(1), third, []byte("right")))
	})
}

func TestAnswersAreForgottenAfterADay(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		for i := range 2 {
			claim, _, err := w.first.ClaimAnswer(ctx, hash(i), hash(11))
			must(t, err)
			must(t, w.first.KeepAnswer(ctx, hash(i), claim, []byte("answer")))
		}
		w.clock.advance(24*time.Hour - time.Microsecond)
		w.purge(w.first, 0)
		if _, answer, err := w.first.ClaimAnswer(ctx, hash(1), hash(11)); string(answer) != "answer" || err != nil {
			t.Errorf("just before: got %q, %v", answer, err)
		}
		w.clock.advance(time.Microsecond)
		if claim, answer, err := w.node().ClaimAnswer(ctx, hash(1), hash(12)); claim == 0 || answer != nil || err != nil {
			t.Errorf("afterwards: got %d, %q, %v, want a claim", claim, answer, err)
		}
		w.purge(w.first, 1) // the other one
	})
}

func TestManyAskToAnswer(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		var claims atomic.Int64
		n := crowd()
		counts := w.race(n, func(node *store.Store, _ int) error {
			claim, _, err := node.ClaimAnswer(t.Context(), hash(1), hash(11))
			if claim != 0 {
				claims.Add(1)
			}
			return err
		})
		if claims.Load() != 1 || counts[nil] != n {
			t.Errorf("got %d claims, %v, want one", claims.Load(), counts)
		}
	})
}

func TestDeliveriesAreTakenOneByOne(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		for _, name := range []string{"a", "b", "c"} {
			must(t, w.first.PutDelivery(ctx, name, []byte(`{"name":"`+name+`"}`)))
			w.clock.advance(time.Second)
		}
		two, err := w.first.TakeDeliveries(ctx, 2, time.Minute)
		must(t, err)
		one, err := w.node().TakeDeliveries(ctx, 2, time.Minute)
		must(t, err)
		if len(two) != 2 || len(one) != 1 || one[0].Message != "c" {
			t.Fatalf("got %v and %v, want two and the third", two, one)
		}
		if d := one[0]; d.Tries != 1 || !d.CreatedAt.Equal(start.Add(2*time.Second)) || !bytes.Equal(d.Body, []byte(`{"name":"c"}`)) {
			t.Errorf("got %+v", d)
		}
		must(t, w.first.DropDelivery(ctx, one[0].ID))
		must(t, w.first.DelayDelivery(ctx, two[0].ID, start.Add(time.Hour)))
		w.clock.advance(time.Minute) // the third's process was killed
		again, err := w.node().TakeDeliveries(ctx, 10, time.Minute)
		must(t, err)
		if len(again) != 1 || again[0].ID != two[1].ID || again[0].Tries != 2 {
			t.Errorf("after the lease: got %v, want %d at its second try", again, two[1].ID)
		}
		w.clock.advance(time.Hour)
		last, err := w.first.TakeDeliveries(ctx, 10, time.Minute)
		must(t, err)
		if len(last) != 2 {
			t.Errorf("an hour later: got %v, want two", last)
		}
	})
}

func TestNodesTakeDeliveriesAtOnce(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		for range 200 {
			must(t, w.first.PutDelivery(t.Context(), "m", nil))
		}
		var taken, twice atomic.Int64
		counts := w.race(40, func(node *store.Store, _ int) error {
			list, err := node.TakeDeliveries(t.Context(), 10, time.Minute)
			for _, d := range list {
				taken.Add(1)
				if d.Tries != 1 {
					twice.Add(1)
				}
			}
			return err
		})
		for left := 1; left > 0; { // those who met on the same rows went away with fewer
			list, err := w.first.TakeDeliveries(t.Context(), 10, time.Minute)
			must(t, err)
			left = len(list)
			taken.Add(int64(left))
		}
		if taken.Load() != 200 || twice.Load() != 0 || counts[nil] != 40 {
			t.Errorf("got %d taken, %d twice, %v, want each of 200 once", taken.Load(), twice.Load(), counts)
		}
	})
}
