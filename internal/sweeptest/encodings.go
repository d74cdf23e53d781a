package sweeptest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Encodings are the eight ways in which a text may be written, by their names; a picture is the ninth. Of a long text a
// part from its middle is looked for. Short ones (six characters) have fewer ways: what is shorter still is found by chance.
func Encodings(text string) map[string]string {
	if len(text) > 64 {
		text = text[len(text)/2:][:32]
	}
	forms := map[string]string{
		"as it is": text, "lower case": strings.ToLower(text), "in fours": InFours(text), "hex": hex.EncodeToString([]byte(text)),
		"percent": percent(text),
	}
	for shift := range 3 { // where it begins inside longer text decides how base64 writes it
		forms[fmt.Sprint("base64 ", shift)] = inBase64(text, shift)
	}
	maps.DeleteFunc(forms, func(_, encoded string) bool { return len(encoded) < 6 })
	return forms
}

// inBase64 is what base64 makes of a text behind so many other bytes, without the characters at both ends that are not its
// alone.
func inBase64(text string, shift int) string {
	encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
	if (shift+len(text))%3 != 0 {
		encoded = encoded[:len(encoded)-1]
	}
	return encoded[(shift*8+5)/6:]
}

// InFours is a text in groups of four, as pages show a key.
func InFours(text string) string {
	var parts []string
	for part := range slices.Chunk([]byte(text), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, " ")
}

// percent is percent encoding as a browser does it, or, of what needs none, at its most thorough.
func percent(text string) string {
	if escaped := url.QueryEscape(text); escaped != text {
		return escaped
	}
	var out strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&out, "%%%02X", b)
	}
	return out.String()
}
