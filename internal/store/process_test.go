package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/store"
)

// Processes that share a store, and are killed: this test binary, told by its environment what to do.
const (
	taskVariable = "COGNITO_ENROLL_TEST_TASK"
	urlVariable  = "COGNITO_ENROLL_TEST_URL"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(taskVariable); task != "" {
		if err := work(task, os.Getenv(urlVariable), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	dynamotest.Main()
	code := m.Run()
	postgrestest.Stop()
	dynamotest.Stop()
	os.Exit(code)
}

func work(task, url string, out io.Writer) error {
	ctx := context.Background()
	now := func() time.Time { return start }
	s, err := store.Open(ctx, url, store.Options{Now: now, ReadTimeout: patience, WriteTimeout: patience, AWS: dynamotest.Settings()})
	if err != nil {
		return err
	}
	switch task {
	case "write": // ends sessions until it is killed, and says which, after each was answered with success
		for err == nil {
			id := [16]byte([]byte(newText(16)))
			if err = s.EndSession(ctx, id, start); err == nil {
				_, err = fmt.Fprintf(out, "%s\n", id[:])
			}
		}
	case "take": // when its input ends, takes what it can get, and says what
		_, _ = fmt.Fprintln(out, "ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
		for i := range handoffs {
			if _, err := s.TakeHandoff(ctx, hash(i)); err == nil {
				_, _ = fmt.Fprintln(out, i)
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		err = s.Close()
	}
	return err
}

// handoffs is how many hand-offs "take" tries to get.
const handoffs = 200

// process is one that works on the store.
type process struct {
	t       testing.TB
	command *exec.Cmd
	input   io.Closer
	lines   *bufio.Scanner
}

func (w *world) process(task string) *process {
	w.t.Helper()
	command := exec.CommandContext(w.t.Context(), os.Args[0])
	command.Env = append(os.Environ(), taskVariable+"="+task, urlVariable+"="+w.url, dynamotest.Environment())
	command.Stderr = w.t.Output()
	out, err := command.StdoutPipe()
	must(w.t, err)
	in, err := command.StdinPipe()
	must(w.t, err)
	must(w.t, command.Start())
	return &process{t: w.t, command: command, input: in, lines: bufio.NewScanner(out)}
}

// next is the next line that the process says.
func (p *process) next() string {
	p.t.Helper()
	if !p.lines.Scan() {
		p.t.Fatalf("the process ended: %v", p.command.Wait())
	}
	return p.lines.Text()
}

// rest is what the process says until it ends.
func (p *process) rest() (said []string) {
	for p.lines.Scan() {
		said = append(said, p.lines.Text())
	}
	_ = p.command.Wait() // a killed one ends with an error
	return said
}

// TestKilledProcessLosesNothing kills two processes that write to one store in the middle of it, ten times with PORTAL_PROVE=1.
func TestKilledProcessLosesNothing(t *testing.T) {
	durable(t, func(w *world) {
		var said []string
		for range prove.Times(10, 4) {
			a, b := w.process("write"), w.process("write")
			for range 20 {
				said = append(said, a.next(), b.next())
			}
			must(w.t, a.command.Process.Kill())
			must(w.t, b.command.Process.Kill())
			said = append(append(said, a.rest()...), b.rest()...)
		}
		w.wantEnded(w.open(), said)
	})
}

// wantEnded fails unless every session that somebody was told is ended is.
func (w *world) wantEnded(s *store.Store, said []string) {
	w.t.Helper()
	for i, text := range said {
		if len(text) != 16 {
			continue // the last words of a killed process
		}
		if ended, err := s.SessionEnded(w.t.Context(), [16]byte([]byte(text))); err != nil || !ended {
			w.t.Fatalf("write %d of %d was answered with success: got %t, %v afterwards", i, len(said), ended, err)
		}
	}
	w.t.Logf("%d writes were answered with success, all are there", len(said))
}

// TestProcessesShareOneStore: a second process on the same store, be it the command line or another portal, is no
// danger. Every hand-off is taken once.
func TestProcessesShareOneStore(t *testing.T) {
	durable(t, func(w *world) {
		for i := range handoffs {
			must(w.t, w.first.PutHandoff(w.t.Context(), store.Handoff{LocatorHash: hash(i), Payload: []byte{1}, ExpiresAt: start.Add(time.Minute)}))
		}
		processes := []*process{w.process("take"), w.process("take"), w.process("take")}
		for _, p := range processes {
			if said := p.next(); said != "ready" {
				w.t.Fatalf("got %q", said)
			}
		}
		for _, p := range processes {
			must(w.t, p.input.Close())
		}
		taken := map[string]int{}
		for _, p := range processes {
			said := p.rest()
			w.t.Logf("one process took %d", len(said))
			for _, i := range said {
				taken[i]++
			}
		}
		for i, times := range taken {
			if times != 1 {
				w.t.Errorf("hand-off %s was taken %d times", i, times)
			}
		}
		if len(taken) != handoffs {
			w.t.Errorf("got %d taken, want %d", len(taken), handoffs)
		}
	})
}
