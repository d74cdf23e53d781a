// Command userpool serves the embedded user pool alone on a port, for the AWS CLI, SDKs and other people's tests.
//
//	userpool -listen 127.0.0.1:9229 -mfa on|optional|off -session-validity 3m
//
// The first line of its standard output is one JSON object: where it is, its pool, clients, keys and demo accounts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "userpool:", err)
		os.Exit(1)
	}
}
