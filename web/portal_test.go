package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/static"
	"cognito-enroll/views"
	"cognito-enroll/web"
)

// What takes long to make and never changes is made once for all the portals of this package's tests.
var (
	poolKeys      = sync.OnceValue(userpool.NewKeys) // signs the tokens of every pool
	readAssets    = sync.OnceValues(static.New)
	readLanguages = sync.OnceValues(i18n.New)
)

// portal is the real portal: real Echo over TLS, real AWS SDK, embedded pool, one clock for all of them.
type portal struct {
	t       testing.TB
	pool    *userpool.Pool
	clock   *clock
	keys    []session.Key
	options portalOptions
	server  *httptest.Server
	handler atomic.Pointer[web.Server]
	drawer  *qr.Drawer
	store   *store.Store
	failing func(method string) bool                 // of the store's, if it is said
	reading func(ctx context.Context, method string) // hears of the store's reads, if it is said
	wire    http.RoundTripper                        // of all browsers of a test that has thousands; nil: each has its own
	mailbox mailbox
	desk    *helpdesk.Desk
	cognito atomic.Pointer[cognito.Client]
	pages   atomic.Pointer[userpool.Pool]
	domain  string // of Cognito's pages: the pool on a port, when somebody signs in there

	userPool, client string              // instead of the pool's first
	ask              func([]byte) []byte // what the pool is asked instead
	rewrite          func([]byte) []byte // what another service in the pool's place would answer
	secrets          *sweeptest.Secrets
	log              *lockedBuffer
	figures          *metrics.Registry
	nodes            []*web.Server // that serve in turn; none: the one there is
	served           atomic.Int64
	background       sync.WaitGroup     // what nobody waits for
	collected        []userpool.Request // of the pool, so far
}

type portalOptions struct {
	pool         userpool.Options
	secretClient bool
	issuer       string
	brand        fs.FS        // the operator's folder; nil for none
	outbox       store.Outbox // words changes; nil: nobody is told
	maintenance  bool
	revoke       string           // "" as by default; "wait", "false": see PORTAL_REVOKE_TOKENS
	flow         cognito.AuthFlow // default password
	plainHTTP    bool             // for a browser that would not take the test's certificate
	store        string           // default: in memory
	storeTimeout time.Duration    // 0: as short as it is
	noPasswords  bool             // people sign in at Cognito's pages only
	demo         []views.DemoAccount
	noDesk       bool
	desk         *deskOptions // nil: there is no help desk
	signIn       int          // calls of the pool each second; 0: more than a test makes
	updates      int
	counter      throttle.Counter // that several portals share
	shelf        throttle.Shelf
	proxies      []netip.Prefix
	otherHosts   web.Hosts
	bubble       bool // in a synctest bubble: no port, and the bubble's own time
}

// many is more calls to the pool, each second, than a test makes.
const many = 100_000

// password is what every test account has.
const password = "Correct-Horse-9"

type clock struct {
	mu      sync.Mutex
	now     time.Time
	running bool // by itself
}

func (c *clock) Now() time.Time {
	if c.running {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func openPortal(t testing.TB, changes ...func(*portalOptions)) *portal {
	t.Helper()
	p := &portal{t: t, clock: &clock{now: time.Date(2026, 11, 23, 9, 30, 5, 0, time.UTC)}, keys: []session.Key{session.NewKey()}, log: &lockedBuffer{}}
	p.options = portalOptions{issuer: "Northwind", pool: userpool.Options{MFA: userpool.MFAOn, Now: p.clock.Now, Keys: poolKeys()}}
	for _, change := range changes {
		change(&p.options)
	}
	p.clock.running = p.options.bubble
	p.secrets = sweeptest.Of(t)
	p.secrets.Artefact("the log", func() []byte { return []byte(p.log.String()) })
	p.secrets.Artefact("the figures", func() []byte { return []byte(p.metrics()) })
	for _, key := range p.keys {
		p.secrets.Add(sweeptest.PortalKey, key.Encode().Reveal())
	}
	if p.options.signIn == 0 {
		p.options.signIn, p.options.updates = many, many
	}
	var err error
	if p.options.store == "" {
		p.options.store = "sqlite::memory:"
		if p.options.desk != nil || os.Getenv("PORTAL_SWEEP") != "" { // a file can be swept
			p.options.store = "sqlite:" + filepath.Join(t.TempDir(), "portal.db")
		}
	}
	p.secrets.Store(p.options.store)
	if p.store, err = store.Open(t.Context(), p.options.store, store.Options{
		Now: p.poolTime, Outbox: p.options.outbox, ReadTimeout: p.options.storeTimeout, WriteTimeout: p.options.storeTimeout,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.store.Close() })
	if p.pool, err = userpool.New(p.options.pool); err != nil {
		t.Fatal(err)
	}
	p.pool.SetEndpoint(embeddedURL)
	handler := p.secrets.Pages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.node().ServeHTTP(w, r) }), p.mayHold)
	p.server = httptest.NewUnstartedServer(handler)
	p.server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(p.log, nil), slog.LevelDebug)
	switch {
	case p.options.bubble: // waiting for the network would stop its time
		p.server.Listener.Close()
		p.server.URL = "https://portal.example"
	case p.options.plainHTTP:
		p.server.Start()
	default:
		p.server.StartTLS()
	}
	if !p.options.bubble {
		t.Cleanup(p.server.Close)
	}
	t.Cleanup(p.background.Wait)
	p.restart()
	return p
}

// metrics are the figures as Prometheus reads them.
func (p *portal) metrics() string {
	w := httptest.NewRecorder()
	p.figures.ServeHTTP(w, nil)
	return w.Body.String()
}

// node is who serves the next request.
func (p *portal) node() *web.Server {
	if len(p.nodes) > 0 {
		return p.nodes[p.served.Add(1)%int64(len(p.nodes))]
	}
	return p.handler.Load()
}

// mayHold says which secrets an answer may have. Every other one is where it must not be: tokens, sessions, passwords,
// codes and the portal's keys are in no answer at all, but for those of the demo, which its banner shows.
func (p *portal) mayHold(r *http.Request, hit sweeptest.Hit) bool {
	under := func(paths ...string) bool {
		return slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(r.URL.Path, path) })
	}
	switch hit.Class {
	case sweeptest.Key:
		return under("/set-up") || len(p.options.demo) > 0 || hit.Form == "picture" && under("/continue/", "/desk/links/")
	case sweeptest.Link: // on its own pages, and for whoever made it
		return under("/i/", "/handoff/", "/not-me/", "/desk/", "/api/v1/invites", "/api/v1/handoffs")
	case sweeptest.Piece:
		return under("/desk/", "/api/v1/invites")
	case sweeptest.Password:
		return len(p.options.demo) > 0
	default:
		return false
	}
}

const embeddedURL = "http://embedded.invalid"

func optional(o *portalOptions) { o.pool.MFA = userpool.MFAOptional }

// restart is what a killed and restarted process is: everything anew but the configured keys and the pool.
func (p *portal) restart() {
	p.t.Helper()
	p.figures = new(metrics.Registry)
	info := p.pool.Info()
	client := cognito.Options{
		AWS: aws.Config{
			Region: info.Region, BaseEndpoint: aws.String("http://embedded.invalid"),
			HTTPClient: &http.Client{Transport: rewriting{p.secrets.Transport(p.pool.Transport()), p.ask, p.rewrite}},
		},
		UserPoolID: info.UserPoolID, ClientID: info.ClientID, Flow: p.options.flow, SessionValidity: 3 * time.Minute, Now: p.clock.Now,
		Budget: throttle.NewBudget(throttle.BudgetOptions{
			Quotas: p.quotas(), Shelf: p.options.shelf, Now: time.Now, Log: slog.New(slog.NewTextHandler(p.t.Output(), nil)),
		}),
	}
	if p.domain != "" { // the pool is on a port
		client.AWS.BaseEndpoint, client.AWS.HTTPClient = aws.String(p.domain), &http.Client{Timeout: 10 * time.Second}
	}
	if client.Flow == "" {
		client.Flow = cognito.FlowPassword
	}
	if p.client != "" {
		client.UserPoolID, client.ClientID = p.userPool, p.client
	}
	if p.options.secretClient {
		client.ClientID, client.ClientSecret = info.SecretClientID, secret.New(info.SecretClientSecret)
	}
	pool := cognito.New(client)
	p.cognito.Store(pool)
	sessions, err := session.New(session.Options{
		Name: "enroll", Keys: p.keys, Context: info.UserPoolID, Secure: !p.options.plainHTTP, MaxAge: 40 * time.Minute, Now: pool.Now,
	})
	p.must(err)
	assets, err := readAssets()
	p.must(err)
	languages, err := readLanguages()
	p.must(err)
	said := brand.Settings{Name: "Northwind", Issuer: p.options.issuer}
	if p.options.brand == nil {
		said.Support = "Need help? Call the service desk: 555 0100"
	}
	look, err := brand.Load(p.options.brand, languages, said)
	p.must(err)
	publicURL, err := url.Parse(p.server.URL)
	p.must(err)
	p.drawer = qr.NewDrawer(16)
	policy := enroll.PasswordPolicy{MinLength: 8, Upper: true, Lower: true, Number: true, Symbol: true}
	sealing := session.Options{Name: "handoff", Keys: p.keys, Context: info.UserPoolID, Secure: !p.options.plainHTTP, MaxAge: 40 * time.Minute, Now: pool.Now}
	handoffs, err := session.NewSealer(sealing)
	p.must(err)
	sealing.Name = "swap"
	swaps, err := session.NewSealer(sealing)
	p.must(err)
	sealing.Name = "refresh"
	tokens, err := session.NewSealer(sealing)
	p.must(err)
	options := web.Options{
		Enroll: enroll.New(enroll.Options{Pool: pool, Desk: p.openDesk(client), Policy: policy, Required: p.options.pool.MFA == userpool.MFAOn, Removable: p.options.pool.MFA == userpool.MFAOptional, Revoke: p.revoker(), Vault: vault{p, tokens}, Now: pool.Now}), Policy: policy,
		Sessions: sessions, QR: p.drawer, Assets: assets, PublicURL: publicURL, OtherHosts: p.options.otherHosts,
		Brand: look, Maintenance: p.options.maintenance,
		SessionValidity: 3 * time.Minute, Now: pool.Now, Demo: p.options.demo, NoPasswords: p.options.noPasswords,
		Log:     slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: p.figures,
		Store:   pageStore{p.store, info.UserPoolID, p}, SessionAge: 40 * time.Minute, Handoffs: handoffs, Swaps: swaps,
		Returns: []web.Return{{Key: "intranet", Name: "Intranet", URL: "https://intranet.example/"}, {Key: "hr", Name: "Northwind HR", URL: "https://hr.example/done?x=1"}},
		APIKeys: apiKeys(), Desk: p.apiDesk(pool.Now),
	}
	oauth := cognito.OAuthOptions{
		Issuer: embeddedURL + "/" + info.UserPoolID, RedirectURL: p.server.URL + "/sign-in/oauth/callback", UserPoolID: info.UserPoolID,
		ClientID: client.ClientID, ClientSecret: client.ClientSecret, HTTPClient: &http.Client{Transport: p.pool.Transport()}, Now: pool.Now,
	}
	if p.domain != "" {
		oauth.Issuer, oauth.Domain, oauth.HTTPClient = p.domain+"/"+info.UserPoolID, p.domain, &http.Client{Timeout: 10 * time.Second}
		sealing.Name = "oidc"
		options.OAuthPending, err = session.New(sealing)
		p.must(err)
	}
	options.OAuth = pageOAuth{cognito.NewOAuth(context.Background(), oauth)}
	sealing.Name, sealing.MaxAge = "dev", 365*24*time.Hour
	options.Devices, err = session.New(sealing)
	p.must(err)
	sealing.Name, sealing.MaxAge = "line", 4*time.Hour
	options.Places, err = session.New(sealing)
	p.must(err)
	options.Guard = throttle.NewGuard(throttle.GuardOptions{Counter: p.options.counter, Now: pool.Now})
	options.Room = throttle.NewRoom(throttle.RoomOptions{Rate: float64(p.options.updates) * throttle.Share / 2, Shelf: p.options.shelf, Now: pool.Now, Log: options.Log})
	options.Proxies = p.options.proxies
	p.addDesk(&options)
	server, err := web.New(options)
	p.must(err)
	p.handler.Store(server)
}

// revoker is how tokens are revoked: beside the answer, as cmd/portal does it, unless the test says otherwise.
func (p *portal) revoker() enroll.Later {
	do := func(ctx context.Context, work func(context.Context) error) {
		if err := work(ctx); err != nil {
			_, _ = p.log.Write([]byte("not revoked: " + err.Error() + "\n"))
		}
	}
	switch p.options.revoke {
	case "false":
		return nil
	case "wait":
		return do
	}
	return func(ctx context.Context, work func(context.Context) error) {
		p.background.Go(func() { do(context.WithoutCancel(ctx), work) })
	}
}

// vault, pageStore and pageOAuth are what cmd/portal makes of the real parts.
type vault struct {
	portal *portal
	sealer *session.Sealer
}

func (v vault) Put(ctx context.Context, name enroll.ID, token secret.Text, until time.Time) error {
	sealed, err := v.sealer.Seal([]byte(token.Reveal()))
	if err != nil {
		return err
	}
	return v.portal.store.PutHandoff(ctx, store.Handoff{LocatorHash: sha256.Sum256(name[:]), Payload: sealed, ExpiresAt: until})
}

func (v vault) Take(ctx context.Context, name enroll.ID) (secret.Text, error) {
	kept, err := v.portal.store.TakeHandoff(ctx, sha256.Sum256(name[:]))
	if errors.Is(err, store.ErrNotFound) {
		return secret.Text{}, nil
	}
	if err != nil {
		return secret.Text{}, err
	}
	token, err := v.sealer.Open(kept.Payload)
	return secret.New(string(token)), err
}

// quotas are the pool's, or none to speak of.
func (p *portal) quotas() map[string]int {
	quotas := cognito.Quotas(p.options.signIn, p.options.updates)
	if p.options.signIn == many {
		for category := range quotas {
			quotas[category] = many
		}
	}
	return quotas
}

type pageStore struct {
	*store.Store
	pool   string
	portal *portal
}

func (s pageStore) fails(method string) bool {
	return s.portal.failing != nil && s.portal.failing(method)
}

func (s pageStore) hears(ctx context.Context, method string) {
	if s.portal.reading != nil {
		s.portal.reading(ctx, method)
	}
}

func (s pageStore) EndSession(ctx context.Context, id enroll.ID, until time.Time) error {
	if s.fails("EndSession") {
		return store.ErrUnavailable
	}
	return s.Store.EndSession(ctx, id, until)
}

func (s pageStore) SessionEnded(ctx context.Context, id enroll.ID) (bool, error) {
	return s.Store.SessionEnded(ctx, id)
}

func (s pageStore) SessionOver(ctx context.Context, id enroll.ID, account string, began time.Time) (bool, error) {
	s.hears(ctx, "SessionOver")
	return s.Store.SessionOver(ctx, id, account, began)
}

func (s pageStore) Record(ctx context.Context, account string, event web.Event, device string) error {
	_, err := s.AppendLedger(ctx, store.LedgerEntry{Pool: s.pool, Account: account, Event: helpdesk.Event(event), Actor: account, Detail: device})
	return err
}

func (s pageStore) Conclude(ctx context.Context, account string, event web.Event, device string, id enroll.ID, until, others time.Time) error {
	if s.fails("Conclude") {
		return store.ErrUnavailable
	}
	return s.Store.Conclude(ctx, store.LedgerEntry{Pool: s.pool, Account: account, Event: helpdesk.Event(event), Actor: account, Detail: device}, id, until, others)
}

func (s pageStore) LastRecord(ctx context.Context, account string) (web.Event, string, time.Time, bool, error) {
	s.hears(ctx, "LastRecord")
	if s.fails("LastRecord") {
		return "", "", time.Time{}, false, store.ErrUnavailable
	}
	entry, err := s.Latest(ctx, s.pool, account)
	if errors.Is(err, store.ErrNotFound) {
		return "", "", time.Time{}, false, nil
	}
	return web.Event(entry.Event), entry.Detail, entry.At, err == nil, err
}

func (s pageStore) PutHandoff(ctx context.Context, hash [32]byte, sealed []byte, expires time.Time) error {
	return s.Store.PutHandoff(ctx, store.Handoff{LocatorHash: hash, Payload: sealed, ExpiresAt: expires})
}

func (s pageStore) TakeHandoff(ctx context.Context, hash [32]byte) ([]byte, bool, error) {
	if s.fails("TakeHandoff") {
		return nil, false, store.ErrUnavailable
	}
	taken, err := s.Store.TakeHandoff(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	return taken.Payload, err == nil, err
}

func (s pageStore) Allow(ctx context.Context, key string, limit web.Limit, now time.Time) (time.Duration, error) {
	return s.Store.Allow(ctx, key, store.Limit(limit), now)
}

type pageOAuth struct{ *cognito.OAuth }

func (o pageOAuth) Start() (string, web.OAuthPending) {
	address, pending := o.OAuth.Start()
	return address, web.OAuthPending(pending)
}

func (o pageOAuth) Finish(ctx context.Context, pending web.OAuthPending, state, code secret.Text) (enroll.Answer, error) {
	return o.OAuth.Finish(ctx, cognito.Pending(pending), state, code)
}

// rewriting changes what goes to the pool and what comes back, on its way.
type rewriting struct {
	http.RoundTripper
	ask, change func([]byte) []byte
}

func (r rewriting) RoundTrip(request *http.Request) (*http.Response, error) {
	if r.ask != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		body = r.ask(body)
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	answer, err := r.RoundTripper.RoundTrip(request)
	if err != nil || r.change == nil {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	changed := r.change(body)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
	answer.Header.Del("Content-Length")
	return answer, nil
}

// poolTime is the pool's time as the portal knows it: the clock of the store and of the cookies.
func (p *portal) poolTime() time.Time {
	if client := p.cognito.Load(); client != nil {
		return client.Now()
	}
	return p.clock.Now()
}

// useClient points the portal at another pool of the same service.
func (p *portal) useClient(userPool, client string) {
	p.userPool, p.client = userPool, client
	p.restart()
}

func (p *portal) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// addUser makes an account. Enrolled ones answer their key.
func (p *portal) addUser(name string, state userpool.State) (key string) {
	p.t.Helper()
	if state == userpool.StateEnrolled {
		key = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ"
	}
	p.must(p.pool.AddUser(userpool.User{Username: name, Password: password, State: state, TOTPSecret: key, DeviceName: deviceOf(key)}))
	return key
}

func deviceOf(key string) string {
	if key == "" {
		return ""
	}
	return "Old phone"
}

// code is what an app with that key shows now.
func (p *portal) code(key string) string { return p.codeAt(key, p.clock.Now()) }

func (p *portal) codeAt(key string, at time.Time) string {
	p.t.Helper()
	raw, err := totp.Decode(key)
	p.must(err)
	return totp.Code(raw, totp.Step(at))
}

// nextCode waits until the app shows another code, and answers it.
func (p *portal) nextCode(key string) string {
	p.clock.advance(totp.Period)
	return p.code(key)
}

// calls are the operations that people waited for since the last time, in their order.
func (p *portal) calls() string {
	p.background.Wait()
	var names []string
	for _, request := range p.pool.Requests() {
		if request.Operation != "RevokeToken" {
			names = append(names, request.Operation)
		}
	}
	p.pool.ResetRequests()
	return strings.Join(names, " ")
}

// revoked is how many tokens were revoked since the calls were last counted.
func (p *portal) revoked() (count int) {
	p.background.Wait()
	for _, request := range p.pool.Requests() {
		if request.Operation == "RevokeToken" && request.Error == "" {
			count++
		}
	}
	return count
}

func (p *portal) wantRevoked(want int) {
	p.t.Helper()
	if got := p.revoked(); got != want {
		p.t.Errorf("%d tokens revoked, want %d", got, want)
	}
}

func (p *portal) wantCalls(want string) {
	p.t.Helper()
	if got := p.calls(); got != want {
		p.t.Errorf("calls to the pool: %q, want %q", got, want)
	}
}

// browser drives the portal as a person without script does: it fetches a page, fills in its form, follows redirects.
type browser struct {
	*portal
	client *http.Client
	answer *http.Response
	body   []byte
	page   *htmltest.Page
	heard  *bytes.Buffer // keeps all answers, if it is said
	from   string        // address and port of requests past the network; "": each from another
	sent   int

	forwarded string // X-Forwarded-For of those
}

func (p *portal) browser() *browser {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	p.must(err)
	wire := p.wire
	if wire == nil {
		wire = newWire()
	}
	return &browser{portal: p, client: &http.Client{Jar: jar, Transport: wire}}
}

func newWire() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the test's own server
}

// do sends a request and follows redirects.
func (b *browser) do(r *http.Request) *browser {
	b.t.Helper()
	answer, err := b.client.Do(r)
	b.must(err)
	defer answer.Body.Close()
	b.body, err = io.ReadAll(answer.Body)
	b.must(err)
	b.answer = answer
	if b.heard != nil {
		_, _ = fmt.Fprintf(b.heard, "%v\n%s\n", answer.Header, b.body)
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		b.page = htmltest.Parse(b.t, b.body)
	}
	return b
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	b.must(err)
	if method == http.MethodPost {
		if b.page != nil && !form.Has("flow") && strings.HasPrefix(path, "/") {
			if token := b.page.Attr(`input[name="flow"]`, "value"); token != "" { // of the page that the browser stands at
				if form == nil {
					form = url.Values{}
				}
				form.Set("flow", token)
				setBody(r, form.Encode())
			}
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.server.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

// submit fills in the form for action on the present page and sends it.
func (b *browser) submit(action string, pairs ...string) *browser {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, action, b.page.Form(action, pairs...)))
}

func (b *browser) signIn(name, password string) *browser {
	b.t.Helper()
	return b.get("/sign-in").submit("/sign-in", "username", name, "password", password)
}

// key is the key that the set-up page shows.
func (b *browser) key() string {
	b.t.Helper()
	key := strings.ReplaceAll(b.page.Text("#key"), " ", "")
	if key == "" {
		b.t.Fatalf("no key on the page at %s:\n%s", b.path(), b.page.Text("main"))
	}
	return key
}

func (b *browser) path() string { return b.answer.Request.URL.Path }

func (b *browser) at(path string) *browser {
	b.t.Helper()
	if b.path() != path {
		b.t.Fatalf("at %s (status %d), want %s:\n%s", b.path(), b.answer.StatusCode, path, b.page.Text("main"))
	}
	return b
}

func (b *browser) status(want int) *browser {
	b.t.Helper()
	if b.answer.StatusCode != want {
		b.t.Errorf("%s %s: status %d, want %d:\n%s", b.answer.Request.Method, b.path(), b.answer.StatusCode, want, b.page.Text("main"))
	}
	return b
}

func (b *browser) text(selector, want string) *browser {
	b.t.Helper()
	if got := b.page.Text(selector); !strings.Contains(got, want) {
		b.t.Errorf("%s: %s has the text %q, want %q in it", b.path(), selector, got, want)
	}
	return b
}

func (b *browser) golden(name string) *browser {
	b.t.Helper()
	htmltest.Golden(b.t, name, b.body, maskPage)
	return b
}

// What differs from run to run: keys, asset hashes, request ids, where the QR's size follows from.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\b([A-Z2-7]{4} ){12}[A-Z2-7]{4}\b`), "KEY"},
	{regexp.MustCompile(`secret=[A-Z2-7]+`), "secret=KEY"},
	{regexp.MustCompile(`(?m)(<ol class="spell"[^>]*>\n)(?:^ *(?:<li>|<span>|[2-7]|[A-Z][A-Za-z-]*)\n)+`), "${1}SPELLING\n"},
	{regexp.MustCompile(`https?://127\.0\.0\.1:\d+`), "http://HOST"},
	{regexp.MustCompile(`name="flow" value="[0-9a-f]{32}"`), `name="flow" value="FLOW"`},
	{regexp.MustCompile(`/handoff/[A-Z2-7]+/[\w-]+`), "/handoff/LOCATOR/ACCOUNT"},
	{regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{3} [0-9A-HJKMNP-TV-Z]{3}\b`), "WORD"},
	{regexp.MustCompile(`\b([0-9A-HJKMNP-TV-Z] ){5}[0-9A-HJKMNP-TV-Z]\b`), "W O R D"},
	{regexp.MustCompile(`\.[0-9a-f]{12}\.`), ".HASH."},
	{regexp.MustCompile(`\b[A-Z2-7]{4}-[A-Z2-7]{4}\b`), "REQUEST-ID"},
}

func maskPage(page string) string {
	for _, mask := range masks {
		page = mask.pattern.ReplaceAllString(page, mask.with)
	}
	return page
}

// cookies are the values of the session's cookies.
func (b *browser) cookies() map[string]string {
	u, err := url.Parse(b.server.URL)
	b.must(err)
	values := map[string]string{}
	for _, c := range b.client.Jar.Cookies(u) {
		values[c.Name] = c.Value
	}
	return values
}

func (b *browser) setCookie(name, value string) {
	u, err := url.Parse(b.server.URL)
	b.must(err)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true}})
}

func (b *browser) String() string { return fmt.Sprintf("%d at %s", b.answer.StatusCode, b.path()) }
