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
	"testing"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
)

// Secrets are those that one test uses, and the artefacts in which they must not be.
type Secrets struct {
	t       testing.TB
	idle    bool // in a benchmark, which would measure the listening
	members map[string]Class

	mu        sync.Mutex
	known     map[Class]map[string]bool
	needles   *needles
	artefacts []artefact
	bytes     int // of artefacts, so far
	found     int // hits, so far
	spared    bool
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
	if s.spared {
		return
	}
	if s.known[class] == nil {
		s.known[class] = map[string]bool{}
	}
	if s.known[class][text] || len(s.known[class]) >= enough {
		return
	}
	s.known[class][text] = true
	s.needles.add(class, text)
}

func sixDigits(text string) bool {
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// Spare says that what passes from now on is no secret: random bytes, and words that somebody guesses.
func (s *Secrets) Spare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spared = true
}

// Count is how many secrets of how many classes there are, and in how many bytes they were looked for.
func (s *Secrets) Count() (secrets, classes, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, texts := range s.known {
		secrets += len(texts)
	}
	return secrets, len(s.known), s.bytes
}

// Find looks for all secrets in a text.
func (s *Secrets) Find(text []byte) []Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += len(text)
	return s.needles.find(text)
}

// artefact is something that a test leaves behind.
type artefact struct {
	name string
	read func() []byte
	may  []Class
}

// Artefact says what is to be swept when the test ends, and which classes it may hold.
func (s *Secrets) Artefact(name string, read func() []byte, may ...Class) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.artefacts = append(s.artefacts, artefact{name, read, may})
}

// Settings are the portal's, NAME=value. Those whose names say so are its keys.
func (s *Secrets) Settings(pairs ...string) {
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "PORTAL_SESSION_KEYS", "PORTAL_WEBHOOK_SECRETS":
			for key := range strings.SplitSeq(value, ",") {
				s.Add(PortalKey, key)
			}
		case "PORTAL_LINK_KEY", "COGNITO_CLIENT_SECRET":
			s.Add(PortalKey, value)
		}
	}
}

// Log is w, and an artefact.
func (s *Secrets) Log(w io.Writer) io.Writer {
	log := &log{Writer: w}
	s.Artefact("log", log.bytes)
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

// Store makes an artefact of all that a store holds in the end: the file and its journal, or every row of every table.
// Say it before the store is opened: it is read when the test has closed that.
func (s *Secrets) Store(address string) {
	s.t.Helper()
	file, isFile := strings.CutPrefix(address, "sqlite:")
	if file == ":memory:" {
		return
	}
	s.t.Cleanup(func() {
		all := map[string][]byte{}
		switch {
		case isFile:
			all = files(file)
		case strings.HasPrefix(address, "postgres:"):
			all = postgrestest.Dump(s.t, address)
		case strings.HasPrefix(address, "dynamodb:"):
			all = dynamotest.Dump(s.t, address)
		}
		for name, text := range all {
			s.Artefact(name, func() []byte { return text })
		}
	})
}

// files are a database's.
func files(database string) map[string][]byte {
	all := map[string][]byte{}
	for _, name := range []string{database, database + "-wal"} {
		if text, err := os.ReadFile(name); err == nil { //nolint:gosec // the test's own
			all[filepath.Base(name)] = text
		}
	}
	return all
}

// check sweeps an answer: its headers but for the cookies that it sets, and its body but for the tokens of its forms.
func (s *Secrets) check(r *http.Request, header http.Header, body []byte, may func(*http.Request, Hit) bool) {
	var text bytes.Buffer
	for name, values := range header {
		if name != "Set-Cookie" {
			fmt.Fprintln(&text, name, values)
		}
	}
	text.Write(flowOnPage.ReplaceAllLiteral(body, nil))
	for _, hit := range s.Find(text.Bytes()) {
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
	for _, a := range s.artefacts {
		for _, hit := range s.Find(a.read()) {
			if !slices.Contains(a.may, hit.Class) && s.first() {
				s.t.Errorf("I7: %s has the %s", a.name, hit)
			}
		}
	}
}

// Kept is what a test leaves in the directory of PORTAL_SWEEP, a line each.
type Kept struct {
	Test    string             `json:"test"`
	Secrets map[Class][]string `json:"secrets"`
	Bytes   int                `json:"bytes"` // that were swept when it ended
}

// keep keeps the secrets for a sweep of what the whole suite leaves behind.
func (s *Secrets) keep() {
	directory := os.Getenv("PORTAL_SWEEP") //nolint:forbidigo // tests are told by their environment
	if directory == "" {
		return
	}
	kept := Kept{Test: s.t.Name(), Secrets: map[Class][]string{}, Bytes: s.bytes}
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
