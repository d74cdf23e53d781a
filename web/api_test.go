package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// The keys of other applications.
const (
	apiKey     = "an-application's-key" // hands users over
	ticketKey  = "a-ticket-system's-key"
	reportKey  = "a-report's-key"
	juniorKey  = "the-key-of-a-report-without-a-rank"
	noScopeKey = "a-key-for-nothing"
)

func apiKeys() []web.APIKey {
	return []web.APIKey{
		{Name: "hr", Hash: sha256.Sum256([]byte(apiKey)), Scopes: []web.Scope{web.ScopeHandoffs}},
		{Name: "tickets", Hash: sha256.Sum256([]byte(ticketKey)), Scopes: []web.Scope{web.ScopeInvites}, Rank: helpdesk.Agents},
		{Name: "reports", Hash: sha256.Sum256([]byte(reportKey)), Scopes: []web.Scope{web.ScopeCoverage, web.ScopeLedger}, Rank: helpdesk.Leads},
		{Name: "junior", Hash: sha256.Sum256([]byte(juniorKey)), Scopes: web.Scopes()},
		{Name: "nothing", Hash: sha256.Sum256([]byte(noScopeKey)), Rank: helpdesk.Admins},
	}
}

// mailbox is where notices go.
type mailbox struct {
	mu   sync.Mutex
	sent []helpdesk.Notice
	fail error
}

func (m *mailbox) Notify(_ context.Context, n helpdesk.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.sent = append(m.sent, n)
	}
	return m.fail
}

// apiDesk is the help desk of the portal's pool.
func (p *portal) apiDesk(now func() time.Time) *helpdesk.Desk {
	p.t.Helper()
	if p.options.noDesk {
		return nil
	}
	info := p.pool.Info()
	directory := cognito.NewDirectory(cognito.Options{
		AWS: aws.Config{
			Region: info.Region, BaseEndpoint: aws.String(embeddedURL), HTTPClient: &http.Client{Transport: p.pool.Transport()},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
			}),
		},
		UserPoolID: info.UserPoolID, Now: p.clock.Now,
	})
	desk, err := helpdesk.New(helpdesk.Options{
		Pool: info.UserPoolID, Directory: directory, Store: p.store, Notifier: &p.mailbox, Required: p.options.pool.MFA == userpool.MFAOn,
		Rules: helpdesk.Rules{
			Ranks:      map[string]helpdesk.Rank{userpool.HelpDeskGroup: helpdesk.Agents},
			Privileged: []string{"finance"}, Languages: []string{"en", "de"}, Deadlines: map[string]time.Time{"staff": p.clock.Now().AddDate(0, 1, 0)},
		},
		Key: secret.New("0123456789abcdef0123456789ABCDEF"), Log: slog.New(slog.NewJSONHandler(p.log, nil)), Now: now,
		Sleep: func(context.Context, time.Duration) error { return nil },
		APIKey: func(name string) (helpdesk.KeyRights, bool) {
			for _, key := range apiKeys() {
				if key.Name == name {
					return helpdesk.KeyRights{Rank: key.Rank, Links: key.Links}, true
				}
			}
			return helpdesk.KeyRights{}, false
		},
	})
	p.must(err)
	return desk
}

// addPerson makes an account that an agent can help, with an address unless it is told to have none.
func (p *portal) addPerson(name string, groups ...string) {
	p.t.Helper()
	p.must(p.pool.AddUser(userpool.User{
		Username: name, Password: password, State: userpool.StateNew, Groups: groups,
		Attributes: map[string]string{"email": name + "@example.test", "email_verified": "true"},
	}))
}

// app is another application. Every answer that it gets must be one that openapi.json describes.
type app struct {
	*portal
	key    string
	client http.Client
	status int
	header http.Header
	body   string
}

func (p *portal) app(key string) *app {
	return &app{portal: p, key: key, client: http.Client{Transport: p.browser().client.Transport}}
}

// call sends a request; headers are pairs of name and value, and "" takes one away.
func (a *app) call(method, path, body string, headers ...string) *app {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+path, strings.NewReader(body))
	a.must(err)
	r.Header.Set("Authorization", "Bearer "+a.key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	answer, err := a.client.Do(r)
	a.must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	a.must(err)
	a.status, a.header, a.body = answer.StatusCode, answer.Header, string(text)
	described(a.t, traffic{method, r.URL.Path, body, a.status, a.header, a.body})
	return a
}

func (a *app) want(status int, code string) *app {
	a.t.Helper()
	var problem struct {
		Code string `json:"error"`
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		a.must(json.Unmarshal([]byte(a.body), &problem))
	}
	if a.status != status || problem.Code != code {
		a.t.Errorf("got %d %q, want %d %q:\n%s", a.status, problem.Code, status, code, a.body)
	}
	return a
}

// newInvite is what POST /api/v1/invites answers.
type newInvite struct {
	Invite struct {
		ID      int64
		Account string
		Status  string
	}
	URL    string
	Spoken *struct {
		Piece string
		Until time.Time
	}
	Mail string
}

func (a *app) read(into any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		a.t.Fatalf("%v in %d %s", err, a.status, a.body)
	}
}

// invite asks for a link, which must be made.
func (a *app) invite(body string, headers ...string) newInvite {
	a.t.Helper()
	var made newInvite
	a.call(http.MethodPost, "/api/v1/invites", body, headers...).want(http.StatusCreated, "").read(&made)
	return made
}

// wish is a request for a link, with some fields changed; "" takes one away.
func wish(account string, pairs ...string) string {
	fields := map[string]json.RawMessage{
		"account": quoted(account), "purpose": quoted("first"), "ticket": quoted("INC-1"), "reason": quoted("new employee"),
		"proof": quoted("called back on the number on file"),
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if fields[pairs[i]] = json.RawMessage(pairs[i+1]); pairs[i+1] == "" {
			delete(fields, pairs[i])
		}
	}
	text, _ := json.Marshal(fields)
	return string(text)
}

func quoted(text string) json.RawMessage {
	raw, _ := json.Marshal(text)
	return raw
}

var errMail = errors.New("connection refused")

func TestKeysOpenWhatTheyAreFor(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	id := "/api/v1/invites/1"
	calls := []struct{ method, path, body, scope string }{
		{http.MethodPost, "/api/v1/handoffs", "{}", "handoffs"},
		{http.MethodPost, "/api/v1/invites", wish("ada"), "invites"},
		{http.MethodGet, id, "", "invites"},
		{http.MethodPost, id + "/piece", "", "invites"},
		{http.MethodPost, id + "/mail", `{"url":"x"}`, "invites"},
		{http.MethodDelete, id, "", "invites"},
		{http.MethodGet, "/api/v1/coverage", "", "coverage"},
		{http.MethodGet, "/api/v1/coverage.csv", "", "ledger"},
		{http.MethodGet, "/api/v1/ledger", "", "ledger"},
	}
	opens := map[string]string{apiKey: "handoffs", ticketKey: "invites", reportKey: "coverage ledger", noScopeKey: ""}
	for _, call := range calls {
		for key, scopes := range opens {
			a := p.app(key).call(call.method, call.path, call.body)
			if refused := a.status == http.StatusForbidden; refused == strings.Contains(scopes, call.scope) {
				t.Errorf("%s %s with %q: %d", call.method, call.path, scopes, a.status)
			}
		}
		p.clock.advance(time.Hour) // of keys that are none, a network has few
		for _, wrong := range []string{"", "Bearer", "Bearer ", "bearer" + ticketKey, ticketKey, "Basic " + ticketKey, "Bearer nonsense"} {
			p.app(ticketKey).call(call.method, call.path, call.body, "Authorization", wrong).want(http.StatusUnauthorized, "unauthorized")
		}
		if call.scope != "handoffs" {
			p.app(juniorKey).call(call.method, call.path, call.body).want(http.StatusForbidden, "not_allowed") // every scope, no rank
		}
	}
	if log := p.log.String(); !strings.Contains(log, `"api_key":"tickets"`) || strings.Contains(log, ticketKey) {
		t.Error("the log does not name the key, or has it")
	}
}

func TestRequestsThatAreNoRequests(t *testing.T) {
	p := openPortal(t)
	p.addPerson("ada")
	a := p.app(ticketKey)
	for body, status := range map[string]int{
		"":                                     http.StatusUnsupportedMediaType,
		"{":                                    http.StatusBadRequest,
		"null":                                 http.StatusBadRequest,
		"[]":                                   http.StatusBadRequest,
		`"text"`:                               http.StatusBadRequest,
		wish("ada") + "{}":                     http.StatusBadRequest,
		wish("ada") + " x":                     http.StatusBadRequest,
		wish("ada", "approval", "1"):           http.StatusBadRequest,
		wish("ada", "Ticket", `"INC-2"`):       http.StatusBadRequest,
		wish("ada", "reason", "null"):          http.StatusBadRequest,
		wish("ada", "mail", `"true"`):          http.StatusBadRequest,
		wish("ada", "account", "17"):           http.StatusBadRequest,
		wish("ada", "reason", "\"\xff\""):      http.StatusBadRequest,
		wish("ada", "reason", `{"a":"b"}`):     http.StatusBadRequest,
		wish("ada", "lifetime_seconds", "3e2"): http.StatusBadRequest,
		wish("ada", "lifetime_seconds", "99999999999999999999"):     http.StatusBadRequest,
		strings.TrimSuffix(wish("ada"), "}") + `,"account":"alan"}`: http.StatusBadRequest,
		wish("ada", "reason", `"`+strings.Repeat("x", 17<<10)+`"`):  http.StatusRequestEntityTooLarge,
		wish("ada", "lifetime_seconds", "0"):                        http.StatusUnprocessableEntity,
		wish("ada", "lifetime_seconds", "-3600"):                    http.StatusUnprocessableEntity,
		wish("ada", "lifetime_seconds", "299"):                      http.StatusUnprocessableEntity,
		wish("ada", "lifetime_seconds", "2592001"):                  http.StatusUnprocessableEntity,
		wish("ada", "lifetime_seconds", "9223372036854775807"):      http.StatusUnprocessableEntity,
		wish("ada", "lifetime_seconds", "18446744074"):              http.StatusUnprocessableEntity, // an hour, were it to wrap around
		wish("ada", "language", `"xx"`):                             http.StatusUnprocessableEntity,
		wish("ada", "purpose", `"anything"`):                        http.StatusUnprocessableEntity,
		wish("ada", "ticket", ""):                                   http.StatusUnprocessableEntity,
		wish("ada", "ticket", `"   "`):                              http.StatusUnprocessableEntity,
		wish("ada", "ticket", `"`+strings.Repeat("x", 65)+`"`):      http.StatusUnprocessableEntity,
		wish("ada", "reason", `"a\u0000b"`):                         http.StatusUnprocessableEntity,
		wish("ada", "proof", `"`+strings.Repeat("x", 501)+`"`):      http.StatusUnprocessableEntity,
		wish("ada", "account", `""`):                                http.StatusUnprocessableEntity,
		wish("ada", "account", `"`+strings.Repeat("x", 129)+`"`):    http.StatusUnprocessableEntity,
		wish("nobody"): http.StatusNotFound,
	} {
		if a.call(http.MethodPost, "/api/v1/invites", body); a.status != status {
			t.Errorf("%.80q: got %d, want %d: %s", body, a.status, status, a.body)
		}
	}
	a.call(http.MethodPost, "/api/v1/invites", wish("ada"), "Content-Type", "text/plain").want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	for _, id := range []string{"0", "-1", "01", "+1", "1.0", "x", "9223372036854775808", "%31%20"} {
		a.call(http.MethodGet, "/api/v1/invites/"+id, "").want(http.StatusNotFound, "no_such_link")
	}
	r := p.app(reportKey)
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "before=0", "before=-1", "limit=1&limit=2", "offset=1", "account=a&account=b"} {
		r.call(http.MethodGet, "/api/v1/ledger?"+query, "").want(http.StatusBadRequest, "bad_request")
	}
	p.mailbox.mu.Lock()
	defer p.mailbox.mu.Unlock()
	if len(p.mailbox.sent) != 0 {
		t.Error("something was mailed")
	}
}
