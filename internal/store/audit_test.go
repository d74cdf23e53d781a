package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
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
		if deeds, err := w.first.Deeds(ctx, "sub-1", "sub-1", 0, 10); err != nil || len(deeds) != 1 {
			t.Errorf("one name twice: got %v, %v, want one deed", deeds, err)
		}
	})
}

// TestAuditNamesWhatWasChanged changes each field of an entry, removes entries and puts one in, in a chain that is
// longer than one batch of the walk.
func TestAuditNamesWhatWasChanged(t *testing.T) {
	type entries = []store.AuditEntry
	one := func(seq int, change func(e *store.AuditEntry)) func(entries) entries {
		return func(chain entries) entries {
			change(&chain[seq-1])
			return chain
		}
	}
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		whole := w.chain(510)
		_, err := w.first.VerifyAudit(ctx)
		must(t, err)
		for _, test := range []struct {
			name   string
			change func(entries) entries
			want   int64
		}{
			{"moment", one(100, func(e *store.AuditEntry) { e.At = e.At.Add(time.Microsecond) }), 100},
			{"actor", one(1, func(e *store.AuditEntry) { e.Actor = "mallory" }), 1},
			{"action", one(510, func(e *store.AuditEntry) { e.Action = "nothing" }), 510},
			{"no target", one(501, func(e *store.AuditEntry) { e.Target = "" }), 501},
			{"stage", one(500, func(e *store.AuditEntry) { e.Stage = "rumour" }), 500},
			{"intent", one(100, func(e *store.AuditEntry) { e.Intent = 3 }), 100},
			{"detail", one(100, func(e *store.AuditEntry) { e.Detail += " " }), 100},
			{"the same letters", one(100, func(e *store.AuditEntry) { e.Actor, e.Action = "gracerevoke", " invite" }), 100},
			{"previous", one(100, func(e *store.AuditEntry) { e.Previous = e.Hash }), 100},
			{"hash", one(100, func(e *store.AuditEntry) { e.Hash = e.Previous }), 100},
			{"no hash", one(100, func(e *store.AuditEntry) { e.Hash = [32]byte{} }), 100},
			{"without the first", func(chain entries) entries { return chain[1:] }, 1},
			{"without one", func(chain entries) entries { return slices.Delete(chain, 99, 100) }, 100},
			{"without the last eleven", func(chain entries) entries { return chain[:499] }, 500},
			{"without the last", func(chain entries) entries { return chain[:509] }, 510},
			{"without any", func(entries) entries { return nil }, 1},
			{"one more", func(chain entries) entries {
				more := chain[509]
				more.Seq = 511
				return append(chain, more)
			}, 511},
			{"two with other numbers", func(chain entries) entries {
				chain[6].Seq, chain[7].Seq = -7, -8
				return chain
			}, 7},
		} {
			forged := test.change(slices.Clone(whole))
			must(t, store.ReplaceAudit(ctx, w.first, whole, forged))
			_, err := w.first.VerifyAudit(ctx)
			if broken, ok := errors.AsType[*store.BrokenChain](err); !ok || broken.Seq != test.want {
				t.Errorf("%s: got %v, want entry %d named", test.name, err, test.want)
			}
			must(t, store.ReplaceAudit(ctx, w.first, forged, whole))
		}
		if w.table() == "" { // a hash that is none
			must(t, store.Exec(ctx, w.first, `UPDATE audit SET hash = '' WHERE seq = 100`))
			_, err := w.first.VerifyAudit(ctx)
			if broken, ok := errors.AsType[*store.BrokenChain](err); !ok || broken.Seq != 100 {
				t.Errorf("an empty hash: got %v, want entry 100 named", err)
			}
		}
	})
}

// chain is a chain of n entries, put there all at once: it is not the appending that is tried.
func (w *world) chain(n int) []store.AuditEntry {
	w.t.Helper()
	whole := make([]store.AuditEntry, n)
	for i := range whole {
		whole[i] = store.AuditEntry{
			Seq: int64(i + 1), At: start.Add(time.Duration(i) * time.Millisecond), Actor: "grace", Action: "revoke invite", Target: "sub-1",
			Stage: []string{"intent", "result"}[i%2], Intent: int64(i % 2 * i), Detail: fmt.Sprint(i),
		}
		if i > 0 {
			whole[i].Previous = whole[i-1].Hash
		}
		store.Rehash(&whole[i])
	}
	must(w.t, store.ReplaceAudit(w.t.Context(), w.first, nil, whole))
	must(w.t, store.SetAuditHead(w.t.Context(), w.first, whole[n-1]))
	return whole
}

// TestAuditForgedWithHashes: somebody who knows how hashes are made forges one entry, then all that follow it as well.
// Who forges the newest hash, too, is found out by whoever has noted it down.
func TestAuditForgedWithHashes(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		chain := w.audit(9)
		forge := func(i int) {
			before := slices.Clone(chain)
			store.Rehash(&chain[i])
			before[i] = store.AuditEntry{Seq: chain[i].Seq}
			must(t, store.ReplaceAudit(ctx, w.first, before, chain))
		}
		wantBroken := func(want int64) {
			t.Helper()
			_, err := w.first.VerifyAudit(ctx)
			if broken, ok := errors.AsType[*store.BrokenChain](err); !ok || broken.Seq != want {
				t.Errorf("got %v, want entry %d named", err, want)
			}
		}
		chain[4].Actor = "mallory"
		forge(4)
		wantBroken(6)
		for i := 5; i < 9; i++ {
			chain[i].Previous = chain[i-1].Hash
			forge(i)
		}
		wantBroken(9)
		must(t, store.SetAuditHead(ctx, w.first, chain[8]))
		if last, err := w.first.VerifyAudit(ctx); err != nil || last.Hash != chain[8].Hash {
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
