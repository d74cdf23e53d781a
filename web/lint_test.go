package web_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"cognito-enroll/internal/htmltest"
)

// What no page may do with what it shows and asks for, in every state and in four languages: hand it to a spell checker, a
// translator or a password manager that takes it for something else; load or link to another site without need; hide it
// in comments and fields; or repeat the key anywhere but in its text and in the links that open an app.
func TestPagesKeepWhatTheyShow(t *testing.T) {
	asked := map[string][]string{ // autocomplete, by the field's name
		"username": {"username"}, "password": {"current-password", "new-password"}, "again": {"new-password"},
		"code": {"one-time-code"}, "piece": {"off"}, "word": {"off"}, "device": {"off"}, "account": {"off"}, "ticket": {"off"},
	}
	hidden := []string{"flow", "return_to", "method", "to", "answer", "operation", "username"}
	keys, fields, links := 0, 0, 0
	for _, lang := range []string{"en", "de", "ar", "ja"} {
		for _, e := range theGallery.in(t, lang) {
			fault := func(format string, args ...any) {
				t.Helper()
				t.Errorf("%s (%s): "+format, append([]any{e.name, e.lang}, args...)...)
			}
			document, err := html.Parse(bytes.NewReader(e.body))
			if err != nil {
				t.Fatal(err)
			}
			key := htmltest.Parse(t, e.body).Text("#key")
			for node := range document.Descendants() {
				attr := map[string]string{}
				for _, a := range node.Attr {
					attr[a.Key] = a.Val
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
						fault("<%s> has the attribute %s", node.Data, a.Key)
					}
				}
				switch {
				case node.Type == html.CommentNode:
					fault("comment %q", node.Data)
				case node.Type != html.ElementNode:
				case node.Data == "script", node.Data == "img", node.Data == "source", node.Data == "link":
					for _, where := range []string{"src", "srcset", "href"} {
						if at := attr[where]; at != "" && (at[0] != '/' || strings.HasPrefix(at, "//")) {
							fault("<%s> loads %s", node.Data, at)
						}
					}
					if node.Data == "img" && key != "" && (strings.Contains(attr["alt"], key[:4]) || attr["title"] != "") {
						fault("alt %q, title %q", attr["alt"], attr["title"])
					}
				case node.Data == "iframe", node.Data == "object", node.Data == "embed", node.Data == "base", node.Data == "style":
					fault("<%s>", node.Data)
				case node.Data == "a" && strings.HasPrefix(attr["href"], "http"):
					links++
					if rel := attr["rel"]; key != "" || attr["target"] != "" && !strings.Contains(rel, "noopener") || e.name == "prepare" && !strings.Contains(rel, "noreferrer") {
						fault("link to %s with rel %q", attr["href"], rel)
					}
				case node.Data == "input" && attr["type"] == "hidden":
					if !slices.Contains(hidden, attr["name"]) {
						fault("hidden field %s", attr["name"])
					}
				case node.Data == "input" && (attr["type"] == "radio" || attr["type"] == "checkbox"):
				case node.Data == "input":
					fields++
					if want := asked[attr["name"]]; attr["autocomplete"] == "" || want != nil && !slices.Contains(want, attr["autocomplete"]) && attr["readonly"] == "" && attr["aria-hidden"] == "" {
						fault("field %s has autocomplete %q, want %q", attr["name"], attr["autocomplete"], want)
					}
					if attr["type"] != "password" && attr["spellcheck"] != "false" && attr["aria-hidden"] == "" && attr["type"] != "number" && attr["type"] != "date" {
						fault("field %s is sent to spell checkers", attr["name"])
					}
				case attr["id"] == "key", attr["id"] == "word", attr["id"] == "address", attr["class"] == "spell":
					if attr["translate"] != "no" {
						fault("%s%s is sent to translators", attr["id"], attr["class"])
					}
				}
			}
			if key == "" {
				continue
			}
			keys++
			raw := strings.ReplaceAll(key, " ", "")
			inText, inLinks := bytes.Count(e.body, []byte(key)), bytes.Count(e.body, []byte(raw))
			inApps := bytes.Count(e.body, []byte(`href="otpauth://`)) + bytes.Count(e.body, []byte(`href="apple-otpauth://`))
			if inText != 1 || inLinks != inApps {
				fault("the key is there %d times as text and %d times in one piece, want 1 and %d", inText, inLinks, inApps)
			}
		}
	}
	if keys < 8 || fields < 100 || links == 0 {
		t.Errorf("only %d keys, %d fields, %d links to other sites: nothing was tested", keys, fields, links)
	}
}
