package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// verdict is what became of a mutant.
type verdict string

const (
	killed   verdict = "killed"
	survived verdict = "SURVIVED" // its proof does not notice
	broken   verdict = "BROKEN"   // does not compile, or the proof runs no test
	tooSlow  verdict = "TOO SLOW" // the proof did not end: nothing is known
)

type result struct {
	mutant

	verdict verdict
	took    time.Duration
	output  string
}

// runner runs proofs.
type runner struct {
	root   string
	limit  time.Duration
	out    io.Writer
	record func([]result) error // after each; nil: nobody wants it
}

// runAll runs the proof of each mutant.
func (r runner) runAll(ctx context.Context, mutants []mutant) ([]result, error) {
	results := make([]result, 0, len(mutants))
	for i, m := range mutants {
		x, err := r.run(ctx, m)
		if err != nil {
			return results, err
		}
		results = append(results, x)
		_, _ = fmt.Fprintf(r.out, "%3d/%d  %-34s %-9s %5.1f s\n", i+1, len(mutants), m.name, x.verdict, x.took.Seconds())
		if x.verdict != killed {
			_, _ = fmt.Fprintf(r.out, "%s\n", lastLines(x.output, 25))
		}
		if r.record != nil {
			if err := r.record(results); err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

// run builds the proof with the control taken away, and runs it.
func (r runner) run(ctx context.Context, m mutant) (result, error) {
	source, err := m.mutated(r.root)
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // of the system's own folder
	began := time.Now()
	output, failed, err := r.proof(ctx, m, source, dir)
	if err != nil {
		return result{}, err
	}
	x := result{mutant: m, took: time.Since(began), output: output}
	switch {
	case ctx.Err() != nil:
		return x, ctx.Err()
	case strings.Contains(output, "[build failed]"), strings.Contains(output, "[setup failed]"), strings.Contains(output, "no tests to run"):
		x.verdict = broken
	case strings.Contains(output, "test timed out after"), failed && x.took > r.limit:
		x.verdict = tooSlow
	case strings.Contains(output, "--- FAIL"), strings.Contains(output, "\npanic: "), strings.Contains(output, "\nfatal error: "):
		x.verdict = killed
	case failed:
		x.verdict = broken
	default:
		x.verdict = survived
	}
	return x, nil
}

// proof runs the proof with a source in place of the real one: in the build alone, or in a copy of the tree.
func (r runner) proof(ctx context.Context, m mutant, source []byte, dir string) (output string, failed bool, err error) {
	run := "-run=" + m.pattern
	if m.copied {
		if err := copyTree(r.root, dir); err != nil {
			return "", false, err
		}
		if err := os.WriteFile(filepath.Join(dir, m.file), source, 0o600); err != nil {
			return "", false, err
		}
		r.root = dir
		output, failed = r.test(ctx, run, m.pkg)
		return output, failed, nil
	}
	changed, overlay := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(r.root, m.file): changed}})
	if err != nil {
		return "", false, err
	}
	if err := errors.Join(os.WriteFile(changed, source, 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return "", false, err
	}
	output, failed = r.test(ctx, "-overlay="+overlay, "-failfast", run, m.pkg)
	return output, failed, nil
}

// copyTree copies the sources, without what begins with a dot.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, from)
		switch {
		case err != nil:
			return err
		case name != "" && (entry.Name()[0] == '.' || entry.Name() == "bin" || entry.Name() == "dist"):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o750)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // a source of ours
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o600) //nolint:gosec // in a folder of our own
	})
}

// runGreen runs all proofs with nothing taken away: one that fails anyway proves nothing.
func (r runner) runGreen(ctx context.Context, mutants []mutant) error {
	proofs := map[string][]string{}
	for _, m := range mutants {
		if !slices.Contains(proofs[m.pkg], m.pattern) {
			proofs[m.pkg] = append(proofs[m.pkg], m.pattern)
		}
	}
	for pkg, patterns := range proofs {
		began := time.Now()
		if output, failed := r.test(ctx, "-run="+strings.Join(patterns, "|"), pkg); failed {
			return fmt.Errorf("%s: its proofs fail with nothing taken away:\n%s", pkg, lastLines(output, 40))
		}
		_, _ = fmt.Fprintf(r.out, "%s: proofs pass with nothing taken away, %.1f s\n", pkg, time.Since(began).Seconds())
	}
	return nil
}

// test runs go test in the module. What vet finds is of no interest here; a changed source may leave a variable unused.
func (r runner) test(ctx context.Context, args ...string) (output string, failed bool) {
	limited, cancel := context.WithTimeout(ctx, 2*r.limit) // building may take as long again
	defer cancel()
	args = append([]string{"test", "-count=1", "-vet=off", "-timeout=" + r.limit.String()}, args...)
	cmd := exec.CommandContext(limited, "go", args...) //nolint:gosec // our own arguments
	cmd.Dir = r.root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	return out.String(), err != nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func count(results []result, which func(result) bool) (n int) {
	for _, x := range results {
		if which(x) {
			n++
		}
	}
	return n
}
