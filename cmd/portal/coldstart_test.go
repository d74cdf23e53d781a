package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
)

// What a cold start waits for on Lambda, as far as it is the portal's: from the start of the released binary until the
// path answers that the web adapter asks (ns/op), until the first page is there (page-ms), and the processor's time for
// both (cpu-ms). Fetching the binary, the sandbox and the adapter itself are Lambda's.
func BenchmarkColdStart(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "portal")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	pool := startProcess(b, buildCommand(b, "cognito-enroll/cmd/userpool"), nil, "-listen", "127.0.0.1:0", "-mfa", "on")
	var info userpool.Info
	if err := json.Unmarshal([]byte(pool.line(b)), &info); err != nil {
		b.Fatalf("the pool's first line: %v", err)
	}
	for name, store := range map[string]func(*testing.B) []string{
		"sqlite": func(b *testing.B) []string {
			b.Helper()
			return []string{"PORTAL_STORE=sqlite:" + filepath.Join(b.TempDir(), "portal.db")}
		},
		"dynamodb": func(b *testing.B) []string {
			b.Helper()
			table := dynamotest.Table(b)
			return []string{"PORTAL_STORE=" + table, "AWS_ENDPOINT_URL_DYNAMODB=" + dynamotest.Endpoint(), "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"}
		},
	} {
		b.Run(name, func(b *testing.B) {
			env := append(store(b), "COGNITO_USER_POOL_ID="+info.UserPoolID, "COGNITO_CLIENT_ID="+info.ClientID, "AWS_REGION="+info.Region,
				"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+info.Endpoint, "PORTAL_SESSION_KEYS="+session.NewKey().Encode().Reveal())
			var page, processor time.Duration
			for b.Loop() {
				began := time.Now()
				portal := startProcess(b, binary, env, "-listen", "127.0.0.1:0")
				address := regexp.MustCompile(`listens on (\S+)`).FindStringSubmatch(portal.line(b))
				if address == nil {
					b.Fatal("the portal does not say where it listens")
				}
				wantOK(b, "http://"+address[1]+"/healthz")
				b.StopTimer()
				wantOK(b, "http://"+address[1]+"/sign-in")
				page += time.Since(began)
				portal.kill()
				processor += portal.cmd.ProcessState.UserTime() + portal.cmd.ProcessState.SystemTime()
				b.StartTimer()
			}
			b.ReportMetric(float64(page.Milliseconds())/float64(b.N), "page-ms")
			b.ReportMetric(float64(processor.Milliseconds())/float64(b.N), "cpu-ms")
		})
	}
}

func wantOK(b *testing.B, address string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: status %d, %v", address, answer.StatusCode, err)
	}
}
