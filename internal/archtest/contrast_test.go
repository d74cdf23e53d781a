package archtest_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestColoursCanBeRead computes the contrast of every pair of colours that meet on a page, as WCAG 2.2 defines it: 4.5
// to 1 for text (1.4.3), 3 to 1 for what outlines a control (1.4.11).
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

	pairs := []struct {
		ink  string
		on   []string
		want float64
	}{
		{"ink", []string{"paper", "card", "accent-soft"}, 4.5},
		{"ink-2", []string{"paper", "card"}, 4.5},
		{"ink-3", []string{"paper", "card"}, 4.5},
		{"accent", []string{"paper", "card"}, 4.5},
		{"accent-ink", []string{"accent"}, 4.5},
		{"ok", []string{"ok-soft", "card"}, 4.5},
		{"bad", []string{"bad-soft", "card"}, 4.5},
		{"warn", []string{"warn-soft", "card"}, 4.5},
		{"field", []string{"card", "paper"}, 3},
	}
	for scheme, tokens := range map[string]map[string]float64{"light": luminances(t, light), "dark": luminances(t, dark)} {
		for _, pair := range pairs {
			for _, on := range pair.on {
				a, b := tokens[pair.ink], tokens[on]
				got := (max(a, b) + 0.05) / (min(a, b) + 0.05)
				t.Logf("%s: %s on %s %.2f", scheme, pair.ink, on, got)
				if got < pair.want {
					t.Errorf("%s: --%s on --%s has contrast %.2f, want %.1f", scheme, pair.ink, on, got, pair.want)
				}
			}
		}
	}
}

// luminances reads "--name: #rrggbb" lines.
func luminances(t *testing.T, css string) map[string]float64 {
	t.Helper()
	tokens := map[string]float64{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		rgb, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for shift, weight := range map[int]float64{16: 0.2126, 8: 0.7152, 0: 0.0722} {
			c := float64(rgb>>shift&0xff) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		tokens[m[1]] = sum
	}
	if len(tokens) < 16 {
		t.Fatalf("read %d colours, want at least 16", len(tokens))
	}
	return tokens
}
