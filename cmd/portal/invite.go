package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/qr"
)

const inviteUsage = `Usage: portal invite ACCOUNT -ticket NUMBER -reason TEXT -proof TEXT [flags]

Makes a link with which one account sets up its authenticator app, and the characters to be spoken beside it. ACCOUNT is
its own name, or its sub. The link cancels the account's older one.

`

// inviteFlags are what "portal invite" is told.
type inviteFlags struct {
	helpdesk.Minting
	replace, mail, request, qr bool
	config                     string
}

// readInvite reads the arguments of "portal invite".
func readInvite(args []string, stderr io.Writer) (inviteFlags, error) {
	in := inviteFlags{Minting: helpdesk.Minting{Purpose: helpdesk.FirstSetUp}}
	flags := flag.NewFlagSet("portal invite", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = io.WriteString(stderr, inviteUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&in.Ticket, "ticket", "", "number of the ticket")
	flags.StringVar(&in.Reason, "reason", "", "why the link is needed")
	flags.StringVar(&in.Proof, "proof", "", "how it was made sure who asks, such as \"called back on the number on file\"")
	flags.DurationVar(&in.Lifetime, "for", 0, "how long the link works, such as 30m (default: PORTAL_LINK_LIFETIMES)")
	flags.StringVar(&in.Language, "lang", "", "language of the mail, such as de (default: en)")
	flags.BoolVar(&in.replace, "replace", false, "the account has an app, or had one")
	flags.Int64Var(&in.Approval, "approval", 0, "number of the second person's approval, for a privileged account")
	flags.BoolVar(&in.request, "request", false, "make no link: ask a second person for approval")
	flags.BoolVar(&in.mail, "mail", false, "mail the link to the address that the pool has verified")
	flags.BoolVar(&in.qr, "qr", true, "draw the link as a QR code")
	config := configFlag(flags)
	accounts, err := positional(flags, args)
	if err != nil {
		return in, err
	}
	in.config = *config
	if len(accounts) != 1 {
		flags.Usage()
		return in, exitUsage
	}
	in.Account = accounts[0]
	if in.replace {
		in.Purpose = helpdesk.Replace
	}
	return in, nil
}

// invite is "portal invite".
func invite(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	in, err := readInvite(args, stderr)
	if err != nil {
		return err
	}
	o, err := openOperator(ctx, in.config, lookupEnv, stderr)
	if err != nil {
		return err
	}
	defer func() { _ = o.close() }() // what it answered is on disk
	if in.request {
		return o.request(ctx, in, stdout)
	}
	link, err := o.desk.Mint(ctx, o.agent, in.Minting)
	if err != nil {
		return words(err)
	}
	if err := o.printLink(link, in.qr, stdout); err != nil || !in.mail {
		return err
	}
	if err := o.desk.SendLink(ctx, o.agent, link.ID, link.Locator); err != nil {
		return fmt.Errorf("the link is good, but was not mailed: %w", words(err))
	}
	_, err = fmt.Fprintln(stdout, "The link is on its way to the address that the pool has verified. What opens it is not in the mail.")
	return err
}

// request asks a second person.
func (o *operator) request(ctx context.Context, in inviteFlags, stdout io.Writer) error {
	asked, err := o.desk.Request(ctx, o.agent, helpdesk.Asking{
		Operation: helpdesk.OpMint, Account: in.Account, Ticket: in.Ticket, Reason: in.Reason, Proof: in.Proof,
	})
	if err != nil {
		return words(err)
	}
	_, err = fmt.Fprintf(stdout, "Request %d waits for a lead at %s. Once it is approved, run this again with -approval %d.\n",
		asked.ID, o.cfg.PublicURL.JoinPath("desk"), asked.ID)
	return err
}

func (o *operator) printLink(link helpdesk.NewLink, draw bool, stdout io.Writer) error {
	address := o.cfg.PublicURL.JoinPath("i", link.Locator.Reveal()).String()
	p, _ := o.languages.Printer("en")
	_, err := fmt.Fprintf(stdout, "Link %d for %s, until %s:\n\n  %s\n\n", link.ID, link.Username, p.Moment(link.ExpiresAt), address)
	if err == nil && draw {
		var picture string
		if picture, err = qr.Terminal(address); err == nil {
			_, err = fmt.Fprintln(stdout, picture)
		}
	}
	switch {
	case err == nil && link.ByName:
		_, err = fmt.Fprintf(stdout, "It opens with the name that the account signs in with: no characters are needed.\n\n")
	case err == nil:
		_, err = fmt.Fprintf(stdout, "Characters to be spoken, until %s:\n\n  %s\n\n", p.Clock(link.PieceEnds), link.Piece.Reveal())
	}
	return err
}
