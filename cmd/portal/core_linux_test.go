package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// The memory of a serving portal cannot be had as a core file, nor by other processes of the same user.
func TestMemoryStaysInTheProcess(t *testing.T) {
	if err := leaveNoCore(); err != nil {
		t.Fatal(err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable: %d, %v, want 0", dumpable, err)
	}
	if testing.Short() {
		t.Skip("builds and starts a process")
	}
	p := startProcess(t, buildCommand(t, "cognito-enroll/cmd/portal"), nil, "-listen", "127.0.0.1:0")
	p.line(t) // serves
	limits, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "limits"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`Max core file size\s+0\s+0\s`).Match(limits) {
		t.Errorf("limits of the process, want a core file size of 0:\n%s", limits)
	}
}
