package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
)

func TestRestartForgetsNothing(t *testing.T) {
	durable(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		must(t, w.first.EndSession(ctx, sid(1), start.Add(time.Hour)))
		must(t, w.first.EndAllBefore(ctx, "ada", start))
		must(t, w.first.PutHandoff(ctx, store.Handoff{LocatorHash: hash(1), Payload: []byte("sealed"), ExpiresAt: start.Add(time.Minute)}))
		must(t, w.first.Close())

		again := w.open()
		if ended, err := again.SessionEnded(ctx, sid(1)); err != nil || !ended {
			t.Errorf("ended session: got %t, %v", ended, err)
		}
		if at, err := again.NotBefore(ctx, "ada"); err != nil || !at.Equal(start) {
			t.Errorf("not before: got %v, %v, want %v", at, err, start)
		}
		if h, err := again.TakeHandoff(ctx, hash(1)); err != nil || string(h.Payload) != "sealed" {
			t.Errorf("hand-off: got %v, %v", h, err)
		}
	})
}

func TestNodesMigrateAtOnce(t *testing.T) {
	for name, empty := range map[string]func(testing.TB) string{"SQLite file": sqliteFile, "PostgreSQL": postgrestest.Database} {
		t.Run(name, func(t *testing.T) {
			url := empty(t)
			errs := make(chan error)
			for i := range 8 {
				go func() {
					s, err := store.Open(t.Context(), url, store.Options{Now: time.Now, ReadTimeout: patience, WriteTimeout: patience})
					if err == nil {
						err = errors.Join(s.EndSession(t.Context(), sid(i), start), s.Close())
					}
					errs <- err
				}()
			}
			for range 8 {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			s := open(t, url, store.Options{Now: time.Now})
			for i := range 8 {
				if ended, err := s.SessionEnded(t.Context(), sid(i)); err != nil || !ended {
					t.Errorf("node %d: got %t, %v", i, ended, err)
				}
			}
		})
	}
}

func TestCallerMayBeShorter(t *testing.T) {
	engines(t, func(w *world) {
		t := w.t
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.first.SessionEnded(gone, sid(1))
		wantKind(t, err, store.ErrUnavailable)
		wantKind(t, err, context.Canceled)
		wantKind(t, w.first.EndSession(gone, sid(1), start), store.ErrUnavailable)
		if ended, err := w.first.SessionEnded(t.Context(), sid(1)); err != nil || ended {
			t.Errorf("after a call whose caller had left: got %t, %v, want nothing written", ended, err)
		}
	})
}

func TestURLsThatDoNotOpen(t *testing.T) {
	folder := t.TempDir()
	notADatabase := filepath.Join(folder, "notes.txt")
	must(t, os.WriteFile(notADatabase, []byte(strings.Repeat("no database ", 1000)), 0o600))
	for url, reason := range map[string]string{
		"":                                 "want sqlite:<file>",
		"portal.db":                        "want sqlite:<file>",
		"mysql://portal:hunter2@db/portal": "want sqlite:<file>",
		"sqlite:":                          "no file named",
		"sqlite:" + folder:                 "",
		"sqlite:" + folder + "/no/such":    "no such file or directory",
		"sqlite:" + notADatabase:           "not a database",
		"postgres://portal:hunter2@db:port/portal":               "cannot read the URL",
		"postgres://portal:hunter2@/portal?host=" + folder:       "no such file or directory",
		"postgres://portal:hunter2@db/portal?sslmode=everything": "cannot read the URL",
	} {
		s, err := store.Open(t.Context(), url, store.Options{Now: time.Now})
		if err == nil {
			t.Errorf("%q opened, want an error", url)
			_ = s.Close()
		} else if !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want the reason %q and no password", url, err, reason)
		}
	}
	if _, err := store.Open(t.Context(), "sqlite::memory:", store.Options{}); err == nil {
		t.Error("opened without a clock")
	}
}

func ExampleOpen() {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite::memory:", store.Options{Now: time.Now})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()
	_ = s.EndSession(ctx, [16]byte{1}, time.Now().Add(30*time.Minute))
	fmt.Println(s.SessionEnded(ctx, [16]byte{1}))
	// Output: true <nil>
}
