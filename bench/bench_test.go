package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Everything is built, started and measured, as little as can be: what "make bench" does still works. No figure counts,
// but for those that are counted, not measured.
func TestSmoke(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("measuring needs Linux")
	}
	programs := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", programs+"/", "../cmd/portal", "./hello", "./naive", "./inmemory")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	report := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(report, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{programs: programs, report: report, rounds: 1, units: 2, visitors: 4, starts: 1, enrollments: 20}
	if err := run(t.Context(), o, t.Output()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n" + beginMark, endMark + "after\n", "Other programs had ",
		"| calls to the pool, from sign-in to done | 4 | 4 | yes |",
		"| … on the token path, after signing in | 3 | 3 | yes |",
		"| … for two reloads and a wrong code | 0 | 0 | yes |",
		"| full enrollment, pool in memory ÷ naive |", "| most memory in 20 enrollments, MiB |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old table is still there")
	}
}
