package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// TestDocumentedWalk runs the shell blocks of docs/userpool.md, one after the other in one shell, against a pool that
// was started as the page says, but on a free port.
func TestDocumentedWalk(t *testing.T) {
	for _, tool := range []string{"aws", "bash", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("PORTAL_TEST_TOOLS") == "required" {
				t.Fatalf("%s is not there: .ci/setup", tool)
			}
			t.Skipf("%s is not installed: the commands of docs/userpool.md were not tried", tool)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "userpool.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	script := "set -euo pipefail\n"
	for _, block := range blocks {
		script += block[1]
	}
	info := start(t, "-access-key-id", "local", "-secret-access-key", "local")
	script = strings.ReplaceAll(script, "http://127.0.0.1:9229", info.Endpoint)
	command := exec.CommandContext(t.Context(), "bash", "-c", script)
	command.Dir = root
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range []string{"FORCE_CHANGE_PASSWORD", "SOFTWARE_TOKEN_MFA", "Bearer", "CONFIRMED\tSOFTWARE_TOKEN_MFA"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("no %q in\n%s", want, output)
		}
	}
}

// start runs the command on a free port until the test ends and answers its first line.
func start(t *testing.T, args ...string) userpool.Info {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), in, io.Discard)
		_ = in.CloseWithError(err) // wakes the reader when the start fails
		done <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("end: %v", err)
		}
	})
	var info userpool.Info
	if err := json.Unmarshal([]byte(line), &info); err != nil {
		t.Fatal(err)
	}
	return info
}
