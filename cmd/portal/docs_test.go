package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// shellBlocks are the blocks of a page that are to be run.
func shellBlocks(t *testing.T, page string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

// walk runs the blocks of a page one after the other in one shell, in an empty folder with the portal in PATH, and with an
// embedded pool in the place of Cognito. Replacements turn what the page has into what this machine has.
func walk(t *testing.T, page string, replacements ...string) string {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq", "sqlite3", "aws"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("PORTAL_TEST_TOOLS") == "required" {
				t.Fatalf("%s is not there: .ci/setup", tool)
			}
			t.Skipf("%s is not installed: the commands of docs/%s were not tried", tool, page)
		}
	}
	pool, err := userpool.New(userpool.Options{
		MFA: userpool.MFAOn, SessionValidity: 15 * time.Minute, PreventUserExistenceErrors: true, AccessKeyID: "local", SecretAccessKey: "local",
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sweeptest.Of(t).Handler(pool))
	t.Cleanup(server.Close)
	info := pool.Info()
	script := "set -euo pipefail\ntrap 'jobs -p | xargs -r kill' EXIT\n" + strings.Join(shellBlocks(t, page), "\n")
	script = strings.NewReplacer(append(replacements, "eu-central-1_AbCdEf123", info.UserPoolID, "1example23456789", info.ClientID)...).Replace(script)
	binary := buildCommand(t, "cognito-enroll/cmd/portal")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script+"\n")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+server.URL,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_REGION="+info.Region, "AWS_DEFAULT_REGION="+info.Region, "AWS_EC2_METADATA_DISABLED=true")
	out, err := cmd.CombinedOutput()
	sweeptest.Of(t).Artefact("what the commands say", func() []byte { return out }, sweeptest.Link, sweeptest.Piece) // for whoever types them
	if err != nil {
		t.Fatalf("docs/%s: %v\n%s", page, err, out)
	}
	return string(out)
}

func TestWalkThroughOperate(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	out := walk(t, "operate.md", "127.0.0.1:8080", freeAddress(t), "127.0.0.1:9090", freeAddress(t))
	for _, want := range []string{
		"(hidden)", "portal.env:4", // portal config
		"ok\nok\n", // healthz, readyz
		`"method":"GET","status":404`,
		`portal_funnel_total{stage="opened"}`,
		"\n1\nFabrikam\n", // the trace in the log, and the new brand
		`no setting is called "PORTAL_BRNAD"`,
		"draining: this node was told to stop",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestWalkThroughConnect(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	out := walk(t, "connect.md")
	if !strings.Contains(out, "fault 0") || strings.Contains(out, "advice  ") || !strings.Contains(out, "COGNITO_CLIENT_SECRET") {
		t.Errorf("the doctor is not content:\n%s", out)
	}
}

func TestWalkThroughHelpDesk(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	out := walk(t, "helpdesk.md", "127.0.0.1:8080", freeAddress(t))
	for _, want := range []string{
		"Link 1 for ada, until ", "/i/", // portal invite
		`"status": "live"`, `["piece","until"]`, "\n204\n", // the API: made, told anew, ended
		`"pending":1`,
		" entries, unbroken; ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestWalkThroughPools(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	out := walk(t, "pools.md", "127.0.0.1:8080", freeAddress(t))
	for _, want := range []string{"# partners.env", "# staff.env", "· Northwind staff\n", "· Northwind partners\n421\n", "fault 0"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// Every page with commands is walked through by a test: here, or by the one that is named.
func TestEveryPageWithCommandsIsTried(t *testing.T) {
	tried := map[string]bool{
		"operate.md": true, "connect.md": true, "helpdesk.md": true, "pools.md": true,
		"userpool.md": true, // cmd/userpool
		"brand.md":    true, // brand_test.go has its settings
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		if name := filepath.Base(page); len(shellBlocks(t, name)) > 0 && !tried[name] {
			t.Errorf("docs/%s has commands that no test runs", name)
		}
	}
}

// The page lists every family of figures, and no other; and every kind that needs an operator is a kind.
func TestOperateListsTheFigures(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	w := startWatched(t)
	told := map[string]bool{}
	for _, family := range regexp.MustCompile(`(?m)^# TYPE (portal_\S+)`).FindAllStringSubmatch(w.metrics(), -1) {
		told[family[1]] = true
		if !strings.Contains(string(page), "`"+family[1]+"`") {
			t.Errorf("docs/operate.md does not tell of %s", family[1])
		}
	}
	for _, named := range regexp.MustCompile("`(portal_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !told[named[1]] {
			t.Errorf("docs/operate.md tells of %s, which there is not", named[1])
		}
	}
	kinds := w.metrics()
	_, table, _ := strings.Cut(string(page), "| kind | what to do |")
	table, _, _ = strings.Cut(table, "## Figures")
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*)\\|").FindAllStringSubmatch(table, -1) {
		for _, kind := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			if !strings.Contains(kinds, `portal_failures_total{kind="`+kind[1]+`"}`) {
				t.Errorf("docs/operate.md speaks of the kind %s, which there is not", kind[1])
			}
		}
	}
}

// Links between pages lead somewhere.
func TestLinksOfTheBook(t *testing.T) {
	checked := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && len(entry.Name()) > 2 || entry.Name() == "node_modules" || entry.Name() == "dist") {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(string(link[1]), "#")
			if strings.Contains(target, "://") {
				continue
			}
			checked++
			if target == "" {
				target = filepath.Base(path)
			}
			target = filepath.Join(filepath.Dir(path), target)
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which there is not", path, link[1])
			} else if anchor != "" && !hasHeading(t, target, anchor) {
				t.Errorf("%s links to %s, a heading that there is not", path, link[1])
			}
		}
		return nil
	})
	if err != nil || checked < 30 {
		t.Errorf("%d links were checked, %v", checked, err)
	}
}

// hasHeading reports whether a page has a heading with that anchor.
func hasHeading(t *testing.T, path, anchor string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		heading := strings.TrimLeft(lines.Text(), "#")
		heading = regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
		if strings.HasPrefix(lines.Text(), "#") && strings.ReplaceAll(heading, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// freeAddress is an address on loopback that was free a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
