// Package i18n holds every text that a person reads, by language.
//
// A catalogue is catalog/<language>.json: message keys to texts. "{name}" in a text is replaced by the value of that
// name; a text that depends on a number is an object of plural categories (CLDR: one, few, many, other); "**words**"
// are set in bold by the views. What only agents of the help desk read is in desk/<language>.json, see [Languages.Desk].
// A [Printer] is one language; it is passed in page models, never ambient, so that no page can answer in another
// visitor's language.
package i18n

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed catalog/*.json desk/*.json
var catalogues embed.FS

// message is a text, or its plural forms by category.
type message map[string]string

// UnmarshalJSON reads "text" or {"one": "…", "other": "…"}.
func (m *message) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*m = message{"other": text}
		return nil
	}
	forms := map[string]string{}
	if err := json.Unmarshal(data, &forms); err != nil {
		return fmt.Errorf("a message is a text or an object of plural forms: %w", err)
	}
	if forms["other"] == "" {
		return errors.New(`plural forms without "other"`)
	}
	*m = forms
	return nil
}

// Printer speaks one language. It is safe for concurrent use.
type Printer struct {
	lang     string
	messages map[string]message
}

// newPrinter reads the catalogue of a language.
func newPrinter(lang string) (*Printer, error) {
	data, err := catalogues.ReadFile("catalog/" + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("i18n: no catalogue for %q", lang)
	}
	p := &Printer{lang: lang}
	if err := json.Unmarshal(data, &p.messages); err != nil {
		return nil, fmt.Errorf("i18n: catalogue %s: %w", lang, err)
	}
	return p, nil
}

// Lang is the language's tag (BCP 47), for the page's lang attribute.
func (p *Printer) Lang() string { return p.lang }

// Name is what the language calls itself.
func (p *Printer) Name() string {
	for _, each := range names {
		if each.Tag == p.lang {
			return each.Name
		}
	}
	return p.lang
}

// Dir is the direction in which the language is written, for the page's dir attribute.
func (p *Printer) Dir() string {
	if p.lang == "ar" || p.lang == "he" {
		return "rtl"
	}
	return "ltr"
}

// Has reports whether the catalogue has key.
func (p *Printer) Has(key string) bool {
	_, found := p.messages[key]
	return found
}

// Keys are the catalogue's keys, in no order.
func (p *Printer) Keys() []string {
	keys := make([]string, 0, len(p.messages))
	for key := range p.messages {
		keys = append(keys, key)
	}
	return keys
}

// T is the text of key, with pairs of name and value put in. An unknown key is its own text: ugly, but never a
// broken page; a test finds it first.
func (p *Printer) T(key string, pairs ...string) string { return fill(p.form(key, 0), pairs) }

// N is the text of key for the number n, which is "{n}" in the text.
func (p *Printer) N(key string, n int, pairs ...string) string {
	return fill(p.form(key, n), append(pairs, "n", strconv.Itoa(n)))
}

// Rich is text in runs, some of them bold.
type Rich []Run

// Run is a piece of text in one weight.
type Run struct {
	Text string
	Bold bool
	At   time.Time // not zero: Text is a time of today, for which the page's script puts the reader's own
}

// Rich is like N, cut at the bold marks of the catalogue. Marks in values are text like any other.
func (p *Printer) Rich(key string, n int, pairs ...string) Rich {
	var rich Rich
	for i, part := range strings.Split(p.form(key, n), "**") {
		if part != "" {
			rich = append(rich, Run{Text: fill(part, append(pairs, "n", strconv.Itoa(n))), Bold: i%2 == 1})
		}
	}
	return rich
}

// RichAt is like Rich for a text that says a time of today, which is "{time}" in it.
func (p *Printer) RichAt(key string, at time.Time, pairs ...string) Rich {
	var rich Rich
	for _, run := range p.Rich(key, 0, append(pairs, "time", timeMark)...) {
		before, after, found := strings.Cut(run.Text, timeMark)
		for _, part := range []Run{{Text: before, Bold: run.Bold}, {Text: p.Clock(at), Bold: run.Bold, At: at}, {Text: after, Bold: run.Bold}} {
			if part.Text != "" && (found || part.At.IsZero()) {
				rich = append(rich, part)
			}
		}
	}
	return rich
}

// timeMark stands for a time while a text is cut: a noncharacter of Unicode, which nothing that a person typed keeps.
const timeMark = "\uFDD0"

// form is the text of key that fits n, before anything is put in.
func (p *Printer) form(key string, n int) string {
	m, found := p.messages[key]
	if !found {
		return key
	}
	if text, found := m[plural(p.lang, n)]; found {
		return text
	}
	return m["other"]
}

// Moment writes a point in time for a person who has no script to turn it into local time: in numbers that read the
// same everywhere, but in English.
func (p *Printer) Moment(t time.Time) string {
	if p.lang == "en" {
		return t.UTC().Format("2 Jan 2006, 15:04 UTC")
	}
	return t.UTC().Format("2006-01-02, 15:04 UTC")
}

// Clock writes a time of today, to the second, likewise.
func (p *Printer) Clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

func fill(text string, pairs []string) string {
	if len(pairs) == 0 {
		return text
	}
	replacements := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		replacements = append(replacements, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(replacements...).Replace(text)
}
