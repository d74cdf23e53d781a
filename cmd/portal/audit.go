package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"cognito-enroll/internal/helpdesk"
)

const auditUsage = `Usage: portal audit export [-config FILE]   write the audit trail to standard output, as JSON lines
       portal audit verify [-config FILE]   check the chain in the store
       portal audit verify FILE             check what was exported

"verify" prints the number and the hash of the last entry, to be noted down elsewhere and compared later. If the chain is
broken it names the first entry that is not as it was written, and the exit status is 1.
`

// audit is "portal audit".
func audit(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("portal audit", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, auditUsage) }
	config := configFlag(flags)
	what, err := positional(flags, args)
	switch {
	case err != nil:
		return err
	case len(what) == 1 && what[0] == "export":
		return exportAudit(ctx, *config, lookupEnv, stdout, stderr)
	case len(what) == 1 && what[0] == "verify":
		return verifyAudit(ctx, *config, lookupEnv, stdout, stderr)
	case len(what) == 2 && what[0] == "verify":
		return verifyFile(what[1], stdout)
	}
	flags.Usage()
	return exitUsage
}

func exportAudit(ctx context.Context, config string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	o, err := openOperator(ctx, config, lookupEnv, stderr)
	if err != nil {
		return err
	}
	defer func() { _ = o.close() }() // what it answered is on disk
	out := bufio.NewWriter(stdout)
	if err := errors.Join(o.desk.ExportAudit(ctx, o.agent, out), out.Flush()); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

func verifyAudit(ctx context.Context, config string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	o, err := openOperator(ctx, config, lookupEnv, stderr)
	if err != nil {
		return err
	}
	defer func() { _ = o.close() }() // nothing was written
	last, err := o.desk.VerifyAudit(ctx, o.agent)
	return printVerdict(last, err, stdout)
}

// verifyFile needs no settings: the file may be far from the portal.
func verifyFile(path string, stdout io.Writer) error {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	last, err := helpdesk.VerifyExport(file)
	return printVerdict(last, err, stdout)
}

func printVerdict(last helpdesk.AuditEntry, err error, stdout io.Writer) error {
	if err != nil {
		return err // which names the entry
	}
	_, err = fmt.Fprintf(stdout, "%d entries, unbroken; the last one's hash is %s\n", last.Seq, hex.EncodeToString(last.Hash[:]))
	return err
}
