package web_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	devtools "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

const submit = "main [type=submit]"

// plain is a browser in which no script runs.
var plain = desktop.with(func(l *look) { l.name, l.plain = "no script", true })

// withAndWithoutScript runs a test twice, each time in a new browser on a new portal in which ada has an account.
func withAndWithoutScript(t *testing.T, run func(b *tab)) {
	t.Helper()
	for _, l := range []look{desktop, plain} {
		t.Run(l.name, func(t *testing.T) {
			p := openPortal(t)
			p.addUser("ada", userpool.StateNew)
			run(p.openTab(l))
		})
	}
}

// The main job as a person does it: nothing is known but what the browser shows.
func TestBrowserJourney(t *testing.T) {
	withAndWithoutScript(t, func(b *tab) {
		p, t := b.portal, b.t
		b.open("/").at("/prepare").click(".onward .btn").at("/sign-in").fill("#username", "ada").fill("#password", password).click(submit).at("/set-up")

		link, read, as := b.link(), "", b.look
		for _, held := range []look{
			{name: "desktop", width: 1180, height: 880, scale: 1},
			{name: "desktop dark", width: 1180, height: 880, scale: 1, dark: true},
			{name: "fine screen", width: 900, height: 600, scale: 2},
			{name: "phone dark", width: 412, height: 880, scale: 3, touch: true, dark: true},
			{name: "phone", width: 320, height: 640, scale: 3, touch: true},
			{name: "fine screen dark", width: 900, height: 600, scale: 2, dark: true},
		} {
			if held.plain = as.plain; held.plain && held.scale == 2 {
				continue // the picture is the same; to read it takes longer than all the rest
			}
			b.hold(held)
			if read = b.scan(); read != link {
				t.Errorf("%s: the picture on the screen says %q, the link %q", held.name, read, link)
			}
		}
		b.hold(as)
		uri, err := url.Parse(read)
		p.must(err)
		key := uri.Query().Get("secret")

		b.fill("#device", "Ada’s phone").fill("#code", p.wrongCode(key)).click(submit).shows("#error", "does not match this QR code")
		b.wantStatus("POST /set-up/verify", 422)
		for _, holds := range []string{
			one("#error") + ".role === 'alert'",
			one("#code") + ".getAttribute('aria-describedby') === 'error'",
			"document.activeElement === " + one("#code"), // Chromium sees to autofocus after the page is complete
			one("#code") + ".value === ''",
			one("#device") + ".value === 'Ada’s phone'",
			one("#key") + ".textContent.replaceAll(' ', '') === " + js(key),
			one(".qr img") + ".complete && " + one(".qr img") + ".naturalWidth > 0",
			"!" + one(submit) + ".disabled",
		} {
			b.wait(holds)
		}

		b.fill("#code", p.code(key)).click(submit).at("/done").shows("main", "Ada’s phone").shows("main", "ask for a code from it")
		if page := value[string](b, "document.documentElement.outerHTML"); strings.Contains(page, key) {
			t.Error("the key is still on the page")
		}

		b.click(`[action="/try"] button`).at("/sign-in").shows("h1", "Try your app")
		if got := value[string](b, one("#username")+".value"); got != "ada" {
			t.Errorf("the user name must be typed again: %q", got)
		}
		b.fill("#password", password).click(submit).at("/challenge").shows(".msg", "does not work twice")
		b.fill("#code", p.nextCode(key)).click(submit).at("/done").shows(".lead", "It works")
		b.click(`main [action="/sign-out"] button`).at("/sign-in")
	})
}

// wrongCode is one that no phone shows, however wrong its clock. A fixed one would be right for some clock in one run
// of a thousand, and the doctor would say so.
func (p *portal) wrongCode(key string) string {
	p.t.Helper()
	shown := map[string]bool{}
	for off := -24 * time.Hour; off <= 24*time.Hour; off += totp.Period {
		shown[p.codeAt(key, p.clock.Now().Add(off))] = true
	}
	n := 0
	for shown[fmt.Sprintf("%06d", n)] {
		n++
	}
	return fmt.Sprintf("%06d", n)
}

func (b *tab) wantStatus(request string, want ...int64) {
	b.t.Helper()
	if got := b.statuses(request); !slices.Equal(got, want) {
		b.t.Errorf("%s was answered %v, want %v", request, got, want)
	}
}

// scan reads the QR code as a camera would: from the picture of what is in the window.
func (b *tab) scan() string {
	b.t.Helper()
	if b.look.touch && b.look.width < 720 { // the links come first there
		b.click(".show-qr")
	}
	img := one(".qr img")
	b.wait(img + "?.complete && " + img + ".naturalWidth > 0")
	value[chromedp.Void](b, img+".scrollIntoView({block: 'center', behavior: 'instant'})")
	box := value[struct{ Left, Top, Right, Bottom float64 }](b, img+".getBoundingClientRect().toJSON()")
	if box.Left < 0 || box.Top < 0 || box.Right > float64(b.look.width) || box.Bottom > float64(b.look.height) {
		b.t.Errorf("%s: the QR code is not all in the window: %+v", b.look.name, box)
	}
	screen, err := png.Decode(bytes.NewReader(b.picture(false)))
	b.must(err)
	dots := func(css float64) int { return int(math.Round(css * max(1, b.look.scale))) }
	cut := image.NewGray(image.Rect(0, 0, dots(box.Right-box.Left), dots(box.Bottom-box.Top)))
	draw.Draw(cut, cut.Bounds(), screen, image.Pt(dots(box.Left), dots(box.Top)), draw.Src)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(cut)
	b.must(err)
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err == nil {
		return result.GetText()
	}
	b.t.Logf("%s: gozxing cannot read the QR code: %v", b.look.name, err)
	return b.scanWithZBar(cut, err)
}

// link is the one that opens an app on the same phone.
func (b *tab) link() string {
	b.t.Helper()
	return value[string](b, one(`a[href^="otpauth:"]`)+".getAttribute('href')")
}

// scanWithZBar asks a second reader: gozxing fails on some pictures that phones read.
func (b *tab) scanWithZBar(picture image.Image, failure error) string {
	b.t.Helper()
	path := filepath.Join(b.t.(interface{ TempDir() string }).TempDir(), "qr.png") //nolint:errcheck // every testing.TB has one
	file, err := os.Create(path)
	b.must(err)
	b.must(png.Encode(file, picture))
	b.must(file.Close())
	text, err := exec.CommandContext(b.ctx, "zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	if err != nil {
		b.t.Fatalf("%s: cannot read the QR code on the screen: %v; zbarimg: %v", b.look.name, failure, err)
	}
	return strings.TrimSpace(string(text))
}

// A long address makes a dense picture, and a small phone leaves it little room. (Beyond some sixty characters the picture
// is wider than this phone and has to be moved sideways.)
func TestBrowserScansALongAddressOnASmallPhone(t *testing.T) {
	const account = "grace.hopper@engineering.northwind.example.uk"
	p := openPortal(t)
	p.addUser(account, userpool.StateNew)
	b := p.openTab(look{name: "small phone", width: 320, height: 568, scale: 2, touch: true})
	b.signIn(account, password).at("/set-up")
	if read, link := b.scan(), b.link(); read != link {
		t.Errorf("the picture on the screen says %q, the link %q", read, link)
	}
}

func TestBrowserSwapsTheFormAlone(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop).timeMachine()
	b.signIn("ada", password).at("/set-up")
	key, entries := b.key(), value[int](b, "history.length")
	value[chromedp.Void](b, one(".qr img")+".sameNode = true")

	b.fill("#code", p.wrongCode(key)).press(kb.Enter).shows("#error", "does not match")
	b.fill("#code", "12345").press(kb.Enter).shows("#error", "six digits").wait("document.activeElement.value === '12345'") // nothing to type again
	b.wantStatus("POST /set-up/verify", 422, 422)
	b.wantStatus("GET /set-up/qr.png", 200)
	b.wantStatus("GET /set-up", 200)
	if !value[bool](b, one(".qr img")+".sameNode === true") {
		t.Error("the picture was replaced")
	}
	if path := value[string](b, "location.pathname + location.search + location.hash"); path != "/set-up" || value[int](b, "history.length") != entries {
		t.Errorf("at %s with %d history entries, want /set-up and still %d", path, value[int](b, "history.length"), entries)
	}
	if value[bool](b, "history.state !== null") {
		t.Error("htmx keeps something in the history")
	}
	if sheets := value[int](b, "document.styleSheets.length + document.adoptedStyleSheets.length"); sheets != 1 {
		t.Errorf("%d style sheets, want ours alone", sheets)
	}
	before := b.timeLeft()
	b.passTime(10 * time.Second)
	b.wait(fmt.Sprintf("Number(%s.value) <= %d", one(".timer progress"), int(before.Seconds())-9))
	if left := b.timeLeft(); left > before-9*time.Second || left < before-20*time.Second {
		t.Errorf("countdown at %v after 10 seconds from %v", left, before)
	}
	b.wantNothingStored()

	// Back leads to where the person stands, not to a form that is over.
	p.calls()
	b.back().at("/set-up")
	if b.key() != key {
		t.Error("another key after Back")
	}
	p.wantCalls("")
	b.fill("#code", p.code(key)).press(kb.Enter).at("/done")
	b.wantNothingStored()
	b.back().at("/done")
	if page := value[string](b, "document.documentElement.outerHTML"); strings.Contains(page, key[:4]) {
		t.Error("Back shows the key after it is done with")
	}
}

// back presses the browser's Back button and waits until the page on the screen is another one.
func (b *tab) back() *tab {
	b.t.Helper()
	value[chromedp.Void](b, "window.left = true")
	b.do("back", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		history, err := cdp.Call(ctx, t, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[history.CurrentIndex-1].ID})
		return err
	}))
	return b.wait("!window.left")
}

func (b *tab) wantNothingStored() {
	b.t.Helper()
	if got := value[string](b, `(async () => JSON.stringify({
		session: {...sessionStorage}, local: {...localStorage}, cookie: document.cookie,
		databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
	}))()`); got != `{"session":{},"local":{},"cookie":"","databases":0,"caches":0}` {
		b.t.Errorf("the page left something in the browser: %s", got)
	}
}

// timeMachine lets a test move the page's time: its stopwatch, and what it does seconds from now.
func (b *tab) timeMachine() *tab {
	b.t.Helper()
	b.call("time machine", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `(() => {
			const now = performance.now.bind(performance), later = window.setTimeout;
			let passed = 0, waiting = [];
			performance.now = () => now() + passed;
			window.setTimeout = (run, ms, ...args) => {
				if (!(ms > 1000 && ms < 10000)) return later(run, ms, ...args); // its ticks; and htmx's limit, which it clears
				waiting.push({run, at: performance.now() + ms});
			};
			window.timers = () => waiting.length;
			window.passTime = (ms) => {
				passed += ms;
				const due = waiting.filter(w => w.at <= performance.now());
				waiting = waiting.filter(w => !due.includes(w));
				for (const w of due) w.run();
			};
		})()`})
		return err
	})
	return b
}

func (b *tab) passTime(d time.Duration) {
	b.t.Helper()
	value[chromedp.Void](b, fmt.Sprintf("passTime(%d)", d.Milliseconds()))
}

// timeLeft is what the page's countdown shows.
func (b *tab) timeLeft() time.Duration {
	b.t.Helper()
	text := value[string](b, one("[data-countdown-clock]")+".innerText")
	var minutes, seconds int
	if _, err := fmt.Sscanf(text, "%d:%02d", &minutes, &seconds); err != nil || !regexp.MustCompile(`^\d:[0-5]\d$`).MatchString(text) {
		b.t.Fatalf("the countdown shows %q, want m:ss", text)
	}
	return time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
}

func TestBrowserCountdown(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop).timeMachine()
	b.signIn("ada", password).at("/set-up").shows(".timer", "Time left")
	if left := b.timeLeft(); left > 3*time.Minute || left < 3*time.Minute-patience {
		t.Errorf("%v left on a fresh page, want 3:00", left)
	}
	shown := value[string](b, one("[data-countdown-clock]")+".innerText")
	b.wait(one("[data-countdown-clock]") + ".innerText !== " + js(shown)) // by itself

	b.passTime(100 * time.Second)
	b.wait(one("[data-countdown-clock]") + ".innerText.startsWith('1:')")
	b.passTime(60 * time.Second)
	b.wait(one("[data-countdown-clock]") + ".innerText.startsWith('0:')").wait(one(".timer") + ".classList.contains('soon')")
	p.clock.advance(3*time.Minute + time.Second)
	b.passTime(20 * time.Second)
	b.at("/sign-in").shows(".msg", "Time ran out")
}

func TestBrowserCopiesTheKey(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop).timeMachine()
	b.signIn("ada", password).at("/set-up")
	for _, permission := range []string{"clipboard-read", "clipboard-write"} {
		b.call("permit "+permission, func(ctx context.Context) error {
			_, err := chromedp.CallBrowser(ctx, devtools.SetPermission, devtools.SetPermissionParams{
				Permission: &devtools.PermissionDescriptor{Name: permission}, Setting: devtools.PermissionSettingGranted,
				Origin: p.server.URL, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
			})
			return err
		})
	}
	b.click("[data-copy]").shows("[data-copy]", "Copied")
	if got := value[string](b, one("[data-copy-status]")+".role + ': ' + "+one("[data-copy-status]")+".textContent"); got != "status: Copied" {
		t.Errorf("announced as %q", got)
	}
	if got := value[string](b, "navigator.clipboard.readText()"); got != b.key() {
		t.Errorf("the clipboard has %q, want the key without spaces", got)
	}
	b.passTime(time.Second)
	b.click("[data-copy]").wait("timers() === 2") // impatient: again, while it still says so
	b.passTime(5 * time.Second)
	b.wait(one("[data-copy]") + ".innerText === 'Copy'")
}

func TestBrowserWithoutPermissionToCopySelectsTheKey(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up")
	b.call("forbid the clipboard", func(ctx context.Context) error {
		_, err := chromedp.CallBrowser(ctx, devtools.SetPermission, devtools.SetPermissionParams{
			Permission: &devtools.PermissionDescriptor{Name: "clipboard-write"}, Setting: devtools.PermissionSettingDenied,
			Origin: p.server.URL, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		})
		return err
	})
	b.click("[data-copy]").wait("getSelection().toString().replaceAll(' ', '') === " + js(b.key()))
}

func TestBrowserShowsItsOwnTime(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop.with(func(l *look) { l.zone = "Asia/Kathmandu" }))
	b.signIn("ada", password).at("/set-up").fill("#code", p.code(b.key())).click(submit).at("/done")
	got := strings.Join(strings.Fields(value[string](b, one("time")+".innerText")), " ") // Unicode has a space of its own before PM
	if want := "Nov 23, 2026, 03:15 PM GMT+5:45"; got != want {
		t.Errorf("done at %q, want %q", got, want)
	}
}

func TestBrowserReloadsAndSecondTab(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up")
	key := b.key()
	p.calls()
	for range 10 {
		b.do("reload", chromedp.Reload())
		if b.at("/set-up").key() != key {
			t.Fatal("a reload shows another key")
		}
	}
	second := b.another()
	if second.open("/").at("/set-up").key() != key {
		t.Error("the second tab shows another key")
	}
	p.wantCalls("")

	// Done in one tab, the other one follows instead of failing.
	second.fill("#code", p.code(key)).click(submit).at("/done")
	b.fill("#code", p.code(key)).click(submit).at("/done")
	p.wantCalls("VerifySoftwareToken RespondToAuthChallenge")
}

func TestBrowserOffline(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.expect("ERR_INTERNET_DISCONNECTED", "console.error: \"htmx:error\"", "Failed to fetch")
	b.signIn("ada", password).at("/set-up")
	b.fill("#device", "Ada’s phone").fill("#code", p.code(b.key()))
	p.calls()
	b.offline(true).click(submit).shows("#offline", "What you typed is still here")
	p.wantCalls("")
	if got := value[string](b, one("#code")+".value + ' ' + "+one("#device")+".value"); got != p.code(b.key())+" Ada’s phone" {
		t.Errorf("what was typed has become %q", got)
	}
	b.offline(false).click(submit).at("/done").shows("main", "Ada’s phone")
}

func (b *tab) offline(is bool) *tab {
	b.t.Helper()
	b.call("offline", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}},
		})
		return err
	})
	return b
}

// A failure of ours takes the place of the whole page, also in htmx's hands, and its button leads back to where the
// person stands.
func TestBrowserProblemPageLeadsBack(t *testing.T) {
	withAndWithoutScript(t, func(b *tab) {
		p, t := b.portal, b.t
		b.expect("status of 503")
		b.signIn("ada", password).at("/set-up")
		key := b.key()
		p.pool.FailNext("VerifySoftwareToken", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException"})
		b.fill("#code", p.code(key)).click(submit).shows("h1", "Many people")
		if got := value[string](b, "['.skip', 'header', 'main', 'footer', 'h1', '#offline'].map(s => document.querySelectorAll(s).length).join()"); got != "1,1,1,1,1,1" {
			t.Errorf("pieces of the problem page: %s, want one of each", got)
		}
		b.wait("document.title.startsWith('Many people') && !document.body.innerText.includes(" + js(key[:4]) + ")")
		b.click("main a.btn").at("/set-up")
		if b.key() != key {
			t.Error("another key after the problem")
		}
		b.fill("#code", p.nextCode(key)).click(submit).at("/done")
	})
}

// controls are all that a person could want to get to on the page, in the order of the page.
const controls = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")].
	filter(el => el.checkVisibility({visibilityProperty: true}) && !el.disabled && el.tabIndex >= 0)`

func TestBrowserTabOrder(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.open("/sign-in").wantTabOrder("sign-in", ".skip", "#username", "#password", submit, `[href="/prepare"]`)
	b.signIn("ada", password).at("/set-up")
	b.open("/set-up") // where Tab begins is forgotten
	b.wantTabOrder("set-up", ".skip", ".who button", `[href="/prepare"]`, "summary", "[data-copy]", "#code", "#device", submit)
	b.hold(zoomed).open("/set-up")
	b.wantTabOrder("set-up at 400 %", ".skip", "summary", "[data-copy]", "#code", "#device", submit)
}

// wantTabOrder wants the Tab key to lead to every control in the order of the page, essential ones among them, and each
// to show that it has the focus.
func (b *tab) wantTabOrder(where string, essential ...string) {
	b.t.Helper()
	b.wait("document.readyState === 'complete'")
	value[chromedp.Void](b, "window.controls = "+controls+"; "+fromTheTop)
	for i := range value[int](b, "controls.length") {
		b.press(kb.Tab)
		if at := value[int](b, "controls.indexOf(document.activeElement)"); at != i {
			b.t.Fatalf("%s: Tab %d leads to %s, want %s", where, i+1, value[string](b, "document.activeElement.outerHTML"), value[string](b, fmt.Sprintf("controls[%d].outerHTML", i)))
		}
		b.wait(focusIsSeen)
	}
	for _, selector := range essential {
		if !value[bool](b, "controls.includes("+one(selector)+")") {
			b.t.Errorf("%s: Tab does not lead to %s", where, selector)
		}
	}
}

// fromTheTop makes the next Tab lead to the first control, also on a page that put the focus elsewhere.
const fromTheTop = `(() => {
	const top = document.documentElement;
	top.tabIndex = -1;
	top.focus();
	top.removeAttribute("tabindex");
})()`

// focusIsSeen is true when what has the focus is in the window, outlined.
const focusIsSeen = `(() => {
	const el = document.activeElement, style = getComputedStyle(el), box = el.getBoundingClientRect();
	return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.top >= 0 && box.bottom < innerHeight + 1 && box.width > 1;
})()`

func TestBrowserKeyboardAlone(t *testing.T) {
	withAndWithoutScript(t, func(b *tab) {
		p := b.portal
		b.open("/").at("/prepare").tabTo(".onward .btn").press(kb.Enter).at("/sign-in").tabTo("#username").press("ada").tabTo("#password").press(password + kb.Enter)
		key := b.at("/set-up").key()
		b.tabTo("#code").press(p.wrongCode(key)).tabTo("#device").press("Ada’s phone").tabBackTo(submit).press(kb.Enter).shows("#error", "does not match")
		b.wait("document.activeElement === "+one("#code")).press(p.code(key)+kb.Enter).at("/done").shows("main", "Ada’s phone")
		b.tabTo(`[action="/try"] button`).press(" ").at("/sign-in").tabTo("#password").press(password + kb.Enter)
		b.at("/challenge").tabTo("#code").press(p.nextCode(key)+kb.Enter).at("/done").shows(".lead", "It works")
		b.tabTo(`main [action="/sign-out"] button`).press(kb.Enter).at("/sign-in")
	})
}

func (b *tab) tabTo(selector string) *tab {
	b.t.Helper()
	return b.walkTo(selector, kb.Tab)
}

func (b *tab) tabBackTo(selector string) *tab {
	b.t.Helper()
	return b.walkTo(selector, kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
}

func (b *tab) walkTo(selector, key string, options ...chromedp.KeyOption) *tab {
	b.t.Helper()
	for range 30 {
		b.do("tab", chromedp.KeyEvent(key, options...))
		b.wait(focusIsSeen)
		if value[bool](b, "document.activeElement === "+one(selector)) {
			return b
		}
	}
	b.t.Fatalf("%s is not reached with the Tab key at %s", selector, value[string](b, "location.pathname"))
	return nil
}

func TestBrowserWithoutScriptHasNoDeadControls(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(plain)
	b.signIn("ada", password).at("/set-up").shows(".timer .plain-only", "Finish by 09:33:05 UTC")
	for what, none := range map[string]string{
		"button that needs script": `[...document.querySelectorAll("button")].filter(el => el.checkVisibility() && !(el.type === "submit" && el.form?.getAttribute("action")))`,
		"part for script alone":    `[...document.querySelectorAll(".script-only, [data-copy]")].filter(el => el.checkVisibility())`,
		"link to nowhere":          `[...document.querySelectorAll("a")].filter(el => el.checkVisibility() && (!el.getAttribute("href") || el.getAttribute("href") === "#"))`,
	} {
		if found := value[[]string](b, none+".map(el => el.outerHTML)"); len(found) > 0 {
			t.Errorf("without script the page shows a %s: %s", what, found)
		}
	}

	with := p.openTab(desktop)
	with.signIn("ada", password).at("/set-up").shows(".timer", "Time left").wait("!"+one(".plain-only")+".checkVisibility()").shows("[data-copy]", "Copy")
}

// The longest names that people have make no page wider than a small screen.
func TestBrowserLongNamesFit(t *testing.T) {
	name := "grace.brewster.murray.hopper+authenticator@" + strings.Repeat("longdepartmentname", 3) + ".example.edu"
	everyPage(t, name, strings.Repeat("GracesTelephone", 4), zoomed, func(b *tab, name string) {
		b.wantNoSidewaysScrolling(name)
		b.keep(name)
	})
}

func (b *tab) wantNoSidewaysScrolling(name string) {
	b.t.Helper()
	const outside = `[...document.querySelectorAll("body *")].filter(el => el.checkVisibility() && !el.closest(".scroll, .visually-hidden") &&
		(el.getBoundingClientRect().right > document.scrollingElement.clientWidth + .5 || el.clientWidth > 0 && el.scrollWidth > el.clientWidth + 1)).map(el => el.outerHTML.slice(0, 120))`
	page := value[struct{ Content, Window float64 }](b, "({content: document.scrollingElement.scrollWidth, window: document.scrollingElement.clientWidth})")
	if page.Content > page.Window {
		b.t.Errorf("%s, %s: the page is %v wide in a window of %v: %s", name, b.look.name, page.Content, page.Window, value[[]string](b, outside))
	}
}

// everyPage goes through the portal and stops at every kind of page.
func everyPage(t *testing.T, account, device string, l look, visit func(b *tab, name string)) {
	t.Helper()
	p := openPortal(t)
	p.addUser(account, userpool.StateTemporaryPassword)
	b := p.openTab(l)
	b.expect("status of 404")
	stop := func(name string) {
		t.Helper()
		b.wait("document.readyState === 'complete'")
		visit(b, name)
	}
	const chosen = "New-Password-1"

	b.open("/sign-in")
	stop("sign-in")
	b.fill("#username", account).fill("#password", "wrong").click(submit).shows("#error", "do not match")
	stop("sign-in-error")
	b.fill("#password", password).click(submit).at("/new-password")
	stop("new-password")
	b.fill("#password", "short").fill("#again", "short").click(submit).shows("#error", "not strong enough")
	stop("new-password-error")
	b.fill("#password", chosen).fill("#again", chosen).click(submit).at("/set-up")
	stop("set-up")
	p.clock.advance(4 * time.Minute)
	b.open("/set-up").at("/sign-in").shows(".msg", "Time ran out")
	stop("sign-in-expired")
	b.fill("#password", chosen).click(submit).at("/set-up")
	key := b.key()
	b.fill("#device", device).fill("#code", p.codeAt(key, p.clock.Now().Add(-7*time.Minute))).click(submit).shows("#error", "7 minutes behind")
	stop("set-up-error")
	b.fill("#code", p.code(key)).click(submit).at("/done")
	stop("done")
	b.click(`[action="/try"] button`).at("/sign-in")
	stop("sign-in-try")
	b.fill("#password", chosen).click(submit).at("/challenge")
	stop("challenge")
	b.fill("#code", "12").click(submit).shows("#error", "six digits")
	stop("challenge-error")
	b.fill("#code", p.nextCode(key)).click(submit).at("/done")
	stop("done-proven")
	b.click(`main [action="/sign-out"] button`).at("/sign-in")
	b.fill("#username", account).fill("#password", chosen).click(submit).at("/challenge")
	b.fill("#code", p.nextCode(key)).click(submit).at("/authenticator")
	stop("review")
	b.open("/no-such-page").shows("h1", "no such page")
	stop("problem")
}

// The collector of complaints has to see them: a page of ours that broke its own policy would fail every test here.
func TestBrowserComplaintsAreSeen(t *testing.T) {
	p := openPortal(t)
	b := p.openTab(desktop)
	b.open("/sign-in")
	began := time.Now()
	value[chromedp.Void](b, `document.body.setAttribute("style", "color: red"); console.error("said so"); setTimeout(() => { throw new Error("thrown") })`)
	provoked := []string{"Content Security Policy", "said so", "thrown"}
	value[chromedp.Void](b, "new Promise(done => setTimeout(done))") // after the one that throws
	for _, part := range provoked {
		if !slices.ContainsFunc(b.unexpected(), func(complaint string) bool { return strings.Contains(complaint, part) }) {
			t.Errorf("not seen: %s; seen: %q", part, b.unexpected())
		}
	}
	b.expect(provoked...)

	// It has told us itself as well (web/csp.go).
	for told := `"directive":"style-src-attr","route":"/sign-in"`; !strings.Contains(p.log.String(), told); {
		if t.Context().Err() != nil || time.Since(began) > 20*time.Second {
			t.Fatalf("no report of %s in: %s", told, p.log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A pasted code goes off by itself; a typed one waits for the button, however long it is.
func TestBrowserPastedCodeIsSent(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up")
	code := p.code(b.key())
	b.fill("#code", p.wrongCode(b.key()))
	if value[bool](b, "!!"+one("#error")) || len(b.statuses("POST /set-up/verify")) != 0 {
		t.Fatal("a typed code was sent by itself")
	}
	paste := func(text string) {
		b.fill("#code", text)
		value[chromedp.Void](b, one("#code")+".dispatchEvent(new ClipboardEvent('paste', {bubbles: true}))")
	}
	paste("12345")
	paste("hello6")
	if len(b.statuses("POST /set-up/verify")) != 0 {
		t.Fatal("half a code was sent")
	}
	wide := strings.Map(func(digit rune) rune { return digit - '0' + '０' }, code) // as Japanese keyboards write them
	paste(wide[:len(wide)/2] + "　" + wide[len(wide)/2:])
	b.at("/done")
}

// A double click sends the code once, and leads on.
func TestBrowserDoubleSubmit(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up").fill("#code", p.code(b.key()))
	value[chromedp.Void](b, one("#step")+".requestSubmit(); "+one("#step")+".requestSubmit()")
	b.at("/done")
	if sent := b.statuses("POST /set-up/verify"); len(sent) != 1 {
		t.Errorf("sent %d times, and answered %v", len(sent), sent)
	}
}

// The ring beside the field shows how much of the present code's life is left.
func TestBrowserRingEmptiesWithTheCode(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up")
	began := totp.StepStart(totp.Step(p.clock.Now()))
	age := value[string](b, one("[data-age]")+".dataset.age")
	if want := fmt.Sprintf("%.1f", p.clock.Now().Sub(began).Seconds()); age != want {
		t.Errorf("the page says that the code is %s s old, want %s", age, want)
	}
	b.wait("!" + one("[data-age]") + ".hidden && Number(" + one("[data-age] circle + circle") + ".getAttribute('stroke-dashoffset')) >= Math.floor(" + js(age) + ")")
}

// On a screen with one and a half dots to a CSS pixel every module still has the same whole number of dots.
func TestBrowserModulesAreSharp(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up")
	for _, scale := range []float64{1, 1.25, 1.5, 1.75, 2, 3} {
		b.hold(desktop.with(func(l *look) { l.scale = scale })).open("/set-up")
		img := one("img[data-modules]")
		b.wait(img + ".complete")
		dots := value[float64](b, img+".getBoundingClientRect().width * devicePixelRatio / "+img+".dataset.modules")
		wide := value[float64](b, img+".getBoundingClientRect().width")
		if math.Abs(dots-math.Round(dots)) > 0.02 || wide < 240 {
			t.Errorf("at %v dots to a pixel a module has %.3f dots, and the picture %.0f pixels", scale, dots, wide)
		}
	}
}

// A page that comes back out of the browser's memory is asked for again: it may show what is over.
func TestBrowserAsksAgainForWhatItKept(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop).signIn("ada", password).at("/set-up")
	value[chromedp.Void](b, `window.kept = true; dispatchEvent(new PageTransitionEvent("pageshow", {persisted: false}))`)
	if !value[bool](b, "window.kept === true") {
		t.Error("every page is asked for twice")
	}
	value[chromedp.Void](b, `dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`)
	b.wait("window.kept === undefined").at("/set-up")
}
