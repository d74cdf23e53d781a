package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
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

// processors is how long all processors together have been at work, and how long there was nothing to do (proc(5)).
func processors() (busy, idle float64, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("processors: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) { // cpu user nice system idle iowait irq softirq steal guest guest_nice
		ticks, _ := strconv.ParseFloat(field, 64) // digits, but for the first
		switch {
		case i == 4 || i == 5:
			idle += ticks
		case i < 9: // guests are users, too
			busy += ticks
		}
	}
	return busy, idle, nil
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
