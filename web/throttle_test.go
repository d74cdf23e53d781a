package web_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// storeCounter and storeShelf are what cmd/portal makes of the store.
type storeCounter struct{ *store.Store }

func (s storeCounter) Allow(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	return s.Store.Allow(ctx, key, store.Limit(limit), now)
}

func (s storeCounter) Wait(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	return s.Store.Wait(ctx, key, store.Limit(limit), now)
}

type storeShelf struct{ *store.Store }

func (s storeShelf) Load(ctx context.Context, name string) ([]byte, int64, error) {
	return s.LoadShared(ctx, name)
}

func (s storeShelf) Save(ctx context.Context, name string, value []byte, version int64) (bool, error) {
	return s.SaveShared(ctx, name, value, version)
}

// Eight wrong passwords on one account, and the ninth is not tried: the page says how long to wait, Retry-After says
// the same, and the name is still in the form. Other accounts are not concerned. After the wait it goes on.
func TestTooManyPasswords(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	p.addUser("grace", userpool.StateNew)
	b := p.browser()
	for range 8 {
		b.signIn("nobody", "Wrong-Horse-9").status(http.StatusUnprocessableEntity)
	}
	p.calls()
	b.signIn("nobody", "Wrong-Horse-9").status(http.StatusTooManyRequests).text(`[role=alert]`, "16 minutes").golden("sign-in-too-often.html")
	if got := b.answer.Header.Get("Retry-After"); got != "960" {
		t.Errorf("Retry-After %q, want 960", got)
	}
	if got := b.page.Attr("#username", "value"); got != "nobody" {
		t.Errorf("the user name is %q, want the one that was typed", got)
	}
	p.wantCalls("")
	b.signIn("grace", password).at("/set-up")
	b.submit("/sign-out")
	p.clock.advance(16 * time.Minute)
	b.signIn("nobody", "Wrong-Horse-9").status(http.StatusUnprocessableEntity)
}

// The same page for names that exist and names that do not.
func TestTooManyTriesTellNoNames(t *testing.T) {
	p := openPortal(t)
	p.addUser("exists", userpool.StateNew)
	bodies := map[string]string{}
	for _, name := range []string{"exists", "nobody"} {
		b := p.browser()
		b.from = map[string]string{"exists": "192.0.2.1:1", "nobody": "192.0.2.2:1"}[name]
		for range 11 {
			answer := b.direct(http.MethodPost, "/sign-in", url.Values{"username": {name}, "password": {"Wrong-Horse-9"}})
			bodies[name] = fmt.Sprint(answer.Code, strings.ReplaceAll(answer.Body.String(), name, "NAME"))
		}
	}
	if bodies["exists"] != bodies["nobody"] || !strings.HasPrefix(bodies["exists"], "429") {
		t.Errorf("a name that exists is told apart:\n%s\n%s", bodies["exists"], bodies["nobody"])
	}
}

// Ten thousand hosts try one password each on one account: eleven at most reach the pool in an hour, and the owner
// signs in at any time of it from the browser that he has signed in with before.
func TestStrangersDoNotKeepTheOwnerOut(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	owner := p.browser()
	owner.signIn("ada", password).at("/authenticator").submit("/sign-out")
	p.calls()
	guesses := 0
	for i := range 10_000 {
		p.clock.advance(time.Hour / 10_000)
		stranger := p.browser()
		stranger.from = fmt.Sprintf("10.%d.%d.%d:443", i>>16, i>>8&255, i&255)
		stranger.direct(http.MethodPost, "/sign-in", url.Values{"username": {"ada"}, "password": {"Wrong-Horse-9"}})
		if i%500 == 499 {
			guesses += strings.Count(p.calls(), "InitiateAuth")
			owner.signIn("ada", password).at("/authenticator").submit("/sign-out")
			p.calls()
		}
	}
	if guesses < 9 || guesses > 11 {
		t.Errorf("%d guesses reached the pool in an hour, want eleven at most, and not none", guesses)
	}
	p.browser().signIn("ada", password).status(http.StatusTooManyRequests) // from a strange browser

	p.clock.advance(time.Hour)
	p.calls()
	for range 20 { // a known one may err as often as a person does
		owner.signIn("ada", "typo")
	}
	if got := strings.Count(p.calls(), "InitiateAuth"); got != 10 {
		t.Errorf("%d guesses of a known browser reached the pool, want 10", got)
	}
}

// A browser is known for the account that it signed in to, and a stranger to all others.
func TestABrowserIsKnownForItsAccount(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	p.addUser("mallory", userpool.StateNew)
	mallory := p.browser()
	mallory.signIn("mallory", password).at("/authenticator").submit("/sign-out")
	for range 8 {
		p.browser().signIn("ada", "Wrong-Horse-9")
	}
	p.calls()
	mallory.signIn("ada", "Wrong-Horse-9").status(http.StatusTooManyRequests)
	p.wantCalls("")
	mallory.signIn("mallory", password).at("/authenticator")
}

// Whoever has only the password of an account with an app is not signed in, and his browser not known.
func TestAPasswordAloneMakesNoBrowserKnown(t *testing.T) {
	p := openPortal(t)
	key := p.addUser("ada", userpool.StateEnrolled)
	b := p.browser()
	b.signIn("ada", password).at("/challenge")
	if _, known := b.cookies()["__Host-dev"]; known {
		t.Error("known before the code was given")
	}
	b.submit("/challenge", "code", p.code(key)).at("/authenticator")
	if _, known := b.cookies()["__Host-dev"]; !known {
		t.Error("not known after signing in")
	}
}

// Codes are limited too, by account, on all nodes together and exactly: a hundred parallel tries from forty browsers on
// four nodes that share a PostgreSQL store.
func TestCodesOnFourNodes(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.pool.Switches.NoCodeLockout = true })
	key := p.addUser("ada", userpool.StateEnrolled)
	address := postgrestest.Database(t)
	var nodes []*web.Server
	for range 4 {
		memory, err := store.Open(t.Context(), address, store.Options{Now: p.clock.Now, ReadTimeout: patience, WriteTimeout: patience, MaxConns: 4})
		p.must(err)
		t.Cleanup(func() { _ = memory.Close() })
		p.options.counter = storeCounter{memory} // without the fallback: on a busy machine it would count here
		p.restart()
		nodes = append(nodes, p.handler.Load())
	}
	signedIn := p.browser()
	signedIn.signIn("ada", password).at("/challenge")
	p.calls()
	var tries sync.WaitGroup
	var mu sync.Mutex
	status := map[int]int{}
	for i := range 100 {
		tries.Go(func() {
			b := &browser{portal: &portal{t: t, server: p.server}, client: p.browser().client, page: signedIn.page}
			b.handler.Store(nodes[i%4])
			for name, value := range signedIn.cookies() {
				b.setCookie(name, value)
			}
			answer := b.direct(http.MethodPost, "/challenge", url.Values{"code": {fmt.Sprintf("%06d", i)}})
			mu.Lock()
			defer mu.Unlock()
			status[answer.Code]++
		})
	}
	tries.Wait()
	if got := strings.Count(p.calls(), "RespondToAuthChallenge"); got != 8 || status[http.StatusTooManyRequests] != 92 {
		t.Errorf("%d codes reached the pool, answers %v; want 8, and 92 refusals", got, status)
	}
	p.clock.advance(time.Minute)
	signedIn.submit("/challenge", "code", p.code(key)).status(http.StatusTooManyRequests).text("h1", "Too many tries").text("main", "minutes")
}

// A store that does not answer keeps nobody out; each node counts for itself until it does.
func TestLimitsWithoutTheStore(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.signIn, o.updates = many, many })
	p.addUser("ada", userpool.StateNew)
	p.options.counter = throttle.NewShared(deaf{}, p.clock.Now, slog.New(slog.DiscardHandler))
	p.options.shelf = deaf{}
	p.restart()
	b := p.browser()
	for range 8 {
		b.signIn("nobody", "Wrong-Horse-9").status(http.StatusUnprocessableEntity)
	}
	b.signIn("nobody", "Wrong-Horse-9").status(http.StatusTooManyRequests)
	b.signIn("ada", password).at("/set-up").submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

// deaf is a store that does not answer.
type deaf struct{}

var errDeaf = errors.New("down")

func (deaf) Allow(context.Context, string, throttle.Limit, time.Time) (time.Duration, error) {
	return 0, errDeaf
}

func (deaf) Wait(context.Context, string, throttle.Limit, time.Time) (time.Duration, error) {
	return 0, errDeaf
}

func (deaf) Load(context.Context, string) ([]byte, int64, error)       { return nil, 0, errDeaf }
func (deaf) Save(context.Context, string, []byte, int64) (bool, error) { return false, errDeaf }

// Codes that are mailed cost the person who gets them: three an hour, however they are asked for.
func TestTooManyMails(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	for range 3 {
		b.get("/forgot-password").submit("/forgot-password", "username", "ada").at("/reset-password").submit("/sign-out")
	}
	b.get("/forgot-password").submit("/forgot-password", "username", "ada").status(http.StatusTooManyRequests).text(`[role=alert]`, "20 minutes")
	if got := b.page.Attr("#username", "value"); got != "ada" {
		t.Errorf("the user name is %q", got)
	}
	p.calls()
	resend := b.get("/confirm").page.Form("/confirm", "username", "ada")
	resend.Set("resend", "yes")
	b.do(b.request(http.MethodPost, "/confirm", resend)).status(http.StatusTooManyRequests)
	p.wantCalls("")
	b.get("/confirm").submit("/confirm", "username", "ada", "code", "123456").status(http.StatusUnprocessableEntity) // not mailed
}

// Another application is told in JSON, and has its own limit; who has no key does not use it up.
func TestTooManyHandOffs(t *testing.T) {
	p := openPortal(t)
	b := p.browser()
	statuses := map[int]int{}
	ask := func(key string) {
		t.Helper()
		b.handOff(`{}`, "Authorization", "Bearer "+key)
		statuses[b.answer.StatusCode]++
	}
	for range 40 {
		ask("guessed")
	}
	if statuses[http.StatusUnauthorized] != 30 || statuses[http.StatusTooManyRequests] != 10 {
		t.Errorf("without a key: %v, want 30 and 10", statuses)
	}
	clear(statuses)
	for range 201 {
		ask(apiKey)
	}
	if statuses[http.StatusUnprocessableEntity] != 200 || statuses[http.StatusTooManyRequests] != 1 {
		t.Errorf("with a key: %v, want 200 and 1", statuses)
	}
	if seconds, err := strconv.Atoi(b.answer.Header.Get("Retry-After")); err != nil || seconds != 1 || !strings.Contains(string(b.body), `"error":"too_many_requests"`) {
		t.Errorf("Retry-After %q, body %s", b.answer.Header.Get("Retry-After"), b.body)
	}
}

// Looking is free: however often a page is loaded, nothing is counted.
func TestLoadingPagesIsFree(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.from = "192.0.2.1:443"
	for _, path := range []string{"/sign-in", "/forgot-password", "/confirm", "/line", "/"} {
		for range 1500 {
			b.direct(http.MethodGet, path, nil)
		}
	}
	b.signIn("ada", password).at("/set-up")
	for range 1500 {
		b.direct(http.MethodGet, "/set-up", nil)
	}
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
}

// A wrong code at set-up is judged here, and asks neither the pool nor the nodes' store.
func TestAWrongCodeAsksNobody(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	asked := &counting{Counter: throttle.NewLocal()}
	p.options.counter = asked
	p.restart()
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	p.calls()
	asked.n = 0
	for range 20 {
		b.submit("/set-up/verify", "code", "000000").status(http.StatusUnprocessableEntity)
	}
	p.wantCalls("")
	if asked.n != 0 {
		t.Errorf("the nodes' store was asked %d times", asked.n)
	}
}

// counting counts how often a counter is asked.
type counting struct {
	throttle.Counter
	mu sync.Mutex
	n  int
}

func (c *counting) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counting) Allow(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	c.count()
	return c.Counter.Allow(ctx, key, limit, now)
}

func (c *counting) Wait(ctx context.Context, key string, limit throttle.Limit, now time.Time) (time.Duration, error) {
	c.count()
	return c.Counter.Wait(ctx, key, limit, now)
}

// Every route that may change something has a limit, and none can be added without.
func TestEveryFormHasALimit(t *testing.T) {
	server := openPortal(t).handler.Load()
	limits := server.Limits()
	limits["POST /csp"] = throttle.Reports() // csp.go
	posts := server.Posts()
	if len(posts) < 15 {
		t.Fatalf("only %d routes: nothing was tested", len(posts))
	}
	for _, post := range posts {
		if _, path, _ := strings.Cut(post, " "); limits[post].Name == "" && !strings.HasPrefix(path, "/api/v1/") { // limited by application, one and all: admitted
			t.Errorf("%s has no limit", post)
		}
	}
	for row, limit := range limits {
		if !slices.Contains(posts, row) && limit.Name != "" {
			t.Errorf("%s is counted, and changes nothing", row)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if server.AddUnlimited(method, "/new") == nil {
			t.Errorf("%s without a limit is added", method)
		}
	}
}

// More cookies than anybody has get a clear page, and ours are taken back.
func TestTooManyCookies(t *testing.T) {
	p := openPortal(t, withDesk)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	for _, ours := range []string{"__Host-desk", "__Host-dev", "__Host-line"} {
		b.setCookie(ours, "x")
	}
	for i := range 26 {
		b.setCookie(fmt.Sprint("planted", i), "x")
	}
	b.get("/set-up").at("/set-up").status(http.StatusOK)
	for i := range 10 {
		b.setCookie(fmt.Sprint("more", i), "x")
	}
	b.get("/set-up").status(http.StatusBadRequest).text("h1", "cannot be continued")
	for _, ours := range []string{"__Host-enroll", "__Host-desk", "__Host-dev", "__Host-line"} {
		if _, kept := b.cookies()[ours]; kept {
			t.Errorf("our cookie %s is kept", ours)
		}
	}
	b.get(b.page.Attr(`link[rel=stylesheet]`, "href")).status(http.StatusOK) // the page has its looks
}
