package brand

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// schemes are the two ways in which a page is coloured.
//
//nolint:gochecknoglobals // an immutable table
var schemes = [2]string{"light", "dark"}

// palettes are the colours of static/css/portal.src.css by scheme; a test holds the two equal.
//
//nolint:gochecknoglobals // an immutable table
var palettes = [2]map[string]string{
	{
		"accent": "#0b57d0", "accent-ink": "#ffffff", "accent-soft": "#e8f0fe", "paper": "#f6f7f9", "card": "#ffffff",
		"ink": "#101828", "ink-2": "#475467", "ink-3": "#5d6b82", "line": "#e4e7ec", "line-2": "#cdd3dc", "field": "#7b8698",
		"ok": "#067647", "ok-soft": "#ecfdf3", "bad": "#b42318", "bad-soft": "#fef3f2", "warn": "#93370d", "warn-soft": "#fffaeb",
	},
	{
		"accent": "#8ab4ff", "accent-ink": "#0b1220", "accent-soft": "#16233b", "paper": "#0b0f16", "card": "#121823",
		"ink": "#f2f4f7", "ink-2": "#b6c0cf", "ink-3": "#94a3b8", "line": "#1f2937", "line-2": "#344054", "field": "#6b788e",
		"ok": "#75e0a7", "ok-soft": "#0b2a1c", "bad": "#fda29b", "bad-soft": "#2b1413", "warn": "#fec84b", "warn-soft": "#2a1f08",
	},
}

// Pair is two colours that meet on a page, and the least contrast between them.
type Pair struct {
	Ink, On string
	Least   float64
}

// Pairs are all that meet: 4.5 to 1 for text (WCAG 2.2, 1.4.3), 3 to 1 for what outlines a control (1.4.11).
func Pairs() []Pair {
	var pairs []Pair
	for _, row := range []struct {
		ink   string
		on    []string
		least float64
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
	} {
		for _, on := range row.on {
			pairs = append(pairs, Pair{row.ink, on, row.least})
		}
	}
	return pairs
}

// Palette is the portal's own colours: the light ones, or the dark ones.
func Palette(dark bool) map[string]string {
	if dark {
		return maps.Clone(palettes[1])
	}
	return maps.Clone(palettes[0])
}

// Contrast is that of two colours #rrggbb, 1 to 21 (WCAG 2.2, contrast ratio).
func Contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is the relative luminance of #rrggbb (WCAG 2.2).
func luminance(colour string) float64 {
	rgb, _ := strconv.ParseUint(colour[1:], 16, 32)
	var sum float64
	for _, part := range []struct {
		shift  int
		weight float64
	}{{16, 0.2126}, {8, 0.7152}, {0, 0.0722}} {
		c := float64(rgb>>part.shift&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += part.weight * c
	}
	return sum
}

// setColours checks the operator's colours, among themselves and beside the portal's own, and writes their stylesheet.
func (b *Brand) setColours(given map[string]map[string]string) []error {
	var faults []error
	var sheet strings.Builder
	for name := range given {
		if !slices.Contains(schemes[:], name) {
			faults = append(faults, fmt.Errorf("brand.json: colours: %s is neither light nor dark", name))
		}
	}
	for i, scheme := range schemes {
		palette := Palette(i == 1)
		faults = append(faults, choose(palette, given[scheme], scheme)...)
		for _, pair := range Pairs() {
			if got := Contrast(palette[pair.Ink], palette[pair.On]); got < pair.Least {
				faults = append(faults, fmt.Errorf("brand.json: colours: %s: %s %s on %s %s has a contrast of %.2f, and people need %.1f: make one darker or lighter",
					scheme, pair.Ink, palette[pair.Ink], pair.On, palette[pair.On], got, pair.Least))
			}
		}
		b.Paper[i] = palette["paper"]
		writeRule(&sheet, given[scheme], i == 1)
	}
	if len(faults) == 0 && sheet.Len() > 0 {
		b.Stylesheet = b.add("brand.css", File{Type: "text/css; charset=utf-8", Body: []byte(sheet.String())})
	}
	return faults
}

// choose puts the given colours in their place.
func choose(palette, given map[string]string, scheme string) []error {
	var faults []error
	for _, token := range slices.Sorted(maps.Keys(given)) {
		colour := strings.ToLower(given[token])
		switch _, known := palette[token]; {
		case !known:
			faults = append(faults, fmt.Errorf("brand.json: colours: %s: no colour is called %s; there are %s",
				scheme, token, strings.Join(slices.Sorted(maps.Keys(palette)), ", ")))
		case !isColour(colour):
			faults = append(faults, fmt.Errorf("brand.json: colours: %s: %s: want #rrggbb, not %s", scheme, token, given[token]))
		default:
			palette[token] = colour
		}
	}
	return faults
}

func isColour(text string) bool {
	if len(text) != 7 || text[0] != '#' {
		return false
	}
	_, err := strconv.ParseUint(text[1:], 16, 32)
	return !errors.Is(err, strconv.ErrSyntax) && err == nil
}

// writeRule writes a scheme's colours as custom properties. Everything in portal.css is layered, so these win.
func writeRule(sheet *strings.Builder, given map[string]string, dark bool) {
	if len(given) == 0 {
		return
	}
	if dark {
		sheet.WriteString("@media (prefers-color-scheme:dark){")
	}
	sheet.WriteString(":root{")
	for _, token := range slices.Sorted(maps.Keys(given)) {
		sheet.WriteString("--" + token + ":" + strings.ToLower(given[token]) + ";")
	}
	sheet.WriteString("}")
	if dark {
		sheet.WriteString("}")
	}
}
