package archtest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognito-enroll/internal/brand"
)

// TestColoursCanBeRead computes the contrast of every pair of colours that meet on a page, and holds the style sheet to
// the palettes that an operator's colours are checked against.
func TestColoursCanBeRead(t *testing.T) {
	css, err := os.ReadFile("../../static/css/portal.src.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(css), "@media (prefers-color-scheme: dark) {\n    :root {")
	if !found {
		t.Fatal("the style sheet has no dark scheme")
	}
	_, light, _ = strings.Cut(light, "color-scheme: light dark;")
	dark, _, _ = strings.Cut(dark, "}")
	for scheme, sheet := range map[string]string{"light": light, "dark": dark} {
		palette := brand.Palette(scheme == "dark")
		if diff := cmp.Diff(palette, colours(sheet)); diff != "" {
			t.Errorf("%s: internal/brand and the style sheet differ:\n%s", scheme, diff)
		}
		for _, pair := range brand.Pairs() {
			got := brand.Contrast(palette[pair.Ink], palette[pair.On])
			t.Logf("%s: %s on %s %.2f", scheme, pair.Ink, pair.On, got)
			if got < pair.Least {
				t.Errorf("%s: --%s on --%s has contrast %.2f, want %.1f", scheme, pair.Ink, pair.On, got, pair.Least)
			}
		}
	}
}

// colours reads "--name: #rrggbb" lines.
func colours(css string) map[string]string {
	tokens := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		tokens[m[1]] = m[2]
	}
	return tokens
}
