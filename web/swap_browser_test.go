package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"cognito-enroll/internal/userpool"
)

// On the phone with script, then on a computer: both say where it stands, without anybody reloading a page.
func TestBrowserGoesOnOnAnotherScreen(t *testing.T) {
	phone := look{name: "phone", width: 390, height: 844, scale: 2, touch: true}
	for _, test := range []struct {
		name          string
		first, second look
	}{
		{"from phone to computer", phone, desktop},
		{"from computer to phone", desktop, phone},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := openPortal(t)
			p.addUser("ada", userpool.StateNew)
			first, second := p.openTab(test.first), p.openTab(test.second)
			first.signIn("ada", password).at("/set-up")
			key := first.key()
			first.click(`[action="/swap"] button`).at("/swap").shows("#word", " ").keep("word")
			word := value[string](first, one("#word")+".textContent")

			second.open("/sign-in").click(`a[href="/continue"]`).at("/continue").fill("#word", "zzz zzz").click(submit).shows("#error", "not right")
			second.wait("document.activeElement === " + one("#word")).keep("wrong")
			second.fill("#word", word).press(kb.Enter).shows("h1", "It goes on here").shows(".lead", "ada").keep("arrived")
			first.shows("#step h1", "goes on on the other screen").keep("moved")

			second.click("main a.btn").at("/set-up")
			if got := second.key(); got != key {
				t.Errorf("the key is %q, want %q", got, key)
			}
			second.fill("#code", p.code(key)).click(submit).at("/done")
			first.shows("#step h1", "is set up").keep("done")
			if value[string](first, "location.pathname + location.search") != "/swap" {
				t.Error("the first screen went elsewhere")
			}
			first.wantNothingStored()
			second.wantNothingStored()
		})
	}
}

// Nobody types the word: the page says when it is over, and makes another. Keys are enough for all of it.
func TestBrowserAWordRunsOut(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop).timeMachine()
	b.signIn("ada", password).at("/authenticator").tabTo(`[action="/swap"] button`).press(kb.Enter).at("/swap")
	before := value[string](b, one("#word")+".textContent")
	p.clock.advance(3 * time.Minute)
	b.passTime(3 * time.Minute)
	b.shows("h1", "no longer good").tabTo(`main form[action="/swap"] button`).press(kb.Enter).shows("h1", "Continue on another screen")
	if after := value[string](b, one("#word")+".textContent"); after == before {
		t.Error("the same word again")
	}
	b.tabTo(`form[action="/swap/cancel"] button`).press(kb.Enter).at("/authenticator")
}

// Without script on both, a person looks by himself.
func TestBrowserGoesOnWithoutScript(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first, second := p.openTab(plain), p.openTab(plain)
	first.signIn("ada", password).at("/set-up").click(`[action="/swap"] button`).at("/swap").shows(".timer", "good until")
	second.open("/continue").fill("#word", value[string](first, one("#word")+".textContent")).click(submit).shows("h1", "It goes on here")
	first.click(`a[href="/swap"]`).shows("h1", "goes on on the other screen")
	second.click("main a.btn").at("/set-up").fill("#code", p.code(second.key())).click(submit).at("/done")
	first.click(`a[href="/swap"]`).shows("h1", "is set up")
}

// The pages fit a small phone and read from right to left; pictures of them are kept to be looked at.
func TestBrowserTheSwapFits(t *testing.T) {
	const account = "ada.lovelace@engineering.northwind.example"
	for _, test := range []struct {
		lang string
		look look
	}{
		{"de", look{name: "small phone", width: 320, height: 568, scale: 2, touch: true}},
		{"ar", desktop.with(func(l *look) { l.name, l.dark = "desktop dark", true })},
	} {
		t.Run(test.look.name, func(t *testing.T) {
			p := openPortal(t, optional)
			p.addUser(account, userpool.StateNew)
			first, second := p.openTab(test.look), p.openTab(test.look)
			look := func(b *tab, name string) {
				t.Helper()
				b.wantNoSidewaysScrolling(name)
				b.keep(name)
			}
			for _, b := range []*tab{first, second} {
				b.open("/sign-in?lang=" + test.lang).at("/sign-in")
			}
			look(first, "sign-in")
			first.signIn(account, password).at("/authenticator")
			look(first, "review")
			first.click(`[action="/swap"] button`).at("/swap").wait("!!" + one("#word"))
			look(first, "word")
			second.open("/continue").fill("#word", "nothing").click(submit).wait("!!" + one("#error"))
			look(second, "wrong")
			second.fill("#word", value[string](first, one("#word")+".textContent")).click(submit).wait("!" + one("form.stack"))
			look(second, "arrived")
			first.open("/swap").wait("!" + one("#word"))
			look(first, "moved")
			second.click("main a.btn").at("/authenticator").click(`[action="/authenticator/start"] button`).at("/set-up")
			look(second, "set-up")
			second.fill("#code", p.code(second.key())).click(submit).at("/done")
			first.open("/swap").wait("!!" + one(".tick"))
			look(first, "done")
		})
	}
}
