package i18n_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/i18n"
)

// What is the same in every language: names, and what is typed in a terminal.
var international = []string{"QR", "SMS", "SHA", "Apple", "Android", "iPhone", "dana", "go run ./cmd/portal code KEY", "Cognito", "IAM", "CSV", "JSON Lines", "JSON", "sub"}

// What a language and English have in common, to the letter.
var inCommon = map[string][]string{
	"de":    {"Computer", "Name", "App", "Links", "Ticket"},
	"es":    {"Error: "},
	"fr":    {" minutes", "Ticket"},
	"id":    {"Email"},
	"it":    {"Computer", "Password", "Account", "App", "Ticket"},
	"nb":    {"App"},
	"nl":    {"Computer", "Account", "authenticator app is", "app is open", "App", "Links", "Ticket"},
	"pt-BR": {"Links"},
	"sv":    {"App"},
	"vi":    {"Email"},
}

var (
	latinWord = regexp.MustCompile(`[A-Za-z][A-Za-z’'-]+`)
	inBraces  = regexp.MustCompile(`\{[a-z]+\}`)
)

// No English is left over: languages of another script have no word in Latin letters, those of the same script no text
// and no three words in a row from the English one.
func TestNoEnglishIsLeftOver(t *testing.T) {
	all := languages(t)
	english := i18n.Messages(all.Match("en"))
	for _, each := range all.All() {
		if each.Tag == "en" {
			continue
		}
		p, _ := all.Printer(each.Tag)
		for key, forms := range i18n.Messages(p) {
			if key == "attribute.locale" || key == "attribute.zoneinfo" { // codes as examples
				continue
			}
			for _, text := range forms {
				for _, left := range leftOver(each.Tag, text, english[key]) {
					t.Errorf("%s: %s says %q in English: %s", each.Tag, key, left, text)
				}
			}
		}
	}
}

func leftOver(lang, text string, english map[string]string) []string {
	words := func(text string) []string {
		text = inBraces.ReplaceAllString(text, "")
		for _, known := range append(slices.Clone(international), inCommon[lang]...) {
			text = strings.ReplaceAll(text, known, "")
		}
		return latinWord.FindAllString(text, -1)
	}
	own := words(text)
	switch lang {
	case "ar", "he", "ja", "ko", "ru", "th", "uk", "zh-Hans", "zh-Hant":
		return own
	}
	var left []string
	for _, original := range english {
		if text == original && len(own) > 0 {
			left = append(left, text)
		}
		theirs := " " + strings.ToLower(strings.Join(words(original), " ")) + " "
		for i := 0; i+3 <= len(own); i++ {
			if run := strings.ToLower(strings.Join(own[i:i+3], " ")); strings.Contains(theirs, " "+run+" ") {
				left = append(left, run)
			}
		}
	}
	return left
}

// The test above sees what it looks for.
func TestEnglishIsSeen(t *testing.T) {
	english := map[string]string{"other": "Type the six digits that the app shows, {n}"}
	for _, test := range []struct{ lang, text string }{
		{"de", english["other"]},
		{"de", "Geben Sie the six digits ein"},
		{"ja", "アプリのcodeを入力"},
		{"ru", "Введите code"},
	} {
		if len(leftOver(test.lang, test.text, english)) == 0 {
			t.Errorf("%s: nothing English is seen in %q", test.lang, test.text)
		}
	}
	if left := leftOver("de", "Tippen Sie die sechs Ziffern ein, die die App zeigt, {n}", english); len(left) > 0 {
		t.Errorf("German words are taken for English: %q", left)
	}
}
