package prove_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
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
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// cluster is the portal as deploy/compose runs it: nodes that know nothing of one another behind nginx, without sticky
// sessions, on one PostgreSQL. The pool is a process, too, and all calls to it pass poolProxy.
type cluster struct {
	testing.TB

	host      net.IP // of loopback, its own: nobody else takes its ports
	dir       string
	info      userpool.Info
	pool      *process
	proxy     *poolProxy
	balancer  string // address
	roots     *x509.CertPool
	store     string // URL
	keys      []string
	nodes     []*node
	settings  []string  // of the nodes
	binary    string    // of the portal, for nodes and commands that begin now
	everybody []*person // so far
	secrets   *sweeptest.Secrets
}

type clusterOptions struct {
	nodes    int
	mfa      string   // of the pool
	settings []string // that win over the cluster's own
	store    string   // default: PostgreSQL
	direct   bool     // without a load balancer
	desk     bool     // there is a help desk
	caching  bool     // the load balancer keeps all that it may
	binary   string   // that the nodes begin with; default: this version's
}

// node is one portal. Its process comes and goes.
type node struct {
	address string
	admin   string // where its figures are
	mu      sync.Mutex
	process *process
	starts  int
	run     func() (*process, error)
}

const password = "Correct-Horse-9"

func openCluster(t testing.TB, o clusterOptions) *cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	c := &cluster{TB: t, secrets: sweeptest.Of(t), dir: t.TempDir(), host: aHost(), store: o.store, keys: []string{session.NewKey().Encode().Reveal()}}
	if c.store == "" {
		c.store = postgrestest.Database(t)
	}
	if o.mfa == "" {
		o.mfa = "on"
	}
	c.binary = o.binary
	if c.binary == "" {
		c.binary = built(t, portalBinary)
	}
	c.secrets.Store(c.store)
	t.Cleanup(func() { // before its folder goes, and after the processes have gone
		for _, name := range c.logs() {
			text, err := os.ReadFile(name) //nolint:gosec // the test's own
			c.must(err)
			c.secrets.Artefact(name, func() []byte { return text })
		}
	})
	c.pool = start(t, c.path("pool.log"), built(t, poolBinary), nil,
		"-listen", "127.0.0.1:0", "-control", "-mfa", o.mfa, "-session-validity", "15m")
	c.must(json.Unmarshal([]byte(c.pool.first), &c.info))
	c.proxy = newPoolProxy(t, c.info.Endpoint)
	c.secrets.Add(sweeptest.Password, password)
	c.balancer = freePort(t, c.host)
	scheme := "https://"
	if o.direct {
		scheme = "http://"
	}
	c.writeKeys()
	settings := append([]string{
		"PORTAL_PUBLIC_URL=" + scheme + c.balancer, "PORTAL_CONFIG=" + c.path("keys.env"), "PORTAL_STORE=" + c.store,
		"COGNITO_USER_POOL_ID=" + c.info.UserPoolID, "COGNITO_CLIENT_ID=" + c.info.ClientID, "AWS_REGION=" + c.info.Region,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + c.proxy.url, "COGNITO_AUTH_FLOW=password", "COGNITO_MFA=" + o.mfa,
		"COGNITO_AUTH_SESSION_VALIDITY=15", "COGNITO_QUOTA_SIGN_IN=100000", "COGNITO_QUOTA_UPDATES=100000",
		"PORTAL_TRUSTED_PROXIES=127.0.0.1/32", "PORTAL_LOG_LEVEL=debug",
	}, o.settings...)
	if o.desk {
		settings = append(settings, "PORTAL_DESK_GROUPS=desk=agent", "AWS_ACCESS_KEY_ID="+c.info.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.info.SecretAccessKey)
	}
	c.settings = settings
	for i := range o.nodes {
		n := &node{address: freePort(t, c.host), admin: freePort(t, c.host)}
		if o.direct {
			n.address = c.balancer
		}
		n.run = func() (*process, error) {
			return launch(c.path(fmt.Sprintf("node-%d.log", i)), c.binary, settings, "-listen", n.address, "-admin-listen", n.admin)
		}
		c.nodes = append(c.nodes, n)
		c.must(n.start())
		t.Cleanup(func() { n.stop(syscall.SIGKILL) })
	}
	if !o.direct {
		c.startNginx(o.caching)
	}
	return c
}

// aHost is an address of loopback that nobody else is likely to use.
func aHost() net.IP {
	var some [3]byte
	_, _ = rand.Read(some[:]) // never fails
	return net.IPv4(127, 64+some[0]%64, some[1], 1+some[2]%254)
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

func (c *cluster) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// writeKeys writes the file of settings that the nodes read anew when they are told to.
func (c *cluster) writeKeys() {
	c.Helper()
	for _, key := range c.keys {
		c.secrets.Add(sweeptest.PortalKey, key)
	}
	next := c.path("keys.env.new")
	c.must(os.WriteFile(next, []byte("PORTAL_SESSION_KEYS="+strings.Join(c.keys, ",")+"\n"), 0o600))
	c.must(os.Rename(next, c.path("keys.env")))
}

func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var err error
	if n.process, err = n.run(); err != nil {
		return err
	}
	n.starts++
	if !strings.Contains(n.process.first, "listens on") {
		return fmt.Errorf("%s does not start: %q", n.address, n.process.first)
	}
	return nil
}

// stop ends the node's process, if it has one, and waits for its end.
func (n *node) stop(how syscall.Signal) {
	n.mu.Lock()
	p := n.process
	n.mu.Unlock()
	if p != nil {
		p.signal(how)
		<-p.ended
	}
}

// startNginx runs the compose file's nginx.conf with its names and paths replaced, and waits until it serves.
func (c *cluster) startNginx(caching bool) {
	c.Helper()
	c.writeCertificate()
	text, err := os.ReadFile("../../deploy/compose/nginx.conf")
	c.must(err)
	var servers strings.Builder
	for _, n := range c.nodes {
		fmt.Fprintf(&servers, "        server %s max_fails=0;\n", n.address)
	}
	conf := regexp.MustCompile(`(?m)(^ *server portal-\d:8080 .*\n)+`).ReplaceAllString(string(text), servers.String())
	conf = strings.NewReplacer(
		"/etc/nginx/certs", c.dir, "listen 443 ssl", "listen "+c.balancer+" ssl", "/tmp/nginx.pid", c.path("nginx.pid"),
		"worker_processes auto", "worker_processes 1", "access_log /dev/stdout portal", "access_log "+c.path("access.log")+" portal",
		"/dev/stderr", "stderr", "worker_connections 1024", "worker_connections 4096",
	).Replace(conf)
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} { // where this build of it would write
		conf = strings.Replace(conf, "http {", "http {\n    "+kind+"_temp_path "+c.path(kind)+";", 1)
	}
	if caching {
		conf = strings.Replace(conf, "http {", "http {\n    proxy_cache_path "+c.path("kept")+" keys_zone=kept:1m;", 1)
		conf = strings.Replace(conf, "location / {", `location / {
            proxy_cache kept;
            proxy_cache_key $request_uri;
            proxy_cache_valid any 10m;
            add_header X-Cache $upstream_cache_status always;`, 1)
	}
	c.must(os.WriteFile(c.path("nginx.conf"), []byte(conf), 0o600))
	p, err := spawn(c.path("nginx.log"), nginx(c.TB), nil,
		"-p", c.dir, "-c", c.path("nginx.conf"), "-e", "stderr", "-g", "daemon off; master_process off;") // one process to end
	c.must(err)
	c.Cleanup(p.kill)
	for range 2000 { // it tells nobody when it listens
		if line, err := (&net.Dialer{}).DialContext(c.Context(), "tcp", c.balancer); err == nil {
			_ = line.Close()
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	log, _ := os.ReadFile(c.path("nginx.log")) //nolint:gosec // the test's own
	c.Fatalf("nginx does not listen: %s", log)
}

// nginx is installed, or was unpacked by .ci/setup.
func nginx(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("nginx"); err == nil {
		return path
	}
	unpacked, err := filepath.Abs("../../.ci/deb/nginx")
	if err == nil {
		_, err = os.Stat(unpacked)
	}
	if err != nil {
		if os.Getenv("PORTAL_TEST_TOOLS") == "required" {
			t.Fatal("nginx is not there: .ci/setup")
		}
		t.Skip("no nginx: .ci/setup")
	}
	return unpacked
}

func (c *cluster) writeCertificate() {
	c.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c.must(err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "portal"}, IPAddresses: []net.IP{c.host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(3 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	c.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	c.must(err)
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		c.must(os.WriteFile(c.path(name), pem.EncodeToMemory(block), 0o600))
	}
	certificate, err := x509.ParseCertificate(der)
	c.must(err)
	c.roots = x509.NewCertPool()
	c.roots.AddCert(certificate)
}

// control asks the pool's interface for tests.
func (c *cluster) control(method, path string, body any) []byte {
	c.Helper()
	text, err := json.Marshal(body)
	c.must(err)
	r, err := http.NewRequestWithContext(c.Context(), method, c.info.Endpoint+userpool.ControlPath+path, bytes.NewReader(text))
	c.must(err)
	answer, err := http.DefaultClient.Do(r)
	c.must(err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	c.must(err)
	if answer.StatusCode >= http.StatusBadRequest {
		c.Fatalf("%s %s: %s: %s", method, path, answer.Status, got)
	}
	return got
}

// call is one operation of the pool, past the proxy.
func (c *cluster) call(ctx context.Context, operation string, in map[string]any) (out map[string]any, exception string, err error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.info.Endpoint, bytes.NewReader(text))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	err = json.NewDecoder(answer.Body).Decode(&out)
	exception, _, _ = strings.Cut(answer.Header.Get("X-Amzn-Errortype"), ":")
	return out, exception, err
}

// logs are the files that the cluster's programs have written.
func (c *cluster) logs() []string {
	c.Helper()
	names, err := filepath.Glob(c.path("*.log"))
	c.must(err)
	return names
}

func (c *cluster) decode(text []byte, into any) {
	c.Helper()
	c.must(json.Unmarshal(text, into))
}

// addPeople makes accounts without an app, and the people that they belong to.
func (c *cluster) addPeople(count int) []*person {
	c.Helper()
	people := make([]*person, count)
	users := make([]userpool.User, count)
	for i := range people {
		people[i] = c.newPerson(len(c.everybody))
		c.everybody = append(c.everybody, people[i])
		users[i] = userpool.User{Username: people[i].name, Password: password, State: userpool.StateNew}
	}
	c.control(http.MethodPost, "users", users)
	return people
}

// portal runs one of the portal's commands, as an operator does beside the nodes.
func (c *cluster) portal(args ...string) string {
	c.Helper()
	command := exec.CommandContext(c.Context(), c.binary, args...) //nolint:gosec // our own
	command.Env = append([]string{"HOME=" + c.dir, "AWS_EC2_METADATA_DISABLED=true"}, c.settings...)
	var log bytes.Buffer
	command.Stderr = &log // has numbers of accounts in it, which may look like what a caller takes from the answer
	out, err := command.Output()
	if err != nil {
		c.Fatalf("portal %s: %v\n%s%s", strings.Join(args, " "), err, out, log.String())
	}
	return string(out)
}
