package sweeptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
)

// Secrets are those that one test uses, and the artefacts in which they must not be.
type Secrets struct {
	t       testing.TB
	idle    bool // in a benchmark, which would measure the listening
	members map[string]Class
	bytes   atomic.Int64 // that were swept

	mu        sync.RWMutex
	known     map[Class]map[string]bool
	needles   *needles
	artefacts []artefact
	found     int // hits
	dropped   int // secrets that were too many
}

// artefact is something that a test leaves behind.
type artefact struct {
	name string
	read func() []byte
	may  []Class
}

// of are the secrets of each test that runs.
//
//nolint:gochecknoglobals // harnesses, processes and browsers of one test have them in common
var of struct {
	sync.Mutex

	tests map[testing.TB]*Secrets
}

// Of are the secrets of a test. Its artefacts are swept when it ends.
func Of(t testing.TB) *Secrets {
	t.Helper()
	of.Lock()
	defer of.Unlock()
	if s := of.tests[t]; s != nil {
		return s
	}
	s := New(t)
	if of.tests == nil {
		of.tests = map[testing.TB]*Secrets{}
	}
	of.tests[t] = s
	t.Cleanup(func() {
		s.sweep()
		s.keep()
		of.Lock()
		defer of.Unlock()
		delete(of.tests, t)
	})
	return s
}

// New are secrets that nobody sweeps but who asks for it.
func New(t testing.TB) *Secrets {
	t.Helper()
	_, idle := t.(*testing.B)
	return &Secrets{t: t, idle: idle, members: members(), known: map[Class]map[string]bool{}, needles: newNeedles()}
}

// Add adds a secret. Six digits are a code; of the other classes what is shorter than eight is none.
func (s *Secrets) Add(class Class, text string) {
	if class == Code && !sixDigits(text) || class != Code && len(text) < 8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[class] == nil {
		s.known[class] = map[string]bool{}
	}
	switch {
	case s.known[class][text]:
	case len(s.known[class]) >= enough:
		s.dropped++
	default:
		s.known[class][text] = true
		s.needles.add(class, text)
	}
}

func sixDigits(text string) bool {
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// Count is how many secrets of how many classes there are.
func (s *Secrets) Count() (secrets, classes int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, texts := range s.known {
		secrets += len(texts)
	}
	return secrets, len(s.known)
}

// Find looks for all secrets in a text.
func (s *Secrets) Find(text []byte) []Hit {
	s.bytes.Add(int64(len(text)))
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.needles.find(text)
}

// Artefact says what is to be swept when the test ends, and which classes it may hold.
func (s *Secrets) Artefact(name string, read func() []byte, may ...Class) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.artefacts = append(s.artefacts, artefact{name, read, may})
}

// Log is w, and an artefact.
func (s *Secrets) Log(w io.Writer) io.Writer {
	if s.idle {
		return w
	}
	log := &log{Writer: w}
	s.Artefact("the log", log.bytes)
	return log
}

type log struct {
	io.Writer

	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	return l.Writer.Write(p)
}

func (l *log) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}

// Store makes an artefact of all that a store holds in the end: the file and its journals, or every row of every table.
// Say it before the store is opened: it is read when the test has closed that.
func (s *Secrets) Store(address string) {
	s.t.Helper()
	if s.idle || address == "sqlite::memory:" {
		return
	}
	s.t.Cleanup(func() {
		all := s.dump(address)
		if len(all) == 0 && !s.t.Failed() {
			s.t.Errorf("%s holds nothing: nothing was swept", address)
		}
		for name, text := range all {
			s.Artefact(name, func() []byte { return text })
		}
	})
}

func (s *Secrets) dump(address string) map[string][]byte {
	s.t.Helper()
	way, rest, _ := strings.Cut(address, ":")
	switch way {
	case "sqlite":
		return files(rest)
	case "postgres", "postgresql":
		return postgrestest.Dump(s.t, address)
	case "dynamodb":
		return dynamotest.Dump(s.t, address)
	}
	return nil
}

// files are a database's.
func files(database string) map[string][]byte {
	all := map[string][]byte{}
	for _, name := range []string{database, database + "-wal", database + "-journal"} {
		if text, err := os.ReadFile(name); err == nil { //nolint:gosec // the test's own
			all[filepath.Base(name)] = text
		}
	}
	return all
}

// check sweeps an answer: its headers but for cookies in those that it sets, and its body but for the tokens of its forms.
func (s *Secrets) check(r *http.Request, header http.Header, body []byte, may func(*http.Request, Hit) bool) {
	var text bytes.Buffer
	for name, values := range header {
		if name != "Set-Cookie" {
			fmt.Fprintln(&text, name, values)
		}
	}
	text.Write(flowOnPage.ReplaceAllLiteral(body, nil))
	hits := s.Find(text.Bytes())
	for _, hit := range s.Find(fmt.Append(nil, header.Values("Set-Cookie"))) {
		if hit.Class != Cookie {
			hits = append(hits, hit)
		}
	}
	for _, hit := range hits {
		if !may(r, hit) && s.first() {
			s.t.Errorf("I7: the answer to %s %s has the %s", r.Method, r.URL.Path, hit)
		}
	}
}

// first says whether this hit is one of the first ten: more tell nothing.
func (s *Secrets) first() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found++
	return s.found <= 10
}

// sweep looks for the secrets in all artefacts.
func (s *Secrets) sweep() {
	s.t.Helper()
	s.mu.RLock()
	artefacts, dropped := slices.Clone(s.artefacts), s.dropped
	s.mu.RUnlock()
	for _, a := range artefacts {
		for _, hit := range s.Find(a.read()) {
			if !slices.Contains(a.may, hit.Class) && s.first() {
				s.t.Errorf("I7: %s has the %s", a.name, hit)
			}
		}
	}
	if dropped > 0 {
		s.t.Logf("%d secrets of this test were too many to be looked for", dropped)
	}
}

// Kept is what a test leaves in the directory of PORTAL_SWEEP, a line each.
type Kept struct {
	Test    string             `json:"test"`
	Secrets map[Class][]string `json:"secrets"`
	Bytes   int64              `json:"bytes"` // that were swept for them: artefacts and answers
}

// keep keeps the secrets for a sweep of what the whole suite says.
func (s *Secrets) keep() {
	directory := os.Getenv("PORTAL_SWEEP") //nolint:forbidigo // tests are told by their environment
	if directory == "" {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	kept := Kept{Test: s.t.Name(), Secrets: map[Class][]string{}, Bytes: s.bytes.Load()}
	for class, texts := range s.known {
		kept.Secrets[class] = slices.Sorted(maps.Keys(texts))
	}
	line, err := json.Marshal(kept)
	if err != nil {
		s.t.Fatal(err)
	}
	file, err := os.OpenFile(filepath.Join(directory, fmt.Sprint("secrets-", os.Getpid())), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the caller's
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // Write would have failed
	if _, err := file.Write(append(line, '\n')); err != nil {
		s.t.Fatal(err)
	}
}
