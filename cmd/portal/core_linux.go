package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// leaveNoCore keeps keys and tokens in this process's memory out of core files, and out of reach of other processes of the
// same user: no core is written however large, none is piped to a collector, and nobody attaches a debugger.
func leaveNoCore() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("limit of core files: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	return nil
}
