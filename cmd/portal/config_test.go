package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-enroll/internal/session"
)

// settingsFile writes a file of settings.
func settingsFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.env")
	writeSettings(t, path, lines...)
	return path
}

func writeSettings(t *testing.T, path string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Flags over environment over file over default, and an empty value counts as none.
func TestPrecedenceOfSources(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "secret")
	writeSettings(t, secretFile, "from-a-named-file")
	path := settingsFile(t,
		"# what the portal is called", "", "PORTAL_BRAND=File", `export PORTAL_ISSUER = "File's issuer"`, "PORTAL_SUPPORT='call # 555'",
		"COGNITO_CLIENT_SECRET_FILE="+secretFile, "PORTAL_LOG_LEVEL=debug")
	c, err := readConfig([]string{"-brand", "Flag", "-config", path}, environment("PORTAL_BRAND", "Environment", "PORTAL_ISSUER", "",
		"PORTAL_LOG_LEVEL", "warn", "PORTAL_CONFIG", "/nowhere"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]string{
		"flag over all":                    {c.Brand, "Flag"},
		"file where the variable is empty": {c.Issuer, "File's issuer"},
		"quoted":                           {c.Support, "call # 555"},
		"environment over file":            {c.LogLevel.String(), "WARN"},
		"file named by the file":           {c.ClientSecret.Reveal(), "from-a-named-file"},
		"default":                          {c.Listen, "127.0.0.1:8080"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
}

// A mistake in the file is told with its line, together with every other, and never repeats a value.
func TestFaultsOfTheSettingsFile(t *testing.T) {
	path := settingsFile(t, "PORTAL_BRNAD=typo", "s3cret-without-name", "PORTAL_BRAND=a", "PORTAL_BRAND=b", "PORTAL_CONFIG=other", "PORTAL_LISTEN=0.0.0.0:80")
	_, err := readConfig([]string{"-config", path}, environment(), io.Discard)
	for _, want := range []string{
		path + `:1: no setting is called "PORTAL_BRNAD"`, path + ":2: want NAME=value", path + ":4: PORTAL_BRAND is set a second time",
		path + `:5: no setting is called "PORTAL_CONFIG"`, "PORTAL_LISTEN: the demo listens on loopback only",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Error("the line without a name is repeated")
	}
	if _, err := readConfig(nil, environment("PORTAL_CONFIG", path+".missing"), io.Discard); err == nil || !strings.Contains(err.Error(), "PORTAL_CONFIG") {
		t.Errorf("a missing file: %v", err)
	}
}

// Every secret that can be configured is set here; none is printed, and everything says where it came from.
func TestConfigPrintsNoSecret(t *testing.T) {
	key := session.NewKey().Encode().Reveal()
	canaries := []string{key, "c1ient-s3cret", "st0re-passw0rd", "an0ther-passw0rd"}
	hash := strings.Repeat("ab", 32)
	path := settingsFile(t, "PORTAL_SESSION_KEYS="+key, "PORTAL_API_KEYS=hr:"+hash)
	var out bytes.Buffer
	err := run(t.Context(), []string{"config", "-config", path, "-brand", "Fabrikam", "-log-level", "loud"}, environment(
		"COGNITO_CLIENT_SECRET", "c1ient-s3cret", "COGNITO_USER_POOL_ID", "eu-central-1_AbCdEf123", "COGNITO_CLIENT_ID", "abc",
		"PORTAL_STORE", "postgres://portal:st0re-passw0rd@db/portal?password=an0ther-passw0rd",
	), &out, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-log-level") {
		t.Errorf("the fault is not told: %v", err)
	}
	for _, canary := range append(canaries, hash) {
		if strings.Contains(out.String(), canary) {
			t.Errorf("%q is printed:\n%s", canary, &out)
		}
	}
	for _, want := range [][3]string{
		{"PORTAL_BRAND", "Fabrikam", "-brand"},
		{"AWS_REGION", "eu-central-1", "what else is set"},
		{"PORTAL_SESSION_KEYS", "(hidden)", path + ":1"},
		{"COGNITO_CLIENT_SECRET", "(hidden)", "environment"},
		{"PORTAL_LISTEN", "127.0.0.1:8080", "default"},
		{"PORTAL_RETURN_TO", "-", "default"},
	} {
		if !hasRow(out.String(), want[0], want[1]+" "+want[2]) {
			t.Errorf("no row %q in:\n%s", want, &out)
		}
	}
	if !strings.Contains(out.String(), "portal:xxxxx@db") {
		t.Errorf("the store's address is not told:\n%s", &out)
	}
	for _, s := range settings() { // whoever adds a secret must say so
		looksSecret := strings.Contains(s.env, "SECRET") || strings.Contains(s.env, "KEY") || strings.Contains(s.env, "HEADERS")
		if looksSecret && (s.traits&hidden == 0 || s.flag != "") {
			t.Errorf("%s is printed by portal config, or is a flag", s.env)
		}
	}
}

func hasRow(table, name, rest string) bool {
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == name {
			return strings.Join(fields[1:], " ") == rest
		}
	}
	return false
}
