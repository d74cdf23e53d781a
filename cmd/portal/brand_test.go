package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever works on the brand sees every change, and a broken file leaves what was there.
func TestTheDemoReadsTheBrandAgainWhenItChanges(t *testing.T) {
	dir := t.TempDir()
	write := func(content string) {
		t.Helper()
		// As editors do: the file is there whole, or as before.
		if err := os.WriteFile(filepath.Join(dir, ".new"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, ".new"), filepath.Join(dir, "brand.json")); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"name": "Fabrikam"}`)
	p := startInside(t, "-brand-dir", dir)
	b := newBrowser(t, p.address)
	name := func() string {
		b.get("/sign-in")
		return b.page.Text(".brand")
	}
	if got := name(); !strings.HasSuffix(got, "Fabrikam") {
		t.Errorf("the page says %q", got)
	}
	write(`{"name": "Contoso"}`)
	p.next("reloaded")
	if got := name(); !strings.HasSuffix(got, "Contoso") {
		t.Errorf("after the change the page says %q", got)
	}
	write(`{"name": "Contoso", "colours": {"light": {"accent": "#ffffff"}}}`)
	line := p.next("reload refused, the settings in force stay")
	if cause, _ := line["error"].(string); !strings.Contains(cause, "accent #ffffff on card") {
		t.Errorf("the log says %v", line)
	}
	if got := name(); !strings.HasSuffix(got, "Contoso") {
		t.Errorf("after a fault the page says %q", got)
	}
}

func TestABrandThatCannotBeReadEndsTheStart(t *testing.T) {
	err := run(t.Context(), []string{"-listen", "127.0.0.1:0", "-brand-dir", filepath.Join(t.TempDir(), "none")}, environment(), t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "PORTAL_BRAND_DIR") {
		t.Errorf("started all the same: %v", err)
	}
}

// Who has forgotten the name is told once, for real pools only: people's apps would keep the stand-in for years.
func TestAPortalWithoutANameSaysSo(t *testing.T) {
	pool := []string{"COGNITO_USER_POOL_ID", "eu-central-1_AbCdEf123", "COGNITO_CLIENT_ID", "abc", "PORTAL_STORE", "sqlite::memory:", "PORTAL_DRAIN_DELAY", "0s"}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "brand.json"), []byte(`{"name": "Fabrikam"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what string
		env  []string
		want int
	}{
		{"the demo", nil, 0},
		{"a pool", pool, 1},
		{"a pool with a name", append([]string{"PORTAL_BRAND", "Fabrikam"}, pool...), 0},
		{"a pool with a folder", append([]string{"PORTAL_BRAND_DIR", folder}, pool...), 0},
	} {
		var log bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		stop := writer(func(p []byte) (int, error) { cancel(); return len(p), nil }) // as soon as it is welcome
		if err := run(ctx, []string{"-listen", "127.0.0.1:0"}, environment(test.env...), stop, &log); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "no PORTAL_BRAND"); got != test.want {
			t.Errorf("%s: %d warnings, want %d, in\n%s", test.what, got, test.want, &log)
		}
	}
}
