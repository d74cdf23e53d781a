// Package i18n holds every text that a person reads, by language.
//
// A catalogue is catalog/<language>.json: message keys to texts. "{name}" in a text is replaced by the value of that
// name; a text that depends on a number is an object of plural categories (CLDR: one, few, many, other); "**words**"
// are set in bold by the views. What only agents of the help desk read is in desk/<language>.json: a text of one folder
// never waits for a translator of the other. A [Printer] is one language with the texts of both; it is passed in page
// models, never ambient, so that no page can answer in another visitor's language.
package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"
)

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
	messages func() map[string]message
}

// newPrinter makes the Printer of a language that is built in. Its catalogue is read when somebody first speaks it: most
// portals need a few of them, and all together are most of what a start takes. One that cannot be read is a mistake in
// the program, which a test finds.
func newPrinter(catalogues fs.FS, lang string) *Printer {
	return &Printer{lang: lang, messages: sync.OnceValue(func() map[string]message {
		messages, err := readMessages(catalogues, lang)
		if err != nil {
			panic("i18n: catalogue " + lang + ": " + err.Error())
		}
		return messages
	})}
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
	_, found := p.messages()[key]
	return found
}

// Keys are the catalogue's keys, in no order.
func (p *Printer) Keys() []string {
	keys := make([]string, 0, len(p.messages()))
	for key := range p.messages() {
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
	parts := strings.Split(p.form(key, n), "**")
	rich := make(Rich, 0, len(parts))
	pairs = append(pairs, "n", strconv.Itoa(n))
	for i, part := range parts {
		if part != "" {
			rich = append(rich, Run{Text: fill(part, pairs), Bold: i%2 == 1})
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
	m, found := p.messages()[key]
	if !found {
		return key
	}
	if text, found := m[plural(p.lang, n)]; found {
		return text
	}
	return m["other"]
}

func fill(text string, pairs []string) string {
	if len(pairs) == 0 || !strings.Contains(text, "{") {
		return text
	}
	var filled strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			filled.WriteString(text)
			return filled.String()
		}
		filled.WriteString(before)
		if value, known := valueOf(name, pairs); known {
			filled.WriteString(value)
			text = after
			continue
		}
		filled.WriteByte('{')
		text = rest
	}
}

func valueOf(name string, pairs []string) (value string, known bool) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1], true
		}
	}
	return "", false
}
