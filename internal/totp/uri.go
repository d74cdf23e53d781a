package totp

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A QR code holds 2,331 bytes (ISO/IEC 18004, table 7: version 40, level M). A URI with a key of Cognito's, 52 characters,
// leaves maxLabels of them for the account, once, and the issuer, twice. An issuer of MaxIssuer bytes, escaped, leaves room
// for any account: 128 characters of up to twelve bytes each.
const (
	maxLabels = 2331 - len("otpauth://totp/:?secret=&issuer=") - 52
	MaxIssuer = (maxLabels - 128*12) / 2
)

// URI is the otpauth URI (Google Authenticator wiki, "Key Uri Format") that an app reads from the QR code or from a
// tapped link. Issuer and account are any text: they come out of the app's parser as [Labels] made them. Algorithm,
// digits and period are left out: they are the defaults, the only ones that Cognito knows, and some apps misread them.
func URI(issuer, account, key string) string {
	issuer, account = Labels(issuer, account)
	label := escape(account)
	query := "secret=" + escape(strings.TrimRight(strings.ToUpper(strings.ReplaceAll(key, " ", "")), "="))
	if issuer != "" {
		label = escape(issuer) + ":" + label
		query += "&issuer=" + escape(issuer)
	}
	return "otpauth://totp/" + label + "?" + query
}

// CheckIssuer refuses an issuer that would have to be shortened.
func CheckIssuer(issuer string) error {
	if length := len(escape(Label(issuer))); length > MaxIssuer {
		return fmt.Errorf("%q takes %d bytes in a link, and a QR code has room for %d: some %d Latin letters, %d Arabic or Cyrillic ones, %d Chinese or Thai ones",
			issuer, length, MaxIssuer, MaxIssuer, MaxIssuer/6, MaxIssuer/9)
	}
	return nil
}

// Labels are issuer and account as an app lists them: as [Label] makes them, and so short that a QR code holds them. Only
// what no checked issuer and no account of a pool needs is taken out, from the middle: beginnings and ends tell names apart.
func Labels(issuer, account string) (shownIssuer, shownAccount string) {
	shownIssuer = shorten(Label(issuer), MaxIssuer)
	return shownIssuer, shorten(Label(account), maxLabels-2*len(escape(shownIssuer)))
}

func shorten(text string, room int) string {
	if len(escape(text)) <= room {
		return text
	}
	const gap = "…"
	room -= len(escape(gap))
	runes := []rune(text)
	head, tail := 0, len(runes)
	for fromHead := true; ; fromHead = !fromHead {
		next := tail - 1
		if fromHead {
			next = head
		}
		if room -= len(escape(string(runes[next]))); room < 0 {
			return Label(string(runes[:head]) + gap + string(runes[tail:]))
		}
		if fromHead {
			head++
		} else {
			tail--
		}
	}
}

// Label makes text fit to be an issuer or an account: composed (NFC), without control, bidirectional and zero-width
// characters, which could make one account look like another, and without the colon, at which apps cut the label in
// two; a look-alike takes its place. Runs of white space become one space.
func Label(text string) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar,
			r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF:
			return -1
		case r == ':':
			return '∶' // U+2236 RATIO
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(norm.NFC.String(visible)), " ")
}

// escape writes text by RFC 3986 section 2.1: everything but the unreserved characters. Neither helper of net/url
// does that alone: PathEscape leaves "&" and "+", QueryEscape writes "+" for a space, which iOS apps refuse.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
