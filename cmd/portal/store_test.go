package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
)

// table makes a table, and lets what the SDK goes by lead to it.
func table(t *testing.T) string {
	t.Helper()
	address := dynamotest.Table(t)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_DYNAMODB": dynamotest.Endpoint(),
	} {
		t.Setenv(name, value)
	}
	return address
}

// A store is that of the pool that opened it first, whichever addresses lead to it.
func TestAStoreBelongsToOnePool(t *testing.T) {
	for what, address := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "portal.db") },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return postgrestest.Database(t) },
		"DynamoDB":   table,
	} {
		t.Run(what, func(t *testing.T) {
			pool := "eu-central-1_A"
			env := []string{"COGNITO_CLIENT_ID", "abc", "PORTAL_STORE", address(t), "PORTAL_LISTEN", "127.0.0.1:0", "PORTAL_DRAIN_DELAY", "0s"}
			serves := func() error {
				ctx, cancel := context.WithCancel(t.Context())
				stop := writer(func(p []byte) (int, error) { cancel(); return len(p), nil }) // as soon as it is welcome
				return run(ctx, nil, environment(append(env, "COGNITO_USER_POOL_ID", pool)...), stop, io.Discard)
			}
			for range 2 {
				if err := serves(); err != nil {
					t.Fatal(err)
				}
			}
			pool = "eu-central-1_B"
			if err := serves(); err == nil || !strings.Contains(err.Error(), "PORTAL_STORE: it belongs to pool eu-central-1_A") {
				t.Errorf("another pool: %v", err)
			}
		})
	}
}

// writer is a function that is written to.
type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// Nothing but the settings that the SDK knows leads to a table, and all nodes share it.
func TestTheStoreIsATable(t *testing.T) {
	address := table(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	cfg, err := readConfig(nil, environment("COGNITO_USER_POOL_ID", "eu-central-1_AbCdEf123", "COGNITO_CLIENT_ID", "abc", "PORTAL_STORE", address), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.sharedStore() {
		t.Error("nodes do not count together")
	}
	var nodes []*store.Store
	for range 2 {
		node, err := openStore(t.Context(), cfg, nil, store.Options{Now: time.Now, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = node.Close() })
		nodes = append(nodes, node)
	}
	if err := nodes[0].EndSession(t.Context(), [16]byte{1}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if ended, err := nodes[1].SessionEnded(t.Context(), [16]byte{1}); err != nil || !ended {
		t.Errorf("the other node: ended %t, %v", ended, err)
	}
	cfg.Store += "-none"
	if _, err := openStore(t.Context(), cfg, nil, store.Options{Now: time.Now}); err == nil || !strings.Contains(err.Error(), "PORTAL_STORE") {
		t.Errorf("a table that there is not: got %v", err)
	}
}

// full is a store with so many expired rows of one kind.
type full struct {
	mu          sync.Mutex
	left, calls int
	err         error
}

func (f *full) Purge(_ context.Context, limit int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	n := min(f.left, limit)
	f.left -= n
	return int64(n), f.err
}

// expire has rows expire, or the store fail.
func (f *full) expire(left int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.err = left, err
}

// However much has expired, it is deleted at once, in pieces; a store that fails is left alone until the next time, and
// a node that stops does not go on.
func TestPurgeDeletesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f := &full{left: 1_000_001}
		var failures atomic.Int64
		go purge(ctx, f, func(error) { failures.Add(1) })
		time.Sleep(purgeEvery + time.Minute)
		synctest.Wait()
		if f.left != 0 || f.calls != 102 || failures.Load() != 0 {
			t.Errorf("%d are left after %d calls and %d failures, want 0 after 102", f.left, f.calls, failures.Load())
		}
		f.expire(1_000_000, errors.New("down"))
		time.Sleep(purgeEvery)
		synctest.Wait()
		if f.calls != 103 || failures.Load() != 1 {
			t.Errorf("a store that is down is asked %d times, and says so %d times", f.calls-102, failures.Load())
		}
		f.expire(1_000_000, nil)
		time.Sleep(purgeEvery - time.Minute + purgeRest/2) // it has just begun again
		synctest.Wait()
		cancel()
		synctest.Wait()
		if f.calls != 104 || f.left == 0 {
			t.Errorf("a node that stops calls %d times more, %d are left", f.calls-103, f.left)
		}
	})
}
