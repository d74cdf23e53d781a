// Package deploy_test checks what is in this folder: each file by its own tool where that is installed, and all of them
// against the portal itself, so that nothing here speaks of settings or figures that do not exist.
package deploy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tool finds a program in PATH or where .ci/setup unpacked it. Without it the test is skipped, or fails where
// PORTAL_TEST_TOOLS is "required" and .ci/setup could have got it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	unpacked, err := filepath.Abs(filepath.Join("../.ci/deb", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(unpacked); err == nil {
		return unpacked
	}
	if os.Getenv("PORTAL_TEST_TOOLS") == "required" && (name == "promtool" || name == "kubectl") {
		t.Fatalf("%s is not there: .ci/setup", name)
	}
	t.Skipf("%s is not installed: what it checks was not checked", name)
	return ""
}

// check runs a tool and wants it content.
func check(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// portalBinary is the portal as it is released.
var portalBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "portal-deploy-") //nolint:usetesting // outlives one test
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "portal")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "cognito-enroll/cmd/portal") //nolint:noctx // for all tests
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if binary, err := portalBinary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(status)
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := portalBinary()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, path)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Whatever looks like one of the portal's settings is one.
func TestOnlySettingsThatExist(t *testing.T) {
	known := map[string]bool{
		"AWS_LWA_PORT": true, "AWS_LWA_READINESS_CHECK_PATH": true, // the Lambda Web Adapter's
	}
	for _, heading := range regexp.MustCompile("(?m)^### `([A-Z_]+)`").FindAllStringSubmatch(read(t, "../docs/configuration.md"), -1) {
		known[heading[1]], known[heading[1]+"_FILE"] = true, true
	}
	named := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".go") || strings.Contains(path, "lambda/code") {
			return err
		}
		for _, name := range regexp.MustCompile(`\b(?:PORTAL|COGNITO|OTEL|AWS)_[A-Z_]+\b`).FindAllString(read(t, path), -1) {
			if named++; !known[name] {
				t.Errorf("%s: no setting is called %s", path, name)
			}
		}
		return nil
	})
	if err != nil || named < 30 {
		t.Errorf("%d settings were seen, %v", named, err)
	}
}

// Every deployment says which proxies it has, or why it names none: limits for each network are off without them.
func TestProxiesAreNamed(t *testing.T) {
	for _, path := range []string{"compose/compose.yaml", "kubernetes/portal.yaml", "lambda/template.yaml", "systemd/portal.env", "terraform/main.tf"} {
		if !strings.Contains(read(t, path), "PORTAL_TRUSTED_PROXIES") {
			t.Errorf("%s: no word of PORTAL_TRUSTED_PROXIES", path)
		}
	}
}

// Dashboard and alerts ask for nothing that the portal does not tell.
func TestOnlyFiguresThatExist(t *testing.T) {
	families, labels := figures(t)
	for _, path := range []string{"grafana/dashboard.json", "prometheus/alerts.yaml", "prometheus/alerts.test.yaml"} {
		asked := regexp.MustCompile(`\b((?:portal|go|process)_[a-z0-9_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(read(t, path), -1)
		if len(asked) < 10 {
			t.Errorf("%s asks for %d figures", path, len(asked))
		}
		for _, figure := range asked {
			name := figure[1]
			if !families[name] {
				t.Errorf("%s: the portal has no %s", path, name)
			}
			family := regexp.MustCompile(`_bucket$`).ReplaceAllString(name, "")
			for _, pair := range regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*\\?["']([^"'\\]*)`).FindAllStringSubmatch(figure[2], -1) {
				values := labels[family+" "+pair[1]]
				if pair[1] == "le" || pair[1] == "instance" {
					continue
				}
				if values == nil && family != "portal_trace_spans_lost_total" {
					t.Errorf("%s: %s has no label %s", path, name, pair[1])
				}
				for value := range strings.SplitSeq(pair[2], "|") {
					if len(values) > 0 && !values[value] && value != "5.." {
						t.Errorf("%s: %s never has %s=%q", path, name, pair[1], value)
					}
				}
			}
		}
	}
}

// figures are the families that a running portal tells, and the values that their labels can have as far as that shows: by
// series that exist from the start, and else by the constants of the code that makes them.
func figures(t *testing.T) (families map[string]bool, labels map[string]map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), "-listen", "127.0.0.1:0", "-admin-listen", "0")
	cmd.Env = []string{"HOME=" + t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9"}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address := ""
	for lines := bufio.NewScanner(stderr); address == "" && lines.Scan(); {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "admin listener" {
			address = line.Address
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	families, labels = map[string]bool{}, map[string]map[string]bool{}
	for _, family := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		families[family[1]] = true
		if family[2] == "histogram" {
			families[family[1]+"_bucket"], families[family[1]+"_sum"], families[family[1]+"_count"] = true, true, true
		}
	}
	for _, series := range regexp.MustCompile(`(?m)^(\S+?)\{([^}]*)\} `).FindAllStringSubmatch(string(text), -1) {
		for _, pair := range regexp.MustCompile(`([a-z_]+)="([^"]*)"`).FindAllStringSubmatch(series[2], -1) {
			add(labels, series[1]+" "+pair[1], pair[2])
		}
	}
	for _, kind := range []string{"portal_http_requests_total method", "portal_http_requests_total route", "portal_http_requests_total code"} {
		labels[kind] = map[string]bool{} // seen only when used, and too many to list
	}
	for _, value := range []string{"read", "write"} {
		add(labels, "portal_store_calls_total kind", value)
	}
	for _, value := range []string{"ok", "not_found", "conflict", "unavailable"} {
		add(labels, "portal_store_calls_total outcome", value)
	}
	add(labels, "portal_upstream_calls_total outcome", "ok")
	for kind := range labels["portal_failures_total kind"] { // the same kinds
		add(labels, "portal_upstream_calls_total outcome", kind)
	}
	for _, operation := range []string{"InitiateAuth", "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference"} {
		add(labels, "portal_upstream_calls_total operation", operation)
		add(labels, "portal_upstream_call_duration_seconds operation", operation)
	}
	return families, labels
}

func add(labels map[string]map[string]bool, label, value string) {
	if labels[label] == nil {
		labels[label] = map[string]bool{}
	}
	labels[label][value] = true
}

// The alert rules are rules, each of them fires when it should, and none when all is well.
func TestAlerts(t *testing.T) {
	promtool := tool(t, "promtool")
	check(t, promtool, "check", "rules", "prometheus/alerts.yaml")
	check(t, promtool, "test", "rules", "prometheus/alerts.test.yaml")
	rules := len(regexp.MustCompile(`- alert: `).FindAllString(read(t, "prometheus/alerts.yaml"), -1))
	tested := len(regexp.MustCompile(`alertname: \w+, exp_alerts: \[\]`).FindAllString(read(t, "prometheus/alerts.test.yaml"), -1))
	if rules != tested || !strings.Contains(read(t, "prometheus/alerts.test.yaml"), `exp_samples: [{labels: "{}", value: `+fmt.Sprint(rules)+`}]`) {
		t.Errorf("%d rules, %d of them tested: add a case for each", rules, tested)
	}
}

func TestKubernetesManifests(t *testing.T) {
	out := check(t, tool(t, "kubectl"), "kustomize", "kubernetes")
	for _, kind := range []string{"Namespace", "ConfigMap", "Deployment", "PodDisruptionBudget", "Service", "NetworkPolicy", "Ingress"} {
		if !strings.Contains(out, "\nkind: "+kind+"\n") {
			t.Errorf("no %s in\n%s", kind, out)
		}
	}
}

// The template of SAM and the Terraform module, read by their makers' own code. Without Terraform's provider, which is not
// here, nothing can be said of the properties of its resources.
func TestServerlessTemplateAndTerraform(t *testing.T) {
	if testing.Short() {
		t.Skip("builds large libraries")
	}
	check(t, "go", "run", "-C", "../.ci/deploy", ".", "../../deploy")
}

// Amazon's own linter knows more of it than that, and is a Python package: it runs where it is installed.
func TestServerlessTemplateIsLinted(t *testing.T) {
	check(t, tool(t, "cfn-lint"), "--non-zero-exit-code", "warning", "lambda/template.yaml")
}

// Policies allow what docs/doctor.md says, on one pool, and nothing else.
func TestPolicies(t *testing.T) {
	page := read(t, "../docs/doctor.md")
	for _, path := range []string{"iam/doctor.json", "iam/helpdesk.json"} {
		var policy struct {
			Version   string
			Statement []struct {
				Sid, Effect, Resource string
				Action                []string
			}
		}
		decoder := json.NewDecoder(strings.NewReader(read(t, path)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&policy); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, statement := range policy.Statement {
			if !regexp.MustCompile(`^arn:aws:cognito-idp:[^*]+:userpool/[^*]+$`).MatchString(statement.Resource) {
				t.Errorf("%s: %s is more than one pool", path, statement.Resource)
			}
			for _, action := range statement.Action {
				if !strings.Contains(page, action) || strings.Contains(action, "*") {
					t.Errorf("%s: %s is not in docs/doctor.md", path, action)
				}
			}
		}
	}
}

// Whoever deploys with DynamoDB gets the same table and the same policy, whatever the tool.
func TestDynamoDBIsTheSameEverywhere(t *testing.T) {
	actions := func(path string) []string {
		found := regexp.MustCompile(`dynamodb:[A-Z][A-Za-z*]+`).FindAllString(read(t, path), -1)
		slices.Sort(found)
		return found
	}
	want := actions("iam/dynamodb.json")
	for _, path := range []string{"lambda/template.yaml", "terraform/store.tf"} {
		if got := actions(path); !slices.Equal(got, want) {
			t.Errorf("%s allows %q, want %q", path, got, want)
		}
	}
	for path, shape := range map[string][]string{
		"lambda/template.yaml": {"{AttributeName: pk, KeyType: HASH}", "{AttributeName: sk, KeyType: RANGE}", "{AttributeName: ttl, Enabled: true}"},
		"terraform/store.tf":   {`hash_key                    = "pk"`, `range_key                   = "sk"`, `attribute_name = "ttl"`},
	} {
		for _, part := range shape {
			if !strings.Contains(read(t, path), part) {
				t.Errorf("%s: no %s", path, part)
			}
		}
	}
}

// systemd reads the unit, and thinks it well closed.
func TestSystemdUnit(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	unit := filepath.Join(t.TempDir(), "portal.service")
	text := strings.ReplaceAll(read(t, "systemd/portal.service"), "/usr/local/bin/portal", binary(t))
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, analyze, "verify", "--man=no", unit)
	check(t, analyze, "security", "--offline=true", "--threshold=20", unit) // 2.0 of 10
}

// The settings that come with the unit are settings, and the portal starts with them.
func TestSystemdSettings(t *testing.T) {
	out := check(t, binary(t), "config", "-config", "systemd/portal.env")
	for _, want := range []string{"https://mfa.example.com", "127.0.0.1:8080", "Service desk: 555 0100"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// The image is the binary and certificates, run by a user who owns nothing; what is copied exists.
func TestContainerfile(t *testing.T) {
	var last []string
	for line := range strings.Lines(read(t, "Containerfile")) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if fields[0] == "FROM" {
			last = nil
		}
		last = append(last, strings.TrimSpace(line))
	}
	for _, want := range []string{"FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/portal"]`, "COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt"} {
		if !slices.Contains(last, want) {
			t.Errorf("no %q in the last stage: %q", want, last)
		}
	}
	if slices.ContainsFunc(last, func(line string) bool { return strings.HasPrefix(line, "RUN") }) {
		t.Error("nothing can run in an empty image")
	}
}
