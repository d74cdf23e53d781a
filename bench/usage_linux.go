package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what a process has spent so far, in user and kernel mode: clock_getcpuclockid(3), to the nanosecond.
func cpuTime(pid int) (time.Duration, error) {
	var spent unix.Timespec
	const scheduled = 2 // CPUCLOCK_SCHED
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &spent); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(spent.Nano()), nil
}

// memory is how many bytes of a process are in memory now, and at most so far.
func memory(pid int) (now, most int64, err error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, fmt.Errorf("memory: %w", err)
	}
	read := func(name string) int64 {
		found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
		if found == nil {
			return 0
		}
		kB, _ := strconv.ParseInt(string(found[1]), 10, 64) // digits
		return kB << 10
	}
	return read("VmRSS"), read("VmHWM"), nil
}
