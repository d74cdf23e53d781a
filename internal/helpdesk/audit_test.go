package helpdesk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

// TestNoAuditNoEffect: with a trail that cannot be written, nothing that an agent or an owner can do changes the pool or
// a link.
func TestNoAuditNoEffect(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.withPhone("ada")
		w.add("bob")
		link := w.mint(minting("bob"))
		w.ok(w.desk.SendLink(w.ctx, w.agent("grace"), link.ID, link.Locator))
		held := w.open(link).Held
		token := w.outbox.sent["link-1"].NotMe
		agents := map[string]helpdesk.Agent{"grace": w.agent("grace"), "lena": w.agent("lena"), "root": w.agent("root")}
		grace := agents["grace"]
		before := w.trail()
		invite, err := w.store.InviteByID(w.ctx, link.ID)
		w.ok(err)
		clear(w.outbox.sent)
		w.pool.ResetRequests()

		w.faults.fail("AppendAudit")
		var csv, export bytes.Buffer
		for name, effect := range map[string]func() error{
			"mint":        func() error { _, err := w.desk.Mint(w.ctx, grace, minting("bob")); return err },
			"piece":       func() error { _, err := w.desk.IssuePiece(w.ctx, grace, link.ID); return err },
			"send":        func() error { return w.desk.SendLink(w.ctx, grace, link.ID, link.Locator) },
			"revoke":      func() error { return w.desk.Revoke(w.ctx, grace, link.ID) },
			"lost phone":  func() error { _, err := w.desk.LostPhone(w.ctx, grace, lostPhone("ada")); return err },
			"request":     func() error { _, err := w.desk.Request(w.ctx, grace, asking("bob")); return err },
			"spend":       func() error { return w.desk.Spend(w.ctx, held, "bob") },
			"freeze":      func() error { return w.desk.Freeze(w.ctx, token) },
			"CSV":         func() error { return w.desk.CoverageCSV(w.ctx, agents["lena"], &csv) },
			"audit lines": func() error { return w.desk.ExportAudit(w.ctx, agents["root"], &export) },
			"sweep":       func() error { _, err := w.desk.Sweep(w.ctx, agents["lena"], helpdesk.SweepBudget{}); return err },
		} {
			if err := effect(); helpdesk.KindOf(err) != helpdesk.StoreDown {
				t.Errorf("%s: got %v, want it refused", name, err)
			}
		}
		w.faults.fail("")
		for _, r := range w.pool.Requests() {
			if !strings.HasPrefix(r.Operation, "AdminGet") && !strings.HasPrefix(r.Operation, "AdminList") {
				t.Errorf("the pool was asked for %s", r.Operation)
			}
		}
		after, err := w.store.InviteByID(w.ctx, link.ID)
		if err != nil || fmt.Sprint(after) != fmt.Sprint(invite) {
			t.Errorf("the link changed:\n%+v\n%+v", invite, after)
		}
		if csv.Len()+export.Len()+len(w.outbox.sent) != 0 {
			t.Errorf("something left the portal: %d, %d, %d", csv.Len(), export.Len(), len(w.outbox.sent))
		}
		if !w.asksForApp("ada") || len(w.trail()) != len(before) {
			t.Error("something happened")
		}
	})
}

// TestMeansAreHandedOutInOnePlace: whatever can change something is reached through auditor.do alone.
func TestMeansAreHandedOutInOnePlace(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(source, []byte(".means")) && name != "audit.go" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s reaches for the means itself", name)
		}
		if bytes.Contains(source, []byte("means{")) && name != "helpdesk.go" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s makes means", name)
		}
	}
}

// TestResultThatCannotBeWritten: the intent stands alone, and whoever reads it knows that it may have happened.
func TestResultThatCannotBeWritten(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	link := w.mint(minting("ada"))
	w.faults.failAt("AppendAudit", 1, false)
	w.kind(w.desk.Revoke(w.ctx, w.agent("grace"), link.ID), helpdesk.StoreDown)
	trail := w.trail()
	if last := trail[len(trail)-1]; last.Action != "revoke link" || last.Stage != helpdesk.StageIntent {
		t.Errorf("the trail ends in %+v", last)
	}
}

func TestTrailSaysWhoWhatAndWhy(t *testing.T) {
	w := inMemory(t, nil)
	sub := w.add("ada")
	grace := w.agent("grace")
	w.mint(minting("ada"))
	trail := w.trail()
	first := trail[0]
	if first.Actor != grace.String() || first.Action != "make link" || first.Target != sub+" ada" || first.Stage != helpdesk.StageIntent ||
		first.Detail != `first, ticket "INC-1", reason "new employee", proof "called back", language "en", lifetime 1h0m0s` {
		t.Errorf("got %+v", first)
	}
	if second := trail[1]; second.Intent != first.Seq || second.Detail != "link 1" || second.Stage != helpdesk.StageResult {
		t.Errorf("got %+v", second)
	}
}

// TestTrailOfOneAccount: what was done to somebody is on his page, whoever did it, and nothing of anybody else.
func TestTrailOfOneAccount(t *testing.T) {
	w := inMemory(t, nil)
	w.withPhone("ada")
	w.add("eve")
	w.mint(minting("eve"))
	report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.ok(err)
	w.hide(report.Link)
	w.ok(w.desk.Revoke(w.ctx, w.agent("heidi"), report.Link.ID))
	w.faults.failAt("PutInvite", 0, false)
	wish := minting("ada")
	wish.Purpose = helpdesk.Replace
	_, err = w.desk.Mint(w.ctx, w.agent("grace"), wish)
	w.kind(err, helpdesk.StoreDown)

	list := func(deeds []helpdesk.Deed) string {
		var texts []string
		for _, d := range deeds {
			texts = append(texts, d.Action)
		}
		return strings.Join(texts, ", ")
	}
	want := "make link, revoke link, tell owner, forget devices, end sessions, issue piece, drop app, make link"
	_, all, err := w.desk.Trail(w.ctx, w.agent("grace"), "ada", 0, 100)
	w.ok(err)
	if got := list(all); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if len(all) > 1 && (!strings.HasPrefix(all[0].Result, "failed: ") || all[1].Actor != "page:"+w.sub("heidi") || !strings.Contains(all[len(all)-1].Detail, "INC-2")) {
		t.Errorf("got %+v", all)
	}
	c, err := w.desk.Case(w.ctx, w.agent("heidi"), "ada")
	if err != nil || len(c.Trail) != min(len(all), 10) || c.Trail[0] != all[0] {
		t.Errorf("the account's page has %+v, %v", c.Trail, err)
	}
	_, _, err = w.desk.Trail(w.ctx, helpdesk.Agent{}, "ada", 0, 100)
	w.kind(err, helpdesk.NotAllowed)
}

func TestExportedTrail(t *testing.T) {
	w := inMemory(t, nil)
	for i := range 3 {
		w.add(fmt.Sprint("user-", i))
		wish := minting(fmt.Sprint("user-", i))
		wish.Reason = `<b>"quoted" & ünï 電話 \`
		w.mint(wish)
		w.clock.advance(time.Millisecond)
	}
	var out bytes.Buffer
	w.ok(w.desk.ExportAudit(w.ctx, w.agent("root"), &out))
	last, err := helpdesk.VerifyExport(bytes.NewReader(out.Bytes()))
	w.ok(err)
	if want := w.trail()[last.Seq-1]; last.Hash != want.Hash || last.Action != "export audit" {
		t.Errorf("the export ends in %+v, want %+v", last, want)
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))

	// Every byte of a line, flipped: its entry is named, or the next one, which no longer follows.
	for at := range lines[2] {
		changed := bytes.Clone(out.Bytes())
		offset := len(lines[0]) + len(lines[1]) + at
		changed[offset] ^= 1
		_, err := helpdesk.VerifyExport(bytes.NewReader(changed))
		broken, ok := errors.AsType[*helpdesk.BrokenChain](err)
		if !ok || broken.Seq != 3 && (broken.Seq != 4 || at < len(lines[2])-1) {
			// JSON's own spelling may differ where its meaning does not.
			if original, twin := lines[2][at], changed[offset]; err == nil && strings.EqualFold(string(original), string(twin)) {
				continue
			}
			t.Errorf("byte %d (%q) flipped: got %v, want entry 3 named", at, lines[2][at], err)
		}
	}
	for name, test := range map[string]struct {
		lines [][]byte
		want  int64
	}{
		"a line dropped":  {append(append([][]byte{}, lines[:3]...), lines[4:]...), 4},
		"the first one":   {lines[1:], 1},
		"two exchanged":   {[][]byte{lines[0], lines[2], lines[1]}, 2},
		"one twice":       {[][]byte{lines[0], lines[1], lines[1]}, 3},
		"an empty line":   {[][]byte{lines[0], []byte("\n"), lines[1]}, 2},
		"something else":  {[][]byte{lines[0], []byte("null\n")}, 2},
		"a hash too long": {[][]byte{bytes.Replace(lines[0], []byte(`"hash":"`), []byte(`"hash":"00`), 1)}, 1},
	} {
		_, err := helpdesk.VerifyExport(bytes.NewReader(bytes.Join(test.lines, nil)))
		if broken, ok := errors.AsType[*helpdesk.BrokenChain](err); !ok || broken.Seq != test.want {
			t.Errorf("%s: got %v, want entry %d named", name, err, test.want)
		}
	}
}
