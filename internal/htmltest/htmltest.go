// Package htmltest reads pages in tests: parse, select, fill in forms, compare with golden files.
package htmltest

import (
	"bytes"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

//nolint:gochecknoglobals // a flag of the test binary
var update = flag.Bool("update", false, "write the golden files anew")

// Page is a parsed page.
type Page struct {
	t   testing.TB
	doc *goquery.Document
}

// Parse reads a page or a fragment.
func Parse(t testing.TB, body []byte) *Page {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("parse page: %v", err)
	}
	return &Page{t: t, doc: doc}
}

// Text is what a person reads in the first element that matches and is not hidden, white space folded; "" when there
// is none.
func (p *Page) Text(selector string) string {
	element := p.doc.Find(selector).Not("[hidden]").First().Clone()
	element.Find("[hidden]").Remove()
	return strings.Join(strings.Fields(element.Text()), " ")
}

// Attr is an attribute of the first element that matches; "" when there is none.
func (p *Page) Attr(selector, name string) string {
	value, _ := p.doc.Find(selector).First().Attr(name)
	return value
}

// Count is how many elements match.
func (p *Page) Count(selector string) int { return p.doc.Find(selector).Length() }

// Texts is what a person reads in every element that matches, in their order.
func (p *Page) Texts(selector string) []string {
	return p.doc.Find(selector).Map(func(_ int, element *goquery.Selection) string {
		return strings.Join(strings.Fields(element.Text()), " ")
	})
}

// Form answers the fields of the form with that action as a browser would send them, with pairs of name and value
// typed in. It fails the test when the form or a field is missing.
func (p *Page) Form(action string, pairs ...string) url.Values {
	p.t.Helper()
	form := p.doc.Find(`form[action="` + action + `"]`).First()
	if form.Length() == 0 {
		p.t.Fatalf("no form for %s on the page:\n%s", action, p.Text("main"))
	}
	values, unticked := url.Values{}, map[string]bool{}
	form.Find("input[name]").Each(func(_ int, input *goquery.Selection) {
		name := input.AttrOr("name", "")
		if _, ticked := input.Attr("checked"); input.AttrOr("type", "") == "checkbox" && !ticked {
			unticked[name] = true // and not sent, unless the caller ticks it
			return
		}
		values.Set(name, input.AttrOr("value", ""))
	})
	for i := 0; i+1 < len(pairs); i += 2 {
		if !values.Has(pairs[i]) && !unticked[pairs[i]] {
			p.t.Fatalf("form %s has no field %q", action, pairs[i])
		}
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// Golden compares the page with testdata/name, one element a line. With -update it writes that file instead.
// Whatever differs from run to run is first replaced by mask.
func Golden(t testing.TB, name string, body []byte, mask func(string) string) {
	t.Helper()
	GoldenText(t, name, mask(pretty(t, body)))
}

// GoldenText compares a text likewise, line by line.
func GoldenText(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // a file of the test
	if err != nil {
		t.Fatalf("%v: run the test with -update", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run the test with -update and read the diff\n%s", path, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	wantLines, gotLines := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		if wantLines[i] != gotLines[i] {
			return "want " + strings.TrimSpace(wantLines[i]) + "\n got " + strings.TrimSpace(gotLines[i])
		}
	}
	return "one is longer than the other"
}

var spaces = regexp.MustCompile(`\s+`) //nolint:gochecknoglobals // compiled once

// pretty writes a page with one element or text a line, so that a diff shows what changed.
func pretty(t testing.TB, body []byte) string {
	t.Helper()
	node, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("parse page: %v", err)
	}
	var out strings.Builder
	var write func(n *html.Node, depth int)
	write = func(n *html.Node, depth int) {
		indent := strings.Repeat(" ", depth)
		switch n.Type {
		case html.TextNode:
			if text := strings.TrimSpace(spaces.ReplaceAllString(n.Data, " ")); text != "" {
				out.WriteString(indent + text + "\n")
			}
			return
		case html.ElementNode:
			out.WriteString(indent + "<" + n.Data)
			for _, a := range n.Attr {
				out.WriteString(" " + a.Key + `="` + a.Val + `"`)
			}
			out.WriteString(">\n")
			depth++
		case html.ErrorNode, html.DocumentNode, html.CommentNode, html.DoctypeNode, html.RawNode:
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			write(child, depth)
		}
	}
	write(node, 0)
	return out.String()
}
