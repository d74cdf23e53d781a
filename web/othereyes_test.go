package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"cognito-enroll/internal/htmltest"
)

// media are what the person's system asks of pages, by the names of CSS; forcedDark is a browser that darkens every page
// by itself.
func (b *tab) media(forcedDark bool, features ...*emulation.MediaFeature) {
	b.t.Helper()
	b.do("media", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, emulation.SetAutoDarkModeOverride, emulation.SetAutoDarkModeOverrideParams{Enabled: &forcedDark}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	}))
}

var (
	dark         = &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"}
	forced       = &emulation.MediaFeature{Name: "forced-colors", Value: "active"}
	lessMotion   = &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"}
	motion       = &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "no-preference"}
	moreContrast = &emulation.MediaFeature{Name: "prefers-contrast", Value: "more"}
)

// A camera has to read it: black on white, dot by dot, whatever colours the rest of the page has.
func TestBrowserQRCodeIsBlackOnWhiteInEveryScheme(t *testing.T) {
	e := theGallery.named(t, "en", "set-up")
	modules, err := png.Decode(bytes.NewReader(e.files["/set-up/qr.png"].body))
	if err != nil {
		t.Fatal(err)
	}
	b := openStage(t).openTab(desktop)
	for _, test := range []struct {
		scheme     string
		forcedDark bool
		features   []*emulation.MediaFeature
		paperDark  bool // to see that the scheme is in force at all
	}{
		{"light", false, nil, false},
		{"dark", false, []*emulation.MediaFeature{dark}, true},
		{"darkened by the browser", true, nil, true},
		{"forced colours", false, []*emulation.MediaFeature{forced}, false},
		{"forced colours, dark", false, []*emulation.MediaFeature{forced, dark}, true},
		{"more contrast", false, []*emulation.MediaFeature{moreContrast}, false},
	} {
		b.media(test.forcedDark, append(test.features, lessMotion)...)
		b.visit(e)
		b.wait(one(".qr img") + ".complete")
		value[chromedp.Void](b.tab, one(".qr img")+".scrollIntoView({block: 'center', behavior: 'instant'})")
		box := value[struct{ X, Y, Width float64 }](b.tab, one(".qr img")+".getBoundingClientRect().toJSON()")
		screen, err := png.Decode(bytes.NewReader(b.picture(false)))
		b.must(err)
		if paper := luma(screen.At(2, screen.Bounds().Dy()-2)); (paper < 128) != test.paperDark {
			t.Errorf("%s: the page's own colour is %d of 255", test.scheme, paper)
		}
		if wrong := wrongDots(screen, modules, box.X, box.Y, box.Width); wrong > 0 {
			t.Errorf("%s: %d modules are not black or white as drawn", test.scheme, wrong)
		}
		// A browser that darkens pages takes the frame, too, whatever the style sheet says: the quiet zone is in the picture.
		if frame := luma(screen.At(int(box.X)-2, int(box.Y)+20)); frame != 255 && !test.forcedDark {
			t.Errorf("%s: the frame around the code is %d of 255, want white", test.scheme, frame)
		}
	}
}

// wrongDots counts the modules that have another colour on the screen than in the picture, quiet zone included.
func wrongDots(screen, modules image.Image, x, y, width float64) (wrong int) {
	dot := width / float64(modules.Bounds().Dx())
	for row := range modules.Bounds().Dy() {
		for column := range modules.Bounds().Dx() {
			seen := screen.At(int(x+(float64(column)+.5)*dot), int(y+(float64(row)+.5)*dot))
			if luma(seen) != luma(modules.At(column, row)) {
				wrong++
			}
		}
	}
	return wrong
}

func luma(c color.Color) uint8 { return color.GrayModel.Convert(c).(color.Gray).Y }

// With a system's own few colours every control still has an edge, and the focus is seen. Boxes to tick are drawn by the
// browser itself, edge and all, while nothing of theirs is styled.
func TestBrowserForcedColours(t *testing.T) {
	b := openStage(t).openTab(desktop)
	b.media(false, forced, dark, lessMotion)
	thorough := []string{"prepare", "sign-in-error", "set-up-wrong-code", "review-methods", "done", "swap", "languages"}
	for _, e := range theGallery.in(t, "en") {
		b.visit(e)
		for _, control := range value[[]string](b.tab, `[...document.querySelectorAll(".btn, input:not([type=hidden], .visually-hidden), [role=alert], .msg")].filter(el => el.checkVisibility()).filter(el => {
			const style = getComputedStyle(el);
			if (el.type === "checkbox" && style.appearance === "auto") return false;
			return style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) < 1 || style.borderTopColor === style.backgroundColor;
		}).map(el => el.outerHTML.slice(0, 100))`) {
			t.Errorf("%s: no edge is seen around %s", e.name, control)
		}
		if slices.Contains(thorough, e.name) {
			b.wantTabOrder(e.name)
		}
	}
}

// Who asks for less motion gets none.
func TestBrowserReducedMotion(t *testing.T) {
	const moving = `[...document.querySelectorAll("*")].flatMap(el => [null, "::before", "::after", "::-webkit-progress-value"].map(part => getComputedStyle(el, part))).
		filter(style => [style.transitionDuration, style.animationDuration].some(d => d.split(",").some(d => parseFloat(d) > .001))).length`
	b := openStage(t).openTab(desktop)
	for _, name := range []string{"prepare", "set-up", "challenge-wait", "done", "swap"} {
		b.visit(theGallery.named(t, "en", name))
		b.media(false, motion)
		if value[int](b.tab, moving) == 0 {
			t.Errorf("%s: nothing moves for anybody: the test sees nothing", name)
		}
		b.media(false, lessMotion)
		if n := value[int](b.tab, moving); n > 0 {
			t.Errorf("%s: %d elements move", name, n)
		}
	}
}

// What a screen reader says of the main pages, and in which order: the file is to be read when it changes.
func TestBrowserReadAloud(t *testing.T) {
	b := openStage(t).openTab(desktop)
	var spoken strings.Builder
	for _, name := range []string{"prepare", "sign-in-error", "set-up", "set-up-clock-slow", "done", "problem-http-404"} {
		b.visit(theGallery.named(t, "en", name))
		spoken.WriteString("# " + name + "\n" + b.readAloud() + "\n")
	}
	htmltest.GoldenText(t, "read-aloud.txt", ticking.ReplaceAllString(maskPage(spoken.String()), "M:SS"))
}

var ticking = regexp.MustCompile(`\b\d:\d\d\b`)

// readAloud is the page as the accessibility tree has it: a line for each thing, with its role, name and state.
func (b *tab) readAloud() string {
	b.t.Helper()
	var nodes []*accessibility.Node
	b.call("accessibility tree", func(ctx context.Context) error {
		tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		nodes = tree.Nodes
		return err
	})
	byID := map[accessibility.NodeID]*accessibility.Node{}
	for _, node := range nodes {
		byID[node.NodeID] = node
	}
	var out strings.Builder
	var walk func(node *accessibility.Node, depth int, around string)
	walk = func(node *accessibility.Node, depth int, around string) {
		role, name := textOf(node.Role), textOf(node.Name)
		structural := role == "generic" || role == "none" || role == "InlineTextBox" || role == "ListMarker"
		if !node.Ignored && !structural && (role != "StaticText" || !strings.Contains(around, name)) {
			out.WriteString(strings.Repeat(" ", depth) + describe(node) + "\n")
			depth, around = depth+1, name
		}
		for _, id := range node.ChildIDs {
			if child := byID[id]; child != nil {
				walk(child, depth, around)
			}
		}
	}
	walk(nodes[0], 0, "")
	return out.String()
}

// describe is a line of readAloud.
func describe(node *accessibility.Node) string {
	line := textOf(node.Role)
	if name := textOf(node.Name); name != "" {
		line += ` "` + name + `"`
	}
	if description := textOf(node.Description); description != "" {
		line += ` (` + description + `)`
	}
	for _, property := range node.Properties {
		switch state := textOf(property.Value); string(property.Name) {
		case "level", "invalid", "live", "expanded":
			if state != "" && state != "false" {
				line += " " + string(property.Name) + "=" + state
			}
		case "required":
			if state == "true" {
				line += " required"
			}
		}
	}
	return line
}

// textOf is a value of the tree as a text.
func textOf(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var text string
	if json.Unmarshal(v.Value, &text) != nil {
		return string(v.Value)
	}
	return text
}
