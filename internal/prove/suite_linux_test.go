package prove_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/sweeptest"
)

// The whole suite runs once more, with its secrets kept: none is in what any test or process says, nor in a file that is
// left, be it another test's. What else a test leaves behind, its stores for one, it has swept itself for its own secrets (see
// sweeptest), and fails if it finds one.
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
	all, size, swept := sweeptest.New(t), int64(0), 0
	for _, kept := range s.kept {
		if size += kept.Bytes; kept.Bytes > 0 && len(kept.Secrets) > 0 {
			swept++
		}
		for class, texts := range kept.Secrets {
			for _, text := range texts {
				if class != sweeptest.Code { // six digits are somebody's in any text that is long enough
					all.Add(class, text)
				}
			}
		}
	}
	look := func(name string, text []byte, secrets *sweeptest.Secrets) {
		if hits := secrets.Find(text); len(hits) > 0 {
			t.Errorf("I7: %s: %d secrets, such as %v", name, len(hits), hits[:min(3, len(hits))])
		}
	}
	codes := 0
	for name, text := range s.output {
		size += int64(text.Len())
		own := s.codesOf(t, name)
		look("output of "+name, text.Bytes(), all)
		look("output of "+name, text.Bytes(), own)
		count, _ := own.Count()
		codes += count
	}
	for name, text := range s.left {
		size += int64(len(text))
		look(name, text, all)
	}
	secrets, classes := all.Count()
	if s.passed == 0 || secrets == 0 || swept < len(packages) {
		t.Errorf("%d tests passed, %d secrets of %d of them are known: nothing was tested", s.passed, secrets, swept)
	}
	began.Record(t, prove.Row{
		What: "secrets in what the whole suite says and leaves: output of tests and processes, files; and, each test for its own, logs, stores, pages, mails, webhooks, figures, spans",
		Goal: "none, of eight classes in nine encodings",
		Reached: fmt.Sprintf("none of %d secrets of %d classes (links and pieces are two) and of %d codes, in %d MB of %d tests, %d of which have secrets",
			secrets, classes, codes, size>>20, s.passed, swept),
		Met: classes == len(sweeptest.Classes())-1 && codes > 0 && prove.Long(),
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
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-json", "-timeout=20m"}, packages...)...) //nolint:gosec // the test's own
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PORTAL_PROVE") }),
		"PORTAL_SWEEP="+kept, "TMPDIR="+temporary)
	cmd.Stderr = t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the tests that it has started, too
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
	if err := cmd.Wait(); err != nil && !t.Failed() {
		t.Errorf("the suite: %v", err)
	}
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
		if errors.Is(err, fs.ErrNotExist) || err == nil && !entry.Type().IsRegular() {
			return nil // who is ending removes what it had
		}
		if err == nil {
			s.left[name], err = os.ReadFile(name) //nolint:gosec // the suite's own
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
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
