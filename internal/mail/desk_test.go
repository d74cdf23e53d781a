package mail_test

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/mail"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// A reset while the mail server is down says so, and its owner is told when it is resumed; what the mails hold works.
func TestALostPhoneIsToldByMail(t *testing.T) {
	clock := func() time.Time { return now }
	pool, err := userpool.New(userpool.Options{Now: clock})
	must(t, err)
	must(t, pool.AddUser(userpool.User{Username: "ada", Password: "Correct-Horse-9", Attributes: map[string]string{
		"email": "ada@example.test", "email_verified": "true", "phone_number": "+15550100", "phone_number_verified": "true", "name": "Ada",
	}}))
	info, secrets := pool.Info(), sweeptest.Of(t)
	directory := cognito.NewDirectory(cognito.Options{
		AWS: aws.Config{
			Region: info.Region, BaseEndpoint: aws.String("http://pool.test"), HTTPClient: &http.Client{Transport: secrets.Transport(pool.Transport())},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
			}),
		}, UserPoolID: info.UserPoolID, Now: clock,
	})
	file := "sqlite:" + filepath.Join(t.TempDir(), "portal.db")
	secrets.Store(file)
	memory, err := store.Open(t.Context(), file, store.Options{Now: clock, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	must(t, err)
	t.Cleanup(func() { _ = memory.Close() })
	log := secrets.Log(t.Output())
	desk := func(server mail.Server) *helpdesk.Desk {
		d, err := helpdesk.New(helpdesk.Options{
			Pool: info.UserPoolID, Directory: directory, Store: memory, Notifier: mailer(t, server), Required: true,
			Key: secret.New("0123456789abcdef0123456789ABCDEF"), Log: slog.New(slog.NewTextHandler(log, nil)), Now: clock,
		})
		must(t, err)
		return d
	}
	s := openServer(t, serverOptions{})
	down, up := s.at(mail.Plain, false), s.at(mail.Plain, false)
	down.Port = 1
	agent := helpdesk.CLIAgent("operator")
	report, err := desk(down).LostPhone(t.Context(), agent, helpdesk.LostPhone{Account: "ada", Ticket: "INC-2", Reason: "stolen", Proof: "called back", Language: "de"})
	if helpdesk.KindOf(err) != helpdesk.NotSent {
		t.Fatalf("with the mail server down: %v", err)
	}
	for _, part := range report.Reset.Parts {
		if notices := part.Name == helpdesk.PartNotices; part.Done == notices || notices && part.Result != "not_sent" {
			t.Errorf("with the mail server down: %+v", part)
		}
	}
	d := desk(up)
	report, err = d.Resume(t.Context(), agent, report.Reset.ID, true)
	must(t, err)
	must(t, d.SendLink(t.Context(), agent, report.Link.ID, report.Link.Locator))
	mails := s.taken()
	if len(mails) != 2 {
		t.Fatalf("%d mails, want the notice and the link", len(mails))
	}
	told, sent := read(t, mails[0].data), read(t, mails[1].data)
	if !strings.Contains(told.subject, "zurückgesetzt") || strings.Contains(told.text, "/i/") {
		t.Errorf("the notice: %s\n%s", told.subject, told.text)
	}
	locator := regexp.MustCompile(`/i/(\S+)`).FindStringSubmatch(sent.text)
	piece, err := d.IssuePiece(t.Context(), agent, report.Link.ID)
	must(t, err)
	for _, raw := range [][]byte{mails[0].data, mails[1].data} {
		for _, p := range []string{piece.Piece.Reveal(), report.Link.Piece.Reveal()} {
			if p != "" && strings.Contains(string(raw), p) {
				t.Error("a spoken piece is in a mail")
			}
		}
	}
	secrets.Add(sweeptest.Piece, piece.Piece.Reveal())
	if locator == nil {
		t.Fatalf("no link in\n%s", sent.text)
	}
	secrets.Add(sweeptest.Link, locator[1])
	_, err = d.Open(t.Context(), secret.New(locator[1]), piece.Piece)
	must(t, err)
	for _, m := range []message{told, sent} {
		token := regexp.MustCompile(`/not-me/(\S+)`).FindStringSubmatch(m.text)
		if token == nil || !d.CheckFreeze(secret.New(token[1])) {
			t.Errorf("the way to say that it was not me does not work: %v", token)
		}
	}
	token := regexp.MustCompile(`/not-me/(\S+)`).FindStringSubmatch(told.text)
	must(t, d.Freeze(t.Context(), secret.New(token[1])))
	if _, err := d.Open(t.Context(), secret.New(locator[1]), piece.Piece); err == nil {
		t.Error("the link works after all")
	}
}
