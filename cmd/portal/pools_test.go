package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/userpool"
)

// tenant is one of several pools that a portal serves.
type tenant struct {
	t        *testing.T
	base     string // its public address
	apiKey   string
	password string // ada's, who is in every pool
	store    string
	file     string
	lines    []string
}

// schemas are two stores in one database.
func schemas(t *testing.T) (a, b string) {
	t.Helper()
	a = postgrestest.Database(t)
	return a, strings.Replace(a, "search_path=", "search_path=b_", 1)
}

// openTenants makes pools, and a folder with their settings. They are told apart by host name alone.
func openTenants(t *testing.T, address, storeA, storeB string) (folder string, a, b *tenant) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	folder = t.TempDir()
	_, port, _ := strings.Cut(address, ":")
	open := func(name, host, brand, store string) *tenant {
		sweeptest.Of(t).Store(store)
		pool, err := userpool.New(userpool.Options{MFA: userpool.MFAOn, PreventUserExistenceErrors: true, AccessKeyID: "local", SecretAccessKey: "local"})
		if err != nil {
			t.Fatal(err)
		}
		x := &tenant{t: t, base: "http://" + host + ":" + port, password: "Correct-Horse-9-" + name, store: store, file: filepath.Join(folder, name+".env")}
		if err := pool.AddUser(userpool.User{Username: "ada", Password: x.password, Attributes: map[string]string{"email": "ada@example.test", "email_verified": "true"}}); err != nil {
			t.Fatal(err)
		}
		cognito := httptest.NewServer(sweeptest.Of(t).Handler(pool))
		t.Cleanup(cognito.Close)
		var printed strings.Builder
		if err := run(t.Context(), []string{"api-key", "tickets", "-scopes", "invites+coverage+handoffs"}, environment(), &printed, io.Discard); err != nil {
			t.Fatal(err)
		}
		key := regexp.MustCompile(`application: +(\S+)\n.*KEYS: +(\S+)`).FindStringSubmatch(printed.String())
		x.apiKey = key[1]
		info := pool.Info()
		x.lines = []string{
			"PORTAL_BRAND=" + brand, "PORTAL_PUBLIC_URL=" + x.base, "PORTAL_STORE=" + store, "PORTAL_SESSION_KEYS=" + session.NewKey().Encode().Reveal(),
			"COGNITO_USER_POOL_ID=" + info.UserPoolID, "COGNITO_CLIENT_ID=" + info.ClientID, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + cognito.URL,
			"COGNITO_MFA=on", "PORTAL_DESK_GROUPS=desk=agent", "PORTAL_API_KEYS=" + key[2],
		}
		sweeptest.Of(t).Settings(x.lines...)
		x.write()
		return x
	}
	return folder, open("a", "127.0.0.1", "Alpha", storeA), open("b", "localhost", "Beta", storeB)
}

// write writes its settings, with these in the place of those of the same name.
func (x *tenant) write(lines ...string) {
	x.t.Helper()
	for _, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		for i, old := range x.lines {
			if strings.HasPrefix(old, name+"=") {
				x.lines[i] = line
			}
		}
	}
	writeSettings(x.t, x.file, x.lines...)
}

// call asks the API, and answers status and body.
func (x *tenant) call(base, method, path, body string) (int, map[string]any) {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+x.apiKey)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", path)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer answer.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		x.t.Fatal(err)
	}
	return answer.StatusCode, out
}

// signIn opens a browser and signs ada in.
func (x *tenant) signIn(password string) *browser {
	x.t.Helper()
	b := newBrowser(x.t, x.base)
	b.get("/sign-in")
	b.submit("/sign-in", "username", "ada", "password", password)
	return b
}

// One process serves two pools with one database, or one DynamoDB. Whatever belongs to one does nothing at the other:
// password, cookie, link and its characters, hand-off, API key, wrong tries; and neither is told of the other in pages,
// figures or records.
func TestSeveralPools(t *testing.T) {
	t.Run("two schemas", func(t *testing.T) {
		a, b := schemas(t)
		keepPoolsApart(t, a, b)
	})
	t.Run("two tables", func(t *testing.T) { keepPoolsApart(t, table(t), table(t)) })
}

func keepPoolsApart(t *testing.T, storeA, storeB string) {
	t.Helper()
	address := freeAddress(t)
	folder, a, b := openTenants(t, address, storeA, storeB)
	a.lines = append(a.lines, "PORTAL_OTHER_HOSTS=*.inner.example.net")
	a.write()
	p := startInside(t, "-pools-dir", folder, "-listen", address, "-admin-listen", "0", "-drain-delay", "0s")
	admin, _ := p.next("admin listener")["address"].(string)

	for range 20 { // more than anybody has
		b.signIn("Wrong-" + b.password)
	}
	atA := a.signIn(a.password)
	if atA.path != "/set-up" || !strings.Contains(atA.page.Text("header"), "Alpha") || strings.Contains(atA.page.Text("body"), "Beta") {
		t.Fatalf("at %s: %s", atA.path, atA.page.Text("body"))
	}
	if atB := b.signIn(a.password); atB.path != "/sign-in" || strings.Contains(atB.page.Text("body"), "Alpha") {
		t.Errorf("the password of one pool leads to %s at the other", atB.path)
	}

	cookie := newBrowser(t, b.base)
	urlA, urlB := address2url(t, a.base), address2url(t, b.base)
	cookie.http.Jar.SetCookies(urlB, atA.http.Jar.Cookies(urlA))
	if cookie.get("/set-up"); cookie.page.Text("#key") != "" || strings.Contains(cookie.page.Text("body"), "ada") {
		t.Errorf("the cookie of one pool at the other: %s", cookie.page.Text("body"))
	}

	if status, _ := a.call(b.base, http.MethodGet, "/api/v1/coverage", ""); status != http.StatusUnauthorized {
		t.Errorf("the API key of one pool: status %d at the other", status)
	}
	status, made := a.call(a.base, http.MethodPost, "/api/v1/invites", `{"account":"ada","purpose":"first","ticket":"T-1","reason":"new","proof":"in person"}`)
	link, _ := made["url"].(string)
	spoken, _ := made["spoken"].(map[string]any)
	piece, _ := spoken["piece"].(string)
	path, isOurs := strings.CutPrefix(link, a.base)
	if status != http.StatusCreated || !isOurs || piece == "" {
		t.Fatalf("status %d: %v", status, made)
	}
	opens := func(base string) string {
		caller := newBrowser(t, base)
		caller.get(path)
		caller.submit(path, "piece", piece)
		return caller.path
	}
	if at := opens(b.base); at != path {
		t.Errorf("a link of one pool leads to %s at the other", at)
	}
	if at := opens(a.base); at == path {
		t.Error("the link does not open where it was made")
	}

	atA.submit("/set-up/verify", "code", atA.code(time.Now()))
	if atA.path != "/done" {
		t.Fatalf("at %s: %s", atA.path, atA.page.Text("main"))
	}
	for _, x := range []*tenant{a, b} {
		if status, _ := x.call(x.base, http.MethodGet, "/api/v1/coverage", ""); status != http.StatusOK {
			t.Errorf("coverage of %s: status %d", x.base, status)
		}
	}
	figures := string(newBrowser(t, "http://"+admin).raw("/metrics"))
	for _, want := range []string{`portal_funnel_total{pool="a",stage="verified"} 1`, `portal_funnel_total{pool="b",stage="verified"} 0`} {
		if !strings.Contains(figures, want) {
			t.Errorf("no %s in\n%s", want, figures)
		}
	}

	if status, text := askHost(t, address, "node-7.inner.example.net", "/sign-in"); status != http.StatusOK || !strings.Contains(text, "Alpha") || strings.Contains(text, "inner.example.net") {
		t.Errorf("by a name that the proxy uses: status %d, %s", status, text)
	}

	for _, test := range []struct {
		path   string
		status int
	}{{"/", 421}, {"/sign-in", 421}, {"/healthz", 200}, {"/readyz", 200}} {
		status, text := askHost(t, address, "portal.example.net", test.path)
		if status != test.status || strings.Contains(text, "Alpha") || strings.Contains(text, "Beta") {
			t.Errorf("%s of a host that nobody has: status %d, %s", test.path, status, text)
		}
	}
}

// A new brand of one pool does not touch the other; with a fault in one file the settings of all stay.
func TestReloadOfSeveralPools(t *testing.T) {
	address := freeAddress(t)
	storeA, storeB := schemas(t)
	folder, a, b := openTenants(t, address, storeA, storeB)
	p := startInside(t, "-pools-dir", folder, "-listen", address, "-drain-delay", "0s")
	shows := func(wantA, wantB string) {
		t.Helper()
		for x, want := range map[*tenant]string{a: wantA, b: wantB} {
			page := newBrowser(t, x.base)
			if page.get("/sign-in"); !strings.Contains(page.page.Text("header"), want) {
				t.Errorf("%s shows %q, want %q", x.base, page.page.Text("header"), want)
			}
		}
	}
	shows("Alpha", "Beta")
	b.write("PORTAL_BRAND=Gamma", "COGNITO_MFA=optional")
	writeSettings(t, filepath.Join(folder, "c.env"), b.lines[0])
	p.hangUp()
	if line := p.next("reload refused, the settings in force stay"); !strings.Contains(line["error"].(string), "c.env: COGNITO_USER_POOL_ID") {
		t.Errorf("the log says %v", line)
	}
	shows("Alpha", "Beta")
	if err := os.Remove(filepath.Join(folder, "c.env")); err != nil {
		t.Fatal(err)
	}
	p.hangUp()
	if waiting, _ := p.next("reloaded")["needs_restart"].([]any); len(waiting) != 1 || waiting[0] != "b COGNITO_MFA" {
		t.Errorf("waits for a restart: %v", waiting)
	}
	shows("Alpha", "Gamma")
}

// What must not be in the files of several pools, or beside them, is refused, each with its mend.
func TestFaultsInSeveralPools(t *testing.T) {
	key := session.NewKey().Encode().Reveal()
	folderOfA := t.TempDir()
	linked := filepath.Join(t.TempDir(), "linked")
	if err := os.Symlink(folderOfA, linked); err != nil {
		t.Fatal(err)
	}
	file := func(id, host string, more ...string) []string {
		return append([]string{"COGNITO_USER_POOL_ID=eu-central-1_" + id, "COGNITO_CLIENT_ID=abc", "PORTAL_PUBLIC_URL=https://" + host, "PORTAL_STORE=sqlite:" + id + ".db"}, more...)
	}
	for _, test := range []struct {
		what   string
		args   []string
		env    []string
		a, b   []string
		refuse string // "" when they may stand together
	}{
		{"sound", nil, nil, file("A", "a.example.com"), file("B", "b.example.com"), ""},
		{"AWS's own names in the environment", nil, []string{"AWS_REGION", "eu-west-1"}, file("A", "a.example.com"), file("B", "b.example.com"), ""},
		{"one address", nil, nil, file("A", "a.example.com"), file("B", "A.example.com:443"), "b.env: PORTAL_PUBLIC_URL: is that of a.env"},
		{"one inner host", nil, nil, file("A", "a.example.com", "PORTAL_OTHER_HOSTS=in.example.net"), file("B", "b.example.com", "PORTAL_OTHER_HOSTS=IN.example.net"), "b.env: PORTAL_OTHER_HOSTS: in.example.net would be a.env's"},
		{"an inner host under a star", nil, nil, file("A", "a.example.com", "PORTAL_OTHER_HOSTS=*.example.net"), file("B", "b.example.com", "PORTAL_OTHER_HOSTS=in.example.net"), "b.env: PORTAL_OTHER_HOSTS"},
		{"one star", nil, nil, file("A", "a.example.com", "PORTAL_OTHER_HOSTS=*.example.net"), file("B", "b.example.com", "PORTAL_OTHER_HOSTS=*.example.net"), "b.env: PORTAL_OTHER_HOSTS"},
		{"another's address under a star", nil, nil, file("A", "a.example.com"), file("B", "b.example.net", "PORTAL_OTHER_HOSTS=*.example.com"), "b.env: PORTAL_OTHER_HOSTS"},
		{"inner hosts apart", nil, nil, file("A", "a.example.com", "PORTAL_OTHER_HOSTS=*.a.example.net"), file("B", "b.example.com", "PORTAL_OTHER_HOSTS=*.b.example.net,in.example.net"), ""},
		{"one store", nil, nil, file("A", "a.example.com"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=sqlite:A.db"), "b.env: PORTAL_STORE: is that of a.env"},
		{"one table", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=dynamodb:portal"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=dynamodb:portal"), "b.env: PORTAL_STORE: is that of a.env"},
		{"one file in another spelling", nil, nil, file("A", "a.example.com"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=sqlite:./A.db"), "b.env: PORTAL_STORE: is that of a.env"},
		{"one file by a link", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=sqlite:"+folderOfA+"/portal.db"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=sqlite:"+linked+"/portal.db"), "b.env: PORTAL_STORE: is that of a.env"},
		{"one schema in another spelling", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=postgres://a@db/portal?sslmode=disable"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=postgresql://b:pw@DB:5432/portal?sslmode=disable&application_name=b"), "b.env: PORTAL_STORE: is that of a.env"},
		{"one schema on one of the hosts", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=postgres://a@db1,db2/portal?search_path=x"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=postgres://a@db2/portal?search_path=x,public"), "b.env: PORTAL_STORE: is that of a.env"},
		{"two schemas", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=postgres://a@db/portal?search_path=a"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=postgres://a@db/portal?search_path=b"), ""},
		{"two databases", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=postgres://a@db/a"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=postgres://a@db/b"), ""},
		{"one table by its ARN", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=dynamodb:portal"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=dynamodb:arn:aws:dynamodb:eu-central-1:123456789012:table/portal"), "b.env: PORTAL_STORE: is that of a.env"},
		{"memory each", nil, nil, append(file("A", "a.example.com")[:3], "PORTAL_STORE=sqlite::memory:"), append(file("B", "b.example.com")[:3], "PORTAL_STORE=sqlite::memory:"), ""},
		{"one link key", nil, nil, file("A", "a.example.com", "PORTAL_LINK_KEY="+key), file("B", "b.example.com", "PORTAL_LINK_KEY="+key), "b.env: PORTAL_LINK_KEY: is that of a.env"},
		{"no store named", nil, nil, file("A", "a.example.com")[:3], file("B", "b.example.com")[:3], "b.env: PORTAL_STORE"},
		{"one session key", nil, nil, file("A", "a.example.com", "PORTAL_SESSION_KEYS="+key), file("B", "b.example.com", "PORTAL_SESSION_KEYS="+key), "b.env: PORTAL_SESSION_KEYS"},
		{"no pool", nil, nil, file("A", "a.example.com"), []string{"PORTAL_BRAND=B"}, "b.env: COGNITO_USER_POOL_ID"},
		{"no address", nil, nil, file("A", "a.example.com"), []string{"COGNITO_USER_POOL_ID=eu-central-1_B", "COGNITO_CLIENT_ID=b", "PORTAL_STORE=sqlite:b.db"}, "b.env: PORTAL_PUBLIC_URL"},
		{"another listener", nil, nil, file("A", "a.example.com"), file("B", "b.example.com", "PORTAL_LISTEN=127.0.0.1:1"), "b.env: PORTAL_LISTEN: is for the whole process"},
		{"a brand for all", []string{"-brand", "All"}, nil, file("A", "a.example.com"), file("B", "b.example.com"), "PORTAL_BRAND (-brand): is each pool's own"},
		{"a secret for all", nil, []string{"COGNITO_CLIENT_SECRET", "s"}, file("A", "a.example.com"), file("B", "b.example.com"), "COGNITO_CLIENT_SECRET (environment)"},
		{"a typing error", nil, nil, file("A", "a.example.com", "PORTAL_BRNAD=x"), file("B", "b.example.com"), "PORTAL_BRNAD"},
	} {
		folder := t.TempDir()
		writeSettings(t, filepath.Join(folder, "a.env"), test.a...)
		writeSettings(t, filepath.Join(folder, "b.env"), test.b...)
		found, faults, err := gather(append(test.args, "-pools-dir", folder), environment(test.env...), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		sites, faults := gatherSites(found, faults)
		_, wrong := configs(sites)
		var all []string
		for _, fault := range append(faults, wrong...) {
			all = append(all, fault.Error())
		}
		got := strings.Join(all, "\n")
		if test.refuse == "" && got != "" || test.refuse != "" && !strings.Contains(got, test.refuse) || strings.Contains(got, key) {
			t.Errorf("%s: %q, want a refusal that says %q", test.what, got, test.refuse)
		}
	}
	if _, faults := gatherSites(texts{"PORTAL_POOLS_DIR": {t.TempDir(), "-pools-dir"}}, nil); len(faults) == 0 {
		t.Error("an empty folder is no fault")
	}
}

// askHost asks an address for a path of some host.
func askHost(t *testing.T, address, host, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func address2url(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
