package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"cognito-enroll/internal/session"
	"cognito-enroll/internal/sweeptest"
)

// inside is the portal in this process, on a free port.
type inside struct {
	t       *testing.T
	address string
	log     chan string
	demo    map[string]string // passwords of the accounts
	stop    func() error
}

// startInside runs the portal until the test ends.
func startInside(t *testing.T, args ...string) *inside {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	errs, stderr := io.Pipe()
	log := sweeptest.Of(t).Log(stderr)
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), environment(), stdout, log)
		_, _ = stdout.CloseWithError(err), stderr.CloseWithError(err)
		ended <- err
	}()
	p := &inside{t: t, log: make(chan string, 100_000), demo: map[string]string{}}
	go func() {
		defer close(p.log)
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			p.log <- lines.Text()
		}
	}()
	p.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = p.stop() })
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "The present code") {
		if at := regexp.MustCompile(`http://\S+`).FindString(lines.Text()); at != "" {
			p.address = at
		}
		if at := regexp.MustCompile(`listens on (\S+)`).FindStringSubmatch(lines.Text()); at != nil { // no demo: that is all
			p.address = "http://" + at[1]
			break
		}
		if fields := strings.Fields(lines.Text()); len(fields) >= 3 {
			p.demo[fields[0]] = fields[1]
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return p
}

// next reads the log on to the line with a message.
func (p *inside) next(message string) map[string]any {
	p.t.Helper()
	for text := range p.log {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			p.t.Fatalf("not JSON: %s", text)
		}
		if line["msg"] == message {
			return line
		}
	}
	p.t.Fatalf("the log has no %q", message)
	return nil
}

func (p *inside) hangUp() {
	p.t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGHUP)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// A new brand, and a new key before the old one: the person at the set-up page keeps the code that was scanned. What needs
// a restart is named, and a mistake changes nothing.
func TestReload(t *testing.T) {
	old, fresh := session.NewKey().Encode().Reveal(), session.NewKey().Encode().Reveal()
	file := settingsFile(t, "PORTAL_BRAND=Contoso", "PORTAL_SESSION_KEYS="+old)
	p := startInside(t, "-config", file)
	b := newBrowser(t, p.address)
	reload := func(message string, lines ...string) map[string]any {
		t.Helper()
		writeSettings(t, file, lines...)
		p.hangUp()
		return p.next(message)
	}
	shows := func(key, brand string) {
		t.Helper()
		b.get("/set-up")
		if got := b.page.Text("#key"); got != key || !strings.Contains(b.page.Text("header"), brand) {
			t.Errorf("key %q under %q, want %q under %q", got, b.page.Text("header"), key, brand)
		}
	}
	b.get("/sign-in")
	b.submit("/sign-in", "username", "ada", "password", p.demo["ada"])
	key := b.page.Text("#key")
	shows(key, "Contoso")

	line := reload("reloaded", "PORTAL_BRAND=Fabrikam", "PORTAL_SESSION_KEYS="+fresh+","+old, "PORTAL_DRAIN_DELAY=1m")
	if got, _ := json.Marshal(line["needs_restart"]); string(got) != `["PORTAL_DRAIN_DELAY"]` {
		t.Fatalf("needs a restart: %s", got)
	}
	shows(key, "Fabrikam")

	line = reload("reload refused, the settings in force stay", "PORTAL_BRAND=Litware", "PORTAL_SESSION_KEYS=short", "PORTAL_BRNAD=x")
	for _, why := range []string{"PORTAL_SESSION_KEYS: key 1", "PORTAL_BRNAD"} {
		if text, _ := line["error"].(string); !strings.Contains(text, why) {
			t.Errorf("refused with %q, want %q in it", text, why)
		}
	}
	shows(key, "Fabrikam")
	line = reload("reload refused, the settings in force stay", "PORTAL_BRAND=Litware")
	if text, _ := line["error"].(string); !strings.Contains(text, "PORTAL_SESSION_KEYS") {
		t.Errorf("without keys: %q", text)
	}
	shows(key, "Fabrikam")

	reload("reloaded", "PORTAL_BRAND=Litware", "PORTAL_SESSION_KEYS="+fresh) // the cookie is sealed with old: it was not written since
	b.get("/set-up")
	if b.page.Text("#key") != "" {
		t.Error("a cookie under a key that is gone still counts")
	}
}

// Nobody notices a reload who is being served at that moment.
func TestReloadDropsNoRequest(t *testing.T) {
	file := settingsFile(t, "PORTAL_BRAND=Contoso")
	p := startInside(t, "-config", file, "-log-level", "error") // but reloads that are refused
	var visitors sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		visitors.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.address+"/sign-in", nil)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(answer.Body)
				_ = answer.Body.Close()
				if err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("</html>")) {
					t.Errorf("%s, %v, %d bytes", answer.Status, err, len(body))
				}
			}
		})
	}
	for range 20 { // a good one and a refused one, which alone is logged
		writeSettings(t, file, "PORTAL_BRAND=Fabrikam")
		p.hangUp()
		writeSettings(t, file, "PORTAL_BRAND=")
		writeSettings(t, file, "nonsense")
		p.hangUp()
		p.next("reload refused, the settings in force stay")
	}
	close(done)
	visitors.Wait()
}

// A node that is told to stop says so first, serves on, and lets the request in flight finish.
func TestStopping(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	binary := buildCommand(t, "cognito-enroll/cmd/portal")
	pool := []string{"COGNITO_USER_POOL_ID=eu-central-1_AbCdEf123", "COGNITO_CLIENT_ID=abc", "PORTAL_STORE=sqlite::memory:"}

	p := startOutside(t, binary, append(pool, "PORTAL_DRAIN_DELAY=5m"))
	p.wants("/readyz", http.StatusOK, "ok")
	if out, err := p.command("healthcheck"); err != nil {
		t.Errorf("health check: %v: %s", err, out)
	}
	kept, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	said := bufio.NewReader(kept)
	ask := func() *http.Response {
		t.Helper()
		if _, err := io.WriteString(kept, "GET /healthz HTTP/1.1\r\nHost: "+p.address+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(said, nil)
		if err != nil {
			t.Fatalf("a connection that was kept is closed before its request is answered: %v", err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		return answer
	}
	ask()
	p.terminate("stopping")
	if answer := ask(); !answer.Close {
		t.Error("the connection goes on though the node stops")
	}
	p.wants("/readyz", http.StatusServiceUnavailable, "draining")
	p.wants("/healthz", http.StatusOK, "ok")
	p.wants("/sign-in", http.StatusOK, "</html>")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil { // a reload that comes too late
		t.Fatal(err)
	}
	p.wants("/sign-in", http.StatusOK, "</html>")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil { // impatient
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err == nil {
		t.Error("the second signal waits for the delay")
	}
	if out, err := p.command("healthcheck"); err == nil {
		t.Errorf("nothing serves, and the health check says %s", out)
	}

	manager, told := serviceManager(t)
	p = startOutside(t, binary, append(pool, "PORTAL_DRAIN_DELAY=0s", "NOTIFY_SOCKET="+manager))
	if got := told(); got != "READY=1" {
		t.Errorf("the service manager was told %q", got)
	}
	half, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	send := func(text string) {
		t.Helper()
		if _, err := io.WriteString(half, text); err != nil {
			t.Fatal(err)
		}
	}
	send("POST /sign-in HTTP/1.1\r\nHost: " + p.address + "\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\n")
	answers := bufio.NewReader(half)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // it reads the body: in flight
		t.Fatalf("%q, %v", line, err)
	}
	p.terminate("stopping")
	if got := told(); got != "STOPPING=1" {
		t.Errorf("the service manager was told %q", got)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil { // and one while the last request is answered
		t.Fatal(err)
	}
	send("username=a&password=")
	_, _ = answers.ReadString('\n')
	if line, err := answers.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 ") {
		t.Errorf("the request in flight got %q, %v", line, err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// serviceManager listens as systemd does. told answers what it is told next.
func serviceManager(t *testing.T) (address string, told func() string) {
	t.Helper()
	address = filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return address, func() string {
		buffer := make([]byte, 100)
		n, err := socket.Read(buffer)
		if err != nil {
			t.Error(err)
		}
		return string(buffer[:n])
	}
}

// outside is the portal in a process of its own, whose log the test reads.
type outside struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	log     *bufio.Scanner
}

func startOutside(t *testing.T, binary string, env []string) *outside {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "-listen", "127.0.0.1:0")
	cmd.Env = append(env, "HOME="+t.TempDir(), "AWS_EC2_METADATA_DISABLED=true")
	sweeptest.Of(t).Settings(env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := io.TeeReader(stderr, sweeptest.Of(t).Log(io.Discard))
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, log) // what nobody has read is swept, too
	})
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	address := regexp.MustCompile(`listens on (\S+)`).FindStringSubmatch(lines.Text())
	if address == nil {
		t.Fatalf("the portal says %q", lines.Text())
	}
	return &outside{t: t, cmd: cmd, address: address[1], log: bufio.NewScanner(log)}
}

// terminate sends SIGTERM and reads the log on to a message.
func (p *outside) terminate(message string) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	for p.log.Scan() {
		if strings.Contains(p.log.Text(), `"msg":"`+message+`"`) {
			return
		}
	}
	p.t.Fatalf("the log has no %q: %v", message, p.log.Err())
}

func (p *outside) wants(path string, status int, text string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.address+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		p.t.Fatal(err)
	}
	if answer.StatusCode != status || !strings.Contains(string(body), text) {
		p.t.Errorf("GET %s: %d %q, want %d with %q", path, answer.StatusCode, body, status, text)
	}
}

// command runs another command of the same binary with the same settings.
func (p *outside) command(name string) (string, error) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), p.cmd.Path, name, "-listen", p.address)
	cmd.Env = p.cmd.Env
	out, err := cmd.CombinedOutput()
	return string(out), err
}
