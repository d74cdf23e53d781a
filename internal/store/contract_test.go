package store_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/store"
)

// patience replaces the store's own deadlines where a test loads two cores for longer than anybody would wait.
const patience = 5 * time.Minute

// start is the first moment of every test's clock: whole microseconds, as the store keeps them.
var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is one empty store and the nodes that have it open.
type world struct {
	t      testing.TB
	url    string
	clock  *clock
	first  *store.Store
	others []*store.Store
}

// engines runs a test on an empty store of each engine. It is how every test of the contract begins.
func engines(t *testing.T, test func(*world)) {
	t.Helper()
	for _, engine := range urls() {
		t.Run(engine.name, func(t *testing.T) { test(newWorld(t, engine.url(t))) })
	}
}

// urls is an empty store of each engine.
func urls() []namedURL {
	return []namedURL{
		{"SQLite file", sqliteFile},
		{"SQLite memory", func(testing.TB) string { return "sqlite::memory:" }},
		{"PostgreSQL", postgrestest.Database},
		{"DynamoDB", dynamotest.Table},
	}
}

type namedURL struct {
	name string
	url  func(testing.TB) string
}

// benchmark runs a benchmark on an empty store of each engine.
func benchmark(b *testing.B, run func(*testing.B, *store.Store)) {
	b.Helper()
	for _, engine := range urls() {
		b.Run(engine.name, func(b *testing.B) { run(b, newWorld(b, engine.url(b)).first) })
	}
}

// durable is engines without the one that forgets.
func durable(t *testing.T, test func(*world)) {
	t.Helper()
	engines(t, func(w *world) {
		if w.memory() {
			w.t.Skip("nothing in memory outlives its process")
		}
		test(w)
	})
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{t: t, url: url, clock: &clock{now: start}}
	w.first = w.open()
	return w
}

func sqliteFile(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "portal.db")
}

func (w *world) memory() bool { return w.url == "sqlite::memory:" }

// table is the name of the DynamoDB table that the store is, "" when it is none.
func (w *world) table() string {
	name, _ := strings.CutPrefix(w.url, "dynamodb:")
	if name == w.url {
		return ""
	}
	return name
}

// open opens the store, as another node or the next process would.
func (w *world) open() *store.Store {
	w.t.Helper()
	return open(w.t, w.url, store.Options{Now: w.clock.Now, ReadTimeout: patience, WriteTimeout: patience, MaxConns: 4})
}

// nodes is the first node and three others. A store in memory has one node.
func (w *world) nodes() []*store.Store {
	w.t.Helper()
	for len(w.others) < 3 {
		if w.memory() {
			return []*store.Store{w.first}
		}
		w.others = append(w.others, w.open())
	}
	return append([]*store.Store{w.first}, w.others...)
}

// node is another node than the first, where there can be one.
func (w *world) node() *store.Store {
	w.t.Helper()
	nodes := w.nodes()
	return nodes[len(nodes)-1]
}

func open(t testing.TB, url string, opts store.Options) *store.Store {
	t.Helper()
	if strings.HasPrefix(url, "dynamodb:") {
		opts.AWS = dynamotest.Settings()
	}
	s, err := store.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// crowd is how many race.
func crowd() int { return prove.Times(1000, 200) }

// race calls try at once from n goroutines spread over four nodes, and answers how often it said nil and each of the
// store's errors.
func (w *world) race(n int, try func(node *store.Store, i int) error) map[error]int {
	w.t.Helper()
	nodes := w.nodes()
	var (
		ready, done sync.WaitGroup
		mu          sync.Mutex
		counts      = map[error]int{}
		gun         = make(chan struct{})
	)
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gun
			err := try(nodes[i%len(nodes)], i)
			mu.Lock()
			defer mu.Unlock()
			for _, kind := range []error{store.ErrNotFound, store.ErrConflict} {
				if errors.Is(err, kind) {
					err = kind
				}
			}
			counts[err]++
		})
	}
	ready.Wait()
	close(gun)
	done.Wait()
	return counts
}

func newText(n int) string { return rand.Text()[:n] }

func sid(i int) (id [16]byte) {
	copy(id[:], fmt.Sprintf("%016d", i))
	return id
}

// holder is a browser that opened an invite.
func holder(i byte) [16]byte { return [16]byte{15: i} }

func hash(i int) (id [32]byte) {
	copy(id[:], fmt.Sprintf("%032d", i))
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}
