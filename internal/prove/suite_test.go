package prove_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/sweeptest"
)

// The whole suite runs once more, with all that it says written down and its secrets kept: none of them is in what it
// leaves behind, be it another test's. Each test has swept its own artefacts by then (see sweeptest).
func TestProofNothingSecretInTheSuite(t *testing.T) {
	if os.Getenv("PORTAL_SWEEP") != "" {
		t.Skip("this is the suite that is swept")
	}
	if testing.Short() {
		t.Skip("builds tests and runs them")
	}
	began := prove.Begin()
	packages := []string{"./internal/webhook", "./internal/mail"}
	if prove.Long() {
		packages = []string{"./..."}
	}
	s := runSuite(t, packages)
	all := sweeptest.New(t)
	for _, kept := range s.kept {
		for class, texts := range kept.Secrets {
			for _, text := range texts {
				if class != sweeptest.Code { // six digits are somebody's in any text that is long enough
					all.Add(class, text)
				}
			}
		}
	}
	size := 0
	look := func(name string, text []byte, secrets *sweeptest.Secrets) {
		size += len(text)
		if hits := secrets.Find(text); len(hits) > 0 {
			t.Errorf("I7: %s: %d secrets, such as %v", name, len(hits), hits[:min(3, len(hits))])
		}
	}
	for name, text := range s.output {
		look("output of "+name, text.Bytes(), all)
		look("output of "+name, text.Bytes(), s.codesOf(t, name))
	}
	for name, text := range s.left {
		look(name, text, all)
	}
	secrets, classes := 0, map[sweeptest.Class]bool{}
	for _, kept := range s.kept {
		size += kept.Bytes
		for class, texts := range kept.Secrets {
			secrets, classes[class] = secrets+len(texts), true
		}
	}
	began.Record(t, prove.Row{
		What: "secrets in whatever the whole suite leaves behind: what tests and processes say, logs, stores, pages, mails, webhooks, figures, spans, files",
		Goal: "none, of eight classes in nine encodings",
		Reached: fmt.Sprintf("none of %d secrets of %d classes in %d MB of %d tests, %d of which swept their own",
			secrets, len(classes), size>>20, s.passed, len(s.kept)),
		Met: len(classes) == len(sweeptest.Classes()) && prove.Long(),
	})
}

// suite is what a run of tests has left behind.
type suite struct {
	kept   []sweeptest.Kept
	output map[string]*bytes.Buffer // by the name of a test, or of a package
	left   map[string][]byte        // in the folder for temporary files
	passed int
}

func runSuite(t *testing.T, packages []string) *suite {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder, err := os.MkdirTemp("", "suite") //nolint:usetesting // a socket's path has to be short, and t.TempDir's is not
	must(err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	temporary, kept := filepath.Join(folder, "tmp"), filepath.Join(folder, "kept")
	must(os.Chmod(folder, 0o755)) //nolint:gosec // PostgreSQL's user has to reach its own below
	must(os.Mkdir(temporary, 0o777))
	must(os.Mkdir(kept, 0o700))
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-json", "-timeout=25m"}, packages...)...) //nolint:gosec // the test's own
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PORTAL_PROVE") }),
		"PORTAL_SWEEP="+kept, "TMPDIR="+temporary)
	cmd.Stderr = t.Output()
	said, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	s := &suite{output: map[string]*bytes.Buffer{}, left: map[string][]byte{}}
	lines := bufio.NewScanner(said)
	for lines.Buffer(nil, 64<<20); lines.Scan(); {
		var event struct{ Action, Package, Test, Output string }
		must(json.Unmarshal(lines.Bytes(), &event))
		s.hear(event.Action, event.Package, event.Test, event.Output)
		if event.Action == "fail" {
			t.Errorf("%s %s failed: %s", event.Package, event.Test, s.output[nameOf(event.Package, event.Test)])
		}
	}
	must(lines.Err())
	_ = cmd.Wait() // what failed has been said
	s.read(t, temporary, kept)
	return s
}

func nameOf(pkg, test string) string {
	test, _, _ = strings.Cut(test, "/")
	return strings.TrimSpace(pkg + " " + test)
}

func (s *suite) hear(action, pkg, test, output string) {
	name := nameOf(pkg, test)
	if s.output[name] == nil {
		s.output[name] = &bytes.Buffer{}
	}
	s.output[name].WriteString(output)
	if action == "pass" && test != "" {
		s.passed++
	}
}

// read reads the files that are there in the end.
func (s *suite) read(t *testing.T, temporary, kept string) {
	t.Helper()
	err := filepath.WalkDir(temporary, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		s.left[name], err = os.ReadFile(name) //nolint:gosec // the suite's own
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(kept, "secrets-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := os.Open(name) //nolint:gosec // likewise
		if err != nil {
			t.Fatal(err)
		}
		for in := json.NewDecoder(file); in.More(); {
			var kept sweeptest.Kept
			if err := in.Decode(&kept); err != nil {
				t.Fatal(err)
			}
			s.kept = append(s.kept, kept)
		}
		_ = file.Close() // it was read
	}
}

// codesOf are the codes that were typed in a test.
func (s *suite) codesOf(t *testing.T, name string) *sweeptest.Secrets {
	t.Helper()
	codes := sweeptest.New(t)
	for _, kept := range s.kept {
		if test, _, _ := strings.Cut(kept.Test, "/"); strings.HasSuffix(name, " "+test) {
			for _, text := range kept.Secrets[sweeptest.Code] {
				codes.Add(sweeptest.Code, text)
			}
		}
	}
	return codes
}
