package totp

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// URI is the otpauth URI (Google Authenticator wiki, "Key Uri Format") that an app reads from the QR code or from a
// tapped link. Issuer and account are any text: they come out of the app's parser as [Label] made them. Algorithm,
// digits and period are left out: they are the defaults, the only ones that Cognito knows, and some apps misread them.
func URI(issuer, account, key string) string {
	issuer, account = Label(issuer), Label(account)
	label := escape(account)
	query := "secret=" + escape(strings.TrimRight(strings.ToUpper(strings.ReplaceAll(key, " ", "")), "="))
	if issuer != "" {
		label = escape(issuer) + ":" + label
		query += "&issuer=" + escape(issuer)
	}
	return "otpauth://totp/" + label + "?" + query
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
