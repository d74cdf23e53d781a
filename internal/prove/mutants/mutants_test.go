package main

import (
	"strings"
	"testing"
	"time"
)

// Each mutant takes away what is there, and the register has all of them.
func TestMutantsApply(t *testing.T) {
	root, mutants := opened(t)
	for _, m := range mutants {
		if _, err := m.mutated(root); err != nil {
			t.Error(err)
		}
	}
	if err := checkRegister(root, mutants); err != nil {
		t.Error(err)
	}
}

// The quickest of them are run whenever all tests are; "make mutants" runs all.
func TestQuickMutantsAreKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds tests anew")
	}
	root, mutants := opened(t)
	r := runner{root: root, limit: time.Minute, out: t.Output()}
	n := 0
	for _, m := range mutants {
		if !m.quick {
			continue
		}
		n++
		x, err := r.run(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if x.verdict != killed {
			t.Errorf("%s: %s\n%s", m.name, x.verdict, lastLines(x.output, 25))
		}
	}
	if n < 3 {
		t.Errorf("only %d mutants are quick", n)
	}
}

// The runner tells a mutant that is killed from one that survives, does not compile or is proved by nothing.
func TestVerdicts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds tests anew")
	}
	root, _ := opened(t)
	r := runner{root: root, limit: time.Minute, out: t.Output()}
	for _, test := range []struct {
		old, new, pattern string
		want              verdict
	}{
		{`const Redacted = "[redacted]"`, `const Redacted = "[redacted] "`, "NoSuchTest", broken},
		{`const Redacted = "[redacted]"`, `const Redacted = `, "TestTextCompares", broken},
		{`func (t Text) IsZero() bool { return t.text == nil }`, `func (t Text) IsZero() bool { return t.text != nil }`, "TestTextCompares", killed},
		{`// Redacted is what`, `// It is what`, "TestTextCompares", survived},
	} {
		m := mutant{name: "T0/x", pkg: "./internal/secret", pattern: test.pattern, file: "internal/secret/secret.go", changes: []change{{test.old, test.new}}}
		x, err := r.run(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if x.verdict != test.want {
			t.Errorf("%s: %s, want %s\n%s", test.new, x.verdict, test.want, x.output)
		}
	}
}

func TestMutantsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"=== L1/x\nproof ./a TestX\nfile a.go\n--- old\nx\n":                     "want",
		"=== L1/x\nproof ./a\nfile a.go\n--- old\nx\n--- new\ny\n":               "missing",
		"=== L1\nproof ./a TestX\nfile a.go\n--- old\nx\n--- new\ny\n":           "missing",
		"=== L1/x\nproof ./a TestX\nfile a.go\n--- old\nx\n--- new\nx\n":         "want",
		"=== L1/x\nproof ./a TestX\nfile a.go\nwhat y\n--- old\nx\n--- new\ny\n": "unknown line",
	} {
		if _, err := parseMutants(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	got, err := parseMutants("what it is\n=== L1/x quick\nproof ./a TestX|TestY\nfile a.go\n--- old\n\tx\n\ty\n--- new\n=== L2/y\nproof ./a TestX\nfile a.go\n--- old\nx\n--- new\ny\n")
	if err != nil || len(got) != 2 || got[0].changes[0] != (change{"\tx\n\ty", ""}) || !got[0].quick || got[0].row != "L1" || got[1].changes[0].new != "y" {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func opened(t *testing.T) (root string, mutants []mutant) {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if mutants, err = readMutants(); err != nil {
		t.Fatal(err)
	}
	return root, mutants
}
