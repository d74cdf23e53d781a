package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// environment is a lookupEnv over pairs of name and value.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestConfigurationFaultsAreReportedAllAtOnce(t *testing.T) {
	_, err := readConfig([]string{"-log-level", "loud", "surplus"}, environment(
		"PORTAL_LISTEN", "0.0.0.0:80", "PORTAL_SESSION_KEYS", "c2hvcnQ", "PORTAL_PASSWORD_POLICY", "4,sparkle",
		"PORTAL_PUBLIC_URL", "mfa.example.com", "COGNITO_AUTH_SESSION_VALIDITY", "1h", "PORTAL_DEMO_MFA", "perhaps",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://cognito.example.com",
	), io.Discard)
	for _, want := range []string{
		"-log-level", `unknown argument "surplus"`, "PORTAL_LISTEN", "PORTAL_SESSION_KEYS: key 1", "PORTAL_PASSWORD_POLICY",
		"PORTAL_PUBLIC_URL", "COGNITO_AUTH_SESSION_VALIDITY", "PORTAL_DEMO_MFA", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in:\n%v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "c2hvcnQ") {
		t.Error("the faulty key is printed")
	}

	path := settingsFile(t, "PORTAL_WEBHOOK_SECRETS=whsec_AAAA,", "whsec_c2VjcmV0=", "portal_brand=x", "PORTAL_BRNAD=x") // a value that an editor wrapped
	_, err = readConfig([]string{"-config", path}, environment(), io.Discard)
	for _, want := range []string{path + ":2: want NAME=value", path + ":3: want NAME=value", path + `:4: no setting is called "PORTAL_BRNAD"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
		t.Error("the second line of a secret is printed as a name")
	}
}

// Which combinations of demo, address and pool start, and which are refused.
func TestWhatMayBeServedWhere(t *testing.T) {
	pool := []string{"COGNITO_USER_POOL_ID", "eu-central-1_AbCdEf123", "COGNITO_CLIENT_ID", "abc"}
	for _, test := range []struct {
		what   string
		env    []string
		refuse string // what the refusal names; "" when it must start
	}{
		{"demo on loopback", nil, ""},
		{"demo on IPv6 loopback", []string{"PORTAL_LISTEN", "[::1]:8080"}, ""},
		{"demo for the network", []string{"PORTAL_LISTEN", "0.0.0.0:8080"}, "PORTAL_LISTEN"},
		{"demo on every address", []string{"PORTAL_LISTEN", ":8080"}, "PORTAL_LISTEN"},
		{"demo with a public address", []string{"PORTAL_PUBLIC_URL", "https://mfa.example.com"}, "PORTAL_PUBLIC_URL"},
		{"demo with a loopback address", []string{"PORTAL_PUBLIC_URL", "http://localhost:8080"}, ""},
		{"pool without client", pool[:2], "COGNITO_CLIENT_ID"},
		{"client without pool", pool[2:], "COGNITO_USER_POOL_ID"},
		{"pool on loopback", pool, ""},
		{"pool for the network, no address", append([]string{"PORTAL_LISTEN", ":443"}, pool...), "PORTAL_PUBLIC_URL"},
		{"pool for the network", append([]string{"PORTAL_LISTEN", ":443", "PORTAL_PUBLIC_URL", "https://mfa.example.com"}, pool...), ""},
		{"pool by plain http", append([]string{"PORTAL_PUBLIC_URL", "http://mfa.example.com"}, pool...), "PORTAL_PUBLIC_URL"},
		{"address with a path", append([]string{"PORTAL_PUBLIC_URL", "https://example.com/mfa"}, pool...), "PORTAL_PUBLIC_URL"},
		{"names that a proxy uses", append([]string{"PORTAL_OTHER_HOSTS", "*.lambda-url.eu-central-1.on.aws, Inner.example.net"}, pool...), ""},
		{"any name", append([]string{"PORTAL_OTHER_HOSTS", "*"}, pool...), "PORTAL_OTHER_HOSTS"},
		{"half of all names", append([]string{"PORTAL_OTHER_HOSTS", "*.com"}, pool...), "PORTAL_OTHER_HOSTS"},
		{"a star inside", append([]string{"PORTAL_OTHER_HOSTS", "a*.example.com"}, pool...), "PORTAL_OTHER_HOSTS"},
		{"a name with a port", append([]string{"PORTAL_OTHER_HOSTS", "inner.example.net:8080"}, pool...), "PORTAL_OTHER_HOSTS"},
		{"an address for a name", append([]string{"PORTAL_OTHER_HOSTS", "https://inner.example.net"}, pool...), "PORTAL_OTHER_HOSTS"},
		{"pool without region", []string{"COGNITO_USER_POOL_ID", "nonsense", "COGNITO_CLIENT_ID", "abc"}, "AWS_REGION"},
		{"pool with region", []string{"COGNITO_USER_POOL_ID", "nonsense", "COGNITO_CLIENT_ID", "abc", "AWS_REGION", "eu-central-1"}, ""},
	} {
		_, err := readConfig(nil, environment(test.env...), io.Discard)
		if test.refuse == "" && err != nil || test.refuse != "" && (err == nil || !strings.Contains(err.Error(), test.refuse)) {
			t.Errorf("%s: %v, want a refusal that names %q", test.what, err, test.refuse)
		}
	}
}

func TestSettingsComeFromFlagThenEnvironmentThenFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig([]string{"-brand", "Flag"}, environment("PORTAL_BRAND", "Environment", "PORTAL_ISSUER", "Issuer",
		"COGNITO_CLIENT_SECRET_FILE", file, "COGNITO_AUTH_SESSION_VALIDITY", "15"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Brand != "Flag" || c.Issuer != "Issuer" || c.ClientSecret.Reveal() != "from-the-file" || c.SessionValidity != 15*time.Minute {
		t.Errorf("brand %q, issuer %q, validity %v, or the secret's file was not read", c.Brand, c.Issuer, c.SessionValidity)
	}
	if _, err := readConfig(nil, environment("PORTAL_SESSION_KEYS_FILE", file+".missing"), io.Discard); err == nil {
		t.Error("a missing file is no fault")
	}
}

func TestCommands(t *testing.T) {
	output := func(args ...string) (string, error) {
		var stdout bytes.Buffer
		err := run(t.Context(), args, environment(), &stdout, io.Discard)
		return strings.TrimSpace(stdout.String()), err
	}
	key, err := output("keys")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readConfig(nil, environment("PORTAL_SESSION_KEYS", key), io.Discard); err != nil {
		t.Errorf("what keys prints is refused: %v", err)
	}
	code, err := output("code", "GEZD", "GNBV", "GY3T", "QOJQ")
	if err != nil || !regexp.MustCompile(`^\d{6} \(for \d+ more seconds\)$`).MatchString(code) {
		t.Errorf("code prints %q, %v", code, err)
	}
	if _, err := output("code", "not a key!"); err == nil {
		t.Error("code takes anything")
	}
	if version, err := output("version"); err != nil || !strings.HasPrefix(version, "cognito-enroll ") {
		t.Errorf("version prints %q, %v", version, err)
	}
	if _, err := output("fly"); err == nil {
		t.Error("an unknown command is no fault")
	}
}

// The demo as a newcomer has it: one command, an address, accounts, a banner with them on every page.
func TestTheDemo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stdout, write := io.Pipe()
	log := sweeptest.Of(t).Log(io.Discard)
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-listen", "127.0.0.1:0"}, environment(), write, log)
		_ = write.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(stdout)
	address, accounts := "", map[string][]string{}
	for lines.Scan() {
		if at := regexp.MustCompile(`http://\S+`).FindString(lines.Text()); at != "" {
			address = at
		}
		if fields := strings.Fields(lines.Text()); len(fields) >= 3 {
			accounts[fields[0]] = fields[1:]
		}
		if strings.HasPrefix(lines.Text(), "The present code") {
			break
		}
	}
	for name, state := range map[string]string{"ada": "new", "grace": "temporary-password", "edsger": "enrolled", "dana": "agent"} {
		if len(accounts[name]) < 2 || accounts[name][1] != state {
			t.Fatalf("account %s is %v, want state %s", name, accounts[name], state)
		}
	}
	b := newBrowser(t, address)
	b.get("/nope")
	if !strings.Contains(b.page.Text(".demo"), accounts["ada"][0]) {
		t.Errorf("the banner says %q", b.page.Text(".demo"))
	}
	b.get("/sign-in")
	b.submit("/sign-in", "username", "ada", "password", accounts["ada"][0])
	b.submit("/set-up/verify", "code", b.code(time.Now()))
	if b.path != "/done" {
		t.Errorf("ended at %s: %s", b.path, b.page.Text("main"))
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
}

// The process is killed between every two requests, and nobody notices. The pool is a process of its own, which the
// portal reaches as it reaches a real one: by configuration alone, without IAM credentials unless its store needs them.
func TestTheProcessIsKilledBetweenAnyTwoRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	portalBinary, poolBinary := buildCommand(t, "cognito-enroll/cmd/portal"), buildCommand(t, "cognito-enroll/cmd/userpool")
	t.Run("with a file", func(t *testing.T) {
		store := "sqlite:" + filepath.Join(t.TempDir(), "portal.db")
		sweeptest.Of(t).Store(store)
		killBetweenRequests(t, portalBinary, poolBinary, "PORTAL_STORE="+store)
	})
	t.Run("with a table", func(t *testing.T) {
		store := dynamotest.Table(t)
		sweeptest.Of(t).Store(store)
		killBetweenRequests(t, portalBinary, poolBinary, "PORTAL_STORE="+store,
			"AWS_ENDPOINT_URL_DYNAMODB="+dynamotest.Endpoint(), "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local")
	})
}

func killBetweenRequests(t *testing.T, portalBinary, poolBinary string, store ...string) {
	t.Helper()
	pool := startProcess(t, poolBinary, nil, "-listen", "127.0.0.1:0", "-mfa", "on")
	var info userpool.Info
	if err := json.Unmarshal([]byte(pool.line(t)), &info); err != nil {
		t.Fatalf("the pool's first line: %v", err)
	}
	password := ""
	for _, user := range info.Users {
		if user.State == userpool.StateTemporaryPassword {
			password = user.Password
		}
	}
	env := append(
		store,
		"COGNITO_USER_POOL_ID="+info.UserPoolID, "COGNITO_CLIENT_ID="+info.SecretClientID, "COGNITO_CLIENT_SECRET="+info.SecretClientSecret,
		"AWS_REGION="+info.Region, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+info.Endpoint,
		"PORTAL_SESSION_KEYS="+session.NewKey().Encode().Reveal(),
	)
	var portal *process
	b := newBrowser(t, "")
	killed := func() {
		t.Helper()
		if portal != nil {
			portal.kill()
		}
		portal = startProcess(t, portalBinary, env, "-listen", "127.0.0.1:0")
		address := regexp.MustCompile(`listens on (\S+)`).FindStringSubmatch(portal.line(t))
		if address == nil {
			t.Fatal("the portal does not say where it listens")
		}
		b.moveTo("http://" + address[1])
	}
	killed()
	b.get("/sign-in")
	killed()
	b.submit("/sign-in", "username", "grace", "password", password)
	killed()
	b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1")
	key := b.page.Text("#key")
	picture := b.raw("/set-up/qr.png")
	killed()
	if again := b.raw("/set-up/qr.png"); len(picture) == 0 || !bytes.Equal(again, picture) {
		t.Error("another QR code after the kill")
	}
	killed()
	if b.get("/set-up"); key == "" || b.page.Text("#key") != key {
		t.Error("another key after the kill")
	}
	killed()
	b.submit("/set-up/verify", "code", "000000", "device", "Phone")
	killed()
	b.submit("/set-up/verify", "code", b.code(time.Now()))
	if b.path != "/done" || !strings.Contains(b.page.Text("main"), "Phone") {
		t.Errorf("ended at %s: %s", b.path, b.page.Text("main"))
	}
	killed()
	b.get("/done")
	if b.path != "/done" {
		t.Errorf("after the last kill: %s", b.path)
	}
}

// process is a program of ours that runs.
type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Scanner
}

func buildCommand(t testing.TB, pkg string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(pkg))
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return binary
}

func startProcess(t testing.TB, binary string, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(env, "HOME="+t.TempDir(), "AWS_EC2_METADATA_DISABLED=true")
	secrets := sweeptest.Of(t)
	secrets.Settings(env...)
	cmd.Stderr = secrets.Log(t.Output())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, stdout: bufio.NewScanner(stdout)}
	t.Cleanup(p.kill)
	return p
}

func (p *process) line(t testing.TB) string {
	t.Helper()
	if !p.stdout.Scan() {
		t.Fatalf("%s printed nothing: %v", p.cmd.Path, p.stdout.Err())
	}
	return p.stdout.Text()
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // SIGKILL: no time to say goodbye
	_ = p.cmd.Wait()
}

// browser is a person without script.
type browser struct {
	t    *testing.T
	base string
	http http.Client
	path string
	page *htmltest.Page
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, base: base, http: http.Client{Jar: jar, Transport: sweeptest.Of(t).Transport(http.DefaultTransport)}}
}

// moveTo takes the cookies along to another port, as a browser does: cookies know no ports.
func (b *browser) moveTo(base string) { b.base = base }

func (b *browser) raw(path string) []byte {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil)
}

func (b *browser) get(path string) {
	b.t.Helper()
	b.page = htmltest.Parse(b.t, b.send(http.MethodGet, path, nil))
}

func (b *browser) submit(action string, pairs ...string) {
	b.t.Helper()
	b.page = htmltest.Parse(b.t, b.send(http.MethodPost, action, b.page.Form(action, pairs...)))
}

func (b *browser) send(method, path string, form url.Values) []byte {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		b.t.Fatal(err)
	}
	b.path = answer.Request.URL.Path
	return body
}

// code is what an app shows that has just scanned the page.
func (b *browser) code(at time.Time) string {
	b.t.Helper()
	key, err := totp.Decode(b.page.Text("#key"))
	if err != nil {
		b.t.Fatalf("at %s, no key: %s", b.path, b.page.Text("main"))
	}
	return totp.Code(key, totp.Step(at))
}
