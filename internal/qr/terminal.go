package qr

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"
)

// Black on white whatever the terminal's own colours are, and back to those (ECMA-48, SGR; colours 16 and 231 of 256).
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	plain        = "\x1b[0m"
)

// Terminal draws text's QR code in characters, quiet zone included: two modules, one above the other, in each, since
// terminals' characters are twice as high as wide.
func Terminal(text string) (string, error) {
	code, err := qrcode.New(text, level)
	if err != nil {
		return "", fmt.Errorf("qr: %w", err)
	}
	dark := code.Bitmap()
	var out strings.Builder
	for y := 0; y < len(dark); y += 2 {
		out.WriteString(blackOnWhite)
		for x := range dark[y] {
			lower := y+1 < len(dark) && dark[y+1][x] // beyond the last row is quiet zone
			out.WriteString(halves(dark[y][x], lower))
		}
		out.WriteString(plain + "\n")
	}
	return out.String(), nil
}

func halves(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
