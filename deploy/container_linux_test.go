package deploy_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What the image has is all that the portal needs: an empty root that cannot be written to, and a user without rights. The
// health check runs in the same place, without a shell.
func TestServesFromAnEmptyRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to change its root")
	}
	root, err := os.MkdirTemp("", "portal-root-") //nolint:usetesting // its parents must be open to another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	content, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "portal"), content, 0o555); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o555); err != nil { //nolint:gosec // as the image has it
		t.Fatal(err)
	}
	in := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "/portal", args...)
		cmd.Dir = "/"
		cmd.Env = []string{"PORTAL_DRAIN_DELAY=0s"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532, NoSetGroups: true}}
		return cmd
	}
	if out, err := in("healthcheck", "-listen", "127.0.0.1:1").CombinedOutput(); err == nil {
		t.Errorf("nothing serves, and the health check says %s", out)
	}
	portal := in("serve", "-listen", "127.0.0.1:0")
	stdout, err := portal.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := portal.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = portal.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	_, address, _ := strings.Cut(lines.Text(), "http://")
	if out, err := in("healthcheck", "-listen", address).CombinedOutput(); err != nil {
		t.Errorf("health check of %s: %v: %s", address, err, out)
	}
	if err := portal.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := portal.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}
