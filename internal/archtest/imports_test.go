package archtest_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "cognito-enroll/"

// direction says which packages of ours each one may import; .ci/golangci.yml holds the same table for the editor. A
// package that is missing here fails the test, so that nobody adds one without deciding where it stands. Only cmd knows
// every concrete type, and tests and benchmarks may reach anywhere: none of them is listed.
var direction = map[string][]string{
	"web": {
		"views", "static", "internal/enroll", "internal/helpdesk", "internal/session", "internal/throttle",
		"internal/brand", "internal/i18n", "internal/qr", "internal/secret", "internal/totp", "internal/metrics", "internal/trace",
	},
	"views":          {"internal/brand", "internal/i18n"},
	"internal/brand": {"internal/i18n", "internal/totp"},
	"static":         {},
	"internal/cognito": {
		"internal/enroll", "internal/doctor", "internal/helpdesk", "internal/throttle", "internal/secret", "internal/metrics", "internal/trace",
	},
	"internal/doctor":   {"internal/secret"},
	"internal/store":    {"internal/helpdesk", "internal/webhook", "internal/secret", "internal/metrics"},
	"internal/mail":     {"views", "internal/helpdesk", "internal/brand", "internal/i18n", "internal/secret"},
	"internal/webhook":  {"internal/helpdesk", "internal/secret"},
	"internal/helpdesk": {"internal/enroll", "internal/throttle", "internal/secret"},
	"internal/enroll":   {"internal/totp", "internal/secret"},
	"internal/userpool": {"internal/totp", "internal/secret"}, // meets internal/cognito on the wire only

	"deploy":                        {}, // tests alone
	"internal/userpool/conformance": {}, // tests alone
	"internal/session":              {"internal/secret"},
	"internal/throttle":             {"internal/secret", "internal/metrics"},
	"internal/i18n":                 {"internal/secret"},
	"internal/qr":                   {"internal/secret"},
	"internal/totp":                 {"internal/secret"},
	"internal/metrics":              {},
	"internal/trace":                {},
	"internal/secret":               {},
	"internal/heap":                 {},
	"internal/htmltest":             {},
	"internal/postgrestest":         {},
	"internal/dynamotest":           {},
	"internal/sweeptest":            {"internal/dynamotest", "internal/postgrestest"},
	"internal/prove":                {},
	"internal/prove/report":         {"internal/prove"},
	"internal/archtest":             {},
	"internal/prove/mutants":        {}, // runs tests, and imports nothing of ours
}

// homes says which packages alone may import what comes from outside.
var homes = map[string][]string{
	"github.com/labstack/": {"web"},
	"github.com/aws/":      {"internal/cognito", "internal/store", "internal/dynamotest", "cmd/portal"},
	"github.com/gorilla/":  {"internal/session", "web"},
	"database/sql":         {"internal/store", "internal/postgrestest"},
	"modernc.org/sqlite":   {"internal/store"},
	"github.com/jackc/":    {"internal/store", "internal/postgrestest"},
	"github.com/wneessen/": {"internal/mail"},
}

func TestImportsPointOneWay(t *testing.T) {
	// The go command below reads the sources out of sight of the test cache: walking them here lets it see a change.
	err := filepath.WalkDir("../..", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() != ".." && entry.Name()[0] == '.' {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "../../...")
	list.Stderr = t.Output()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string // of the package itself, not of its tests
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, listed := direction[name]
		if name == "bench" || strings.HasPrefix(name, "bench/") {
			continue
		}
		if !listed && !strings.HasPrefix(name, "cmd/") {
			t.Errorf("%s is not in the table of directions", name)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && listed && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, want only %q", name, ours, allowed)
			}
			for prefix, home := range homes {
				if strings.HasPrefix(imported, prefix) && !slices.Contains(home, name) {
					t.Errorf("%s imports %s, want that only in %q", name, imported, home)
				}
			}
		}
	}
}

// In the one package that keeps one contract in two ways, the file's name says in which: SQL stays out of dynamo*.go,
// the AWS SDK out of the others. Where the store is opened both are known.
func TestWaysOfTheStoreStayApart(t *testing.T) {
	files, err := filepath.Glob("../store/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("the store has %d files, %v", len(files), err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		foreign := []string{"github.com/aws/"}
		switch {
		case strings.HasPrefix(name, "dynamo"):
			foreign = []string{"database/sql", "modernc.org/", "github.com/jackc/"}
		case name == "store.go":
			foreign = []string{"github.com/aws/aws-sdk-go-v2/service/"}
		}
		for _, imported := range file.Imports {
			for _, prefix := range foreign {
				if strings.HasPrefix(strings.Trim(imported.Path.Value, `"`), prefix) {
					t.Errorf("%s imports %s", name, imported.Path.Value)
				}
			}
		}
	}
}
