package deploy_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// The compose file's two nodes and its load balancer, as processes here: the store is one SQLite file in PostgreSQL's place
// (internal/store has its own tests with a real server). An enrollment goes through nginx over TLS, and the node that
// answered last is killed before each step.
func TestTwoNodesBehindTheLoadBalancer(t *testing.T) {
	nginx := tool(t, "nginx")
	embedded, err := userpool.New(userpool.Options{MFA: userpool.MFAOn})
	if err != nil {
		t.Fatal(err)
	}
	if err := embedded.Seed(); err != nil {
		t.Fatal(err)
	}
	pool := httptest.NewServer(embedded)
	t.Cleanup(pool.Close)
	info, dir := embedded.Info(), t.TempDir()
	balancer, keys := freePort(t), strings.TrimSpace(check(t, binary(t), "keys"))
	settings := []string{
		"PORTAL_PUBLIC_URL=https://" + balancer, "PORTAL_SESSION_KEYS=" + keys, "PORTAL_STORE=sqlite:" + filepath.Join(dir, "portal.db"),
		"COGNITO_USER_POOL_ID=" + info.UserPoolID, "COGNITO_CLIENT_ID=" + info.ClientID, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + pool.URL,
	}
	addresses := [2]string{freePort(t), freePort(t)}
	var nodes [2]*exec.Cmd
	for i, address := range addresses {
		nodes[i] = startNode(t, address, settings)
	}

	certificate := startNginx(t, nginx, dir, balancer, addresses)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	client := &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}}
	path := ""
	send := func(method, target string, form url.Values) *htmltest.Page {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+balancer+target, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://"+balancer)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode >= http.StatusInternalServerError {
			t.Fatalf("%s %s: %s, %v\n%s", method, target, answer.Status, err, body)
		}
		path = answer.Request.URL.Path
		return htmltest.Parse(t, body)
	}
	killed := 0
	kill := func() { // the other one has to go on
		t.Helper()
		_ = nodes[killed].Process.Kill()
		_ = nodes[killed].Wait()
		nodes[1-killed] = running(t, nodes[1-killed], addresses[1-killed], settings)
		killed = 1 - killed
	}

	page := send(http.MethodGet, "/sign-in", nil)
	kill()
	page = send(http.MethodPost, "/sign-in", page.Form("/sign-in", "username", "ada", "password", passwordOf(info, "ada")))
	kill()
	key, err := totp.Decode(page.Text("#key"))
	if err != nil {
		t.Fatalf("at %s: %s", path, page.Text("main"))
	}
	page = send(http.MethodPost, "/set-up/verify", page.Form("/set-up/verify", "code", totp.Code(key, totp.Step(time.Now()))))
	if path != "/done" {
		t.Errorf("ended at %s: %s", path, page.Text("main"))
	}
}

func passwordOf(info userpool.Info, name string) string {
	for _, user := range info.Users {
		if user.Username == name {
			return user.Password
		}
	}
	return ""
}

// running starts a node again if it was killed.
func running(t *testing.T, node *exec.Cmd, address string, settings []string) *exec.Cmd {
	t.Helper()
	if node.ProcessState == nil {
		return node
	}
	return startNode(t, address, settings)
}

func startNode(t *testing.T, address string, settings []string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), "-listen", address)
	cmd.Env = append([]string{"HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}, settings...)
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if lines := bufio.NewScanner(stdout); !lines.Scan() {
		t.Fatalf("%s does not start", address)
	}
	return cmd
}

// startNginx runs the compose file's nginx.conf with its names and paths replaced, and waits until it serves.
func startNginx(t *testing.T, nginx, dir, address string, nodes [2]string) *x509.Certificate {
	t.Helper()
	certificate := writeCertificate(t, dir)
	_, port, _ := strings.Cut(address, ":")
	text := strings.NewReplacer(
		"portal-1:8080", nodes[0], "portal-2:8080", nodes[1], "/etc/nginx/certs", dir, "listen 443 ssl", "listen 127.0.0.1:"+port+" ssl",
		"/tmp/nginx.pid", filepath.Join(dir, "nginx.pid"), "worker_processes auto", "worker_processes 1",
		"access_log /dev/stdout portal", "access_log "+filepath.Join(dir, "access.log")+" portal", "/dev/stderr", "stderr",
	).Replace(read(t, "compose/nginx.conf"))
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} { // where this build of it would write
		text = strings.Replace(text, "http {", "http {\n    "+kind+"_temp_path "+filepath.Join(dir, kind)+";", 1)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-p", dir, "-c", file, "-e", "stderr"}
	check(t, nginx, append([]string{"-t"}, arguments...)...)
	cmd := exec.CommandContext(t.Context(), nginx, append(arguments, "-g", "daemon off; master_process off;")...) // one process to end
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 1000 { // it tells nobody when it listens
		if line, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			_ = line.Close()
			return certificate
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
	return nil
}

func writeCertificate(t *testing.T, dir string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "portal"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// freePort is an address on loopback that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// The compose file names two nodes that the load balancer knows, and settings alone that must be given.
func TestComposeFile(t *testing.T) {
	text, conf := read(t, "compose/compose.yaml"), read(t, "compose/nginx.conf")
	nodes := regexp.MustCompile(`(?m)^  (portal-\d): \*portal$`).FindAllStringSubmatch(text, -1)
	for i, node := range nodes {
		if node[1] != "portal-"+strconv.Itoa(i+1) || !strings.Contains(conf, "server "+node[1]+":8080") {
			t.Errorf("%s is not among nginx's nodes", node[1])
		}
	}
	if len(nodes) != 2 || strings.Contains(text, "\t") {
		t.Errorf("%d nodes", len(nodes))
	}
	python := tool(t, "python3")
	if exec.CommandContext(t.Context(), python, "-c", "import yaml").Run() != nil {
		t.Skip("no YAML parser: the compose file was not parsed")
	}
	check(t, python, "-c", `
import sys, yaml
services = yaml.safe_load(open("compose/compose.yaml"))["services"]
for name in "portal-1", "portal-2":
    node = services[name]
    assert node["read_only"] and node["cap_drop"] == ["ALL"], name
    assert node["environment"]["PORTAL_STORE"].startswith("postgres://"), name
assert "/etc/nginx/nginx.conf" in services["balancer"]["volumes"][0]
`)
}
