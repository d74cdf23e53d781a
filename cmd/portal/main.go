// Command portal is the enrollment portal: the web pages on which the users of an Amazon Cognito user pool set up
// their authenticator app.
//
//	portal [serve]   serve the pages; without a configured pool, on an embedded one with demo accounts
//	portal config    print the settings in force, and where each comes from
//	portal doctor    try the configured pool and say what to mend (doctor.go, docs/doctor.md)
//	portal invite    make a help-desk link (invite.go)
//	portal ledger    say who has set up (ledger.go)
//	portal audit     write or check the audit trail (audit.go)
//	portal keys      make a session key
//	portal api-key NAME  make a key for another application
//	portal webhook-secret  make a secret that signs webhooks
//	portal code KEY  print the present code of an authenticator key, for trying things out
//	portal healthcheck  ask the portal on this machine whether it serves
//	portal version   print the version
//
// main.go turns signals into a context and an error into an exit code; run.go wires the process, portal.go one pool's portal,
// pool.go its pool; config.go has every knob, sources.go where their texts come from, pools.go several pools, reload.go what
// SIGHUP does; listen.go serves and drains, admin.go shows operators what happens.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"cognito-enroll/internal/heap"
)

// heapFloor is how large the heap may get before it is first collected; GOGC in the environment has the last word.
const heapFloor = 20 << 20

func main() {
	if _, given := os.LookupEnv("GOGC"); !given {
		heap.Floor(heapFloor)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	status, told := errors.AsType[exitStatus](err)
	switch {
	case err == nil:
	case told:
		os.Exit(int(status))
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2) //nolint:gocritic // stop only restores signals of a process that ends here
	default:
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(1)
	}
}
