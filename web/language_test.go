package web_test

import (
	"net/http"
	"strings"
	"testing"

	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/userpool"
)

// The whole journey in every language, without a sentence of another.
func TestTheJourneyInEveryLanguage(t *testing.T) {
	languages, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	english := languages.Match("en")
	for _, each := range languages.All() {
		t.Run(each.Tag, func(t *testing.T) {
			p := openPortal(t)
			p.addUser("ada", userpool.StateNew)
			b := p.browser()
			printer, _ := languages.Printer(each.Tag)
			speaks := func() {
				t.Helper()
				if lang, dir := b.page.Attr("html", "lang"), b.page.Attr("html", "dir"); lang != each.Tag || dir != printer.Dir() {
					t.Errorf("%s is in %s, %s", b.path(), lang, dir)
				}
				if each.Tag == "en" {
					return
				}
				text := b.page.Text("html")
				for _, key := range english.Keys() {
					if sentence := english.T(key); len(sentence) > 20 && !strings.Contains(sentence, "{") && strings.Contains(text, sentence) {
						t.Errorf("%s says in English: %s", b.path(), sentence)
					}
				}
			}
			r := b.request(http.MethodGet, "/", nil)
			r.URL.RawQuery = "lang=" + each.Tag
			b.do(r).at("/prepare")
			speaks()
			b.get("/sign-in").at("/sign-in")
			speaks()
			b.submit("/sign-in", "username", "ada", "password", "wrong").status(http.StatusUnprocessableEntity)
			speaks()
			b.submit("/sign-in", "username", "ada", "password", password).at("/set-up")
			speaks()
			key := b.key()
			b.submit("/set-up/verify", "code", p.codeAt(key, p.clock.Now().Add(-4*60*1e9))).status(http.StatusUnprocessableEntity)
			speaks()
			b.submit("/set-up/verify", "code", p.code(key)).at("/done")
			speaks()
			b.get("/nope").status(http.StatusNotFound)
			speaks()
		})
	}
}

func TestTheLanguageOfTheBrowserAndOfAnEarlierChoice(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	ask := func(accept, query string) string {
		r := b.request(http.MethodGet, "/sign-in", nil)
		r.URL.RawQuery = query
		r.Header.Set("Accept-Language", accept)
		return b.do(r).page.Attr("html", "lang")
	}
	for _, test := range []struct{ accept, query, want string }{
		{"", "", "en"},
		{"fr-CA,fr;q=0.9,en;q=0.8", "", "fr"},
		{"de", "lang=nonsense", "de"},
		{"de", "lang=ja", "ja"},
		{"de", "", "ja"}, // remembered
		{"de", "lang=ar", "ar"},
		{"de", "", "ar"},
	} {
		if got := ask(test.accept, test.query); got != test.want {
			t.Errorf("Accept-Language %q and %q: %s, want %s", test.accept, test.query, got, test.want)
		}
	}
	if b.setCookie("lang", "\x00<script>"); ask("", "") != "en" {
		t.Error("a damaged choice is not ignored")
	}
}
