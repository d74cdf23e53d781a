package main

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lists are the mutants, a file for each part of the register:
//
//	=== S1/never-ended           row of docs/controls.md, and a word; "quick": a plain go test runs it, too
//	proof ./web TestRecorded     package and pattern of the tests that must fail
//	file web/flow.go             followed by text of it, found exactly once, and what stands there instead; and so on
//	--- old
//	--- new
//
// "copied" after the name: the proof reads sources itself, so it runs in a copy of the tree.
//
//go:embed *.txt
var lists embed.FS

// mutant is one control taken away.
type mutant struct {
	name, row     string
	quick, copied bool
	pkg, pattern  string
	file          string
	changes       []change
}

// change is text of the file, and what stands there instead.
type change struct{ old, new string }

// readMutants reads every list, ordered by the package of the changed file and of the proof, so that builds share what they
// can.
func readMutants() ([]mutant, error) {
	names, err := lists.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, name := range names {
		text, err := lists.ReadFile(name.Name())
		if err != nil {
			return nil, err
		}
		read, err := parseMutants(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name.Name(), err)
		}
		all = append(all, read...)
	}
	slices.SortStableFunc(all, func(a, b mutant) int {
		return strings.Compare(a.pkg+" "+filepath.Dir(a.file), b.pkg+" "+filepath.Dir(b.file))
	})
	for i, m := range all {
		if slices.ContainsFunc(all[:i], func(other mutant) bool { return other.name == m.name }) {
			return nil, fmt.Errorf("two mutants are called %s", m.name)
		}
	}
	return all, nil
}

func parseMutants(text string) ([]mutant, error) {
	var all []mutant
	for i, part := range strings.Split("\n"+text, "\n=== ") {
		if i == 0 { // what stands before the first
			continue
		}
		m, err := parseMutant(part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.SplitN(part, "\n", 2)[0], err)
		}
		all = append(all, m)
	}
	return all, nil
}

func parseMutant(text string) (mutant, error) {
	parts := strings.Split(text, "\n--- old")
	var m mutant
	for i, line := range strings.Split(strings.TrimSpace(parts[0]), "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch {
		case i == 0:
			m.name, m.quick, m.copied = key, strings.Contains(value, "quick"), strings.Contains(value, "copied")
			m.row, _, _ = strings.Cut(m.name, "/")
		case key == "proof":
			m.pkg, m.pattern, _ = strings.Cut(value, " ")
		case key == "file":
			m.file = value
		default:
			return m, fmt.Errorf("unknown line %q", line)
		}
	}
	for _, part := range parts[1:] {
		old, new, found := strings.Cut(part, "\n--- new")
		c := change{strings.Trim(old, "\n"), strings.Trim(new, "\n")}
		if !found || c.old == "" || c.old == c.new {
			return m, errors.New(`want text after "--- old" and another, or none, after "--- new"`)
		}
		m.changes = append(m.changes, c)
	}
	if m.row == m.name || m.pkg == "" || m.pattern == "" || m.file == "" || len(m.changes) == 0 {
		return m, errors.New("something is missing")
	}
	return m, nil
}

// mutated is the changed source.
func (m mutant) mutated(root string) ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(root, m.file)) //nolint:gosec // a source of ours
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.name, err)
	}
	text := string(source)
	for _, c := range m.changes {
		if n := strings.Count(text, c.old); n != 1 {
			return nil, fmt.Errorf("%s: %s has %d times what it takes away, want once:\n%s", m.name, m.file, n, c.old)
		}
		text = strings.Replace(text, c.old, c.new, 1)
	}
	return []byte(text), nil
}

// moduleRoot is where go.mod is.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("not within the module")
		}
	}
	return "", err
}
