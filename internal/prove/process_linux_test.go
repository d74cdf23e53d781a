package prove_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"cognito-enroll/internal/postgrestest"
)

// scratch is the directory of this test binary: its programs, made once.
//
//nolint:gochecknoglobals // a test binary has one, and many tests
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "portal-prove-"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(scratch) }()
		defer postgrestest.Stop()
		return m.Run()
	}())
}

var (
	portalBinary = sync.OnceValues(func() (string, error) { return build("cognito-enroll/cmd/portal") })
	poolBinary   = sync.OnceValues(func() (string, error) { return build("cognito-enroll/cmd/userpool") })
)

func build(pkg string) (string, error) {
	binary := filepath.Join(scratch, filepath.Base(pkg))
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, pkg).CombinedOutput() //nolint:usetesting // for many tests
	if err != nil {
		return string(out), err
	}
	return binary, nil
}

func built(t testing.TB, binary func() (string, error)) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, path)
	}
	return path
}

// process is a program that runs until it is told otherwise, at the latest until the test ends.
type process struct {
	cmd   *exec.Cmd
	first string // line that it printed
	lines chan string
	ended chan struct{}
}

// start starts a program and waits for its first line. Its log goes on in a file.
func start(t testing.TB, log, binary string, env []string, args ...string) *process {
	t.Helper()
	p, err := launch(log, binary, env, args...)
	if err != nil {
		t.Fatalf("start %s: %v", filepath.Base(binary), err)
	}
	t.Cleanup(p.kill)
	return p
}

// launch starts a program and waits for its first line.
func launch(log, binary string, env []string, args ...string) (*process, error) {
	p, err := spawn(log, binary, env, args...)
	if err != nil {
		return nil, err
	}
	p.first = <-p.lines
	return p, nil
}

// spawn starts a program.
func spawn(log, binary string, env []string, args ...string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the test's own
	if err != nil {
		return nil, err
	}
	defer file.Close()                                                //nolint:errcheck // the program has its own
	cmd := exec.CommandContext(context.Background(), binary, args...) //nolint:usetesting,gosec // killed by its pid
	cmd.Env = append([]string{"HOME=" + filepath.Dir(log), "AWS_EC2_METADATA_DISABLED=true"}, env...)
	cmd.Stderr = file
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // however the test ends
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, lines: make(chan string, 1), ended: make(chan struct{})}
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			select {
			case p.lines <- lines.Text():
			default: // only the first is for anybody, but the pipe must not fill
			}
		}
		_ = cmd.Wait()
		close(p.lines)
		close(p.ended)
	}()
	return p, nil
}

// signal sends a signal; a process that has ended does not mind.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// memory is how many bytes are in memory at most so far.
func (p *process) memory(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	kB, _ := strconv.ParseInt(string(regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)[1]), 10, 64) // digits
	return kB << 10
}

// freePort is a port of host that was free a moment ago.
func freePort(t testing.TB, host net.IP) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
