package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/doctor"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// visitDoctor runs the command and answers what it printed and its exit status.
func visitDoctor(t *testing.T, args []string, env ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, log bytes.Buffer
	sweeptest.Of(t).Artefact("what the doctor says", func() []byte { return append(out.Bytes(), log.Bytes()...) })
	err := run(t.Context(), append([]string{"doctor"}, args...), environment(env...), &out, &log)
	if code, told := errors.AsType[exitStatus](err); told {
		status = int(code)
	} else if err != nil {
		t.Fatalf("doctor %q: %v", args, err)
	}
	return out.String(), log.String(), status
}

// servePool serves an embedded pool on loopback, as a Cognito-compatible endpoint, and answers the settings for it. The
// SDK finds the IAM credentials in the environment, if there shall be any.
func servePool(t *testing.T, options userpool.Options, signed bool) (*userpool.Pool, []string) {
	t.Helper()
	pool, err := userpool.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sweeptest.Of(t).Handler(pool))
	t.Cleanup(server.Close)
	info := pool.Info()
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	if signed {
		t.Setenv("AWS_ACCESS_KEY_ID", info.AccessKeyID)
		t.Setenv("AWS_SECRET_ACCESS_KEY", info.SecretAccessKey)
	}
	return pool, []string{
		"COGNITO_USER_POOL_ID", info.UserPoolID, "COGNITO_CLIENT_ID", info.ClientID,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", server.URL,
	}
}

func soundPool() userpool.Options {
	return userpool.Options{Region: "eu-central-1", SessionValidity: 15 * time.Minute, PreventUserExistenceErrors: true}
}

// golden compares with a file, in which the ids that differ in every run have names.
func golden(t *testing.T, name, got string, info userpool.Info) {
	t.Helper()
	got = strings.NewReplacer(info.UserPoolID, "eu-central-1_POOL", info.ClientID, "CLIENT", info.SecretClientID, "SECRETCLIENT").Replace(got)
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" { // defined by internal/htmltest
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it)\n got %s\nwant %s", path, got, want)
	}
}

func TestDoctorOfASoundPool(t *testing.T) {
	pool, env := servePool(t, soundPool(), true)
	env = append(env, "COGNITO_AUTH_SESSION_VALIDITY", "15")
	out, _, status := visitDoctor(t, []string{"-json"}, env...)
	if status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	golden(t, "doctor-sound.json", out, pool.Info())
	out, _, _ = visitDoctor(t, nil, env...)
	golden(t, "doctor-sound.txt", out, pool.Info())
}

func TestDoctorOfAFaultyPool(t *testing.T) {
	options := soundPool()
	options.TOTPOff, options.SMS, options.SessionValidity, options.PreventUserExistenceErrors = true, true, 3*time.Minute, false
	pool, env := servePool(t, options, true)
	out, _, status := visitDoctor(t, []string{"-json"}, env...)
	if status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	golden(t, "doctor-faulty.json", out, pool.Info())
	out, _, _ = visitDoctor(t, nil, env...)
	golden(t, "doctor-faulty.txt", out, pool.Info())
}

func TestDoctorWithoutIAM(t *testing.T) {
	pool, env := servePool(t, soundPool(), false)
	out, _, status := visitDoctor(t, nil, append(env, "COGNITO_AUTH_SESSION_VALIDITY", "15")...)
	if status != 0 {
		t.Errorf("exit status %d, want 0: what was not checked is no fault", status)
	}
	golden(t, "doctor-unsigned.txt", out, pool.Info())
}

func TestDoctorOfTheDemo(t *testing.T) {
	out, _, status := visitDoctor(t, []string{"-json"})
	if status != 3 || !strings.Contains(out, `"demo": true`) || !strings.Contains(out, "COGNITO_AUTH_SESSION_VALIDITY=15") {
		t.Errorf("exit status %d, want 3 with advice on the session: %s", status, out)
	}
	out, _, status = visitDoctor(t, []string{"-session-validity", "15m"})
	if status != 0 || !strings.Contains(out, "embedded pool of the demo") {
		t.Errorf("exit status %d, want 0: %s", status, out)
	}
}

func TestDoctorOfSettingsThatCannotBeUsed(t *testing.T) {
	out, _, status := visitDoctor(t, []string{"-json"}, "COGNITO_USER_POOL_ID", "eu-central-1_AbCdEf123", "PORTAL_SESSION_KEYS", "c2hvcnQ")
	var report doctor.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if status != 1 || len(report.Findings) == 0 || report.Findings[0].ID != "configuration" {
		t.Errorf("exit status %d, findings %+v", status, report.Findings)
	}
	for _, want := range []string{"COGNITO_CLIENT_ID", "PORTAL_SESSION_KEYS"} {
		if !strings.Contains(report.Findings[0].What, want) {
			t.Errorf("no word of %s in %q", want, report.Findings[0].What)
		}
	}
	if strings.Contains(out, "c2hvcnQ") {
		t.Error("the faulty key is printed")
	}
}

func TestDoctorIsUsedWrongly(t *testing.T) {
	if _, stderr, status := visitDoctor(t, []string{"-nonsense"}); status != 2 || !strings.Contains(stderr, "nonsense") {
		t.Errorf("exit status %d, %s", status, stderr)
	}
	var stderr bytes.Buffer
	if err := run(t.Context(), []string{"doctor", "-h"}, environment(), io.Discard, &stderr); !errors.Is(err, flag.ErrHelp) || !strings.Contains(stderr.String(), "Exit status: 0 sound") {
		t.Errorf("help: %v, %s", err, stderr.String())
	}
}

// The portal behind a proxy, visited with the largest cookie.
func TestDoctorVisitsThePortal(t *testing.T) {
	healthy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	limited := func(limit int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.Header.Get("Cookie")) > limit {
				w.WriteHeader(http.StatusRequestHeaderFieldsTooLarge)
				return
			}
			healthy(w, r)
		})
	}
	for _, test := range []struct {
		what          string
		proxy         http.Handler
		usual, larger bool // whether the portal answers without and with the largest cookie
		renamed       bool // whether its pages are refused for their host
	}{
		{"no proxy", healthy, true, true, false},
		{"a proxy that says another Host", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				w.WriteHeader(http.StatusMisdirectedRequest)
				return
			}
			healthy(w, r)
		}), true, true, true},
		{"a proxy that takes 8 kB", limited(8 << 10), true, true, false},
		{"a proxy that takes 4 kB", limited(4 << 10), true, false, false},
		{"a sign-in of its own in front", http.RedirectHandler("/login", http.StatusFound), false, false, false},
		{"somebody else", http.NotFoundHandler(), false, false, false},
	} {
		server := httptest.NewServer(test.proxy)
		public, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		visit := newVisitor(public)
		usual, larger := visit.Visit(t.Context(), false), visit.Visit(t.Context(), true)
		if usual.Renamed != test.renamed || usual.Healthy != test.usual || larger.Healthy != test.larger || usual.Cookie != 0 || larger.Cookie < 5000 || larger.Status == 0 {
			t.Errorf("%s: %+v, %+v", test.what, usual, larger)
		}
		server.Close()
		if gone := visit.Visit(t.Context(), true); gone.Healthy || gone.Status != 0 || gone.Seen == "" {
			t.Errorf("%s, when it is gone: %+v", test.what, gone)
		}
	}
}

// What the doctor sends is no smaller than what an enrollment sends.
func TestNoFlowIsLargerThanTheDoctorsCookie(t *testing.T) {
	key := secret.New(strings.Repeat("A", 52))
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	flow := enroll.Flow{
		Step: enroll.StepScan, Username: strings.Repeat("n", 128), Until: now, Key: key, KeyMade: now, Earlier: []secret.Text{key, key},
		DeviceName: strings.Repeat("\u6f22", 64), Spent: enroll.Spent{Code: secret.New("123456"), At: now},
	}
	for range 8 {
		flow.Methods = append(flow.Methods, flow.Method)
	}
	flow.Destination, flow.Attributes = strings.Repeat("*", 64), []string{strings.Repeat("a", 128)}
	flow.Authority.AccessToken = secret.New(strings.Repeat("t", 3<<10))
	data, err := flow.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > largestFlow {
		t.Errorf("a flow of %d bytes, the doctor tries %d", len(data), largestFlow)
	}
}

// A script sees the status of the process itself.
func TestDoctorsExitStatusIsTheProcesss(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	binary := buildCommand(t, "cognito-enroll/cmd/portal")
	for want, args := range map[int][]string{
		0: {"doctor", "-session-validity", "15m"}, 1: {"doctor", "-listen", "0.0.0.0:80"}, 2: {"doctor", "-nonsense"}, 3: {"doctor"},
	} {
		cmd := exec.CommandContext(t.Context(), binary, args...)
		cmd.Env = []string{"HOME=" + t.TempDir()}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%q: exit status %d, want %d\n%s", args, got, want, out)
		}
	}
}

// docs/doctor.md lists every finding that there is.
func TestEveryFindingIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` ").FindAllStringSubmatch(string(page), -1) {
		documented[row[1]] = true
	}
	files, err := filepath.Glob("../../internal/doctor/*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"configuration": true}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, call := range regexp.MustCompile(`e\.(?:ok\(|unseen\(|found\(\w+, )"([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
			used[call[1]] = true
		}
	}
	for id := range used {
		if !documented[id] {
			t.Errorf("docs/doctor.md does not list %s", id)
		}
	}
	for id := range documented {
		if !used[id] {
			t.Errorf("docs/doctor.md lists %s, which there is not", id)
		}
	}
}

// The policy is printed for the configured pool, and is the one in deploy/ and docs/helpdesk.md.
func TestThePolicyOfTheHelpDesk(t *testing.T) {
	var out bytes.Buffer
	env := environment("COGNITO_USER_POOL_ID", "us-gov-west-1_AbCdEf123", "COGNITO_CLIENT_ID", "abc")
	if err := run(t.Context(), []string{"doctor", "-iam-policy"}, env, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if want := doctor.HelpDeskPolicy("arn:aws-us-gov:cognito-idp:us-gov-west-1:*:userpool/us-gov-west-1_AbCdEf123"); out.String() != want {
		t.Errorf("printed %s", out.String())
	}
	if !json.Valid(out.Bytes()) {
		t.Error("what is printed is no JSON")
	}
	want := doctor.HelpDeskPolicy("arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_AbCdEf123")
	for _, path := range []string{"../../deploy/iam/helpdesk.json", "../../docs/helpdesk.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s does not have\n%s", path, want)
		}
	}
}
