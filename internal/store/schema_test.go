package store_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
)

// Two pools share a database, each in the schema that its URL names. Nobody made the schemas, several nodes start at once,
// and what is remembered in one is not in the other.
func TestSchemasOfTheirOwn(t *testing.T) {
	schema := func(name string) string {
		u, err := url.Parse(postgrestest.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("search_path", query.Get("search_path")+name)
		u.RawQuery = query.Encode()
		return u.String()
	}
	moment := &clock{now: start}
	nodes := func(url string) (opened []*store.Store) {
		var all sync.WaitGroup
		opened = make([]*store.Store, 4)
		for i := range opened {
			all.Go(func() {
				opened[i] = open(t, url, store.Options{Now: moment.Now, WriteTimeout: patience, ReadTimeout: patience})
			})
		}
		all.Wait()
		return opened
	}
	a, b := nodes(schema("_a")), nodes(schema("_b"))
	id := [16]byte{1}
	if err := a[0].EndSession(t.Context(), id, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if got, err := [][]*store.Store{a, b}[i][3].SessionEnded(t.Context(), id); err != nil || got != want {
			t.Errorf("schema %d: ended %t, %v; want %t", i, got, err, want)
		}
	}
	if u := schema("; DROP TABLE x"); !strings.Contains(u, "DROP") {
		t.Fatal(u)
	} else if _, err := store.Open(t.Context(), u, store.Options{Now: moment.Now}); err == nil {
		t.Error("a store opened in a schema of no name")
	}
}
