package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

const referencePage = "../../docs/configuration.md"

// docs/configuration.md is what the comments on config and the table of settings make; "make generate" writes it.
func TestReferenceOfSettingsIsCurrent(t *testing.T) {
	want := reference(t)
	if flag.Lookup("update").Value.String() == "true" { // internal/htmltest has it
		if err := os.WriteFile(referencePage, []byte(want), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/configuration.md is stale: make generate")
	}
}

// reference writes the page, and fails the test for a setting without a comment, or a comment without a setting.
func reference(t *testing.T) string {
	t.Helper()
	about, comments := configComments(t)
	var page strings.Builder
	page.WriteString("# Settings\n\n<!-- Made from cmd/portal/config.go by \"make generate\". -->\n\n")
	page.WriteString(about + "\n\n")
	page.WriteString("`portal config` prints what is in force and where it came from, secrets hidden. All faults are told at once when the\n" +
		"portal starts. SIGHUP reads everything again: settings marked *reload* then change without dropping a request, the others\n" +
		"wait for a restart, and with any fault the old ones stay in force; one line of the log says which of these it was.\n\n")
	documented := map[string]bool{}
	for _, comment := range comments {
		names := mentioned(comment)
		if len(names) == 0 {
			t.Errorf("no setting in the comment %q", comment)
		}
		for _, s := range settings() {
			if names[s.env] {
				documented[s.env] = true
				page.WriteString(heading(s))
			}
		}
		page.WriteString("\n" + lastBrackets.ReplaceAllString(comment, "") + "\n\n")
	}
	for _, s := range settings() {
		if !documented[s.env] {
			t.Errorf("%s has no comment in config", s.env)
		}
	}
	return strings.TrimRight(page.String(), "\n") + "\n"
}

func heading(s setting) string {
	marks := ""
	if s.flag != "" {
		marks += " · `-" + s.flag + "`"
	}
	if s.value != "" {
		marks += " · default `" + s.value + "`"
	}
	if s.traits&reloads != 0 {
		marks += " · *reload*"
	}
	if s.traits&forAll != 0 {
		marks += " · *for all pools*"
	}
	if s.traits&hidden != 0 {
		marks += " · secret"
	}
	return fmt.Sprintf("### `%s`%s\n", s.env, marks)
}

// lastBrackets is the end of a field's comment: (-flag, VARIABLE, and what else there is to say).
var lastBrackets = regexp.MustCompile(`(?s)\s*\(([^()]*)\)\s*$`)

// mentioned are the variables that the brackets at a comment's end name.
func mentioned(comment string) map[string]bool {
	names := map[string]bool{}
	if brackets := lastBrackets.FindStringSubmatch(comment); brackets != nil {
		for _, name := range regexp.MustCompile(`\b[A-Z][A-Z0-9_]{3,}\b`).FindAllString(brackets[1], -1) {
			names[name] = true
		}
	}
	return names
}

// configComments are the comments of the struct and of its fields, in their order; those of a struct among them stand where
// it does.
func configComments(t *testing.T) (about string, fields []string) {
	t.Helper()
	structs := map[string]*ast.GenDecl{}
	for _, name := range []string{"config.go", "desk.go", "messages.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if general, ok := decl.(*ast.GenDecl); ok && general.Tok == token.TYPE {
				structs[general.Specs[0].(*ast.TypeSpec).Name.Name] = general
			}
		}
	}
	about, _, _ = strings.Cut(structs["config"].Doc.Text(), "\n\n")
	about = strings.Replace(about, "config is every knob", "Every knob", 1)
	return strings.TrimSpace(about), fieldComments(structs, "config")
}

func fieldComments(structs map[string]*ast.GenDecl, name string) (comments []string) {
	for _, field := range structs[name].Specs[0].(*ast.TypeSpec).Type.(*ast.StructType).Fields.List {
		if inner, ok := field.Type.(*ast.Ident); ok && strings.HasSuffix(inner.Name, "Config") {
			comments = append(comments, fieldComments(structs, inner.Name)...)
			continue
		}
		comments = append(comments, strings.TrimSpace(field.Doc.Text()))
	}
	return comments
}
