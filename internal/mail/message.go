package mail

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/views"
)

// letter writes a notice.
func (m *Mailer) letter(ctx context.Context, n helpdesk.Notice) (letter, error) {
	said, err := m.write(n)
	if err != nil {
		return letter{}, err
	}
	to, err := readAddress(n.To)
	if err != nil {
		return letter{}, err
	}
	from := m.From
	if from.Name == "" {
		from.Name = said.Brand.Name
	}
	var html strings.Builder
	if err := views.MailPage(said).Render(ctx, &html); err != nil {
		return letter{}, err
	}
	return letter{
		ID: n.ID + " " + m.PublicURL.Host, From: from, To: to, Subject: said.Subject, At: m.Now(), Text: plain(said), HTML: html.String(),
	}, nil
}

// write chooses the words.
func (m *Mailer) write(n helpdesk.Notice) (views.Mail, error) {
	look := m.Brand()
	p := look.Languages.Match(n.Language)
	say := func(key string, pairs ...string) string { return p.T(key, append(pairs, "brand", look.Name)...) }
	said := views.Mail{
		P: p, Brand: look, Hello: hello(p, n.Name), Why: say("mail.why"), NotMeIf: say("mail.not_me.lead"),
		NotMe: views.Action{Text: say("mail.not_me.link"), Href: m.PublicURL.JoinPath("not-me", n.NotMe.Reveal()).String()},
	}
	switch n.Kind {
	case helpdesk.NoticeLink:
		said.Subject = say("mail.link.subject")
		beside := "mail.link.piece"
		if n.ByName {
			beside = "mail.link.name"
		}
		said.Texts = []string{say("mail.link.lead"), say(beside), say("mail.link.until", "time", p.Moment(n.Until))}
		said.Button = views.Action{Text: say("mail.link.button"), Href: m.PublicURL.JoinPath("i", n.Locator.Reveal()).String()}
	case helpdesk.NoticeReset:
		said.Subject = say("mail.reset.subject")
		said.Texts = []string{say("mail.reset.lead")}
	case helpdesk.NoticeSetUp:
		said.Subject = say("mail.set_up.subject")
		said.Texts = []string{say("mail.set_up.lead", "time", p.Moment(n.At))}
	default:
		return said, fmt.Errorf("no words for a notice of kind %q", string(n.Kind))
	}
	return said, nil
}

// maxName is the longest name that somebody is greeted by, in characters.
const maxName = 64

// hello greets somebody by name, if it looks like one. Users may write their own name: it must not bring a link, a line or
// a change of direction into a message from us.
func hello(p *i18n.Printer, name string) string {
	name = strings.Join(strings.Fields(name), " ")
	odd := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`/\<>{}[]:@`, r) }
	host := strings.Contains(strings.TrimRight(strings.ReplaceAll(name, ". ", " "), "."), ".") // a dot with something behind it
	if name == "" || utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, odd) || host {
		return p.T("mail.hello_all")
	}
	return p.T("mail.hello", "name", name)
}

// plain is a message as text.
func plain(m views.Mail) string {
	parts := append([]string{m.Hello}, m.Texts...)
	if m.Button.Href != "" {
		parts = append(parts, m.Button.Text+":\n"+m.Button.Href)
	}
	parts = append(parts, m.NotMeIf, m.NotMe.Text+":\n"+m.NotMe.Href)
	if m.Brand.Support.Text != "" {
		parts = append(parts, m.Brand.Support.Text)
	}
	return strings.Join(append(parts, m.Why), "\n\n") + "\n"
}
