package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/userpool"
)

// The whole journey in every language, without a sentence of another.
func TestTheJourneyInEveryLanguage(t *testing.T) {
	languages, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range languages.All() {
		t.Run(each.Tag, func(t *testing.T) {
			p := openPortal(t)
			p.addUser("ada", userpool.StateNew)
			b := p.browser()
			printer, _ := languages.Printer(each.Tag)
			speaks := func() {
				t.Helper()
				b.speaks(printer, languages.Match("en"))
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

// The same of the help desk's pages, which an agent reads in one language after the other. Its dates are of the language,
// too.
func TestTheDeskInEveryLanguage(t *testing.T) {
	languages, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	p := openPortal(t, withDesk)
	agent, stranger := atDesk(p.browser()), p.browser()
	agent.makesLink("alice")
	link := agent.path()
	account := agent.lookedUp("alice").path()
	for _, each := range languages.All() {
		printer, _ := languages.Printer(each.Tag)
		stranger.in(each.Tag, "/desk/sign-in").speaks(printer, languages.Match("en"))
		agent.in(each.Tag, "/desk").speaks(printer, languages.Match("en"))
		for _, path := range []string{account, account + "/link", account + "/lost-phone", link, "/desk/approvals", "/desk/coverage", "/desk/audit", "/desk/links/99"} {
			agent.get(path).speaks(printer, languages.Match("en"))
		}
		agent.get(account + "/link")
		if got := agent.page.Attr("#language option[selected]", "value"); got != each.Tag {
			t.Errorf("%s: a link for who has no language is in %q", each.Tag, got)
		}
		agent.get("/desk").submit("/desk/look-up", "account", "nobody").status(http.StatusUnprocessableEntity).speaks(printer, languages.Match("en"))
		agent.get(account)
		at, err := time.Parse(time.RFC3339, agent.page.Attr(".facts time", "datetime"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := agent.page.Text(".facts"), printer.Moment(at); !strings.Contains(got, want) {
			t.Errorf("%s: the account was not made on %s: %s", each.Tag, want, got)
		}
	}
}

// in gets a page in a language, which is remembered.
func (b *browser) in(tag, path string) *browser {
	b.t.Helper()
	r := b.request(http.MethodGet, path, nil)
	r.URL.RawQuery = "lang=" + tag
	return b.do(r)
}

// speaks wants the page at hand in a language, without a sentence of English unless it is that.
func (b *browser) speaks(printer, english *i18n.Printer) {
	b.t.Helper()
	if lang, dir := b.page.Attr("html", "lang"), b.page.Attr("html", "dir"); lang != printer.Lang() || dir != printer.Dir() {
		b.t.Errorf("%s is in %s, %s", b.path(), lang, dir)
	}
	if printer.Lang() == english.Lang() {
		return
	}
	text := b.page.Text("html")
	for _, key := range english.Keys() {
		if sentence := english.T(key); len(sentence) > 20 && !strings.Contains(sentence, "{") && strings.Contains(text, sentence) {
			b.t.Errorf("%s says in English: %s", b.path(), sentence)
		}
	}
}

// Who chooses a language on a page of the desk comes back to it, or to the desk if it cannot be gone back to.
func TestTheChoiceLeadsBackToTheDesk(t *testing.T) {
	p := openPortal(t, withDesk)
	agent := atDesk(p.browser())
	account := agent.lookedUp("alice").path()
	for from, want := range map[string]string{
		"/desk": "/desk", account: account, account + "/link": account + "/link", "/desk/audit": "/desk/audit",
		"/desk/sign-in": "/desk", "/desk/look-up": "/desk", "/desk/coverage/sweep": "/desk", "/desk/links/1/mail": "/desk", "/desktop": "/",
	} {
		r := agent.request(http.MethodGet, "/languages", nil)
		r.Header.Set("Referer", p.server.URL+from)
		agent.do(r)
		if got := agent.page.Attr(".languages [lang=de]", "href"); got != want+"?lang=de" {
			t.Errorf("from %s to %s, want %s?lang=de", from, got, want)
		}
	}
	r := p.browser().request(http.MethodGet, "/desk/sign-in", nil)
	r.Header.Set("Accept-Language", "fr-CA,en;q=0.5")
	if got := p.browser().do(r).page.Attr("html", "lang"); got != "fr" {
		t.Errorf("who prefers French reads %s", got)
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
