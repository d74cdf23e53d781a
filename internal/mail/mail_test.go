package mail_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/mail"
	"cognito-enroll/internal/secret"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func mailer(t testing.TB, server mail.Server) *mail.Mailer {
	t.Helper()
	return mailerOf(t, server, brand.Settings{Name: "Northwind & Söhne", Support: "Call the service desk: 555 0100"})
}

func mailerOf(t testing.TB, server mail.Server, settings brand.Settings) *mail.Mailer {
	t.Helper()
	languages, err := i18n.New()
	must(t, err)
	look, err := brand.Load(nil, languages, settings)
	must(t, err)
	publicURL, err := url.Parse("https://mfa.northwind.test")
	must(t, err)
	m, err := mail.New(mail.Options{
		Server: server, From: netmail.Address{Address: "mfa@northwind.test"}, PublicURL: publicURL,
		Brand: func() *brand.Brand { return look }, Now: func() time.Time { return now },
	})
	must(t, err)
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func link(lang string) helpdesk.Notice {
	return helpdesk.Notice{
		ID: "link-7", Kind: helpdesk.NoticeLink, Via: helpdesk.ViaEmail, To: "ada@example.test", Name: "Ada Lovelace", Language: lang, At: now,
		Locator: secret.New("secret-locator"), Until: now.Add(time.Hour), NotMe: secret.New("secret-token"),
	}
}

// message is a message as a mail program reads it.
type message struct {
	header     netmail.Header
	subject    string
	text, html string
	page       *goquery.Document
}

func read(t testing.TB, raw []byte) message {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	must(t, err)
	m := message{header: parsed.Header}
	m.subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	must(t, err)
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	must(t, err)
	if kind != "multipart/alternative" {
		t.Fatalf("got a message of %s", kind)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for _, want := range []struct {
		kind string
		into *string
	}{{"text/plain", &m.text}, {"text/html", &m.html}} {
		part, err := parts.NextRawPart()
		must(t, err)
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		must(t, err)
		if kind != want.kind || !strings.EqualFold(params["charset"], "utf-8") || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("got a part %v, want %s", part.Header, want.kind)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		must(t, err)
		*want.into = string(text)
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Fatalf("a third part: %v", err)
	}
	m.page, err = goquery.NewDocumentFromReader(strings.NewReader(m.html))
	must(t, err)
	return m
}

// checkHarmless fails the test when a message could do more than be read.
func (m message) checkHarmless(t testing.TB) {
	t.Helper()
	m.page.Find("*").Each(func(_ int, s *goquery.Selection) {
		if !slices.Contains([]string{"html", "head", "meta", "title", "body", "div", "p", "a", "br", "hr"}, goquery.NodeName(s)) {
			t.Errorf("an element %s", goquery.NodeName(s))
		}
		for _, attribute := range s.Nodes[0].Attr {
			if !slices.Contains([]string{"lang", "dir", "charset", "name", "content", "style", "href"}, attribute.Key) || strings.Contains(attribute.Val, "url(") {
				t.Errorf("an attribute %s=%q", attribute.Key, attribute.Val)
			}
		}
	})
	m.page.Find("a").Each(func(_ int, s *goquery.Selection) {
		if href := s.AttrOr("href", ""); href != "https://mfa.northwind.test/i/secret-locator" && href != "https://mfa.northwind.test/not-me/secret-token" {
			t.Errorf("a link to %q", href)
		}
	})
	for _, address := range regexp.MustCompile(`(?i)(https?:|www\.)\S*`).FindAllString(m.text, -1) {
		if !strings.HasPrefix(address, "https://mfa.northwind.test/") {
			t.Errorf("an address %q in the text", address)
		}
	}
	var names []string
	for name := range m.header {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	if !slices.Equal(names, want) {
		t.Errorf("headers %v, want %v", names, want)
	}
}

func TestEveryNoticeInEveryLanguage(t *testing.T) {
	s := openServer(t, serverOptions{})
	m := mailer(t, s.at(mail.Plain, false))
	languages, err := i18n.New()
	must(t, err)
	for _, lang := range languages.All() {
		p, _ := languages.Printer(lang.Tag)
		for _, kind := range []helpdesk.NoticeKind{helpdesk.NoticeLink, helpdesk.NoticeReset, helpdesk.NoticeSetUp} {
			notice := link(lang.Tag)
			if notice.Kind = kind; kind != helpdesk.NoticeLink {
				notice.Locator, notice.Until = secret.Text{}, time.Time{}
			}
			must(t, m.Notify(t.Context(), notice))
			mails := s.taken()
			got := read(t, mails[len(mails)-1].data)
			got.checkHarmless(t)
			if got.subject != p.T("mail."+string(kind)+".subject", "brand", "Northwind & Söhne") {
				t.Errorf("%s %s: subject %q", lang.Tag, kind, got.subject)
			}
			if page := got.page.Find("html"); page.AttrOr("lang", "") != lang.Tag || page.AttrOr("dir", "") != p.Dir() {
				t.Errorf("%s %s: in another language", lang.Tag, kind)
			}
			seen := strings.Join(strings.Fields(got.page.Find("body").Text()), " ")
			for _, want := range []string{"Ada Lovelace", "555 0100", p.T("mail.not_me.link"), p.T("mail.not_me.lead"), p.T("mail.why", "brand", "Northwind & Söhne")} {
				if !strings.Contains(got.text, want) || !strings.Contains(seen, want) {
					t.Errorf("%s %s: no %q in\n%s\nor\n%s", lang.Tag, kind, want, got.text, seen)
				}
			}
			if isLink := strings.Contains(got.text, "/i/secret-locator"); isLink != (kind == helpdesk.NoticeLink) || !strings.Contains(got.text, "https://mfa.northwind.test/not-me/secret-token") {
				t.Errorf("%s %s: addresses in\n%s", lang.Tag, kind, got.text)
			}
			if strings.ContainsAny(got.text+seen+got.subject, "{}") || strings.Contains(got.text, "**") {
				t.Errorf("%s %s: something was not filled in:\n%s", lang.Tag, kind, got.text)
			}
		}
	}
}

// hostile are names that try to be more than names, built from pieces that have done harm elsewhere.
func hostile(n int) []string {
	pieces := []string{
		"\r\n", "\n", "\r", "Bcc: all@example.com", "Subject: other", "\r\n.\r\n", "QUIT", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
		"\"><a href=https://evil.example>", "https://evil.example/", "www.evil.example", "evil.example", "javascript:alert(1)", "=?utf-8?q?=0AX-Evil:_1?=", "\x00", "\x1b[31m",
		"\u202e", "\u2066", "\u200b", "\u2028", "\ufeff", "{brand}", "{{.}}", "%0d%0a", "&lt;b&gt;", "ада", "李", "O'Brien", "\xff\xfe", ";", ",", "<all@example.com>", "(comment)",
		strings.Repeat("x", 1200), strings.Repeat("é", 90), "--boundary", "MIME-Version: 1.0", "\t", "a@b", "..", "@", "\u00a0",
	}
	source := rand.New(rand.NewPCG(1, 2))
	names := slices.Clone(pieces)
	for len(names) < n {
		name := ""
		for range 1 + source.IntN(4) {
			name += pieces[source.IntN(len(pieces))]
		}
		names = append(names, name)
	}
	return names
}

func TestFiveHundredHostileNames(t *testing.T) {
	s := openServer(t, serverOptions{})
	m := mailer(t, s.at(mail.Plain, false))
	greeted := 0
	for i, name := range hostile(500) {
		notice := link("en")
		notice.ID, notice.Name = fmt.Sprintf("link-%d", i), name
		must(t, m.Notify(t.Context(), notice))
		mails := s.taken()
		if len(mails) != i+1 || mails[i].to != "ada@example.test" {
			t.Fatalf("%q: %d messages, the last to %q", name, len(mails), mails[len(mails)-1].to)
		}
		got := read(t, mails[i].data)
		got.checkHarmless(t)
		if first, _, _ := strings.Cut(got.text, "\r\n"); first != "Hello," {
			greeted++
			if clean := strings.Join(strings.Fields(name), " "); first != "Hello "+clean+"," || strings.ContainsAny(clean, "/<>@:\u202e\u200b") || strings.Contains(clean, "evil.example") {
				t.Errorf("%q: greeted as %q", name, first)
			}
		}
		if got.header.Get("To") != "<ada@example.test>" || got.subject != "Northwind & Söhne: set up your authenticator app" {
			t.Errorf("%q: to %s, subject %q", name, got.header.Get("To"), got.subject)
		}
		if t.Failed() {
			t.Fatalf("with the name %q", name)
		}
	}
	if greeted == 0 || greeted > 250 {
		t.Errorf("%d were greeted by their names", greeted)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	s := openServer(t, serverOptions{})
	m := mailer(t, s.at(mail.Plain, false))
	for _, to := range []string{
		"", "ada", "ada@example.test\r\nBcc: all@example.com", "ada@example.test, all@example.com", "Ada <ada@example.test>", "<ada@example.test>", " ada@example.test",
		"ada@example.test\x00", "ada@example.test (comment)", "\"a\r\nb\"@example.test", "ada@exa\u2028mple.test",
	} {
		notice := link("en")
		if notice.To = to; m.Notify(t.Context(), notice) == nil {
			t.Errorf("%q is written to", to)
		}
	}
	if len(s.taken()) != 0 || s.sessions != 0 {
		t.Errorf("%d messages in %d connections", len(s.taken()), s.sessions)
	}
}

// The operator's own texts stand in headers, too.
func TestABrandThatBreaksALine(t *testing.T) {
	s := openServer(t, serverOptions{})
	for _, name := range []string{"North\r\nBcc: all@example.com", "North\nwind", "North\x00wind"} {
		m := mailerOf(t, s.at(mail.Plain, false), brand.Settings{Name: name})
		if m.Notify(t.Context(), link("en")) == nil {
			t.Errorf("%q is in a header", name)
		}
	}
	m := mailerOf(t, s.at(mail.Plain, false), brand.Settings{Name: `North "wind" <all@example.com>, 北风`})
	must(t, m.Notify(t.Context(), link("en")))
	got := read(t, s.taken()[0].data)
	if from, err := got.header.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != "mfa@northwind.test" || from[0].Name != `North "wind" <all@example.com>, 北风` {
		t.Errorf("from %v, %v", from, err)
	}
}

func TestTheSameNoticeIsTheSameMessage(t *testing.T) {
	s := openServer(t, serverOptions{})
	m := mailer(t, s.at(mail.Plain, false))
	ids := map[string]int{}
	for _, id := range []string{"link-7", "link-7", "link-8"} {
		notice := link("en")
		notice.ID = id
		must(t, m.Notify(t.Context(), notice))
	}
	for _, got := range s.taken() {
		ids[read(t, got.data).header.Get("Message-Id")]++
	}
	if len(ids) != 2 {
		t.Errorf("got %v, want one for each notice", ids)
	}
}

func TestOnlyMailIsServed(t *testing.T) {
	s := openServer(t, serverOptions{})
	notice := link("en")
	notice.Via = helpdesk.ViaSMS
	if err := mailer(t, s.at(mail.Plain, false)).Notify(t.Context(), notice); !errors.Is(err, helpdesk.ErrNoSuchChannel) {
		t.Errorf("got %v", err)
	}
	notice.Via, notice.Kind = helpdesk.ViaEmail, "other"
	if err := mailer(t, s.at(mail.Plain, false)).Notify(t.Context(), notice); err == nil || len(s.taken()) != 0 {
		t.Errorf("a notice without words: %v", err)
	}
}
