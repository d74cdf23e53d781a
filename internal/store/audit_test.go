package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

func (w *world) audit(n int) []store.AuditEntry {
	w.t.Helper()
	var written []store.AuditEntry
	for i := range n {
		entry, err := w.first.AppendAudit(w.t.Context(), store.AuditEntry{
			Actor: "grace", Action: "revoke invite", Target: "sub-1", Stage: []string{"intent", "result"}[i%2], Intent: int64(i % 2 * i), Detail: fmt.Sprint(i),
		})
		must(w.t, err)
		written = append(written, entry)
		w.clock.advance(time.Millisecond)
	}
	return written
}

func TestAuditChain(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		if last, err := w.first.VerifyAudit(ctx); err != nil || last.Seq != 0 {
			t.Errorf("an empty chain: got %v, %v", last, err)
		}
		written := w.audit(7)
		for i, entry := range written {
			if entry.Seq != int64(i+1) || !entry.At.Equal(start.Add(time.Duration(i)*time.Millisecond)) || entry.Hash == [32]byte{} {
				t.Errorf("entry %d: got %+v", i+1, entry)
			}
		}
		head, err := w.node().Audit(ctx, 0, 4)
		must(t, err)
		tail, err := w.first.Audit(ctx, 4, 100)
		must(t, err)
		if got := append(head, tail...); !reflect.DeepEqual(got, written) {
			t.Errorf("got %v, want %v", got, written)
		}
		if last, err := w.node().VerifyAudit(ctx); err != nil || last != written[6] {
			t.Errorf("verify: got %v, %v, want %v", last, err, written[6])
		}
	})
}

// TestAuditNamesWhatWasChanged changes each column of an entry, removes entries and puts one in, in a chain that is
// longer than one batch of the walk.
func TestDeedsOfOneAccount(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		say := func(stage, target, detail string, intent int64) int64 {
			entry, err := w.first.AppendAudit(ctx, store.AuditEntry{Actor: "grace", Action: "act", Target: target, Stage: stage, Intent: intent, Detail: detail})
			must(t, err)
			return entry.Seq
		}
		first := say("intent", "sub-1 ada", "first", 0)
		other := say("intent", "sub-12 eve", "another's", 0)
		second := say("intent", "sub-1", "second", 0) // under the sub alone, while the first is under way
		say("result", "sub-1", "done second", second)
		say("result", "sub-12 eve", "done other", other)
		say("result", "sub-1 ada", "done first", first)
		third := say("intent", "sub-1 ada", "cut off", 0)
		list := func(before int64, limit int) string {
			deeds, err := w.node().Deeds(ctx, "sub-1", "sub-1 ada", before, limit)
			must(t, err)
			var texts []string
			for _, d := range deeds {
				texts = append(texts, fmt.Sprintf("%d %s %s %s %t %s", d.Seq, d.Actor, d.Action, d.Detail, d.Answered, d.Result))
			}
			return strings.Join(texts, ", ")
		}
		want := []string{
			fmt.Sprintf("%d grace act cut off false ", third), fmt.Sprintf("%d grace act second true done second", second), fmt.Sprintf("%d grace act first true done first", first),
		}
		if got := list(0, 10); got != strings.Join(want, ", ") {
			t.Errorf("got %s", got)
		}
		if got := list(0, 2) + " | " + list(second, 2); got != want[0]+", "+want[1]+" | "+want[2] {
			t.Errorf("page by page: got %s", got)
		}
	})
}

func TestAuditNamesWhatWasChanged(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		w.audit(510)
		const copied = `CREATE TABLE saved AS SELECT * FROM audit`
		must(t, store.Exec(ctx, w.first, copied))
		for _, test := range []struct {
			change string
			want   int64
		}{
			{`UPDATE audit SET moment = moment + 1 WHERE seq = 100`, 100},
			{`UPDATE audit SET actor = 'mallory' WHERE seq = 1`, 1},
			{`UPDATE audit SET action = 'nothing' WHERE seq = 510`, 510},
			{`UPDATE audit SET target = '' WHERE seq = 501`, 501},
			{`UPDATE audit SET stage = 'rumour' WHERE seq = 500`, 500},
			{`UPDATE audit SET intent = 3 WHERE seq = 100`, 100},
			{`UPDATE audit SET detail = detail || ' ' WHERE seq = 100`, 100},
			{`UPDATE audit SET actor = 'gracerevoke', action = ' invite' WHERE seq = 100`, 100}, // same letters
			{`UPDATE audit SET previous = hash WHERE seq = 100`, 100},
			{`UPDATE audit SET hash = previous WHERE seq = 100`, 100},
			{`UPDATE audit SET hash = '' WHERE seq = 100`, 100},
			{`DELETE FROM audit WHERE seq = 1`, 1},
			{`DELETE FROM audit WHERE seq = 100`, 100},
			{`DELETE FROM audit WHERE seq > 499`, 500},
			{`DELETE FROM audit WHERE seq = 510`, 510},
			{`DELETE FROM audit`, 1},
			{`INSERT INTO audit SELECT 511, moment, actor, action, target, stage, intent, detail, previous, hash FROM audit WHERE seq = 510`, 511},
			{`UPDATE audit SET seq = -seq WHERE seq IN (7, 8)`, 7},
		} {
			must(t, store.Exec(ctx, w.first, test.change))
			_, err := w.first.VerifyAudit(ctx)
			if broken, ok := errors.AsType[*store.BrokenChain](err); !ok || broken.Seq != test.want {
				t.Errorf("%s: got %v, want entry %d named", test.change, err, test.want)
			}
			must(t, store.Exec(ctx, w.first, `DELETE FROM audit`))
			must(t, store.Exec(ctx, w.first, `INSERT INTO audit SELECT * FROM saved`))
		}
		_, err := w.first.VerifyAudit(ctx)
		must(t, err)
	})
}

// TestAuditForgedWithHashes: somebody who knows how hashes are made forges one entry, then all that follow it as well.
// Who forges the newest hash, too, is found out by whoever has noted it down.
func TestAuditForgedWithHashes(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		chain := w.audit(9)
		forge := func(entry *store.AuditEntry) {
			store.Rehash(entry)
			must(t, store.Exec(ctx, w.first, `UPDATE audit SET actor = $2, previous = $3, hash = $4 WHERE seq = $1`,
				entry.Seq, entry.Actor, entry.Previous[:], entry.Hash[:]))
		}
		wantBroken := func(want int64) {
			t.Helper()
			_, err := w.first.VerifyAudit(ctx)
			if broken, ok := errors.AsType[*store.BrokenChain](err); !ok || broken.Seq != want {
				t.Errorf("got %v, want entry %d named", err, want)
			}
		}
		chain[4].Actor = "mallory"
		forge(&chain[4])
		wantBroken(6)
		for i := 5; i < 9; i++ {
			chain[i].Previous = chain[i-1].Hash
			forge(&chain[i])
		}
		wantBroken(9)
		noted := chain[8].Hash
		must(t, store.Exec(ctx, w.first, `UPDATE audit_head SET hash = $1`, noted[:]))
		if last, err := w.first.VerifyAudit(ctx); err != nil || last.Hash != noted {
			t.Errorf("got %v, %v, want a whole chain that ends in the forged hash", last, err)
		}
	})
}

func TestManyAppendToOneChain(t *testing.T) {
	engines(t, func(w *world) {
		n := crowd()
		counts := w.race(n, func(node *store.Store, i int) error {
			_, err := node.AppendAudit(w.t.Context(), store.AuditEntry{Actor: fmt.Sprint("agent ", i), Action: "look up"})
			return err
		})
		last, err := w.first.VerifyAudit(w.t.Context())
		if counts[nil] != n || err != nil || last.Seq != int64(n) {
			w.t.Errorf("got %v, then a chain up to %d, %v, want %d entries", counts, last.Seq, err, n)
		}
	})
}

func BenchmarkAppendAudit(b *testing.B) {
	benchmark(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		for b.Loop() {
			_, err := s.AppendAudit(b.Context(), store.AuditEntry{Actor: "grace", Action: "look up", Target: "sub-1", Stage: "intent"})
			must(b, err)
		}
	})
}
