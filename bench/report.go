package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// row is a line of the table. A row of costs has no goal.
type row struct{ figure, measured, goal, reached string }

func (b *bench) atMost(figure string, s spans, goal float64, format string) {
	b.add(figure, s, format, fmt.Sprintf("at most %g", goal), s.median <= goal)
}

func (b *bench) atLeast(figure string, s spans, goal float64) {
	b.add(figure, s, "%.2f", fmt.Sprintf("at least %g", goal), s.median >= goal)
}

func (b *bench) exactly(figure string, count, goal int) {
	b.add(figure, exact(float64(count)), "%.0f", fmt.Sprint(goal), count == goal)
}

// limit is a figure that goes with a goal and has none itself.
func (b *bench) limit(figure string, s spans, format string) {
	b.add(figure, s, format, "", false)
	b.rows[len(b.rows)-1].reached = ""
}

func (b *bench) add(figure string, s spans, format, goal string, reached bool) {
	measured := fmt.Sprintf(format, s.median)
	if s.low != s.high {
		measured += fmt.Sprintf(" ("+format+" to "+format+")", s.low, s.high)
	}
	b.rows = append(b.rows, row{figure, measured, goal, map[bool]string{true: "yes", false: "**no**"}[reached]})
}

// spent notes the CPU time of every work but some.
func (b *bench) spent(readings map[string][]reading, all []work, but ...string) {
	for _, w := range all {
		if len(but) > 0 && w.name == but[0] {
			continue
		}
		each := pairs(readings[w.name], readings[w.name], func(r, _ reading) float64 { return float64(r.each().Nanoseconds()) / 1e3 })
		b.costs = append(b.costs, row{figure: w.name, measured: fmt.Sprintf("%.0f µs (%.0f to %.0f)", each.median, each.low, each.high)})
	}
}

// Where the table is in the report; the rest of the file is written by hand.
const (
	beginMark = "<!-- make bench: begin -->\n"
	endMark   = "<!-- make bench: end -->\n"
)

// quiet is the part of the processors' time that others may have.
const quiet = 0.15

func (b *bench) table() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Medians of %d rounds, with the lowest and highest; %d processors, %s on %s/%s.\n\n",
		b.options.rounds, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(&out, "Other programs had %.0f %% of the processors before the run and %.0f %% after it.", 100*b.busyBefore, 100*b.busyAfter)
	if max(b.busyBefore, b.busyAfter) > quiet {
		out.WriteString(" **The machine was not quiet**: times on the clock (waiting, starting) say nothing, and ratios of CPU time vary as their spread tells.")
	}
	out.WriteString("\n\n| figure | measured | goal | reached |\n|---|---|---|---|\n")
	for _, r := range b.rows {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", r.figure, r.measured, r.goal, r.reached)
	}
	out.WriteString("\nWhat the ratios are made of. These change from run to run with the machine's neighbours:\n\n| | |\n|---|---|\n")
	for _, r := range b.costs {
		fmt.Fprintf(&out, "| %s | %s |\n", r.figure, r.measured)
	}
	if b.node == nil {
		out.WriteString("\nNode was not there: its rows are missing.\n")
	}
	return out.String()
}

// write prints the table, and puts it between the marks of the report.
func (b *bench) write(out io.Writer) error {
	table := b.table()
	if _, err := io.WriteString(out, "\n"+table); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if b.options.report == "" {
		return nil
	}
	text, err := os.ReadFile(b.options.report)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	before, rest, found1 := strings.Cut(string(text), beginMark)
	_, after, found2 := strings.Cut(rest, endMark)
	if !found1 || !found2 {
		return fmt.Errorf("report: %s lacks the marks %q and %q", b.options.report, beginMark, endMark)
	}
	if err := os.WriteFile(b.options.report, []byte(before+beginMark+"\n"+table+"\n"+endMark+after), 0o644); err != nil { //nolint:gosec // documentation
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
