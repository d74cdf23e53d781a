// Package secret holds text that must not be printed: passwords, tokens, keys, codes and challenge sessions.
//
// A [Text] can be passed around, logged, formatted and marshalled by mistake without harm: every way of printing
// answers [Redacted]. The only way to the text is [Text.Reveal], so a search for that name finds every place that
// lets a secret go.
package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Redacted is what a Text prints as, whatever it holds.
const Redacted = "[redacted]"

// Text is a piece of secret text. The zero value is empty.
//
// The text sits behind a pointer because fmt walks into unexported fields of enclosing structs without calling any
// method of theirs: a plain string would be printed there, a pointer prints as an address.
type Text struct {
	text *string
}

// New wraps text.
func New(text string) Text {
	if text == "" {
		return Text{}
	}
	return Text{text: &text}
}

// Reveal returns the text itself. What it returns must not be logged, put into a URL or stored unencrypted.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// IsZero reports whether the text is empty.
func (t Text) IsZero() bool { return t.text == nil }

// Equal compares two texts in a time that depends only on their lengths.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String prints [Redacted].
func (Text) String() string { return Redacted }

// GoString prints [Redacted] for %#v.
func (Text) GoString() string { return Redacted }

// Format prints [Redacted] for every verb, with every flag.
func (Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// MarshalText prints [Redacted] in JSON, XML and every other text encoding.
func (Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue prints [Redacted] in slog.
func (Text) LogValue() slog.Value { return slog.StringValue(Redacted) }
