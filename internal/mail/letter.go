package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// letter is a message that can be sent. Its fields are what they say: none of them can bring a header of its own.
type letter struct {
	ID      string // of the notice
	From    netmail.Address
	To      netmail.Address
	Subject string
	At      time.Time
	Text    string
	HTML    string
}

// readAddress takes a bare address, as pools keep them: "ada@example.com".
func readAddress(text string) (netmail.Address, error) {
	address, err := netmail.ParseAddress(text)
	if err != nil || address.Name != "" || address.Address != text || !oneLine(text) {
		return netmail.Address{}, errors.New("this is no mail address")
	}
	return *address, nil
}

// oneLine reports whether text can stand in a header.
func oneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

// message puts a letter together: text first, HTML as its alternative (RFC 2046, 5.1.4).
func (l letter) message() (*gomail.Msg, error) {
	if !oneLine(l.Subject) || !oneLine(l.From.Name) {
		return nil, errors.New("a header of more than one line")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&l.From)
	msg.ToMailAddress(&l.To)
	msg.Subject(l.Subject)
	msg.SetDateWithValue(l.At)
	msg.SetMessageIDWithValue(l.messageID())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return msg, nil
}

// messageID is the same for the same notice.
func (l letter) messageID() string {
	sum := sha256.Sum256([]byte(l.ID))
	_, domain, _ := strings.Cut(l.From.Address, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}
