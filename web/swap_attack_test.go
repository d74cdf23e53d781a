package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// A cookie of the first screen, copied before the move, is refused afterwards on every node, and told nothing of the key.
func TestTheFirstScreensCookieIsWorthNothingAfterTheMove(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first, second := p.browser(), p.browser()
	first.signIn("ada", password).at("/set-up")
	key, form := first.key(), first.page.Form("/set-up/verify", "code", p.code(first.key()))
	before := first.cookies()["__Host-enroll"]
	second.goOn(first.offer())
	waiting := first.cookies()["__Host-enroll"]
	p.calls()
	for what, cookie := range map[string]string{"before the word": before, "with the word": waiting} {
		p.restart() // another node
		thief := p.browser()
		thief.setCookie("__Host-enroll", cookie)
		for _, path := range []string{"/set-up", "/swap", "/"} {
			if thief.get(path).at("/swap"); bytes.Contains(thief.body, []byte(sweeptest.InFours(key))) || thief.page.Text(".who") != "" {
				t.Errorf("%s: %s tells the key or the account", what, path)
			}
		}
		thief.do(thief.request(http.MethodPost, "/set-up/verify", form)).at("/swap")
		thief.do(thief.request(http.MethodPost, "/swap", form)).at("/swap").text("h1", "goes on")
		thief.do(thief.request(http.MethodPost, "/swap/cancel", form)).at("/swap").text("h1", "goes on")
	}
	p.wantCalls("")
	second.get("/").at("/set-up")
}

// Of all who type a word at once, one gets the flow.
func TestAWordIsTakenOnce(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first := p.browser()
	first.signIn("ada", password).at("/set-up")
	word := first.offer()
	screens := make([]*browser, 16)
	for i := range screens {
		screens[i] = p.browser()
		screens[i].get("/continue")
	}
	var all sync.WaitGroup
	for _, screen := range screens {
		all.Go(func() { screen.submit("/continue", "word", word) })
	}
	all.Wait()
	won := 0
	for _, screen := range screens {
		switch screen.answer.StatusCode {
		case http.StatusOK:
			won++
			screen.get("/").at("/set-up")
		case http.StatusUnprocessableEntity:
			screen.get("/set-up").at("/sign-in")
		default:
			t.Errorf("status %d", screen.answer.StatusCode)
		}
	}
	if won != 1 {
		t.Errorf("%d screens have the flow, want 1", won)
	}
}

// Whatever is wrong with a word, the answer is the same.
func TestWordsThatLeadNowhere(t *testing.T) {
	p := openPortal(t, optional)
	for _, name := range []string{"ada", "grace", "joan"} {
		p.addUser(name, userpool.StateNew)
	}
	offered := func(name string) (*browser, string) {
		b := p.browser()
		b.signIn(name, password).at("/authenticator")
		return b, b.offer()
	}
	wrong := func(what, word string) {
		t.Helper()
		b := p.browser()
		b.goOn(word).status(http.StatusUnprocessableEntity).text("#error", "That word is not right, or no longer good")
		if got := b.page.Attr("#word", "value"); got != word {
			t.Errorf("%s: what was typed is %q now", what, got)
		}
		if len(b.cookies()) != 0 {
			t.Errorf("%s: sets a cookie", what)
		}
	}
	wrong("never made", "K7M 2QX")
	wrong("no word", "hello")
	wrong("too long", "K7M 2QX K7M 2QX")

	ada, first := offered("ada")
	ada.submit("/swap/cancel").at("/authenticator")
	ada.get("/swap").at("/authenticator") // there is no word any more
	wrong("cancelled", first)
	second := ada.offer()
	third := ada.get("/authenticator").offer()
	wrong("not the newest", second)
	p.browser().goOn(third).at("/continue").text(".lead", "ada")
	wrong("taken", third)

	grace, word := offered("grace")
	grace.get("/authenticator").submit("/authenticator/start").at("/set-up")
	wrong("of the flow as it was before it went on", word)
	word = grace.offer()
	grace.get("/set-up").submit("/set-up/verify", "code", p.code(grace.key())).at("/done")
	wrong("of a flow that is done", word)

	joan, word := offered("joan")
	p.clock.advance(3 * time.Minute)
	wrong("too old", word)
	joan.get("/swap").status(http.StatusOK).text("h1", "no longer good").golden("swap-over.html")
	word = joan.offer() // the page offers another
	joan.submit("/sign-out")
	wrong("of a flow that was signed out", word)
}

// Who tries words is stopped soon, in his own network, and goes on later.
func TestTooManyWords(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	first, b := p.browser(), p.browser()
	first.signIn("ada", password).at("/authenticator")
	word := first.offer()
	tries := 0
	for b.goOn("K7M 2QX"); b.answer.StatusCode == http.StatusUnprocessableEntity && tries < 100; b.goOn("K7M 2QX") {
		tries++
	}
	if b.status(http.StatusTooManyRequests); tries != 20 || b.answer.Header.Get("Retry-After") != "10" {
		t.Errorf("%d tries, Retry-After %q; want 20 and 10", tries, b.answer.Header.Get("Retry-After"))
	}
	b.text("#error", "Too many words")
	p.browser().goOn(word).status(http.StatusTooManyRequests) // another browser of the same network, and the right word
	p.clock.advance(10 * time.Second)
	p.browser().goOn(word).status(http.StatusOK)
}

// The limit of a network is no way around the one of all networks together.
func TestTooManyWordsFromEverywhere(t *testing.T) {
	p := openPortal(t)
	try := func(address string) int {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, p.server.URL+"/continue", strings.NewReader("word=K7M2QX"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = address
		p.handler.Load().ServeHTTP(w, r)
		return w.Code
	}
	for i := range 20 {
		try(fmt.Sprintf("[2001:db8::%x]:1000", i))
	}
	if got := try("[2001:db8::ffff:1]:1000"); got != http.StatusTooManyRequests {
		t.Errorf("another address of the same IPv6 network: status %d, want 429", got)
	}
	for i := range 80 {
		if got := try(fmt.Sprintf("192.0.2.%d:1000", i)); got != http.StatusUnprocessableEntity {
			t.Fatalf("network %d: status %d, want 422", i+2, got)
		}
	}
	if got := try("198.51.100.1:1000"); got != http.StatusTooManyRequests {
		t.Errorf("a hundred words later: status %d, want 429", got)
	}
}

func TestTooManyWordsOfOneFlow(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/authenticator")
	for range 10 {
		b.get("/authenticator").offer()
	}
	b.get("/authenticator").submit("/swap").status(http.StatusServiceUnavailable)
	p.clock.advance(time.Minute)
	b.get("/authenticator").offer()
}

// Another site, or a tab of another account, neither makes a word nor takes one.
func TestFormsOfTheSwapFromElsewhere(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	p.addUser("grace", userpool.StateNew)
	attacker, victim := p.browser(), p.browser()
	attacker.signIn("grace", password).at("/authenticator")
	word := attacker.offer()
	victim.signIn("ada", password).at("/authenticator")
	before := victim.cookies()["__Host-enroll"]
	for what, change := range map[string]func(*http.Request){
		"another site": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
		},
		"no token":        func(r *http.Request) { setBody(r, "word="+url.QueryEscape(word)) },
		"word in the URL": func(r *http.Request) { r.URL.RawQuery = "word=" + url.QueryEscape(word) },
	} {
		for _, path := range []string{"/continue", "/swap"} {
			r := victim.get("/authenticator").request(http.MethodPost, path, url.Values{"word": {word}})
			change(r)
			victim.do(r)
			if victim.cookies()["__Host-enroll"] != before || victim.get("/swap").path() != "/authenticator" {
				t.Errorf("%s: POST %s did something", what, path)
			}
		}
	}
	victim.goOn(word).at("/continue").text(".lead", "grace").text("main", "Is that not your account?") // who types it sees whose it is
	victim.submit("/sign-out").at("/sign-in")
}

// Without its store the portal moves nothing, says so, and lets people go on where they are.
func TestTheSwapWithoutAStore(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	first, second := p.browser(), p.browser()
	first.signIn("ada", password).at("/set-up")
	key, word := first.key(), first.offer()
	first.get("/set-up")
	second.get("/continue")
	p.must(p.store.Close())
	down := func(b *browser) {
		t.Helper()
		b.status(http.StatusServiceUnavailable).text("h1", "cannot remember anything right now")
	}
	down(second.submit("/continue", "word", word))
	down(first.submit("/swap"))
	down(first.get("/swap").submit("/swap/cancel"))
	first.get("/set-up").submit("/set-up/verify", "code", p.code(key)).at("/done")
}

// A store that fails halfway through a move has ended nothing: the first screen goes on, and makes another word.
func TestTheSwapWithAStoreThatFails(t *testing.T) {
	for what, steps := range map[string][]string{
		"taking the word":         {"TakeHandoff"},
		"marking the move":        {"EndSession"},
		"ending the first screen": {"", "EndSession"},
	} {
		t.Run(what, func(t *testing.T) {
			p := openPortal(t)
			p.addUser("ada", userpool.StateNew)
			first, second := p.browser(), p.browser()
			first.signIn("ada", password).at("/set-up")
			word, left := first.offer(), steps
			second.get("/continue")
			p.failing = func(method string) bool {
				if len(left) == 0 || left[0] != "" && left[0] != method || left[0] == "" && method != "EndSession" {
					return false
				}
				fails := left[0] != ""
				left = left[1:]
				return fails
			}
			second.submit("/continue", "word", word).status(http.StatusServiceUnavailable).text("h1", "cannot remember anything right now")
			if len(left) != 0 || len(second.cookies()) != 0 {
				t.Fatalf("not failed: %q; cookies on the second screen: %d", left, len(second.cookies()))
			}
			p.browser().goOn(first.get("/set-up").offer()).status(http.StatusOK).text(".lead", "ada")
		})
	}
}

// Neither the word nor what it leads to is in the log, in an address, or in the store's file.
func TestTheSwapKeepsItsSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "portal.db")
	p := openPortal(t, func(o *portalOptions) { o.store = "sqlite:" + path })
	p.addUser("ada", userpool.StateNew)
	first, second := p.browser(), p.browser()
	addresses := ""
	for _, b := range []*browser{first, second} {
		b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			addresses += r.URL.String() + "\n"
			return nil
		}
	}
	first.signIn("ada", password).at("/set-up")
	key := first.key()
	shown := first.offer()
	stored := func() string {
		t.Helper()
		all := ""
		files, err := filepath.Glob(path + "*")
		p.must(err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			p.must(err)
			all += string(data)
		}
		return all
	}
	waiting := stored()
	second.goOn(shown).at("/continue").get("/").at("/set-up")
	word := strings.ReplaceAll(shown, " ", "")
	for where, text := range map[string]string{
		"the log": p.log.String(), "an address": addresses, "the store before": waiting, "the store after": stored(),
	} {
		if len(text) < 100 {
			t.Fatalf("%s: only %q: nothing was tested", where, text)
		}
		for what, secret := range map[string]string{"word": word, "word as it is shown": shown, "key": key} {
			for form, encoded := range sweeptest.Encodings(secret) {
				if strings.Contains(strings.ToLower(text), strings.ToLower(encoded)) {
					t.Errorf("%s has the %s (%s)", where, what, form)
				}
			}
		}
	}
	first.get("/swap").text("h1", "goes on")
	if bytes.Contains(first.body, []byte(shown)) {
		t.Error("the word is still on the page")
	}
}
