package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// watched is a portal with everything that an operator sees of it: figures, traces, log; and a pool on a port, whose
// requests are kept.
type watched struct {
	*inside
	admin string
	pool  *userpool.Pool

	mu       sync.Mutex
	upstream []string // operation and traceparent of each request to the pool
	spans    []span
	exported bytes.Buffer // the bodies that the collector got
	figures  bytes.Buffer // all that was fetched of the admin listener
}

// span is what a collector makes of one.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
}

func startWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{}
	secrets := sweeptest.Of(t)
	secrets.Artefact("the exported spans", w.exported.Bytes)
	secrets.Artefact("the figures", w.figures.Bytes)
	var err error
	if w.pool, err = userpool.New(userpool.Options{MFA: userpool.MFAOn, PreventUserExistenceErrors: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.pool.Seed(); err != nil {
		t.Fatal(err)
	}
	pool := httptest.NewServer(secrets.Handler(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		w.mu.Lock()
		w.upstream = append(w.upstream, operation+" "+r.Header.Get("Traceparent"))
		w.mu.Unlock()
		w.pool.ServeHTTP(out, r)
	})))
	t.Cleanup(pool.Close)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { w.collect(t, r) }))
	t.Cleanup(collector.Close)
	info := w.pool.Info()
	file := settingsFile(t, "COGNITO_USER_POOL_ID="+info.UserPoolID, "COGNITO_CLIENT_ID="+info.ClientID, "PORTAL_STORE=sqlite::memory:",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+pool.URL, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "PORTAL_ADMIN_LISTEN=0", "PORTAL_DRAIN_DELAY=0s")
	w.inside = startInside(t, "-config", file)
	w.admin, _ = w.next("admin listener")["address"].(string)
	if !strings.HasPrefix(w.admin, "127.0.0.1:") {
		t.Fatalf("a port alone is on %q, want loopback", w.admin)
	}
	return w
}

// collect is an OTLP receiver.
func (w *watched) collect(t *testing.T, r *http.Request) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	var in struct {
		ResourceSpans []struct{ ScopeSpans []struct{ Spans []span } }
	}
	if err := json.Unmarshal(body, &in); err != nil || r.URL.Path != "/v1/traces" {
		t.Errorf("%s: %v", r.URL, err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exported.Write(body)
	for _, resource := range in.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			w.spans = append(w.spans, scope.Spans...)
		}
	}
}

// fetch answers status and body of a URL.
func (w *watched) fetch(method, url string, headers ...string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func (w *watched) metrics() string {
	w.t.Helper()
	_, body := w.fetch(http.MethodGet, "http://"+w.admin+"/metrics")
	w.figures.WriteString(body)
	return body
}

// wants checks that the figures have these lines.
func (w *watched) wants(lines ...string) {
	w.t.Helper()
	text := w.metrics()
	for _, line := range lines {
		if !strings.Contains(text, line+"\n") {
			w.t.Errorf("no %q in\n%s", line, regexp.MustCompile(`(?m)^(#|go_|process_|.*(_bucket|_sum)\{).*\n`).ReplaceAllString(text, ""))
		}
	}
}

// enroll sets up an app as ada: one wrong code first. It answers everything that nobody may see of it.
func (w *watched) enroll() (secrets []string) {
	w.t.Helper()
	password := ""
	for _, user := range w.pool.Info().Users {
		if user.Username == "ada" {
			password = user.Password
		}
	}
	b := newBrowser(w.t, w.address)
	b.get("/sign-in")
	b.submit("/sign-in", "username", "ada", "password", "wr0ng-Password")
	b.submit("/sign-in", "username", "ada", "password", password)
	key := strings.ReplaceAll(b.page.Text("#key"), " ", "")
	code := b.code(time.Now())
	b.submit("/set-up/verify", "code", "letters", "device", "Pixie's phone")
	b.submit("/set-up/verify", "code", code)
	if b.path != "/done" {
		w.t.Fatalf("ended at %s: %s", b.path, b.page.Text("main"))
	}
	for _, cookie := range b.http.Jar.Cookies(mustParse(w.t, w.address)) {
		secrets = append(secrets, cookie.Value)
	}
	return append(secrets, password, "wr0ng-Password", key, `"ada"`, "Pixie")
}

// From the first page to a working app, in the figures.
func TestFiguresOfAnEnrollment(t *testing.T) {
	w := startWatched(t)
	w.enroll()
	w.wants(
		`portal_funnel_total{stage="opened"} 1`,
		`portal_funnel_total{stage="signed_in"} 1`,
		`portal_funnel_total{stage="scanned"} 1`,
		`portal_funnel_total{stage="verified"} 1`,
		`portal_funnel_total{stage="proven"} 0`,
		`portal_wrong_codes_total{verdict="not_six_digits"} 1`,
		`portal_wrong_codes_total{verdict="no_match"} 0`,
		`portal_failures_total{kind="wrong_code"} 1`,
		`portal_failures_total{kind="wrong_password"} 1`,
		`portal_http_requests_total{method="POST",route="/sign-in",code="303"} 1`,
		`portal_http_requests_total{method="POST",route="/sign-in",code="422"} 1`,
		`portal_http_request_duration_seconds_count{method="POST",route="/set-up/verify"} 2`,
		`portal_upstream_calls_total{operation="InitiateAuth",outcome="ok"} 2`,
		`portal_upstream_calls_total{operation="RespondToAuthChallenge",outcome="wrong_password"} 1`,
		`portal_upstream_calls_total{operation="RespondToAuthChallenge",outcome="ok"} 2`,
		`portal_upstream_calls_total{operation="AssociateSoftwareToken",outcome="ok"} 1`,
		`portal_upstream_call_duration_seconds_count{operation="VerifySoftwareToken"} 1`,
	)
	if status, body := w.fetch(http.MethodGet, "http://"+w.admin+"/readyz"); status != http.StatusOK {
		t.Errorf("ready: %d %s", status, body)
	}
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/nope", "/debug/pprof/"} {
		answer, err := http.Get("http://" + w.admin + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("admin listener, %s: %s is %q, want %q", path, name, got, want)
			}
		}
		if csp := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("admin listener, %s: Content-Security-Policy %q", path, csp)
		}
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
		check.Stdin = strings.NewReader(w.metrics())
		out, err := check.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "go_") { // names of Prometheus's own, which its tool does not like
				t.Errorf("promtool: %s(%v)", line, err)
			}
		}
	}
}

// A trace that comes with a request goes through to every call to the pool, to the log and to the collector; and none of the
// three, nor the figures, tells anything that they should not.
func TestTraceThroughToThePool(t *testing.T) {
	w := startWatched(t)
	const header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	w.fetch(http.MethodGet, w.address+"/sign-in", "Traceparent", header, "Tracestate", "canary=1")
	line := w.next("request")
	if line["trace_id"] != header[3:35] || line["route"] != "/sign-in" {
		t.Errorf("logged as %v", line)
	}
	secrets := w.enroll()
	figures := w.metrics()
	if err := w.stop(); err != nil { // the last spans are sent now
		t.Fatal(err)
	}
	var log strings.Builder
	for text := range w.log {
		log.WriteString(text + "\n")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	byID := map[string]span{}
	for _, s := range w.spans {
		byID[s.SpanID] = s
	}
	for _, request := range w.upstream {
		operation, header, _ := strings.Cut(request, " ")
		if len(header) != 55 {
			t.Errorf("%s came with traceparent %q", operation, header)
			continue
		}
		call := byID[header[36:52]]
		page := byID[call.ParentSpanID]
		if call.Name != operation || call.Kind != 3 || call.TraceID != header[3:35] || page.Kind != 2 || !strings.HasPrefix(page.Name, "POST /") {
			t.Errorf("%s is %+v under %+v", operation, call, page)
		}
	}
	if first := w.spans[0]; len(w.upstream) < 6 || first.TraceID != header[3:35] || first.ParentSpanID != header[36:52] || first.Name != "GET /sign-in" {
		t.Errorf("%d requests to the pool; the first span is %+v", len(w.upstream), first)
	}
	for _, secret := range append(secrets, "canary") {
		for where, text := range map[string]string{"figures": figures, "traces": w.exported.String(), "log": log.String()} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in the %s", secret, where)
			}
		}
	}
}

// Strangers cannot make the figures grow, nor see them (threat L3).
func TestFiguresAreClosed(t *testing.T) {
	w := startWatched(t)
	series := func() map[string]bool {
		all := map[string]bool{}
		for line := range strings.Lines(w.metrics()) {
			name, _, _ := strings.Cut(line, " ")
			if !strings.HasPrefix(line, "#") {
				all[name] = true
			}
		}
		return all
	}
	attempt := func(i int) {
		random := rand.New(rand.NewPCG(1, uint64(i))) //nolint:gosec // any path will do
		path := fmt.Sprintf("/canary%x", random.Uint64())
		method := http.MethodGet
		switch i % 5 {
		case 1:
			path = "/static" + path
		case 2:
			path = "/handoff" + path
		case 3:
			path, method = "/sign-in"+path+"?canary", "CANARY"
		case 4:
			path, method = path+"/../..%2f", http.MethodPost
		}
		w.fetch(method, w.address+path, "Traceparent", fmt.Sprintf("00-%032x-%016x-01", i+1, i+1))
	}
	for i := range 10 {
		attempt(i)
	}
	before := series()
	for i := range 10_000 {
		attempt(i)
	}
	for name := range series() {
		if !before[name] || strings.Contains(name, "canary") {
			t.Errorf("a new series: %s", name)
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/vars"} {
		if status, _ := w.fetch(http.MethodGet, w.address+path); status != http.StatusNotFound {
			t.Errorf("the public listener answers %s with %d", path, status)
		}
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
