package web_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
)

// offer makes a word on the page that the browser stands at, and answers it as it is shown.
func (b *browser) offer() (word string) {
	b.t.Helper()
	b.submit("/swap").at("/swap").status(http.StatusOK)
	word = b.page.Text("#word")
	if len(word) != len("ABC DEF") {
		b.t.Fatalf("the word is %q:\n%s", word, b.page.Text("main"))
	}
	return word
}

// goOn types a word on another screen.
func (b *browser) goOn(word string) *browser {
	b.t.Helper()
	return b.get("/continue").submit("/continue", "word", word)
}

func (b *browser) picture() []byte {
	b.t.Helper()
	b.get("/set-up/qr.png").status(http.StatusOK)
	return b.body
}

// From the scan page, with either authority: the same key, the same picture, the same time left, on one screen at a time.
func TestAFlowGoesOnOnAnotherScreen(t *testing.T) {
	for _, mode := range []userpool.MFA{userpool.MFAOn, userpool.MFAOptional} { // challenge session, access token
		t.Run(string(mode), func(t *testing.T) {
			p := openPortal(t, func(o *portalOptions) { o.pool.MFA = mode })
			p.addUser("ada", userpool.StateNew)
			first, second := p.browser(), p.browser()
			first.signIn("ada", password)
			if first.path() == "/authenticator" {
				first.submit("/authenticator/start")
			}
			key, picture := first.at("/set-up").key(), first.picture()
			p.calls()
			p.clock.advance(time.Minute)
			word := first.get("/set-up").offer()
			if mode == userpool.MFAOn {
				first.golden("swap.html")
			}
			if got, want := first.page.Text("#address"), p.server.URL+"/continue"; got != want {
				t.Errorf("sends to %q, want %q", got, want)
			}
			p.restart() // another node

			second.get("/continue").golden("continue.html")
			second.submit("/continue", "word", strings.ToLower(strings.Replace(word, " ", "-", 1))).at("/continue").status(http.StatusOK)
			second.text(".lead", "ada").text("header", "ada").golden("continue-arrived.html")
			if got := second.get("/").at("/set-up").key(); got != key {
				t.Errorf("the key is %q, want %q", got, key)
			}
			if mode == userpool.MFAOn {
				second.text(".timer", "2 minutes") // of the three that the session has
			}
			if !bytes.Equal(second.picture(), picture) {
				t.Error("another picture of the key")
			}
			p.wantCalls("") // the pool hears nothing of it

			first.get("/swap").status(http.StatusOK).text("h1", "goes on on the other screen")
			for _, path := range []string{"/", "/set-up", "/authenticator"} {
				first.get(path).at("/swap")
			}
			first.get("/set-up/qr.png").status(http.StatusNotFound)
			second.get("/").submit("/set-up/verify", "code", p.code(key)).at("/done")
			first.get("/swap").text("h1", "is set up").text("a.btn", "Continue to Intranet").golden("swap-done.html")
			first.get("/sign-in").status(http.StatusOK).text(".msg", "on another screen")
		})
	}
}

// Before there is a key, and back again: the flow makes its key on the second screen and is finished on the first.
func TestAFlowGoesThereAndBack(t *testing.T) {
	p := openPortal(t, optional)
	oldKey := p.addUser("edsger", userpool.StateEnrolled)
	phone, desk := p.browser(), p.browser()
	phone.signIn("edsger", password).submit("/challenge", "code", p.code(oldKey)).at("/authenticator")
	desk.goOn(phone.offer()).get("/").at("/authenticator").submit("/authenticator/start").at("/set-up")
	key := desk.key()
	phone.get("/").at("/swap").text("h1", "goes on")
	phone.goOn(desk.offer()).get("/").at("/set-up")
	desk.get("/").at("/swap")
	phone.submit("/set-up/verify", "code", p.nextCode(key)).at("/done")
	desk.get("/swap").text("h1", "is set up")
}

// A word lives no longer than the flow, and the flow no longer for having moved.
func TestTheFlowsTimeMovesAlong(t *testing.T) {
	p := openPortal(t) // sessions of three minutes
	p.addUser("ada", userpool.StateNew)
	p.addUser("grace", userpool.StateNew)
	first, second := p.browser(), p.browser()
	first.signIn("ada", password).at("/set-up")
	p.clock.advance(2 * time.Minute)
	first.get("/set-up").offer()
	first.text(".timer", "until 09:33:05") // a minute, not three
	second.goOn(first.page.Text("#word")).get("/").at("/set-up")
	p.clock.advance(time.Minute)
	second.get("/set-up").at("/sign-in").text(".msg", "Time ran out")
	second.get("/continue").text("h1", "Continue here") // not "It goes on here"

	first.signIn("grace", password).at("/set-up")
	p.clock.advance(2 * time.Minute)
	word := first.get("/set-up").offer()
	p.clock.advance(time.Minute)
	p.browser().goOn(word).status(http.StatusUnprocessableEntity)
	first.get("/swap").at("/sign-in").text(".msg", "Time ran out")
}

func TestTheFlowsAgeMovesAlong(t *testing.T) {
	p := openPortal(t, optional, func(o *portalOptions) { o.pool.AccessTokenValidity = 24 * time.Hour })
	p.addUser("ada", userpool.StateNew)
	screen := p.browser()
	screen.signIn("ada", password).at("/authenticator")
	for range 3 { // each move writes a new cookie, which would be good for forty minutes
		p.clock.advance(9 * time.Minute)
		word, next := screen.get("/authenticator").offer(), p.browser()
		next.goOn(word).get("/").at("/authenticator")
		screen = next
	}
	p.clock.advance(3 * time.Minute)
	screen.get("/authenticator").at("/sign-in")
	p.clock.advance(11 * time.Minute)
	screen.get("/authenticator").at("/sign-in").text(".msg", "has ended") // nothing is remembered any more
}

// Asking what became of a word costs nothing and changes nothing; a page that asks by itself hears only of news.
func TestAsking(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first, second := p.browser(), p.browser()
	ask := func(shown string) *browser {
		r := first.request(http.MethodGet, "/swap?shown="+shown, nil)
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
		return first.do(r)
	}
	first.signIn("ada", password).at("/set-up")
	key, word := first.key(), first.offer()
	before := first.cookies()["__Host-enroll"]
	for range 3 {
		ask("waiting").status(http.StatusNoContent)
		second.get("/swap").at("/sign-in").get("/continue")
		for _, path := range []string{"/swap", "/continue", "/continue/qr.png"} {
			second.do(second.request(http.MethodHead, path, nil))
		}
	}
	if first.cookies()["__Host-enroll"] != before || len(second.cookies()) != 0 {
		t.Error("asking writes a cookie")
	}
	second.goOn(word).status(http.StatusOK)
	ask("waiting").status(http.StatusOK).text("#step h1", "goes on on the other screen")
	if first.page.Count("header") != 0 {
		t.Error("the whole page is sent in place of a part")
	}
	ask("moved").status(http.StatusNoContent)
	second.get("/").submit("/set-up/verify", "code", p.code(key)).at("/done")
	ask("moved").status(http.StatusOK).text("#step h1", "is set up")
	if got := first.page.Attr("#step", "hx-trigger"); got != "" {
		t.Errorf("asks on although all is done: %q", got)
	}
}

// The picture on the first screen is of the address alone.
func TestThePictureOfTheOtherScreensAddress(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	b.get("/continue/qr.png").status(http.StatusOK)
	if got, want := readQR(t, b.body), p.server.URL+"/continue"; got != want {
		t.Errorf("the picture says %q, want %q", got, want)
	}
}

// What our record says of an earlier set-up is not taken for this one's end.
func TestAnEarlierSetUpIsNotThisOne(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first, second := p.browser(), p.browser()
	first.signIn("ada", password).at("/set-up")
	key := first.key()
	first.submit("/set-up/verify", "code", p.code(key)).at("/done").submit("/sign-out")
	code := p.nextCode(key)
	first.signIn("ada", password).submit("/challenge", "code", code).at("/authenticator")
	second.goOn(first.offer()).status(http.StatusOK)
	first.get("/swap").text("h1", "goes on on the other screen")
	second.get("/").submit("/authenticator/start").at("/set-up")
	second.submit("/set-up/verify", "code", p.nextCode(second.key())).at("/done")
	first.get("/swap").text("h1", "is set up")
}

// Keys rotate between the making of a word and its typing.
func TestAWordOutlivesANewKey(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first := p.browser()
	first.signIn("ada", password).at("/set-up")
	word := first.offer()
	p.keys = append([]session.Key{session.NewKey()}, p.keys...)
	p.restart()
	p.browser().goOn(word).status(http.StatusOK)
	first.get("/swap").text("h1", "goes on")
}

// The pages of the swap in every language, without a sentence of another.
func TestTheSwapInEveryLanguage(t *testing.T) {
	languages, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	english := languages.Match("en")
	for _, each := range languages.All() {
		if each.Tag == "en" {
			continue
		}
		t.Run(each.Tag, func(t *testing.T) {
			p := openPortal(t)
			p.addUser("ada", userpool.StateNew)
			first, second := p.browser(), p.browser()
			speaks := func(b *browser) {
				t.Helper()
				text := b.page.Text("html")
				if strings.Contains(text, "swap.") || strings.Contains(text, "continue.") || strings.ContainsAny(text, "{}*") {
					t.Errorf("%s shows a key or a mark: %s", b.path(), text)
				}
				for _, key := range english.Keys() {
					if sentence := english.T(key); len(sentence) > 12 && !strings.Contains(sentence, "{") && strings.Contains(text, sentence) {
						t.Errorf("%s says in English: %s", b.path(), sentence)
					}
				}
			}
			for _, b := range []*browser{first, second} {
				b.setCookie("lang", each.Tag)
			}
			first.signIn("ada", password).at("/set-up")
			key := first.key()
			speaks(first)
			word := first.offer()
			speaks(first)
			second.goOn("no word").status(http.StatusUnprocessableEntity)
			speaks(second)
			speaks(second.goOn(word).at("/continue"))
			speaks(first.get("/swap"))
			speaks(first.get("/sign-in"))
			second.get("/").submit("/set-up/verify", "code", p.code(key)).at("/done")
			speaks(first.get("/swap"))
		})
	}
}

// The words of a notice are for the page that follows, not for signing in when time has run out since.
func TestANoticeOfAnotherStepIsNotShownAtSignIn(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first, second := p.browser(), p.browser()
	first.signIn("ada", password).at("/set-up")
	second.goOn(first.offer()).get("/").at("/set-up")
	p.clock.advance(4 * time.Minute)
	if second.get("/").at("/sign-in").text(".msg", "Time ran out"); strings.Contains(second.page.Text("main"), "notice") {
		t.Error("a key is shown in place of a text")
	}
}
