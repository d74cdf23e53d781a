package i18n

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// fallback is the language of those whose own is not built in.
const fallback = "en"

// Language is a language that somebody can choose: its tag, and its name in itself.
type Language struct{ Tag, Name string }

// names are what each language calls itself, in the order of a menu: by their Latin or native spelling.
//
//nolint:gochecknoglobals // an immutable table
var names = []Language{
	{"id", "Bahasa Indonesia"},
	{"cs", "Čeština"},
	{"de", "Deutsch"},
	{"en", "English"},
	{"es", "Español"},
	{"fr", "Français"},
	{"it", "Italiano"},
	{"hu", "Magyar"},
	{"nl", "Nederlands"},
	{"nb", "Norsk bokmål"},
	{"pl", "Polski"},
	{"pt-BR", "Português (Brasil)"},
	{"sv", "Svenska"},
	{"vi", "Tiếng Việt"},
	{"tr", "Türkçe"},
	{"ru", "Русский"},
	{"uk", "Українська"},
	{"he", "עברית"},
	{"ar", "العربية"},
	{"th", "ไทย"},
	{"ko", "한국어"},
	{"ja", "日本語"},
	{"zh-Hans", "简体中文"},
	{"zh-Hant", "繁體中文"},
}

// Languages are the catalogues that are built in. It is safe for concurrent use.
type Languages struct {
	printers map[string]*Printer
	tags     []language.Tag // the fallback first
	byTag    []*Printer     // in the order of tags
	matcher  language.Matcher

	mu    sync.Mutex
	known map[string]*Printer // preferences that were matched before: browsers send few different ones
}

// maxKnown bounds what strangers can make us remember.
const maxKnown = 1000

// New finds the catalogues that are built in.
func New() (*Languages, error) {
	catalogues, err := openCatalogues()
	if err != nil {
		return nil, fmt.Errorf("i18n: catalogues: %w", err)
	}
	printers := make(map[string]*Printer)
	entries, err := fs.ReadDir(catalogues, ".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if lang := strings.TrimSuffix(entry.Name(), ".json"); entry.Name() != keysFile {
			printers[lang] = newPrinter(catalogues, lang)
		}
	}
	return newLanguages(printers), nil
}

func newLanguages(printers map[string]*Printer) *Languages {
	l := &Languages{printers: printers, known: make(map[string]*Printer)}
	order := l.All()
	slices.SortStableFunc(order, func(a, b Language) int { return cmp.Compare(rank(a.Tag), rank(b.Tag)) })
	for _, each := range order {
		l.tags = append(l.tags, language.MustParse(each.Tag))
		l.byTag = append(l.byTag, l.printers[each.Tag])
	}
	l.matcher = language.NewMatcher(l.tags)
	return l
}

func rank(tag string) int {
	if tag == fallback {
		return 0
	}
	return 1
}

// All are the languages that are built in, in the order of a menu.
func (l *Languages) All() []Language {
	return slices.DeleteFunc(slices.Clone(names), func(each Language) bool { return l.printers[each.Tag] == nil })
}

// Tags are the tags of all languages, the one of those whose own is not built in first.
func (l *Languages) Tags() []string {
	tags := make([]string, 0, len(l.byTag))
	for _, p := range l.byTag {
		tags = append(tags, p.lang)
	}
	return tags
}

// Printer is the Printer of exactly that tag.
func (l *Languages) Printer(tag string) (*Printer, bool) {
	p, found := l.printers[tag]
	return p, found
}

// Match is the Printer of the first preference that a language fits: each is a tag, or a list as Accept-Language has it.
func (l *Languages) Match(preferences ...string) *Printer {
	for _, preference := range preferences {
		if preference == "" || len(preference) > maxPreference {
			continue
		}
		if p := l.match(preference); p != nil {
			return p
		}
	}
	return l.printers[fallback]
}

// match is the Printer that fits one preference: nil for none.
func (l *Languages) match(preference string) *Printer {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, known := l.known[preference]
	if !known {
		wanted, _, err := language.ParseAcceptLanguage(preference)
		if err == nil && len(wanted) > 0 {
			if _, index, confidence := l.matcher.Match(wanted...); confidence >= language.High { // less is a guess
				p = l.byTag[index]
			}
		}
		if len(l.known) >= maxKnown {
			clear(l.known)
		}
		l.known[strings.Clone(preference)] = p // not the request's memory
	}
	return p
}

// maxPreference is more than any browser sends.
const maxPreference = 256
