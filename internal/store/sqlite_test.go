package store_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/store"
)

func TestSQLiteFileIsPrivate(t *testing.T) {
	for _, name := range []string{"portal.db", "a name with % and ? and #.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := open(t, "sqlite:"+path, store.Options{Now: time.Now})
		must(t, s.EndSession(t.Context(), sid(1), start))
		for _, suffix := range []string{"", "-wal", "-shm"} {
			info, err := os.Stat(path + suffix)
			must(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s%s: got mode %v, want 0600", name, suffix, info.Mode())
			}
		}
	}
}

// TestSQLiteWritesAreOnDisk checks the two settings without which a power cut loses what was answered with success.
func TestSQLiteWritesAreOnDisk(t *testing.T) {
	w := newWorld(t, sqliteFile(t))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2"} {
		if got, err := store.QueryText(t.Context(), w.first, "PRAGMA "+pragma); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", pragma, got, err, want)
		}
	}
}

// TestSQLiteTornWrite cuts the write-ahead log at many places, as a power cut in the middle of a write does: what was
// complete up to there is found again, in the order in which it was written, and nothing else.
func TestSQLiteTornWrite(t *testing.T) {
	w := newWorld(t, sqliteFile(t))
	path := strings.TrimPrefix(w.url, "sqlite:")
	const writes = 40
	for i := range writes {
		must(t, w.first.EndSession(t.Context(), sid(i), start))
	}
	database, err := os.ReadFile(path)
	must(t, err)
	log, err := os.ReadFile(path + "-wal")
	must(t, err)

	before := -1
	for cut := 0; cut < len(log); cut += 8209 { // prime: within headers, within pages, at their ends
		torn := filepath.Join(t.TempDir(), "portal.db")
		must(t, os.WriteFile(torn, database, 0o600))
		must(t, os.WriteFile(torn+"-wal", log[:cut], 0o600))
		s := open(t, "sqlite:"+torn, store.Options{Now: w.clock.Now, ReadTimeout: patience, WriteTimeout: patience})
		found := 0
		for i := range writes {
			ended, err := s.SessionEnded(t.Context(), sid(i))
			must(t, err)
			if ended && found != i {
				t.Fatalf("cut at %d of %d: write %d is there, but not %d", cut, len(log), i, found)
			}
			if ended {
				found++
			}
		}
		if found < before {
			t.Fatalf("cut at %d of %d: %d writes found, fewer than with a shorter log (%d)", cut, len(log), found, before)
		}
		before = found
		if check, err := store.QueryText(t.Context(), s, "PRAGMA integrity_check"); err != nil || check != "ok" {
			t.Fatalf("cut at %d of %d: %s, %v", cut, len(log), check, err)
		}
		must(t, s.Close())
	}
	if before < writes*3/4 {
		t.Errorf("with nearly the whole log: got %d writes, want nearly %d", before, writes)
	}
}

// TestSQLiteFull: a full disk refuses writes, takes back none, and lets reads go on; with room again, writes go on too.
func TestSQLiteFull(t *testing.T) {
	for name, makeFull := range map[string]func(*testing.T) (w *world, makeRoom func()){
		"page limit": func(t *testing.T) (*world, func()) {
			t.Helper()
			w := newWorld(t, sqliteFile(t))
			must(t, store.Exec(t.Context(), w.first, "PRAGMA max_page_count=100"))
			return w, func() { must(t, store.Exec(t.Context(), w.first, "PRAGMA max_page_count=10000")) }
		},
		"disk": func(t *testing.T) (*world, func()) {
			t.Helper()
			folder, grow := smallDisk(t)
			return newWorld(t, "sqlite:"+filepath.Join(folder, "portal.db")), grow
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			w, makeRoom := makeFull(t)
			put := func(i int) error {
				return w.first.PutHandoff(ctx, store.Handoff{LocatorHash: hash(i), Payload: make([]byte, 3000), ExpiresAt: start.Add(time.Minute)})
			}
			must(t, w.first.EndSession(ctx, sid(1), start))
			kept := 0
			for ; kept < 10000; kept++ {
				if err := put(kept); err != nil {
					wantKind(t, err, store.ErrUnavailable)
					t.Logf("after %d writes: %v", kept, err)
					break
				}
			}
			wantKind(t, put(kept), store.ErrUnavailable)
			if _, err := w.first.AppendAudit(ctx, store.AuditEntry{Detail: strings.Repeat("x", 5000)}); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("audit: got %v, want unavailable", err)
			}
			if ended, err := w.first.SessionEnded(ctx, sid(1)); err != nil || !ended {
				t.Errorf("read on a full disk: got %t, %v", ended, err)
			}
			again := w.open() // a restart on the full disk
			if ended, err := again.SessionEnded(ctx, sid(1)); err != nil || !ended {
				t.Errorf("read after a restart: got %t, %v", ended, err)
			}

			makeRoom()
			must(t, put(kept+1))
			for i := range kept {
				if _, err := again.TakeHandoff(ctx, hash(i)); err != nil {
					t.Fatalf("write %d of %d was answered with success: got %v afterwards", i, kept, err)
				}
			}
			_, err := again.TakeHandoff(ctx, hash(kept))
			wantKind(t, err, store.ErrNotFound) // refused twice, so it is not there
			_, err = w.first.VerifyAudit(ctx)
			must(t, err)
		})
	}
}

// TestSQLiteBackup copies the file with SQL, as sqlite3's ".backup" and "VACUUM INTO" do, while others write.
func TestSQLiteBackup(t *testing.T) {
	w := newWorld(t, sqliteFile(t))
	writer := w.process("write")
	var said []string
	for range 50 {
		said = append(said, writer.next())
	}
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.url, "sqlite:")+"?_busy_timeout=10000")
	must(t, err)
	defer db.Close()
	backup := filepath.Join(t.TempDir(), "backup.db")
	_, err = db.ExecContext(t.Context(), "VACUUM INTO ?", backup)
	must(t, err)
	writer.next() // still at it
	must(t, writer.command.Process.Kill())
	writer.rest()
	w.wantEnded(open(t, "sqlite:"+backup, store.Options{Now: time.Now, ReadTimeout: patience}), said)
}

// TestSQLiteHeldByAnother: a process that holds the file for long costs a write its deadline and nothing else.
func TestSQLiteHeldByAnother(t *testing.T) {
	w := newWorld(t, sqliteFile(t))
	s := open(t, w.url, store.Options{Now: w.clock.Now, ReadTimeout: patience, WriteTimeout: 100 * time.Millisecond})
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.url, "sqlite:")+"?_txlock=immediate")
	must(t, err)
	defer db.Close()
	holder, err := db.BeginTx(t.Context(), nil)
	must(t, err)

	wantKind(t, s.EndSession(t.Context(), sid(1), start), store.ErrUnavailable)
	if ended, err := s.SessionEnded(t.Context(), sid(1)); err != nil || ended {
		t.Errorf("read beside a writer: got %t, %v, want nothing written", ended, err)
	}
	must(t, holder.Rollback())
	must(t, w.first.EndSession(t.Context(), sid(1), start))
}
