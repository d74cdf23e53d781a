package web_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/sweeptest"
)

// patience is how long a tab waits for anything: far longer than a busy machine needs, and never slept through.
const patience = 20 * time.Second

// TestMain closes the one browser, and the one PostgreSQL server, that the tests of this package share.
func TestMain(m *testing.M) {
	code := m.Run()
	stopChromium()
	postgrestest.Stop()
	os.Exit(code)
}

// One Chromium for the whole test binary, started by the first test that asks. Every test has a browser context of its
// own in it: its own cookies, storage and permissions.
var (
	stopChromium = func() {}
	chromium     = sync.OnceValues(startChromium)
)

func startChromium() (context.Context, error) {
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errors.New("none of chromium, chromium-browser and google-chrome is in PATH")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"), chromedp.Flag("short-reporting-delay", true),
	) // no user data directory is named: chromedp makes an empty one and removes it
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stopChromium = func() {
		limited, release := context.WithTimeout(ctx, patience)
		defer release()
		_ = chromedp.Cancel(limited) // it was only a browser for tests: when it does not end by itself, it is killed
		cancel()
		cancelAllocator()
	}
	return ctx, chromedp.Do(ctx)
}

// look is how a person holds the browser.
type look struct {
	name          string
	width, height int64
	scale         float64 // device pixels to a CSS pixel; 0 is 1
	touch         bool    // a phone: fingers, and the viewport of the page's meta element
	dark          bool
	plain         bool   // no script
	zone          string // of its clock; "" is the machine's
}

var desktop = look{name: "desktop", width: 1180, height: 880}

func (l look) with(change func(*look)) look {
	change(&l)
	return l
}

// tab is one tab of a real browser on the portal. What it complains about on its console fails the test.
type tab struct {
	*portal
	ctx  context.Context
	look look

	mu         sync.Mutex
	exchanges  []*exchange // in the order they were sent
	complaints []string
	expected   []string // parts of complaints that the test provokes
}

// exchange is one request and the status of its answer: 0 while there is none.
type exchange struct {
	id      network.RequestID
	request string // "GET /set-up"
	status  int64
}

func (p *portal) openTab(l look) *tab {
	p.t.Helper()
	ctx, err := chromium()
	if err != nil {
		if os.Getenv("PORTAL_TEST_BROWSER") == "required" {
			p.t.Fatalf("needs Chromium, and PORTAL_TEST_BROWSER=required: %v", err)
		}
		p.t.Skipf("needs Chromium: %v", err)
	}
	b := newTab(p, ctx, l, chromedp.WithNewBrowserContext())
	p.t.Cleanup(func() {
		if p.t.Failed() {
			b.keep("failed")
		}
	})
	return b
}

// another is a second tab of the same browser: it has the same cookies.
func (b *tab) another() *tab {
	b.t.Helper()
	return newTab(b.portal, b.ctx, b.look)
}

func newTab(p *portal, parent context.Context, l look, options ...chromedp.ContextOption) *tab {
	p.t.Helper()
	b := &tab{portal: p, expected: []string{"status of 422"}} // Chromium logs every status from 400 on as an error
	options = append(options, chromedp.WithListener(b.listen))
	ctx, cancel := chromedp.NewContext(parent, options...)
	b.ctx = ctx
	p.t.Cleanup(cancel)
	p.t.Cleanup(b.sweep)
	p.t.Cleanup(func() {
		for _, complaint := range b.unexpected() {
			p.t.Errorf("the browser complains: %s", complaint)
		}
	})
	p.must(chromedp.Do(ctx)) // with the context that lives as long as the tab
	// A tab behind another one would get no focus, and none of its events.
	b.call("focus", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	})
	return b.hold(l)
}

// sweep looks for secrets in what the tab keeps of its pages: addresses and titles in its history, and, where it is at a
// page of ours, all storage that pages have.
func (b *tab) sweep() {
	if b.t.Failed() {
		return
	}
	b.wait(`document.readyState === "complete"`) // it may be on its way
	var kept strings.Builder
	b.do("history", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		history, err := cdp.Call(ctx, t, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, entry := range history.Entries {
			fmt.Fprintln(&kept, entry.URL, entry.UserTypedURL, entry.Title)
		}
		return nil
	}))
	for _, hit := range b.secrets.Find([]byte(kept.String())) {
		if hit.Class != sweeptest.Link { // which opens nothing without its piece
			b.t.Errorf("I7: the browser's history has the %s", hit)
		}
	}
	if !b.look.plain && strings.HasPrefix(value[string](b, "location.href"), b.server.URL) {
		b.wantNothingStored()
	}
}

// listen notes what the tab asks for and what it complains about. It runs in the order of the events.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.RedirectResponse != nil {
			b.answered(e.RequestID, e.RedirectResponse.Status)
		}
		if u, err := url.Parse(e.Request.URL); err == nil {
			b.exchanges = append(b.exchanges, &exchange{id: e.RequestID, request: e.Request.Method + " " + u.Path})
		}
	case *network.EventResponseReceived:
		b.answered(e.RequestID, e.Response.Status)
	case *log.EventEntryAdded: // also violations of the content security policy
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var text strings.Builder
			for _, arg := range e.Args {
				fmt.Fprintf(&text, " %s%s", arg.Value, arg.Description)
			}
			b.complaints = append(b.complaints, "console."+string(e.Type)+":"+text.String())
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.complaints = append(b.complaints, "uncaught: "+text)
	}
}

func (b *tab) answered(id network.RequestID, status int64) {
	for _, x := range b.exchanges {
		if x.id == id && x.status == 0 {
			x.status = status
		}
	}
}

// expect says which complaints the test provokes.
func (b *tab) expect(parts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, parts...)
}

func (b *tab) unexpected() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.complaints), func(complaint string) bool {
		return slices.ContainsFunc(b.expected, func(part string) bool { return strings.Contains(complaint, part) })
	})
}

// statuses are those of the answers to a request, as in "GET /set-up/qr.png", one for each time it was sent.
func (b *tab) statuses(request string) []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var statuses []int64
	for _, x := range b.exchanges {
		if x.request == request {
			statuses = append(statuses, x.status)
		}
	}
	return statuses
}

// call runs a command, for as long as patience lasts.
func (b *tab) call(what string, run func(context.Context) error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := run(ctx); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.call(what, func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

// hold changes how the browser is held, at once.
func (b *tab) hold(l look) *tab {
	b.t.Helper()
	b.look = l
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(cmp.Or(l.scale, 1))}
	scheme := "light"
	if l.touch {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	if l.dark {
		scheme = "dark"
	}
	b.do("hold as "+l.name, chromedp.EmulateViewport(l.width, l.height, options...), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
		if _, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: l.zone}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.plain})
		return err
	}))
	held := fmt.Sprintf("innerWidth === %d", l.width)
	if l.touch { // a phone zooms out of a page that is too wide, or that has no viewport element
		held = fmt.Sprintf("screen.width === %d", l.width)
	}
	return b.wait(held + " && document.getAnimations().every(a => a.playState !== 'running')") // colours settle, too
}

// value is what an expression is worth in the tab. It works with the page's own script switched off, too.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	var result T
	b.call(expression, func(ctx context.Context) (err error) {
		result, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		return err
	})
	return result
}

// wait looks again and again until the expression is true. A page on its way out may fail to answer: that is not an end.
func (b *tab) wait(expression string) *tab {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	look := time.NewTicker(15 * time.Millisecond)
	defer look.Stop()
	for {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && ok {
			return b
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			b.t.Fatalf("waited in vain for %s at %s:\n%s", expression, value[string](b, "location.pathname"), value[string](b, "document.body.innerText"))
		}
	}
}

// js writes a text as a literal of the script.
func js(text string) string {
	literal, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has one
	}
	return string(literal)
}

// one is the expression for the one element with that selector.
func one(selector string) string { return "document.querySelector(" + js(selector) + ")" }

func (b *tab) open(path string) *tab {
	b.t.Helper()
	b.do("open "+path, chromedp.Navigate(b.server.URL+path))
	return b
}

// at waits until the tab shows the page with that path, completely.
func (b *tab) at(path string) *tab {
	b.t.Helper()
	return b.wait("location.pathname === " + js(path) + " && document.readyState === 'complete'")
}

// shows waits until an element with that selector shows a text.
func (b *tab) shows(selector, text string) *tab {
	b.t.Helper()
	return b.wait("[...document.querySelectorAll(" + js(selector) + ")].some(el => el.checkVisibility() && el.innerText.includes(" + js(text) + "))")
}

// click presses the mouse, or a finger, on the middle of what is seen of the element, once it is there and nothing
// covers it.
func (b *tab) click(selector string) *tab {
	b.t.Helper()
	b.wait(`(() => {
		const el = ` + one(selector) + `;
		if (!el || el.disabled || document.readyState !== "complete") return false;
		el.scrollIntoView({block: "center", behavior: "instant"});
		const box = el.getBoundingClientRect();
		return el.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
	})()`)
	at := value[struct{ X, Y, Width, Height float64 }](b, one(selector)+".getBoundingClientRect().toJSON()")
	x, y := at.X+at.Width/2, at.Y+at.Height/2
	if b.look.touch {
		b.do("tap "+selector, chromedp.TapXY(x, y))
	} else {
		b.do("click "+selector, chromedp.MouseClickXY(x, y))
	}
	return b
}

// fill clicks into a field and types, in place of what was there.
func (b *tab) fill(selector, text string) *tab {
	b.t.Helper()
	b.click(selector).wait("document.activeElement === " + one(selector))
	value[chromedp.Void](b, "document.activeElement.select()")
	return b.press(text)
}

// press presses keys, wherever the focus is.
func (b *tab) press(keys string) *tab {
	b.t.Helper()
	b.do("press keys", chromedp.KeyEvent(keys))
	return b
}

func (b *tab) signIn(name, password string) *tab {
	b.t.Helper()
	return b.open("/sign-in").fill("#username", name).fill("#password", password).click("main [type=submit]")
}

// key is the key that the set-up page shows.
func (b *tab) key() string {
	b.t.Helper()
	b.wait("!!" + one("#key"))
	return strings.ReplaceAll(value[string](b, one("#key")+".textContent"), " ", "")
}

// picture is the page as the browser shows it: what is in the window, or all of it.
func (b *tab) picture(whole bool) []byte {
	b.t.Helper()
	var png []byte
	b.call("picture", func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, page.BringToFront, cdp.Empty{}); err != nil { // a tab behind another one is not drawn
			return err
		}
		result, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole, OptimizeForSpeed: &whole})
		png = result.Data
		return err
	})
	return png
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// keep writes a picture of the whole page to the directory that PORTAL_ARTEFACTS names.
func (b *tab) keep(name string) {
	b.t.Helper()
	dir := os.Getenv("PORTAL_ARTEFACTS")
	if dir == "" {
		return
	}
	b.must(os.MkdirAll(dir, 0o755))
	name = notInNames.ReplaceAllString(b.t.Name()+"-"+name, "-") + ".png"
	b.must(os.WriteFile(filepath.Join(dir, name), b.picture(true), 0o600))
}
