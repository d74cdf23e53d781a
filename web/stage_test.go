package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognito-enroll/internal/sweeptest"
)

// exhibit is a page exactly as a portal answered it, to be looked at as often as a test needs.
type exhibit struct {
	name, lang   string
	method, path string   // of the request that was answered so
	pages        []string // the portal's patterns
	status       int
	header       http.Header
	body         []byte
	files        map[string]file // what it loads beside the assets, by path: the QR code, the operator's brand
}

type file struct {
	kind string
	body []byte
}

var ownFile = regexp.MustCompile(`/(?:desk/links/[0-9]+/qr\.png|set-up/qr\.png|continue/qr\.png|brand/[^"]+)`)

// record goes to the state, in a portal of its own, and answers the page in each language.
func (s state) record(t testing.TB, langs []string, changes ...func(*portalOptions)) []*exhibit {
	t.Helper()
	var exhibits []*exhibit
	var b *browser
	for _, lang := range langs {
		if !b.again(lang) {
			b = s.open(t, changes...)
			b.setCookie("lang", lang)
			s.reach(b)
		}
		if kind := b.answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
			t.Fatalf("%s is %s, want a page", s.name, kind)
		}
		e := &exhibit{
			name: s.name, lang: lang, method: b.answer.Request.Method, path: b.path(), pages: b.handler.Load().Pages(),
			status: b.answer.StatusCode, header: b.answer.Header, body: b.body, files: map[string]file{},
		}
		answer := b.answer
		for _, path := range ownFile.FindAllString(string(e.body), -1) {
			b.get(path)
			e.files[path] = file{b.answer.Header.Get("Content-Type"), b.body}
		}
		b.answer = answer
		exhibits = append(exhibits, e)
	}
	return exhibits
}

// again gets the page at hand in another language, if it was a GET that answers it and answers the like again.
func (b *browser) again(lang string) bool {
	if b == nil || b.answer.Request.Method != http.MethodGet {
		return false
	}
	before := b.answer
	b.setCookie("lang", lang)
	b.get(before.Request.URL.RequestURI())
	return b.answer.StatusCode == before.StatusCode && b.path() == before.Request.URL.Path
}

func (s state) open(t testing.TB, changes ...func(*portalOptions)) *browser {
	t.Helper()
	changes = append(slices.Clone(s.with), changes...)
	if s.oauth {
		return openOAuthPortal(t, changes...).browser()
	}
	return openPortal(t, changes...).browser()
}

// gallery has every state in the languages that most tests look at: it is made by the first of them.
type gallery struct {
	mu       sync.Mutex
	exhibits map[string][]*exhibit // by language, in the order of states
}

var theGallery gallery

func (g *gallery) in(t testing.TB, lang string) []*exhibit {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.exhibits == nil {
		all := map[string][]*exhibit{}
		for _, s := range states() {
			for _, e := range s.record(t, []string{"en", "de", "ar", "ja"}) {
				all[e.lang] = append(all[e.lang], e)
			}
		}
		g.exhibits = all
	}
	return g.exhibits[lang]
}

func (g *gallery) named(t testing.TB, lang, name string) *exhibit {
	t.Helper()
	exhibits := g.in(t, lang)
	i := slices.IndexFunc(exhibits, func(e *exhibit) bool { return e.name == name })
	if i < 0 {
		t.Fatalf("no state is called %s", name)
	}
	return exhibits[i]
}

// stage is a server that shows exhibits, each at an address of its own, and the assets that they load. One tab can look
// at them all, in every way, without the way to each being gone again.
type stage struct {
	*portal

	mu       sync.Mutex
	exhibits map[string]*exhibit // by address
}

func openStage(t testing.TB) *stage {
	t.Helper()
	assets, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{exhibits: map[string]*exhibit{}}
	mux := http.NewServeMux()
	mux.Handle("/static/", assets)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		e := s.exhibit(r.URL.Path)
		if e == nil {
			s.serveFile(w, r)
			return
		}
		if r.Header.Get("Hx-Request") != "" { // a page that asks whether anything has changed
			w.WriteHeader(http.StatusNoContent)
			return
		}
		for name, values := range e.header {
			if name != "Set-Cookie" && name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(e.status)
		_, _ = w.Write(e.body)
	})
	s.portal = &portal{t: t, secrets: sweeptest.Of(t), server: httptest.NewServer(mux)}
	t.Cleanup(s.server.Close)
	return s
}

// serveFile answers a file of the page that asks.
func (s *stage) serveFile(w http.ResponseWriter, r *http.Request) {
	if page, err := url.Parse(r.Referer()); err == nil {
		if e := s.exhibit(page.Path); e != nil && e.files[r.URL.Path].body != nil {
			w.Header().Set("Content-Type", e.files[r.URL.Path].kind)
			_, _ = w.Write(e.files[r.URL.Path].body)
			return
		}
	}
	http.NotFound(w, r)
}

// axeCore looks for faults in accessibility. "make setup" installs it.
func (p *portal) axeCore() string {
	p.t.Helper()
	script, err := os.ReadFile("../.ci/node/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("PORTAL_TEST_BROWSER") == "required" {
			p.t.Fatalf("needs axe-core, and PORTAL_TEST_BROWSER=required: %v", err)
		}
		p.t.Skipf("needs axe-core: %v", err)
	}
	return string(script)
}

func (s *stage) exhibit(address string) *exhibit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exhibits[address]
}

// hang shows an exhibit and answers its address.
func (s *stage) hang(e *exhibit) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := "/" + e.lang + "/" + e.name
	s.exhibits[address] = e
	return address
}
