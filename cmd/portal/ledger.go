package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// ledger is "portal ledger": who has set up, in figures or account by account.
func ledger(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("portal ledger", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rows := flags.Bool("csv", false, "a row for each account, in CSV")
	sweep := flags.Bool("sweep", false, "ask the pool about every account first: once an hour at most")
	pace := flags.Int("calls", 0, "calls to the pool in a second, with -sweep (default 10)")
	config := configFlag(flags)
	if others, err := positional(flags, args); err != nil {
		return err
	} else if len(others) > 0 || *pace < 0 {
		flags.Usage()
		return exitUsage
	}
	o, err := openOperator(ctx, *config, lookupEnv, stderr)
	if err != nil {
		return err
	}
	defer func() { _ = o.close() }() // what it answered is on disk
	if *sweep {
		report, err := o.desk.Sweep(ctx, o.agent, helpdesk.SweepBudget{PerSecond: *pace})
		if err != nil {
			return words(err)
		}
		_, _ = fmt.Fprintf(stderr, "accounts: %d, with an app: %d; calls to the pool: %d in %s\n", report.Accounts, report.WithApp, report.Calls, report.Took.Round(time.Second))
	}
	if *rows {
		return words(o.desk.CoverageCSV(ctx, o.agent, stdout))
	}
	coverage, err := o.desk.Coverage(ctx, o.agent)
	if err != nil {
		return words(err)
	}
	return printCoverage(coverage, stdout)
}

func printCoverage(coverage helpdesk.Coverage, stdout io.Writer) error {
	if coverage.SweptAt.IsZero() {
		_, err := fmt.Fprintln(stdout, "No sweep has finished yet: run this with -sweep.")
		return err
	}
	_, _ = fmt.Fprintf(stdout, "As of %s\n\n", coverage.SweptAt.UTC().Format(time.RFC3339))
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(table, "GROUP\tDEADLINE\t")
	for _, standing := range helpdesk.Standings() {
		_, _ = fmt.Fprintf(table, "%s\t", strings.ToUpper(strings.ReplaceAll(string(standing), "_", " ")))
	}
	for _, g := range coverage.Groups {
		group, deadline := "(everybody)", "-"
		if g.Group != "" {
			group = g.Group
		}
		if !g.Deadline.IsZero() {
			deadline = g.Deadline.UTC().Format(time.DateOnly)
		}
		_, _ = fmt.Fprintf(table, "\n%s\t%s\t", group, deadline)
		for _, standing := range helpdesk.Standings() {
			_, _ = fmt.Fprintf(table, "%d\t", g.Counts[standing])
		}
	}
	_, _ = fmt.Fprintln(table)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
