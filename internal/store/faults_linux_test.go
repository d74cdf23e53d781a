package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
)

// What may happen to the way to PostgreSQL, and to the server itself.

// schemaOf is what the server calls the connections to a URL.
func schemaOf(url string) string {
	_, rest, _ := strings.Cut(url, "search_path=")
	schema, _, _ := strings.Cut(rest, "&")
	return schema
}

// recovers calls try until it says nil, and answers how many calls said that the store is unavailable. Any other answer
// fails the test.
func (w *world) recovers(try func() error) (unavailable int) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); unavailable++ {
		err := try()
		if err == nil {
			return unavailable
		}
		wantKind(w.t, err, store.ErrUnavailable)
	}
	w.t.Fatal("the store did not recover")
	return 0
}

// lockTable makes every statement on a table wait. until waits until n of them do.
func lockTable(t *testing.T, schema, table string) (until func(n int), release func()) {
	t.Helper()
	db := postgrestest.Owner(t)
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), fmt.Sprintf("LOCK TABLE %s.%s IN ACCESS EXCLUSIVE MODE", schema, table))
	must(t, err)
	until = func(n int) {
		t.Helper()
		for waiting := 0; waiting != n; {
			must(t, db.QueryRowContext(t.Context(),
				`SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`, schema).Scan(&waiting))
		}
	}
	return until, func() { must(t, tx.Rollback()) }
}

func TestPostgresConnectionIsTerminated(t *testing.T) {
	w := newWorld(t, postgrestest.Database(t))
	schema := schemaOf(w.url)

	// While a write waits for the server: it is answered with an error, and did not happen.
	until, release := lockTable(t, schema, "ended_sessions")
	answer := make(chan error)
	go func() { answer <- w.first.EndSession(t.Context(), sid(1), start) }()
	until(1)
	postgrestest.Execute(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, schema)
	wantKind(t, <-answer, store.ErrUnavailable)
	release()
	if ended, err := w.first.SessionEnded(t.Context(), sid(1)); err != nil || ended {
		t.Errorf("after the connection was lost: got %t, %v, want nothing written", ended, err)
	}

	// Between two calls: at most one call for each connection of the pool notices.
	counts := w.race(50, func(*store.Store, int) error { return w.first.EndSession(t.Context(), sid(1), start) })
	if counts[nil] != 50 {
		t.Fatalf("got %v", counts)
	}
	postgrestest.Execute(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, schema)
	unavailable := w.recovers(func() error { return w.first.EndSession(t.Context(), sid(2), start) })
	t.Logf("%d calls said unavailable before one was answered", unavailable)
	if unavailable > 4 {
		t.Errorf("got %d calls, want at most one for each of four connections", unavailable)
	}
}

// TestPostgresStuck: the server answers, but not in time. The default deadline of a read is a quarter of a second.
func TestPostgresStuck(t *testing.T) {
	w := newWorld(t, postgrestest.Database(t))
	s := open(t, w.url, store.Options{Now: w.clock.Now, WriteTimeout: 300 * time.Millisecond})
	until, release := lockTable(t, schemaOf(w.url), "ended_sessions")

	began := time.Now()
	_, err := s.SessionEnded(t.Context(), sid(1))
	wantKind(t, err, store.ErrUnavailable)
	wantKind(t, err, context.DeadlineExceeded)
	wantKind(t, s.EndSession(t.Context(), sid(1), start), store.ErrUnavailable)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("two calls on a stuck server took %v", took)
	}
	until(0) // the server was told to give up, too
	release()
	w.recovers(func() error { return s.EndSession(t.Context(), sid(1), start) })
}

// TestPostgresOutOfReach cuts the network, lets it swallow everything, and mends it.
func TestPostgresOutOfReach(t *testing.T) {
	direct := newWorld(t, postgrestest.Database(t))
	line := newLine(t, filepath.Join(postgrestest.Socket(), ".s.PGSQL.5432"))
	through := strings.Replace(direct.url, postgrestest.Socket(), line.dir, 1)
	s := open(t, through, store.Options{Now: direct.clock.Now, WriteTimeout: time.Second})
	must(t, s.EndSession(t.Context(), sid(1), start))

	line.set(cut)
	wantKind(t, s.EndSession(t.Context(), sid(2), start), store.ErrUnavailable)
	wantKind(t, s.Ping(t.Context()), store.ErrUnavailable)
	line.set(whole)
	direct.recovers(func() error { return s.EndSession(t.Context(), sid(2), start) })

	line.set(silent)
	began := time.Now()
	for range 4 {
		_, err := s.SessionEnded(t.Context(), sid(1))
		wantKind(t, err, store.ErrUnavailable)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("four reads through a silent line took %v, want about a second", took)
	}
	line.set(whole)
	direct.recovers(func() error { _, err := s.SessionEnded(t.Context(), sid(1)); return err })
	for _, i := range []int{1, 2} {
		if ended, err := direct.first.SessionEnded(t.Context(), sid(i)); err != nil || !ended {
			t.Errorf("session %d: got %t, %v", i, ended, err)
		}
	}
}

// TestPostgresServerIsKilled kills one of the server's processes while others write. The server then drops all
// connections and recovers from its log.
func TestPostgresServerIsKilled(t *testing.T) {
	w := newWorld(t, postgrestest.Database(t))
	var (
		writers sync.WaitGroup
		mu      sync.Mutex
		said    []string
		failed  int
	)
	stop, written := make(chan struct{}), make(chan struct{})
	for range 4 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				text := newText(16)
				err := w.first.EndSession(t.Context(), [16]byte([]byte(text)), start)
				mu.Lock()
				if err == nil {
					said = append(said, text)
				} else {
					failed++
				}
				mu.Unlock()
				if err == nil {
					select {
					case written <- struct{}{}:
					case <-stop:
					}
				}
			}
		})
	}
	for range 3 {
		for range 100 {
			<-written
		}
		var pid int
		must(t, postgrestest.Owner(t).QueryRowContext(t.Context(),
			`SELECT pid FROM pg_stat_activity WHERE application_name = $1 LIMIT 1`, schemaOf(w.url)).Scan(&pid))
		must(t, syscall.Kill(pid, syscall.SIGKILL))
		postgrestest.AwaitReady(t)
	}
	for range 100 {
		<-written
	}
	close(stop)
	writers.Wait()
	t.Logf("%d calls said unavailable", failed)
	w.wantEnded(w.first, said)
}

// TestPostgresWaitsForTheDisk: a server that is set to answer before its disk has must not do so for us.
func TestPostgresWaitsForTheDisk(t *testing.T) {
	url := postgrestest.Database(t)
	for given, want := range map[string]string{"": "on", "&synchronous_commit=off": "on", "&synchronous_commit=remote_apply": "remote_apply"} {
		s := open(t, url+given, store.Options{Now: time.Now})
		if got, err := store.QueryText(t.Context(), s, "SHOW synchronous_commit"); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", given, got, err, want)
		}
	}
}

// TestPostgresReadOnly: a server that was demoted is unavailable, not a surprise.
func TestPostgresReadOnly(t *testing.T) {
	url := postgrestest.Database(t)
	open(t, url, store.Options{Now: time.Now})
	_, err := store.Open(t.Context(), url+"&default_transaction_read_only=on", store.Options{Now: time.Now})
	wantKind(t, err, store.ErrUnavailable)
	if !strings.Contains(err.Error(), "read only connection") {
		t.Errorf("got %v, want the connection refused before it is used", err)
	}
}
