package web_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
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
// and in the dark, nothing has to be scrolled sideways on a small phone or at 400 %, and fingers find every control.
// newTab adds: no complaint of the browser, be it about a script or the content security policy.
func TestBrowserEveryState(t *testing.T) {
	for _, lang := range []string{"en", "de", "ar"} {
		exhibits := theGallery.in(t, lang)
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			b := openStage(t).openTab(desktop)
			for _, s := range exhibits {
				b.visit(s)
				b.wantNoViolations(s.name)
				if lang == "en" {
					b.wantTabOrder(s.name)
				}
				b.hold(desktop.inTheDark())
				b.wantNoViolations(s.name)
				if lang == "en" { // the same width; a mouse changes what is shown
					b.hold(zoomed).wantNoSidewaysScrolling(s.name)
				}
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
				b.visit(s)
				for _, held := range []look{desktop, desktop.inTheDark(), phone.inTheDark(), phone} {
					b.hold(held).keep(s.name + "-" + held.name)
				}
				b.hold(desktop)
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
func (v *visitor) violations() []string {
	v.t.Helper()
	v.stage.needsAxe()
	rules, least := `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`, 10
	if v.look.dark {
		rules, least = `["color-contrast", "link-in-text-block"]`, 1
	}
	report := value[string](v.tab, `(async () => {
		if (!window.axe) await new Promise((loaded, failed) => document.head.append(
			Object.assign(document.createElement("script"), {src: "/axe.js", onload: loaded, onerror: failed})));
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
	v.must(json.Unmarshal([]byte(report), &found))
	if found.Rules < least {
		v.t.Errorf("axe-core found only %d rules to be kept", found.Rules)
	}
	return found.Violations
}

func (v *visitor) wantNoViolations(name string) {
	v.t.Helper()
	for _, violation := range v.violations() {
		v.t.Errorf("%s, %s: %s", name, v.look.name, violation)
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
