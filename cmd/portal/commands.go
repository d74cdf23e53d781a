package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"cognito-enroll/internal/session"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/internal/webhook"
	"cognito-enroll/views"
	"cognito-enroll/web"
)

// printKey makes a session key.
func printKey(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, session.NewKey().Encode().Reveal())
	return err
}

// printAPIKey makes a key for another application: the key itself is for the application, its hash for us.
func printAPIKey(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("portal api-key NAME", flag.ContinueOnError)
	flags.SetOutput(stderr)
	scopes := flags.String("scopes", "handoffs", "what it is for: handoffs, invites, coverage, ledger, with + between them")
	rank := flags.String("rank", "", "what it counts as at the help desk: agent (default), lead or admin")
	links := flags.String("links", "", "how many links it may make in an hour (default 60)")
	names, err := positional(flags, args)
	if err != nil {
		return err
	}
	if len(names) != 1 || strings.ContainsFunc(names[0], func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(":,", r) }) {
		return errors.New("usage: portal api-key NAME [-scopes SCOPE+SCOPE] [-rank RANK] [-links NUMBER]")
	}
	key := rand.Text() + rand.Text()
	line := fmt.Sprintf("%s:%x", names[0], sha256.Sum256([]byte(key)))
	_, counts, err := readScopes(*scopes, *rank)
	if err != nil {
		return err
	}
	if _, err := readLinks(*links, counts); err != nil {
		return err
	}
	if *links != "" && *rank == "" {
		*rank = counts.String()
	}
	if *scopes != string(web.ScopeHandoffs) || *rank != "" {
		line += ":" + *scopes
	}
	if *rank != "" {
		line += ":" + *rank
	}
	if *links != "" {
		line += ":" + *links
	}
	_, err = fmt.Fprintf(stdout, "key, for the application:   %s\nline for PORTAL_API_KEYS:   %s\n", key, line)
	return err
}

// positional parses flags that may stand before, behind and between the other arguments, and answers those.
func positional(flags *flag.FlagSet, args []string) ([]string, error) {
	var others []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, fmt.Errorf("flags: %w", err)
		}
		if flags.NArg() == 0 {
			return others, nil
		}
		others, args = append(others, flags.Arg(0)), flags.Args()[1:]
	}
}

// printWebhookSecret makes a secret that signs webhooks.
func printWebhookSecret(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, webhook.NewSecret().Encode().Reveal())
	return err
}

// printCode prints what an authenticator app with that key shows now, and for how long.
func printCode(args []string, stdout io.Writer) error {
	text := ""
	for _, arg := range args { // a key copied in groups of four arrives as many arguments
		text += arg
	}
	key, err := totp.Decode(text)
	if err != nil {
		return errors.New("usage: portal code KEY, with a key as the set-up page shows it")
	}
	now := time.Now()
	left := totp.StepStart(totp.Step(now) + 1).Sub(now)
	_, err = fmt.Fprintf(stdout, "%s (for %d more seconds)\n", totp.Code(key, totp.Step(now)), int(left.Seconds()))
	return err
}

// printVersion prints what the binary was built from.
func printVersion(stdout io.Writer) error {
	version, revision := built()
	_, err := fmt.Fprintln(stdout, "cognito-enroll", version, revision)
	return err
}

// built is what the binary was built from: the version of the module, and the commit where the build knew it.
func built() (version, revision string) {
	version, revision = "unknown", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, revision
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			revision = setting.Value
		}
	}
	return info.Main.Version, revision
}

// demoAccounts are the embedded pool's accounts as the banner and the terminal show them.
func demoAccounts(users []userpool.InfoUser) []views.DemoAccount {
	accounts := make([]views.DemoAccount, 0, len(users))
	for _, user := range users {
		accounts = append(accounts, views.DemoAccount{Username: user.Username, Password: user.Password, State: demoState(user), Key: user.TOTPSecret})
	}
	return accounts
}

// printWelcome says where the portal is and, in the demo, who can sign in.
func printWelcome(stdout io.Writer, address net.Addr, cfg config, demo []views.DemoAccount) {
	if demo == nil {
		_, _ = fmt.Fprintf(stdout, "cognito-enroll listens on %s for pool %s\n", address, cfg.UserPoolID)
		return
	}
	_, _ = fmt.Fprintf(stdout, "cognito-enroll demo: open http://%s\n\nNothing is real: the user pool is in memory and gone when this stops.\n\n", address)
	table := tabwriter.NewWriter(stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "USER NAME\tPASSWORD\tSTATE\tKEY OF ITS APP")
	for _, account := range demo {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", account.Username, account.Password, account.State, account.Key)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(stdout, "\nThe present code of a key: go run ./cmd/portal code KEY")
}

// demoState is how an account's state is called in the banner.
func demoState(user userpool.InfoUser) string {
	if slices.Contains(user.Groups, userpool.HelpDeskGroup) {
		return "agent"
	}
	return string(user.State)
}
