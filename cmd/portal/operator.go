package main

// The help desk on the command line: for who has a shell on the portal's machine.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/store"
)

// operator is somebody at the command line, and the help desk that he works with: the configured pool and store, beside
// the portal that serves.
type operator struct {
	agent     helpdesk.Agent
	desk      *helpdesk.Desk
	cfg       config
	languages *i18n.Languages
	close     func() error
}

// configFlag adds the one flag of "portal serve" that the other commands have as well.
func configFlag(flags *flag.FlagSet) *string {
	return flags.String("config", "", "file of settings (PORTAL_CONFIG)")
}

// openOperator opens the help desk of the configured portal. config is the file of settings that a flag named, or "".
func openOperator(ctx context.Context, config string, lookupEnv func(string) (string, bool), stderr io.Writer) (*operator, error) {
	cfg, err := readConfig([]string{"-config", config}, lookupEnv, stderr)
	if err != nil {
		return nil, err
	}
	if err := cfg.operable(); err != nil {
		return nil, err
	}
	o := &operator{agent: helpdesk.CLIAgent(userName(lookupEnv)), cfg: cfg}
	if o.languages, err = i18n.New(); err != nil {
		return nil, err
	}
	look, err := loadBrand(cfg, o.languages)
	if err != nil {
		return nil, err
	}
	settings, err := awsSettings(ctx, cfg)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: max(cfg.LogLevel, slog.LevelWarn)}))
	pool := cognito.Options{AWS: settings, UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Now: time.Now}
	outbox := newOutbox(cfg)
	memory, err := openStore(ctx, cfg, outbox, store.Options{Now: time.Now})
	if err != nil {
		return nil, err
	}
	if err := belong(ctx, memory, cfg.UserPoolID); err != nil {
		return nil, errors.Join(err, memory.Close())
	}
	o.close = memory.Close
	parts := deskParts{
		keys: cfg.SessionKeys, directory: cognito.NewDirectory(pool), store: memory, languages: o.languages, required: cfg.mfa() == "on",
		log: log, now: time.Now,
	}
	parts.notifier, err = newNotifier(cfg, look, time.Now)
	if err == nil {
		parts.hooks, err = newHooks(cfg, outbox, memory, log, time.Now)
	}
	if err == nil {
		o.desk, err = openDesk(cfg, parts)
	}
	if err != nil {
		return nil, errors.Join(err, memory.Close())
	}
	return o, nil
}

// operable says what is missing for the command line, all at once.
func (c config) operable() error {
	if c.demo() {
		return errors.New("this needs the settings of a portal that serves (COGNITO_USER_POOL_ID and so on): the demo's pool is in the memory of another process")
	}
	var faults []error
	if !c.Desk.on() {
		faults = append(faults, errors.New("PORTAL_DESK_GROUPS: there is no help desk until it is set"))
	}
	if c.PublicURL == nil {
		faults = append(faults, errors.New("PORTAL_PUBLIC_URL: links need the address that browsers use"))
	}
	if c.Desk.LinkKey.IsZero() && len(c.SessionKeys) == 0 {
		faults = append(faults, errors.New("PORTAL_LINK_KEY: without it, or PORTAL_SESSION_KEYS, the portal would not know what is made here"))
	}
	if path, isFile := strings.CutPrefix(c.Store, "sqlite:"); isFile {
		if _, err := os.Stat(path); err != nil { // opening it would make a new one
			faults = append(faults, fmt.Errorf("PORTAL_STORE: no store at %s: run this where the portal runs, or set it", path))
		}
	}
	return errors.Join(faults...)
}

// userName is who sits at the command line, as the audit trail has it.
func userName(lookupEnv func(string) (string, bool)) string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if before, _ := lookupEnv("SUDO_USER"); before != "" && before != name {
		name = before + " as " + name
	}
	return name
}

// words is an error of the help desk for who sits at the command line: what it says, and what to do.
func words(err error) error {
	failed, ok := errors.AsType[*helpdesk.Error](err)
	if !ok {
		return err
	}
	hint := ""
	switch failed.Kind { //nolint:exhaustive // the others say it themselves
	case helpdesk.BadInput:
		hint = map[string]string{
			"purpose":  "if the account has an app, say -replace",
			"account":  "the account has no verified address, or another identity provider signs it in",
			"language": "want one of those that the portal speaks, such as de or pt-BR",
			"lifetime": "want a time within PORTAL_LINK_LIFETIMES",
			"ticket":   "say -ticket, at most 64 characters",
			"reason":   "say -reason, at most 500 characters",
			"proof":    "say -proof: how it was made sure who asks, at most 500 characters",
		}[failed.Field]
	case helpdesk.NeedsApproval:
		hint = "the account is privileged: ask a second person with -request, and come back with -approval NUMBER"
	case helpdesk.CoolingDown, helpdesk.TooMany:
		hint = "try again in " + failed.Wait.Round(time.Second).String()
	case helpdesk.Conflict:
		hint = "a reset of the account is in progress: finish it at /desk first"
	case helpdesk.PoolRefused:
		hint = "docs/helpdesk.md has the IAM policy"
	}
	if hint == "" {
		return err
	}
	return fmt.Errorf("%w\n%s", err, hint)
}
