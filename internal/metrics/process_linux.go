package metrics

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ticks is the unit of /proc's times: USER_HZ, which Linux has promised to programs as 100 on every architecture that Go has.
const ticks = 100

// writeProcess tells what /proc knows of this process (proc(5)), under the names of Prometheus's own clients. What cannot
// be read is left out.
func writeProcess(out *bytes.Buffer) {
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		writeOne(out, "process_open_fds", "Open file descriptors.", "gauge", float64(len(entries)-1)) // but the directory's own
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		writeOne(out, "process_max_fds", "Open file descriptors at most.", "gauge", float64(limit.Cur))
	}
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name in brackets before may have spaces
	fields := strings.Fields(rest)
	field := func(number int) float64 { // as proc(5) counts them, the first after the name being 3
		if number-3 >= len(fields) {
			return 0
		}
		value, _ := strconv.ParseFloat(fields[number-3], 64)
		return value
	}
	writeOne(out, "process_cpu_seconds_total", "CPU seconds in user and kernel mode.", "counter", (field(14)+field(15))/ticks)
	writeOne(out, "process_virtual_memory_bytes", "Virtual memory.", "gauge", field(23))
	writeOne(out, "process_resident_memory_bytes", "Resident memory.", "gauge", field(24)*float64(os.Getpagesize()))
	if booted := bootTime(); booted > 0 {
		writeOne(out, "process_start_time_seconds", "When the process began, in seconds since 1970.", "gauge", booted+field(22)/ticks)
	}
}

// bootTime is when the machine began, in seconds since 1970: 0 when it does not tell.
func bootTime() float64 {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(stat)) {
		if text, found := strings.CutPrefix(line, "btime "); found {
			value, _ := strconv.ParseFloat(strings.TrimSpace(text), 64)
			return value
		}
	}
	return 0
}
