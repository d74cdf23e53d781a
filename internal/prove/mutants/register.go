package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// registerFile is the register of controls: tables whose rows begin with an id in bold.
const registerFile = "docs/controls.md"

// Where the results stand in it.
const (
	resultsBegin = "<!-- results: written by make mutants -->"
	resultsEnd   = "<!-- end of results -->"
)

// control is a row of the register.
type control struct {
	id, text, where, proofs, mutants string
}

// rowIDs is every row that the register must have: mistakes that are easily made (T), leaks (L), sessions (S), what other
// sites do (C), the help desk (D), abuse (A), the platform (P), headers, cookies and scripts (H).
func rowIDs() []string {
	var ids []string
	for _, part := range []struct {
		letter string
		rows   int
	}{{"T", 20}, {"L", 15}, {"S", 8}, {"C", 8}, {"D", 11}, {"A", 8}, {"P", 6}, {"H", 9}} {
		for i := range part.rows {
			ids = append(ids, fmt.Sprint(part.letter, i+1))
		}
	}
	return ids
}

func readRegister(root string) ([]control, error) {
	text, err := os.ReadFile(filepath.Join(root, registerFile)) //nolint:gosec // a page of ours
	if err != nil {
		return nil, err
	}
	var controls []control
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 || !strings.HasPrefix(line, "| **") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		controls = append(controls, control{strings.Trim(cells[0], "*"), cells[1], cells[2], cells[3], cells[4]})
	}
	return controls, nil
}

// checkRegister holds the register against the tree and the mutants: every row is there, every file and test that it
// names exists, and it has mutants, or says after a dash why not.
func checkRegister(root string, mutants []mutant) error {
	controls, err := readRegister(root)
	if err != nil {
		return err
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(registerFile+": "+format, args...))
	}
	listed := map[string]bool{}
	for _, c := range controls {
		if listed[c.id] {
			fault("%s is there twice", c.id)
		}
		listed[c.id] = true
		for _, file := range inBackticks.FindAllStringSubmatch(c.where, -1) {
			if _, err := os.Stat(filepath.Join(root, file[1])); err != nil {
				fault("%s names a file that is not there: %s", c.id, file[1])
			}
		}
		if err := checkProofs(root, c); err != nil {
			fault("%s: %w", c.id, err)
		}
		if err := checkMutants(c, mutants); err != nil {
			fault("%s: %w", c.id, err)
		}
	}
	for _, id := range rowIDs() {
		if !listed[id] {
			fault("%s is missing", id)
		}
	}
	for _, m := range mutants {
		if !slices.ContainsFunc(controls, func(c control) bool { return slices.Contains(strings.Fields(c.mutants), m.name) }) {
			fault("no row names the mutant %s", m.name)
		}
	}
	return errors.Join(faults...)
}

var (
	inBackticks = regexp.MustCompile("`([^`]+)`")
	resultRow   = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+/[a-z-]+) \|.*\|$`)
	proofPlace  = regexp.MustCompile("`([^`]+)`: ([A-Za-z0-9_, ]+)")
)

// checkProofs looks for the tests: "`package`: TestA, TestB; `package`: FuzzC".
func checkProofs(root string, c control) error {
	places := proofPlace.FindAllStringSubmatch(c.proofs, -1)
	if len(places) == 0 && !strings.HasPrefix(c.mutants, "—") {
		return errors.New("names no test")
	}
	for _, place := range places {
		files, err := filepath.Glob(filepath.Join(root, place[1], "*_test.go"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no tests in %s", place[1])
		}
		source := ""
		for _, file := range files {
			text, err := os.ReadFile(file) //nolint:gosec // a source of ours
			if err != nil {
				return err
			}
			source += string(text)
		}
		for name := range strings.SplitSeq(place[2], ",") {
			if name = strings.TrimSpace(name); !strings.Contains(source, "\nfunc "+name+"(") {
				return fmt.Errorf("%s has no %s", place[1], name)
			}
		}
	}
	return nil
}

func checkMutants(c control, mutants []mutant) error {
	if reason, none := strings.CutPrefix(c.mutants, "—"); none {
		if len(strings.Fields(reason)) < 3 {
			return errors.New("has no mutant, and no reason")
		}
		return nil
	}
	names := strings.Fields(c.mutants)
	if len(names) == 0 {
		return errors.New("has no mutant, and no reason")
	}
	for _, name := range names {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.name == name }) {
			return fmt.Errorf("there is no mutant %s", name)
		}
	}
	return nil
}

// recordResults writes the results between their marks. A mutant that was not run this time keeps its last result.
func recordResults(root string, results []result, all []mutant, now time.Time) error {
	path := filepath.Join(root, registerFile)
	text, err := os.ReadFile(path) //nolint:gosec // a page of ours
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), resultsBegin)
	last, after, foundEnd := strings.Cut(rest, resultsEnd)
	if !found || !foundEnd {
		return errors.New(registerFile + ": no place for results")
	}
	rows := map[string]string{}
	for _, row := range resultRow.FindAllStringSubmatch(last, -1) {
		rows[row[1]] = row[0]
	}
	for _, x := range results {
		rows[x.name] = fmt.Sprintf("| %s | %s | %.0f | %s |", x.name, x.verdict, x.took.Seconds(), now.UTC().Format(time.DateOnly))
	}
	var table strings.Builder
	ran, dead := 0, 0
	for _, m := range all {
		row, found := rows[m.name]
		if !found {
			continue
		}
		ran++
		if strings.Contains(row, "| "+string(killed)+" |") {
			dead++
		}
		table.WriteString(row + "\n")
	}
	head := fmt.Sprintf("\n\n`make mutants`, %s, %d processors, %s: %d of %d mutants run, **%d killed**.\n\n| mutant | verdict | seconds | on |\n|---|---|---|---|\n",
		now.UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), ran, len(all), dead)
	whole := before + resultsBegin + head + table.String() + "\n" + resultsEnd + after
	if err := os.WriteFile(path+".new", []byte(whole), 0o644); err != nil { //nolint:gosec // a page of ours, for everybody
		return err
	}
	return os.Rename(path+".new", path) // at once: another runner may be writing, too
}
