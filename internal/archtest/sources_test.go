package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// forbidden are calls and words that take a control away wherever they stand: in which sources, but for which files.
var forbidden = []struct {
	what   string
	in     *regexp.Regexp // names of files
	words  *regexp.Regexp
	except []string
}{
	{"text that is not escaped", regexp.MustCompile(`\.(go|templ)$`), regexp.MustCompile(`\btempl\.(Raw|SafeURL\(|SafeClass|SafeCSS\(|SafeScript|JSUnsafeFuncCall|JSExpression|ComponentScript)|\bscript \w+\(`), []string{"views/parts.go"}},
	{"script in an attribute", regexp.MustCompile(`\.templ$`), regexp.MustCompile(`\bhx-on|\bhx-vals="js|"js:|\bon(click|load|error|submit|change|input)=|javascript:`), nil},
	{"a page that htmx keeps or names in the history", regexp.MustCompile(`\.(templ|go)$`), regexp.MustCompile(`hx-push-url|hx-replace-url|HX-Push-Url|HX-Replace-Url`), nil},
	{"a resource of another site", regexp.MustCompile(`\.(templ|src\.css)$|portal\.js$`), regexp.MustCompile(`(src|srcset)="(https?:)?//|url\(["']?(https?:)?//|@import url|import\(|fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon`), nil},
	{"something kept in the browser", regexp.MustCompile(`portal\.js$`), regexp.MustCompile(`localStorage|sessionStorage|indexedDB|caches\.|document\.cookie|serviceWorker`), nil},
	{"a comment that is sent to browsers", regexp.MustCompile(`\.templ$`), regexp.MustCompile(`<!--`), nil},
	{"chance that can be foretold", regexp.MustCompile(`\.go$`), regexp.MustCompile(`"math/rand`), nil},
	{"a comparison that takes longer the more is right", regexp.MustCompile(`\.go$`), regexp.MustCompile(`bytes\.Equal\([^)]*(?i:mac|piece|token|signature|secret)`), nil},
	{"fields from the address", regexp.MustCompile(`^web/.*\.go$`), regexp.MustCompile(`\.(FormValue|FormParams|Bind|FormFile|MultipartForm)\(`), nil},
	{"addresses made of the request", regexp.MustCompile(`^web/.*\.go$`), regexp.MustCompile(`\.(Scheme|RealIP|IsTLS)\(\)|X-Forwarded-(Host|Proto)`), nil},
	{"compression of pages", regexp.MustCompile(`^(web|cmd/portal)/.*\.go$`), regexp.MustCompile(`middleware\.(Gzip|Decompress)|"compress/`), nil},
	{"what sees bodies of the pool's calls", regexp.MustCompile(`^(internal/cognito|cmd/portal)/.*\.go$`), regexp.MustCompile(`aws\.Log(Signing|Retries|Request|Response|Deprecated)`), nil},
}

// TestSourcesHaveNothingForbidden reads all sources but those of tests, generated code and what measures.
func TestSourcesHaveNothingForbidden(t *testing.T) {
	seen := make([]int, len(forbidden))
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash("../../")))
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bench" || entry.Name() == "testdata" || entry.Name() != ".." && entry.Name()[0] == '.'):
			return fs.SkipDir
		case entry.IsDir(), strings.HasSuffix(name, "_test.go"), strings.HasSuffix(name, "_templ.go"), strings.HasSuffix(name, ".min.js"):
			return nil
		}
		text := ""
		for i, rule := range forbidden {
			if !rule.in.MatchString(name) || slices.Contains(rule.except, name) {
				continue
			}
			if text == "" {
				raw, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				text = string(raw)
			}
			seen[i]++
			if found := rule.words.FindString(text); found != "" {
				t.Errorf("%s: %s: %q", name, rule.what, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, rule := range forbidden {
		if seen[i] == 0 {
			t.Errorf("%s: no source was looked at", rule.what)
		}
	}
}
