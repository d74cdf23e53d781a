package i18n_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"cognito-enroll/internal/i18n"
)

func languages(t *testing.T) *i18n.Languages {
	t.Helper()
	all, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheFirstPreferenceThatFitsCounts(t *testing.T) {
	all := languages(t)
	for _, test := range []struct {
		preferences []string
		want        string
	}{
		{[]string{"", "", ""}, "en"},
		{[]string{"de", "fr", "es"}, "de"},
		{[]string{"", "fr", "es"}, "fr"},
		{[]string{"", "", "es-MX,en;q=0.8"}, "es"},
		{[]string{"xx", "", "de-CH"}, "de"},
		{[]string{"", "", "pt"}, "pt-BR"},
		{[]string{"", "", "zh-TW,zh;q=0.9"}, "zh-Hant"},
		{[]string{"", "", "zh-CN"}, "zh-Hans"},
		{[]string{"", "", "no"}, "nb"},
		{[]string{"", "", "sw-TZ"}, "en"},
		{[]string{"../../etc/passwd", "\x00", strings.Repeat("de,", 1000)}, "en"},
	} {
		if got := all.Match(test.preferences...).Lang(); got != test.want {
			t.Errorf("%.40q: %s, want %s", test.preferences, got, test.want)
		}
	}
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// Every language says everything, with the same placeholders and bold words, in all its plural forms.
func TestEveryCatalogueIsComplete(t *testing.T) {
	all := languages(t)
	if got := len(all.All()); got != 24 {
		t.Errorf("%d languages, want 24", got)
	}
	english := i18n.Messages(all.Match("en"))
	for _, each := range all.All() {
		p, _ := all.Printer(each.Tag)
		messages := i18n.Messages(p)
		for key, want := range english {
			got, found := messages[key]
			if !found {
				t.Errorf("%s has no %q", each.Tag, key)
				continue
			}
			if len(want) == 1 && len(got) != 1 {
				t.Errorf("%s: %q has plural forms", each.Tag, key)
			}
			if len(want) > 1 {
				if forms := slices.Sorted(maps.Keys(got)); !slices.Equal(forms, formsOf(each.Tag)) {
					t.Errorf("%s: %q has the forms %v, want %v", each.Tag, key, forms, formsOf(each.Tag))
				}
			}
			for form, text := range got {
				named := slices.Sorted(slices.Values(placeholder.FindAllString(text, -1)))
				wanted := slices.Sorted(slices.Values(placeholder.FindAllString(want["other"], -1)))
				if form == "zero" || form == "one" || form == "two" { // the number may be a word
					named, wanted = without(named), without(wanted)
				}
				if !slices.Equal(slices.Compact(named), slices.Compact(wanted)) {
					t.Errorf("%s: %q (%s) has the placeholders %v, want %v", each.Tag, key, form, named, wanted)
				}
				if strings.Count(text, "**")%2 != 0 || strings.Contains(text, "**") != strings.Contains(want["other"], "**") {
					t.Errorf("%s: %q (%s): bold marks in %q", each.Tag, key, form, text)
				}
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: %q (%s) is empty", each.Tag, key, form)
				}
			}
		}
		for key := range messages {
			if _, found := english[key]; !found {
				t.Errorf("%s has %q, which nobody says", each.Tag, key)
			}
		}
	}
}

// A text is in one folder alone: that of the help desk for what begins with "desk.", else the other. One that is in both
// would win by chance.
func TestEveryTextIsInOneFolder(t *testing.T) {
	for _, folder := range []string{"catalog", "desk"} {
		files, err := filepath.Glob(folder + "/*.json")
		if err != nil || len(files) != 24 {
			t.Fatalf("%d catalogues in %s (%v), want 24", len(files), folder, err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts := map[string]any{}
			if err := json.Unmarshal(data, &texts); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for key := range texts {
				if strings.HasPrefix(key, "desk.") != (folder == "desk") {
					t.Errorf("%s has %q", name, key)
				}
			}
		}
	}
}

// Texts that send the reader to a button or a link call it as it is called.
func TestButtonsAreCalledByTheirNames(t *testing.T) {
	all := languages(t)
	for _, each := range all.All() {
		p, _ := all.Printer(each.Tag)
		for _, test := range []struct{ text, button string }{
			{"code.error.pool_refused", "setup.again"}, {"signin.error.wrong_password", "signin.forgot"},
		} {
			if !strings.Contains(p.T(test.text), p.T(test.button)) {
				t.Errorf("%s: %q does not name %q: %s", each.Tag, test.text, test.button, p.T(test.text))
			}
		}
	}
}

func without(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "{n}" })
}

// formsOf are the categories that a whole number can have in a language, by CLDR's own rules, and "other".
func formsOf(tag string) []string {
	forms := map[string]bool{"other": true}
	for _, n := range sample() {
		forms[categoryOf(tag, n)] = true
	}
	switch tag { // CLDR has more for these, of a million or of fractions
	case "fr", "es", "it", "pt-BR", "cs":
		forms["many"] = true
	}
	return slices.Sorted(maps.Keys(forms))
}

func sample() []int {
	numbers := []int{1000, 1001, 1002, 1003, 1011}
	for n := range 130 {
		numbers = append(numbers, n)
	}
	return numbers
}

func categoryOf(tag string, n int) string {
	form := plural.Cardinal.MatchPlural(language.MustParse(tag), n, 0, 0, 0, 0)
	if tag == "he" && form == plural.Many { // CLDR has had no such form since version 42; the library is older
		form = plural.Other
	}
	return map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}[form]
}

func TestPluralsFollowCLDR(t *testing.T) {
	for _, each := range languages(t).All() {
		for _, n := range sample() {
			if got, want := i18n.Plural(each.Tag, n), categoryOf(each.Tag, n); got != want {
				t.Errorf("%s, %d: %s, want %s", each.Tag, n, got, want)
			}
		}
	}
}
