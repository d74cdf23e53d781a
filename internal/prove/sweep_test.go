package prove_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cognito-enroll/internal/postgrestest"
)

// The classes of secrets.
const (
	classKey      = "key of an app"
	classToken    = "token"
	classSession  = "session of the pool"
	classPassword = "password"
	classCode     = "code"
	classLink     = "link or its piece"
	classSecret   = "key of the portal"
	classCookie   = "cookie or form token"
)

// canaries are the secrets that a run has used, every one of them known.
type canaries struct {
	mu    sync.Mutex
	known map[string]map[string]bool // class, text
}

// enough is how many of each class are looked for.
const enough = 20_000

func (k *canaries) add(class, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[string]map[string]bool{}
	}
	if k.known[class] == nil {
		k.known[class] = map[string]bool{}
	}
	if len(text) >= 6 && len(k.known[class]) < enough {
		k.known[class][text] = true
	}
}

// count is how many of how many classes.
func (k *canaries) count() (secrets, classes int) {
	for _, texts := range k.known {
		secrets += len(texts)
	}
	return secrets, len(k.known)
}

// encodings are the ways in which a secret may be written; a picture of it is the ninth. Of a long one a part is enough.
func encodings(text string) map[string]string {
	if len(text) > 64 {
		text = text[len(text)/2:][:32]
	}
	var fours []string
	for rest := text; rest != ""; rest = rest[min(4, len(rest)):] {
		fours = append(fours, rest[:min(4, len(rest))])
	}
	forms := map[string]string{
		"as it is": text, "lower case": strings.ToLower(text), "in fours": strings.Join(fours, " "), "hex": hex.EncodeToString([]byte(text)),
		"percent": percent(text),
	}
	for shift := range 3 { // where it begins inside longer text decides how base64 writes it
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
		forms[fmt.Sprint("base64 ", shift)] = encoded[4 : len(encoded)-4]
	}
	return forms
}

// percent is percent encoding at its most thorough.
func percent(text string) string {
	if escaped := url.QueryEscape(text); escaped != text {
		return escaped
	}
	var out strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&out, "%%%02X", b)
	}
	return out.String()
}

// sweeper looks for many texts at once, by their first eight bytes.
type sweeper struct {
	needles map[uint64][]needle
	codes   map[string]bool
}

type needle struct{ class, form, text string }

func (k *canaries) sweeper() *sweeper {
	s := &sweeper{needles: map[uint64][]needle{}, codes: k.known[classCode]}
	for class, texts := range k.known {
		if class == classCode { // six digits may be anything: only as a word of their own
			continue
		}
		for text := range texts {
			for form, encoded := range encodings(text) {
				if len(encoded) >= 8 {
					at := binary.LittleEndian.Uint64([]byte(encoded))
					s.needles[at] = append(s.needles[at], needle{class, form, encoded})
				}
			}
		}
	}
	return s
}

var codeAlone = regexp.MustCompile(`(?:^|[^0-9A-Za-z.:*#-])([0-9]{6})(?:$|[^0-9A-Za-z.:#-])`)

// hits are the secrets in a text.
func (s *sweeper) hits(text []byte) (found []string) {
	for i := 0; i+8 <= len(text); i++ {
		for _, n := range s.needles[binary.LittleEndian.Uint64(text[i:])] {
			if bytes.HasPrefix(text[i:], []byte(n.text)) {
				found = append(found, fmt.Sprintf("%s (%s) in …%s…", n.class, n.form, text[max(0, i-100):min(len(text), i+20)]))
			}
		}
	}
	for _, at := range codeAlone.FindAllSubmatchIndex(text, -1) {
		if s.codes[string(text[at[2]:at[3]])] {
			found = append(found, fmt.Sprintf("%s in …%s…", classCode, text[max(0, at[0]-100):at[1]]))
		}
	}
	if bytes.Contains(text, []byte("\x89PNG")) {
		found = append(found, "a picture")
	}
	return found
}

// artefacts are all that a run leaves behind: logs of every program, all tables of the store, figures.
func (c *cluster) artefacts() map[string][]byte {
	c.Helper()
	all := map[string][]byte{}
	for _, name := range c.logs() {
		text, err := os.ReadFile(name) //nolint:gosec // the test's own
		c.must(err)
		all[name] = text
	}
	for _, n := range c.nodes {
		r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, "http://"+n.admin+"/metrics", nil)
		c.must(err)
		answer, err := http.DefaultClient.Do(r)
		c.must(err)
		all["figures of "+n.address], err = io.ReadAll(answer.Body)
		c.must(err)
		_ = answer.Body.Close()
	}
	if file, found := strings.CutPrefix(c.store, "sqlite:"); found {
		maps.Copy(all, c.files(file))
	} else {
		maps.Copy(all, c.dump())
	}
	return all
}

// dump is every table of the store, as text.
func (c *cluster) dump() map[string][]byte {
	c.Helper()
	_, rest, _ := strings.Cut(c.store, "search_path=")
	schema, _, _ := strings.Cut(rest, "&")
	db := postgrestest.Owner(c.TB)
	column := func(query string, args ...any) (list []string) {
		rows, err := db.QueryContext(c.Context(), query, args...)
		c.must(err)
		defer rows.Close()
		for rows.Next() {
			var text string
			c.must(rows.Scan(&text))
			list = append(list, text)
		}
		c.must(rows.Err())
		return list
	}
	all := map[string][]byte{}
	for _, table := range column(`SELECT tablename FROM pg_tables WHERE schemaname = $1`, schema) {
		all["table "+table] = []byte(strings.Join(column(fmt.Sprintf(`SELECT t::text FROM %s.%s t`, schema, table)), "\n"))
	}
	return all
}

// sweep looks for the run's secrets in what it leaves behind (I7).
func (c *cluster) sweep() (secrets, classes, bytes int) {
	c.Helper()
	s := c.canaries.sweeper()
	for name, text := range c.artefacts() {
		bytes += len(text)
		if found := s.hits(text); len(found) > 0 {
			c.Errorf("I7: %s: %d secrets, such as: %s", name, len(found), strings.Join(found[:min(3, len(found))], "\n"))
		}
	}
	secrets, classes = c.canaries.count()
	return secrets, classes, bytes
}

// Every class in every encoding is found where it is planted, so that finding nothing means something.
func TestTheSweeperFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	var k canaries
	planted := 0
	for _, class := range []string{classKey, classToken, classSession, classPassword, classLink, classSecret, classCookie} {
		secret := "Canary-of/" + strings.ReplaceAll(class, " ", "") + strings.Repeat("=z", len(class))
		k.add(class, secret)
		for form, encoded := range encodings(secret) {
			var alone canaries
			alone.add(class, secret)
			if found := alone.sweeper().hits([]byte(`{"msg":"x` + encoded + `y"}`)); len(found) == 0 {
				t.Errorf("%s, %s: not found", class, form)
			}
			planted++
		}
	}
	k.add(classCode, "918273")
	for text, want := range map[string]bool{`"code":"918273"`: true, `0.918273`: false, `id=1918273`: false, "\x89PNG\r\n": true, "nothing": false} {
		if found := k.sweeper().hits([]byte(text)); (len(found) > 0) != want {
			t.Errorf("%q: found %v", text, found)
		}
	}
	if planted < 7*8 {
		t.Errorf("only %d planted", planted)
	}
}
