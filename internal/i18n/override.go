package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// With is these languages with some texts replaced: texts holds <language>.json files of the catalogues' shape, each
// with as many keys as somebody wants other words for. Every fault is reported: a language or a key that does not exist,
// a placeholder that the text it replaces does not have, a plural form that the language lacks.
func (l *Languages) With(texts fs.FS) (*Languages, error) {
	entries, err := fs.ReadDir(texts, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	printers := maps.Clone(l.printers)
	var faults []error
	for _, entry := range entries {
		lang, isJSON := strings.CutSuffix(entry.Name(), ".json")
		p, found := printers[lang]
		if !isJSON || !found {
			faults = append(faults, fmt.Errorf("texts/%s: want <language>.json with a language of the portal", entry.Name()))
			continue
		}
		replaced, err := p.with(texts, entry.Name())
		if err != nil {
			faults = append(faults, err)
			continue
		}
		printers[lang] = replaced
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return newLanguages(printers), nil
}

func (p *Printer) with(texts fs.FS, name string) (*Printer, error) {
	data, err := fs.ReadFile(texts, name)
	if err != nil {
		return nil, err
	}
	var given map[string]message
	if err := json.Unmarshal(data, &given); err != nil {
		return nil, fmt.Errorf("texts/%s: %w", name, err)
	}
	var faults []error
	messages := maps.Clone(p.messages())
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if err := p.fits(key, given[key]); err != nil {
			faults = append(faults, fmt.Errorf("texts/%s: %s: %w", name, key, err))
		}
		messages[key] = given[key]
	}
	return &Printer{lang: p.lang, messages: func() map[string]message { return messages }}, errors.Join(faults...)
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// fits reports whether a text can stand in for the one of that key.
func (p *Printer) fits(key string, given message) error {
	own, found := p.messages()[key]
	if !found {
		return errors.New("no text has this key")
	}
	allowed := map[string]bool{}
	for _, form := range own {
		for _, name := range placeholder.FindAllString(form, -1) {
			allowed[name] = true
		}
	}
	for category, form := range given {
		if _, known := own[category]; !known && category != "other" {
			return fmt.Errorf("the form %q is not needed; there are %s", category, strings.Join(slices.Sorted(maps.Keys(own)), ", "))
		}
		for _, name := range placeholder.FindAllString(form, -1) {
			if !allowed[name] {
				return fmt.Errorf("nothing is put in for %s", name)
			}
		}
		if strings.Count(form, "**")%2 != 0 {
			return errors.New("a bold run that begins with ** has to end with **")
		}
	}
	return nil
}
