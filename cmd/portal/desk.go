package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/internal/webhook"
)

// How long an agent's cookie lasts without a form being sent.
const deskIdle = time.Hour

// deskConfig are the settings of the help desk.
type deskConfig struct {
	// Groups gives ranks to groups of the pool: GROUP=agent, =lead or =admin, separated by commas. Members sign in at
	// /desk and help accounts of lower rank; leads also approve and see the audit trail. Empty: there is no help desk.
	// It needs IAM credentials, found as the AWS SDK finds them. (PORTAL_DESK_GROUPS)
	Groups map[string]helpdesk.Rank
	// Privileged are groups, separated by commas, for whose members a second person must approve. Leads and admins
	// always need one. (PORTAL_PRIVILEGED_GROUPS)
	Privileged []string
	// Cooldown is how long after its approval such a link or reset may be made. (PORTAL_DESK_COOLDOWN)
	Cooldown time.Duration
	// Policy says when a set-up needs a link: open (whoever has the password may set up for the first time), ticket
	// (always), auto (accounts that were made by an administrator and never signed in, and those idle for longer than
	// auto:DAYS, 90 unless said). (-desk-policy, PORTAL_DESK_POLICY)
	Policy helpdesk.Policy
	// Lifetimes bound how long a link works: SHORTEST,USUAL,LONGEST, such as 5m,1h,720h. (PORTAL_LINK_LIFETIMES)
	Lifetimes [3]time.Duration
	// NameOpens are links that need no spoken characters, PORTAL_LINK_PIECE=name: the caller types the name that he signs in
	// with. Whoever reads the mail with the link then needs only the password. It is for first set-ups alone: what replaces
	// an app, lost phones, and privileged accounts need the characters all the same. "spoken" is what is right for
	// most: always the characters. (PORTAL_LINK_PIECE)
	NameOpens bool
	// LinkKey protects the characters that agents speak, and the addresses "this was not me" in mails. Make it with
	// "portal keys"; all nodes share it. A new one makes characters that were spoken in the last ten minutes, and
	// addresses in mails of the last week, worthless; links themselves go on. Empty: it is made from the last of
	// PORTAL_SESSION_KEYS, and changes whenever another one is the last: set it before you rotate those. (PORTAL_LINK_KEY)
	LinkKey secret.Text
	// Deadlines say by when the members of a group must have set up: GROUP=2026-12-31, separated by commas; * is
	// everybody. Coverage then counts who is overdue. (PORTAL_DEADLINES)
	Deadlines map[string]time.Time
}

// on reports whether there is a help desk.
func (c deskConfig) on() bool { return len(c.Groups) > 0 }

func (c *config) setDeskGroups(value string) error {
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		group, text, _ := strings.Cut(entry, "=")
		rank, ok := helpdesk.ParseRank(strings.TrimSpace(text))
		if !ok || strings.TrimSpace(group) == "" {
			return fmt.Errorf("%q: want GROUP=agent, GROUP=lead or GROUP=admin", entry)
		}
		if c.Desk.Groups == nil {
			c.Desk.Groups = map[string]helpdesk.Rank{}
		}
		c.Desk.Groups[strings.TrimSpace(group)] = rank
	}
	return nil
}

func (c *config) setPrivilegedGroups(value string) error {
	for group := range strings.SplitSeq(value, ",") {
		if group = strings.TrimSpace(group); group != "" {
			c.Desk.Privileged = append(c.Desk.Privileged, group)
		}
	}
	return nil
}

func (c *config) setDeskCooldown(value string) (err error) {
	if c.Desk.Cooldown, err = time.ParseDuration(value); err != nil || c.Desk.Cooldown < 0 {
		return fmt.Errorf("%q: want a time such as 30m", value)
	}
	return nil
}

func (c *config) setDeskPolicy(value string) error {
	mode, days, given := strings.Cut(strings.TrimSpace(value), ":")
	c.Desk.Policy.Mode = helpdesk.PolicyMode(mode)
	n, err := strconv.Atoi(days)
	switch c.Desk.Policy.Mode {
	case helpdesk.PolicyOpen, helpdesk.PolicyTicket:
		if !given {
			return nil
		}
	case helpdesk.PolicyAuto:
		if c.Desk.Policy.Idle = time.Duration(n) * 24 * time.Hour; !given || err == nil && n > 0 && n <= 3650 {
			return nil
		}
	}
	return fmt.Errorf("%q: want open, ticket, auto or auto:DAYS", value)
}

func (c *config) setLinkLifetimes(value string) error {
	texts := strings.Split(value, ",")
	if len(texts) != len(c.Desk.Lifetimes) {
		return fmt.Errorf("%q: want SHORTEST,USUAL,LONGEST, such as 5m,1h,720h", value)
	}
	for i, text := range texts {
		var err error
		if c.Desk.Lifetimes[i], err = time.ParseDuration(strings.TrimSpace(text)); err != nil {
			return fmt.Errorf("%q: want a time such as 1h", text)
		}
	}
	return nil
}

func (c *config) setLinkPiece(value string) error {
	var text string
	err := oneOf(&text, value, "spoken", "name")
	c.Desk.NameOpens = text == "name"
	return err
}

func (c *config) setLinkKey(value string) error {
	if value == "" {
		return nil
	}
	key, err := session.ParseKey(secret.New(strings.TrimSpace(value)))
	if err != nil {
		return fmt.Errorf("%w: make one with \"portal keys\"", err)
	}
	c.Desk.LinkKey = key.Derive("links").Bytes()
	return nil
}

func (c *config) setDeadlines(value string) error {
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		group, text, _ := strings.Cut(entry, "=")
		at, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
		if group = strings.TrimSpace(group); err != nil || group == "" {
			return fmt.Errorf("%q: want GROUP=2026-12-31, or *=2026-12-31", entry)
		}
		if group == "*" {
			group = ""
		}
		if c.Desk.Deadlines == nil {
			c.Desk.Deadlines = map[string]time.Time{}
		}
		c.Desk.Deadlines[group] = at
	}
	return nil
}

// completeDesk fills in what follows from the rest, and checks what belongs together.
func (c *config) completeDesk() []error {
	if c.demo() && !c.Desk.on() {
		c.Desk.Groups = map[string]helpdesk.Rank{userpool.HelpDeskGroup: helpdesk.Admins}
	}
	if !c.Desk.on() && c.Desk.Policy.Mode != helpdesk.PolicyOpen {
		return []error{errors.New("PORTAL_DESK_POLICY: nobody could make a link: set PORTAL_DESK_GROUPS, or let it be open")}
	}
	for _, key := range c.APIKeys {
		if !c.Desk.on() && key.Rank != helpdesk.NoRank {
			return []error{fmt.Errorf("PORTAL_API_KEYS: %s is for the help desk, and there is none: set PORTAL_DESK_GROUPS", key.Name)}
		}
	}
	return nil
}

// deskParts are what the help desk works with, beside its settings.
type deskParts struct {
	keys      []session.Key
	directory helpdesk.Directory
	store     helpdesk.Store
	notifier  helpdesk.Notifier // nil: nobody is written to
	hooks     *webhook.Sender   // nil: no other server is told of alarms
	later     enroll.Later      // nil: owners are told of a set-up while its request waits
	languages *i18n.Languages
	required  bool // the pool requires MFA
	log       *slog.Logger
	now       func() time.Time
}

// openDesk makes the help desk: nil when there is none.
func openDesk(cfg config, with deskParts) (*helpdesk.Desk, error) {
	if !cfg.Desk.on() {
		return nil, nil //nolint:nilnil // no desk is no fault
	}
	key := cfg.Desk.LinkKey
	if key.IsZero() {
		key = with.keys[len(with.keys)-1].Derive("links").Bytes()
	}
	opts := helpdesk.Options{
		Pool: cfg.UserPoolID, Directory: with.directory, Store: with.store, Notifier: with.notifier, Policy: cfg.Desk.Policy,
		Required: with.required, Key: key, APIKey: cfg.keyRights, Later: with.later, Log: with.log, Now: with.now,
		Rules: helpdesk.Rules{
			Ranks: cfg.Desk.Groups, Privileged: cfg.Desk.Privileged, Cooldown: cfg.Desk.Cooldown, Deadlines: cfg.Desk.Deadlines,
			MinLifetime: cfg.Desk.Lifetimes[0], Lifetime: cfg.Desk.Lifetimes[1], MaxLifetime: cfg.Desk.Lifetimes[2],
			NameOpens: cfg.Desk.NameOpens, Languages: with.languages.Tags(),
		},
	}
	if with.hooks != nil {
		opts.Alarm = with.hooks.Alarmed
	}
	desk, err := helpdesk.New(opts)
	if err != nil {
		return nil, fmt.Errorf("help desk: %w", err)
	}
	return desk, nil
}

// keyRights are those of an API key that is still among the settings.
func (c config) keyRights(name string) (helpdesk.KeyRights, bool) {
	for _, key := range c.APIKeys {
		if key.Name == name {
			return helpdesk.KeyRights{Rank: key.Rank, Links: key.Links}, true
		}
	}
	return helpdesk.KeyRights{}, false
}

// deskSessions is the cookie of agents, under keys of its own.
func deskSessions(cfg config, desk *helpdesk.Desk, keys []session.Key, now func() time.Time) (*session.Store, error) {
	if desk == nil {
		return nil, nil //nolint:nilnil // no desk, no cookie
	}
	derived := make([]session.Key, 0, len(keys))
	for _, key := range keys {
		derived = append(derived, key.Derive("desk"))
	}
	return session.New(session.Options{
		Name: "desk", Keys: derived, Context: cfg.UserPoolID, Secure: cfg.secure(), Strict: true, MaxAge: deskIdle, Now: now,
	})
}

// enrollmentDesk is the desk as enrollment knows it.
func enrollmentDesk(desk *helpdesk.Desk) enroll.Desk {
	if desk == nil {
		return nil
	}
	return helpdesk.Enrollment{Desk: desk}
}
