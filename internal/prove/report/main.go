// Command report writes the table of docs/proof.md from what the proofs have recorded: report FIGURES PAGE.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"cognito-enroll/internal/prove"
)

// Where the table is on the page; the rest is written by hand.
const (
	beginMark = "<!-- make prove: begin -->\n"
	endMark   = "<!-- make prove: end -->\n"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: report FIGURES PAGE")
		os.Exit(2)
	}
	if err := report(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report(figures, page string) error {
	rows, err := read(figures)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page) //nolint:gosec // the Makefile's
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	before, rest, found1 := strings.Cut(string(text), beginMark)
	_, after, found2 := strings.Cut(rest, endMark)
	if !found1 || !found2 {
		return fmt.Errorf("%s lacks the marks %q and %q", page, beginMark, endMark)
	}
	written := before + beginMark + "\n" + table(rows) + "\n" + endMark + after
	if err := os.WriteFile(page, []byte(written), 0o644); err != nil { //nolint:gosec // documentation
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

func read(name string) ([]prove.Row, error) {
	file, err := os.Open(name) //nolint:gosec // the Makefile's
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	defer func() { _ = file.Close() }() // it was read
	var rows []prove.Row
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var row prove.Row
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("figures: %w", err)
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

// table is the rows in the order in which they were reached, and the machine.
func table(rows []prove.Row) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d processors, %s of memory, %s on %s/%s.\n\n", runtime.NumCPU(), memory(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	out.WriteString("| what | goal | reached | met | proof | took |\n|---|---|---|---|---|---|\n")
	var notes []string
	for _, row := range rows {
		met := "yes"
		if !row.Met {
			met = "**no**"
		}
		if row.Note != "" {
			notes = append(notes, row.Note)
			met += fmt.Sprintf(" [%d]", len(notes))
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | `%s` | %d s |\n", row.What, row.Goal, row.Reached, met, row.Proof, row.Seconds)
	}
	if len(notes) > 0 {
		out.WriteString("\n")
	}
	for i, note := range notes {
		fmt.Fprintf(&out, "[%d] %s  \n", i+1, note)
	}
	return out.String()
}

// memory is how much the machine has.
func memory() string {
	text, err := os.ReadFile("/proc/meminfo")
	found := regexp.MustCompile(`MemTotal:\s+(\d+) kB`).FindSubmatch(text)
	if err != nil || found == nil {
		return "an unknown amount"
	}
	kB, _ := strconv.ParseFloat(string(found[1]), 64) // digits
	return fmt.Sprintf("%.0f GiB", kB/(1<<20))
}
