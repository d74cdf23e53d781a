package web_test

// Storms: everybody comes at once, or one comes a thousand times. They run in bubbles of their own time (testing/synctest),
// so that minutes pass in seconds and every figure is the same each time.

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/internal/userpool"
)

// capped is a portal in a bubble, on a pool that keeps its quotas.
func capped(o *portalOptions) {
	o.bubble = true
	o.signIn, o.updates = 120, 25
	o.pool.Now = time.Now
	o.pool.Switches.Quotas = true
}

// bubble runs a test in its own time.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	poolKeys() // outside: their making waits for nothing in the bubble
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(time.Minute) // whoever gave turns notices that nobody waits
	})
}

// stormer is a person with a browser without script, who does what the pages say.
type stormer struct {
	*browser
	name    string
	random  *rand.Rand
	came    time.Time
	places  []int // in the line, as they were shown
	entered time.Time
	done    time.Time
	failed  string
}

func (p *portal) stormer(i int, from string) *stormer {
	v := &stormer{browser: p.browser(), name: fmt.Sprint("user", i), random: rand.New(rand.NewPCG(uint64(i), 1))}
	v.from = from
	return v
}

// takes a moment to read or type.
func (v *stormer) takes(atMost time.Duration) {
	time.Sleep(time.Duration(v.random.Int64N(int64(atMost))))
}

// visit follows redirects and answers the page and its path.
func (v *stormer) visit(method, path string, form url.Values) (page *htmltest.Page, at string, ok bool) {
	var answer *httptest.ResponseRecorder
	for range 5 {
		answer = v.direct(method, path, form)
		if answer.Code != http.StatusSeeOther {
			break
		}
		method, path, form = http.MethodGet, answer.Header().Get("Location"), nil
	}
	if answer.Code != http.StatusOK {
		v.failed = fmt.Sprintf("%s %s: status %d", method, path, answer.Code)
		return nil, path, false
	}
	v.page = htmltest.Parse(v.t, answer.Body.Bytes())
	return v.page, path, true
}

// enroll goes all the way, or says in failed where it ended.
func (v *stormer) enroll() {
	v.came = time.Now()
	page, at, ok := v.visit(http.MethodGet, "/sign-in", nil)
	for range 1000 {
		switch {
		case !ok:
			return
		case page.Count(`form[action="/line"]`) > 0:
			v.takes(time.Second)
			page, at, ok = v.visit(http.MethodPost, "/line", page.Form("/line", "username", v.name))
		case page.Count(`[hx-get="/line"]`) > 0:
			place, _ := strconv.Atoi(strings.Map(digits, page.Text("#step p")))
			v.places = append(v.places, place)
			seconds, err := strconv.Atoi(refreshOf(page))
			if err != nil {
				v.failed = "the page in the line does not ask again"
				return
			}
			time.Sleep(time.Duration(seconds) * time.Second)
			page, at, ok = v.visit(http.MethodGet, "/line", nil)
		case at == "/sign-in":
			v.entered = time.Now()
			if len(v.places) > 0 && page.Attr("#username", "value") != v.name {
				v.failed = "the name is lost in the line"
				return
			}
			v.takes(time.Second)
			page, at, ok = v.visit(http.MethodPost, "/sign-in", page.Form("/sign-in", "username", v.name, "password", password))
		case at == "/set-up":
			v.takes(time.Second)
			code := v.code(strings.ReplaceAll(page.Text("#key"), " ", ""))
			page, at, ok = v.visit(http.MethodPost, "/set-up/verify", page.Form("/set-up/verify", "code", code))
		case at == "/done":
			v.done = time.Now()
			return
		default:
			v.failed = "at " + at
			return
		}
	}
	v.failed = "never done"
}

func digits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// refreshOf is after how many seconds a browser without script asks again. The parser knows of script, so the element
// is text to it.
func refreshOf(page *htmltest.Page) string {
	return strings.Map(digits, page.Text("noscript"))
}

// collect keeps the calls so far: the pool remembers no more than the newest ten thousand.
func (p *portal) collect() {
	p.collected = append(p.collected, p.pool.Requests()...)
	p.pool.ResetRequests()
}

// refused is how often the pool itself said that there were too many calls, and updates when those of the narrow quota
// came.
func (p *portal) refused() (refused int, updates []time.Time) {
	for _, request := range append(p.collected, p.pool.Requests()...) {
		if request.Error == "TooManyRequestsException" {
			refused++
		}
		switch request.Operation {
		case "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference":
			updates = append(updates, request.Time)
		}
	}
	return refused, updates
}

// A roll-out at nine o'clock: three hundred people in seven seconds, two hundred of them from one office, and a pool
// that takes 25 of the calls a second of which each needs two. Nobody sees an error, the pool refuses nothing, its
// quota is used, and who comes alone does not wait behind the whole office.
func TestRollOut(t *testing.T) {
	t.Run("one node", func(t *testing.T) {
		bubble(t, func(t *testing.T) { t.Helper(); usualRollOut.run(openPortal(t, capped)) })
	})
	t.Run("three nodes", func(t *testing.T) {
		bubble(t, func(t *testing.T) { t.Helper(); usualRollOut.run(openNodes(t, 3)) })
	})
}

// openNodes opens so many nodes that share a store and take requests in turn.
func openNodes(t *testing.T, count int) *portal {
	t.Helper()
	p := openPortal(t, capped)
	p.options.counter = throttle.NewShared(storeCounter{p.store}, time.Now, slog.New(slog.DiscardHandler))
	p.options.shelf = storeShelf{p.store}
	for range count {
		p.restart()
		p.nodes = append(p.nodes, p.handler.Load())
	}
	return p
}

// rollOut is so many people who come within a time, of whom each so manieth comes from a network of his own and all
// others from one office.
type rollOut struct {
	people int
	within time.Duration
	alone  int
}

var usualRollOut = rollOut{people: 300, within: 7 * time.Second, alone: 3}

// run checks all that was promised, and answers how much of the quota was used while people were let in.
func (r rollOut) run(p *portal) (used float64, report string) {
	t := p.t
	t.Helper()
	visitors := make([]*stormer, r.people)
	for i := range visitors {
		from := "192.0.2.1:443" // the office
		if i%r.alone == r.alone-1 {
			from = fmt.Sprintf("198.51.%d.%d:443", i/200, i%200)
		}
		visitors[i] = p.stormer(i, from)
		p.addUser(visitors[i].name, userpool.StateNew)
	}
	var all sync.WaitGroup
	for i, v := range visitors {
		all.Go(v.enroll)
		time.Sleep(r.within / time.Duration(r.people))
		if i%1000 == 999 {
			p.collect()
		}
	}
	over := make(chan struct{})
	go func() { defer close(over); all.Wait() }()
	for waiting := true; waiting; {
		select {
		case <-over:
			waiting = false
		case <-time.After(time.Minute):
			p.collect()
		}
	}

	var office, alone []*stormer
	for i, v := range visitors {
		if v.failed != "" {
			t.Fatalf("%s: %s\n%s", v.name, v.failed, p.log.String())
		}
		if i%r.alone == r.alone-1 {
			alone = append(alone, v)
		} else {
			office = append(office, v)
		}
	}
	for _, v := range alone {
		if waited := v.entered.Sub(v.came); waited > 3*time.Second {
			t.Errorf("%s came alone and waited %s", v.name, waited)
		}
	}
	var first, last time.Time // that somebody was let in from the line
	stood := 0
	for i, v := range office {
		if len(v.places) == 0 {
			continue
		}
		stood++
		if first.IsZero() || v.entered.Before(first) {
			first = v.entered
		}
		if v.entered.After(last) {
			last = v.entered
		}
		for _, later := range office[i+1:] {
			if later.came.Sub(v.came) > 5*time.Second && later.entered.Before(v.entered) {
				t.Errorf("%s was overtaken by %s, who came %s later", v.name, later.name, later.came.Sub(v.came))
			}
		}
	}
	if stood < r.people/3 {
		t.Errorf("only %d stood in line: nothing was tested", stood)
	}
	refused, updates := p.refused()
	if refused > 0 || len(updates) != 2*r.people {
		t.Errorf("the pool refused %d calls and saw %d; want none, and %d", refused, len(updates), 2*r.people)
	}
	during := 0
	for _, at := range updates {
		if !at.Before(first) && at.Before(last) {
			during++
		}
	}
	used = float64(during) / (25 * last.Sub(first).Seconds())
	report = fmt.Sprintf("%d of %d stood in line, the last one for %s; %.1f %% of the quota was used while they were let in",
		stood, r.people, last.Sub(visitors[r.people-1].came).Round(time.Second), 100*used)
	t.Log(report)
	if used < 0.95 {
		t.Errorf("%.1f %% of the quota was used, want at least 95", 100*used)
	}
	return used, report
}

// One client sends a thousand forms a second, with ever new names and wrong passwords, and then with the password of an
// account of his own; ten people enroll meanwhile. All ten are done as if nothing were, and the pool refuses nothing.
func TestOneClientHammers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		t.Helper()
		p := openPortal(t, capped)
		p.addUser("mallory", userpool.StateNew)
		var mu sync.Mutex
		answers := map[int]int{}
		hammer := p.browser()
		hammer.from, hammer.client.Jar = "203.0.113.9:443", noCookies{}
		var hammers sync.WaitGroup
		hammers.Go(func() {
			for i := range 5000 {
				form := url.Values{"username": {fmt.Sprint("nobody", i)}, "password": {"Wrong-Horse-9"}}
				if i%2 == 1 {
					form = url.Values{"username": {"mallory"}, "password": {password}}
				}
				hammers.Go(func() {
					code := hammer.direct(http.MethodPost, "/sign-in", form).Code
					mu.Lock()
					defer mu.Unlock()
					answers[code]++
				})
				time.Sleep(time.Millisecond)
			}
		})
		visitors := make([]*stormer, 10)
		var all sync.WaitGroup
		for i := range visitors {
			visitors[i] = p.stormer(i, fmt.Sprintf("198.51.100.%d:443", i))
			p.addUser(visitors[i].name, userpool.StateNew)
			all.Go(visitors[i].enroll)
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		hammers.Wait()
		for _, v := range visitors {
			if v.failed != "" {
				t.Errorf("%s: %s", v.name, v.failed)
			} else if took := v.done.Sub(v.came); took > 5*time.Second { // two seconds of it are typing
				t.Errorf("%s took %s", v.name, took)
			}
		}
		if refused, _ := p.refused(); refused > 0 {
			t.Errorf("the pool refused %d calls", refused)
		}
		// Of the hammer thirty failures, those that were under way when the thirtieth failed, and eight on one account.
		signIns := strings.Count(p.calls(), "InitiateAuth")
		if signIns > 10+30+12+8 {
			t.Errorf("%d sign-ins reached the pool, want 60 at most; the hammer was answered %v", signIns, answers)
		}
	})
}

// noCookies is the jar of a client that keeps none.
type noCookies struct{}

func (noCookies) SetCookies(*url.URL, []*http.Cookie) {}

func (noCookies) Cookies(*url.URL) []*http.Cookie { return nil }
