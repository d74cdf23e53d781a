package web_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"
)

// Every word that a person reads comes from the catalogues: in a language whose every text stands in ⟦brackets⟧, all
// that stands outside them is somebody's name, a number or marked translate=no. A word that was typed into a view, the
// script or the style sheet stands outside.
func TestNoTextIsInTheCode(t *testing.T) {
	pseudo := pseudoTexts(t)
	for _, s := range states() {
		e := s.record(t, []string{"en"}, pseudo)[0]
		if !strings.Contains(string(e.body), "⟦") {
			t.Fatalf("%s: no text is in brackets", e.name)
		}
		for _, text := range outside(t, string(e.body)) {
			t.Errorf("%s: %q is not of the catalogue", e.name, text)
		}
	}
}

// The same of what the script writes, and of what the style sheet puts before and after.
func TestBrowserNoTextIsInTheScript(t *testing.T) {
	pseudo := pseudoTexts(t)
	b := openStage(t).openTab(desktop)
	for _, s := range states() {
		if !slices.Contains([]string{"prepare", "set-up", "set-up-clock-slow", "challenge-wait", "done", "review-methods", "swap", "swap-over", "problem-http-404", "desk-account"}, s.name) {
			continue
		}
		b.visit(s.record(t, []string{"en"}, pseudo)[0])
		if button := one("[data-copy]"); value[bool](b.tab, "!!"+button) {
			b.click("[data-copy]") // says that it did it, or has no permission
		}
		for _, text := range outside(t, value[string](b.tab, "document.documentElement.outerHTML")) {
			t.Errorf("%s: the script writes %q", s.name, text)
		}
		for _, text := range value[[]string](b.tab, `[...document.querySelectorAll("*")].flatMap(el => ["::before", "::after"].map(part => getComputedStyle(el, part).content)).
			filter(content => content !== "none" && content !== "normal" && /\p{L}/u.test(content.replaceAll(/(counter|attr|var)\([^)]*\)/g, "")))`) {
			t.Errorf("%s: the style sheet writes %s", s.name, text)
		}
	}
}

// pseudoTexts puts every text of the English catalogue in brackets, each bold run in brackets of its own.
func pseudoTexts(t *testing.T) func(*portalOptions) {
	t.Helper()
	catalogue := map[string]any{}
	for _, folder := range []string{"catalog", "desk"} {
		source, err := os.ReadFile("../internal/i18n/" + folder + "/en.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(source, &catalogue); err != nil {
			t.Fatal(err)
		}
	}
	bracket := func(text any) string {
		runs := strings.Split(text.(string), "**")
		for i, run := range runs {
			if run != "" {
				runs[i] = "⟦" + run + "⟧"
			}
		}
		return strings.Join(runs, "**")
	}
	for key, text := range catalogue {
		if forms, plural := text.(map[string]any); plural {
			for form := range forms {
				forms[form] = bracket(forms[form])
			}
			continue
		}
		catalogue[key] = bracket(text)
	}
	changed, err := json.Marshal(catalogue)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *portalOptions) {
		folder := fstest.MapFS{"brand.json": {Data: []byte(`{"support": {"text": "555 0100"}}`)}}
		if given, is := o.brand.(fstest.MapFS); is {
			folder = maps.Clone(given)
		}
		folder["texts/en.json"] = &fstest.MapFile{Data: changed}
		o.brand = folder
	}
}

var (
	inBrackets = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	aTime      = regexp.MustCompile(`<time[^>]*>[^<]*</time>`)
	letters    = regexp.MustCompile(`\p{L}+`)
	// What the portals of the tests are called, and where their people go: data of the operator. And whom a page is
	// called after.
	operators = []string{"Northwind", "Service desk", "Our own app", "Alice Moreau", "Edsger Moreau"}
	readOut   = []string{"alt", "title", "placeholder", "label", "summary", "aria-label", "aria-description", "aria-valuetext", "aria-roledescription", "data-copied"}
)

// outside are the texts of a page that no brackets are around.
func outside(t *testing.T, page string) []string {
	t.Helper()
	page = aTime.ReplaceAllString(page, "") // written by rules of their own
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	check := func(text string) {
		rest := text
		for inBrackets.MatchString(rest) {
			rest = inBrackets.ReplaceAllString(rest, "")
		}
		for _, name := range operators {
			rest = strings.ReplaceAll(rest, name, "")
		}
		if letters.MatchString(rest) {
			found = append(found, strings.TrimSpace(text))
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
		}
		switch {
		case n.Type == html.TextNode:
			check(n.Data)
		case n.Data == "script", n.Data == "style", attributes["translate"] == "no", attributes["class"] == "dot":
			return // the dot is the brand's first letter
		case n.Data == "input" && slices.Contains([]string{"submit", "button", "reset"}, attributes["type"]):
			check(attributes["value"])
		case n.Data == "meta" && attributes["name"] == "description":
			check(attributes["content"])
		}
		for _, name := range readOut {
			check(attributes[name])
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(root)
	return found
}

// What stands outside is seen, wherever it stands.
func TestTextInTheCodeIsSeen(t *testing.T) {
	for _, page := range []string{
		`<p>⟦Your code:⟧ wrong</p>`, `<p>⟦a⟧<b>bold</b></p>`, `<button aria-label="Copy">⟦Copy⟧</button>`, `<img alt="Code">`, `<title>Done</title>`,
		`<input placeholder="Name">`, `<input type="submit" value="Go">`,
	} {
		if len(outside(t, page)) != 1 {
			t.Errorf("not seen: %s", page)
		}
	}
	if got := outside(t, `<title>⟦Done⟧ · Northwind</title><p>⟦At⟧ <b>⟦9 ⟦minutes⟧⟧</b> 3:00 <span translate="no">ada</span></p>`); len(got) > 0 {
		t.Errorf("taken for text of the code: %q", got)
	}
}
