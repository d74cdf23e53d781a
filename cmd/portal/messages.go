package main

// What leaves the portal for people and for other servers: mail and webhooks.

import (
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/mail"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/webhook"
)

// messageConfig are the settings of mail and webhooks.
type messageConfig struct {
	// Server is the mail server: smtps://USER:PASSWORD@HOST, or smtp://USER:PASSWORD@HOST:PORT with STARTTLS, which is not
	// asked of a server on loopback. User and password in percent encoding. Empty: nobody is written to, and links cannot be
	// mailed. (PORTAL_SMTP_URL)
	Server mail.Server
	// From is whom mails are from: mfa@example.com, or Northwind <mfa@example.com>. Without a name it is the brand's.
	// (PORTAL_MAIL_FROM)
	From netmail.Address
	// WebhookURL is told of what becomes of links and resets: docs/helpdesk.md. It is https, or http on loopback.
	// (PORTAL_WEBHOOK_URL)
	WebhookURL *url.URL
	// WebhookSecrets sign what it is told, separated by commas: each signs, so that they can be changed without a gap. Make
	// one with "portal webhook-secret". (PORTAL_WEBHOOK_SECRETS)
	WebhookSecrets []webhook.Secret
}

func (c *config) setSMTP(value string) (err error) {
	if value == "" {
		return nil
	}
	c.Messages.Server, err = mail.ParseServer(secret.New(strings.TrimSpace(value)))
	return err
}

func (c *config) setMailFrom(value string) error {
	if value == "" {
		return nil
	}
	from, err := netmail.ParseAddress(value)
	if err != nil {
		return fmt.Errorf("%q: want an address such as mfa@example.com", value)
	}
	c.Messages.From = *from
	return nil
}

func (c *config) setWebhookURL(value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(strings.TrimSpace(value))
	if err != nil {
		return errors.New("want an https address") // which may have a secret in it
	}
	c.Messages.WebhookURL = u
	return webhook.CheckURL(u)
}

func (c *config) setWebhookSecrets(value string) error {
	for i, text := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \n\t", r) }) {
		s, err := webhook.ParseSecret(secret.New(text))
		if err != nil {
			return fmt.Errorf("secret %d: %w: make one with \"portal webhook-secret\"", i+1, err)
		}
		c.Messages.WebhookSecrets = append(c.Messages.WebhookSecrets, s)
	}
	return nil
}

// completeMessages checks what belongs together.
func (c *config) completeMessages() (faults []error) {
	if (c.Messages.Server.Host == "") != (c.Messages.From.Address == "") {
		faults = append(faults, errors.New("PORTAL_SMTP_URL: mail needs PORTAL_MAIL_FROM, too, and that one this"))
	}
	if (c.Messages.WebhookURL == nil) != (len(c.Messages.WebhookSecrets) == 0) {
		faults = append(faults, errors.New("PORTAL_WEBHOOK_URL: webhooks need PORTAL_WEBHOOK_SECRETS, too, and those this"))
	}
	return faults
}

// newNotifier writes to people, if there is a mail server.
func newNotifier(cfg config, look *brand.Brand, now func() time.Time) (helpdesk.Notifier, error) {
	if cfg.Messages.Server.Host == "" {
		return nil, nil //nolint:nilnil // nobody is written to
	}
	mailer, err := mail.New(mail.Options{
		Server: cfg.Messages.Server, From: cfg.Messages.From, PublicURL: cfg.PublicURL, Brand: func() *brand.Brand { return look }, Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("PORTAL_MAIL_FROM: %w", err)
	}
	return mailer, nil
}

// newOutbox words changes for another server, if there is one.
func newOutbox(cfg config) *webhook.Outbox {
	if cfg.Messages.WebhookURL == nil {
		return nil
	}
	return webhook.NewOutbox()
}

// newHooks tells another server, if there is one.
func newHooks(cfg config, outbox *webhook.Outbox, queue webhook.Queue, log *slog.Logger, now func() time.Time) (*webhook.Sender, error) {
	if outbox == nil {
		return nil, nil //nolint:nilnil // nobody is told
	}
	hooks, err := webhook.New(webhook.Options{
		URL: cfg.Messages.WebhookURL, Secrets: cfg.Messages.WebhookSecrets, Outbox: outbox, Queue: queue, Log: log, Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("PORTAL_WEBHOOK_URL: %w", err)
	}
	return hooks, nil
}
