package web_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cognito-enroll/internal/userpool"
)

// The ways in which every page is looked at.
var (
	phone  = look{name: "phone", width: 412, height: 880, scale: 2, touch: true}
	zoomed = look{name: "zoomed in", width: 320, height: 256} // a window of 1280 by 1024 at 400 % (WCAG 2.2, 1.4.10)
	narrow = look{name: "small phone", width: 320, height: 568, scale: 2, touch: true}
)

func (l look) inTheDark() look {
	return l.with(func(l *look) { l.name, l.dark = l.name+" dark", true })
}

// Every page in every state, in three languages of which one runs from right to left: axe-core finds nothing in the light
// and in the dark, nothing has to be scrolled sideways on a small phone or at 400 %, and fingers find every control. All of
// axe-core's rules but those about colours look at what is the same in the light and in the dark, so in the dark those
// alone are asked again. newTab adds: no complaint of the browser, be it about a script or the content security policy.
func TestBrowserEveryState(t *testing.T) {
	for _, lang := range []string{"en", "de", "ar"} {
		exhibits := theGallery.in(t, lang)
		t.Run(lang, func(t *testing.T) {
			b := openStage(t).openTab(desktop) // one after the other: a tab behind another one is not drawn
			for _, s := range exhibits {
				b.visit(s)
				b.wantNoViolations(s.name)
				if lang == "en" {
					b.wantTabOrder(s.name)
				}
				b.hold(desktop.inTheDark())
				b.wantNoViolations(s.name)
				b.hold(zoomed).wantNoSidewaysScrolling(s.name) // as wide as the next; but a mouse changes what is shown
				b.hold(narrow).wantNoSidewaysScrolling(s.name)
				b.wantRoomForFingers(s.name)
				b.hold(desktop)
			}
		})
	}
}

// Pictures of every state for people to look at, where PORTAL_ARTEFACTS says.
func TestBrowserPictures(t *testing.T) {
	if os.Getenv("PORTAL_ARTEFACTS") == "" {
		t.Skip("PORTAL_ARTEFACTS names no directory for the pictures")
	}
	for _, lang := range []string{"en", "de", "ja", "ar"} {
		exhibits := theGallery.in(t, lang)
		t.Run(lang, func(t *testing.T) {
			b := openStage(t).openTab(desktop)
			for _, s := range exhibits {
				t.Run(s.name, func(*testing.T) {
					b.visit(s)
					for _, held := range []look{desktop, desktop.inTheDark(), phone.inTheDark(), phone} {
						b.hold(held).keep(s.name + "-" + held.name)
					}
					b.hold(desktop)
				})
			}
		})
	}
}

// openTab is a tab that visits the stage's exhibits.
func (s *stage) openTab(l look) *visitor {
	s.t.Helper()
	b := s.portal.openTab(l)
	b.expect("status of 4", "status of 5") // of the pages themselves
	return &visitor{tab: b, stage: s}
}

// visitor is a tab on a stage.
type visitor struct {
	*tab
	stage *stage
}

// visit looks at an exhibit.
func (v *visitor) visit(e *exhibit) {
	v.t.Helper()
	address := v.stage.hang(e)
	v.open(address).at(address)
}

// violations is what axe-core says of the page: by the rules of WCAG 2.2, levels A and AA, and its best practices. In the
// dark those that look at colours are left to ask.
func (b *tab) violations() []string {
	b.t.Helper()
	if !value[bool](b, "!!window.axe") {
		value[chromedp.Void](b, b.axeCore()+"; undefined")
	}
	rules, least := `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`, 10
	if b.look.dark {
		rules, least = `["color-contrast", "link-in-text-block"]`, 1
	}
	report := value[string](b, `(async () => {
		const found = await axe.run(document, {resultTypes: ["violations"], runOnly: `+rules+`});
		return JSON.stringify({
			rules: found.passes.length,
			violations: found.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join(" | ")),
		});
	})()`)
	var found struct {
		Rules      int
		Violations []string
	}
	b.must(json.Unmarshal([]byte(report), &found))
	if found.Rules < least {
		b.t.Errorf("axe-core found only %d rules to be kept", found.Rules)
	}
	return found.Violations
}

func (b *tab) wantNoViolations(name string) {
	b.t.Helper()
	for _, violation := range b.violations() {
		b.t.Errorf("%s, %s: %s", name, b.look.name, violation)
	}
}

// A form that htmx puts in the place of the one that was sent is looked at where it stands, in a page that was not loaded
// again: the same rules hold for the whole, and the focus is in a field.
func TestBrowserSwappedForms(t *testing.T) {
	for _, lang := range []string{"en", "de", "ar"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := openPortal(t)
			p.addUser("grace", userpool.StateTemporaryPassword)
			b := p.openTab(desktop)
			const chosen = "New-Password-1"
			sendsWrong := func(name string) {
				t.Helper()
				value[chromedp.Void](b, "window.stayed = true; "+one("#error")+"?.remove()")
				b.click(submit).wait("!!" + one("#error") + " && stayed && document.activeElement.form?.id === 'step'")
				value[chromedp.Void](b, "document.querySelectorAll('details').forEach(each => each.open = true)")
				for _, held := range []look{desktop, desktop.inTheDark()} {
					b.hold(held).wantNoViolations(name)
				}
				b.hold(zoomed).wantNoSidewaysScrolling(name)
				b.hold(narrow).wantNoSidewaysScrolling(name)
				b.wantRoomForFingers(name)
				b.hold(desktop)
			}

			b.open("/continue?lang="+lang).fill("#word", "ABC DEF")
			sendsWrong("continue")
			b.open("/sign-in").fill("#username", "grace").fill("#password", "wrong")
			sendsWrong("sign-in")
			b.fill("#password", password).click(submit).at("/new-password").fill("#password", "short").fill("#again", "short")
			sendsWrong("new-password")
			b.fill("#password", chosen).fill("#again", chosen).click(submit).at("/set-up")
			key := b.key()
			b.fill("#code", p.wrongCode(key))
			sendsWrong("set-up")
			b.fill("#code", p.codeAt(key, p.clock.Now().Add(-7*time.Minute)))
			sendsWrong("set-up with a slow clock")
			b.fill("#code", p.code(key)).click(submit).at("/done").click(`[action="/try"] button`).at("/sign-in")
			b.fill("#password", chosen).click(submit).at("/challenge").fill("#code", "12")
			sendsWrong("challenge")
		})
	}
}

// axe-core has to see faults: else all of the above would pass on any page.
func TestBrowserFaultsAreSeen(t *testing.T) {
	b := openStage(t).openTab(desktop)
	b.visit(theGallery.named(t, "en", "sign-in"))
	value[chromedp.Void](b.tab, `document.querySelector("label").remove(); document.querySelector("h1").style.color = "#88888880"`)
	for _, held := range []look{desktop, desktop.inTheDark()} {
		b.hold(held)
		found := strings.Join(b.violations(), "\n")
		for _, rule := range []string{"color-contrast", "label"} {
			if !strings.Contains(found, rule+": ") && (rule != "label" || !held.dark) {
				t.Errorf("%s: %s is not found; found: %s", held.name, rule, found)
			}
		}
	}
}

// wantRoomForFingers wants 24 by 24 CSS pixels for every control (WCAG 2.2, 2.5.8). The exception is that of the
// guideline: links in a line of text.
func (b *tab) wantRoomForFingers(name string) {
	b.t.Helper()
	small := value[[]string](b, controls+`.filter(el => {
		const box = el.getBoundingClientRect();
		const alone = getComputedStyle(el).display !== "inline" || el.parentElement.textContent.trim() === el.textContent.trim();
		return el.matches(":not(.skip)") && alone && (box.width < 24 || box.height < 24);
	}).map(el => el.outerHTML.slice(0, 120) + " " + JSON.stringify(el.getBoundingClientRect()))`)
	for _, control := range small {
		b.t.Errorf("%s, %s: too small for a finger: %s", name, b.look.name, control)
	}
}
