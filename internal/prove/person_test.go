package prove_test

import (
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cognito-enroll/internal/totp"
)

// person is somebody with a browser and an authenticator app who does what the pages say until he is done. What he
// saw on the way is what the invariants are checked by.
type person struct {
	name, device string
	base         string
	client       *http.Client
	random       *rand.Rand
	late         time.Duration // waits at most so long before each form
	begins       chan struct{} // is closed when he may begin; nil: at once
	report       bool          // keeps his way for the message of a failure

	// Where he stands.
	path string
	page string

	// What he has seen.
	keys    []sighting       // in the app, the newest last
	lastOf  map[string]int64 // step of the last code, by key
	newest  int64            // step of the last code of any
	entered int              // passwords
	typed   map[string]int   // codes of set-ups, by key and code: how often he sent them himself
	retried int              // requests that got no answer of ours, and were sent again
	asked   bool             // for a code of the app when he signed in again: that it is set up is known
	done    bool             // by the page
	wait    time.Duration    // that a page told him to wait, and gave up
	failed  string
	broken  []string // invariants that he saw broken with his own eyes
	took    []time.Duration
	way     []string
}

// sighting is a key that a page showed.
type sighting struct {
	text string
	at   time.Time
}

// newPerson makes the nth person of a cluster, with an address of his own.
func (c *cluster) newPerson(n int) *person {
	jar, err := cookiejar.New(nil)
	c.must(err)
	scheme := "https://"
	if c.roots == nil {
		scheme = "http://"
	}
	from := net.IPv4(127, byte(10+n>>16), byte(n>>8), byte(n)) //nolint:gosec // all of loopback is ours
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 10 * time.Second}
	return &person{
		name: fmt.Sprintf("person-%05d", n), device: fmt.Sprintf("Phone of %05d", n), base: scheme + c.balancer,
		client: &http.Client{
			Jar: jar, Timeout: 60 * time.Second,
			Transport: c.secrets.Transport(&http.Transport{
				DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1, TLSHandshakeTimeout: 20 * time.Second,
				TLSClientConfig: &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS13},
			}),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		random: rand.New(rand.NewPCG(uint64(n), 3)), //nolint:gosec // reproducible
		lastOf: map[string]int64{}, typed: map[string]int{},
	}
}

var (
	flowOnPage   = regexp.MustCompile(`name="flow" value="([0-9a-f]+)"`)
	keyOnPage    = regexp.MustCompile(`id="key"[^>]*>([A-Z2-7 ]+)<`)
	deviceOnPage = regexp.MustCompile(`id="device"[^>]* value="([^"]*)"`)
	onwardOnPage = regexp.MustCompile(`<a class="btn[^"]*" href="(/[^"]*)"`)
	requestID    = regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}`)
)

// enroll goes all the way, or says in failed where it ended.
func (p *person) enroll() {
	defer p.client.CloseIdleConnections()
	p.visit(http.MethodGet, "/sign-in", nil)
	for range 60 {
		switch {
		case p.failed != "" || p.wait > 0:
			return
		case p.path == "/done":
			p.done = true
			return
		case strings.Contains(p.page, `action="/line"`): // also in the place of the page to sign in
			p.send("/line", "username", p.name)
		case strings.Contains(p.page, `hx-get="/line"`):
			time.Sleep(time.Second)
			p.visit(http.MethodGet, "/line", nil)
		case p.path == "/sign-in":
			p.entered++
			p.send("/sign-in", "username", p.name, "password", password)
		case p.path == "/authenticator" && p.asked:
			return // the app was asked for: it is set up
		case p.path == "/authenticator":
			p.send("/authenticator/start")
		case p.path == "/set-up" && strings.Contains(p.page, `action="/set-up/finish"`):
			p.send("/set-up/finish")
		case p.path == "/set-up":
			key := p.scan()
			if key == "" {
				p.visit(http.MethodGet, "/sign-in", nil)
				continue
			}
			code := p.code(key)
			p.typed[key+code]++
			p.send("/set-up/verify", "code", code, "device", p.device)
		case p.path == "/challenge":
			if len(p.keys) == 0 {
				p.failed = "asked for the code of an app that was never set up"
				return
			}
			p.asked = true
			p.send("/challenge", "code", p.code(p.keys[len(p.keys)-1].text))
		default:
			p.failed = "at " + p.path
			return
		}
	}
	p.failed = "never done"
}

// scan reads the key off the page as the app's camera does.
func (p *person) scan() string {
	found := keyOnPage.FindStringSubmatch(p.page)
	if found == nil {
		return ""
	}
	key := strings.ReplaceAll(found[1], " ", "")
	if len(p.keys) == 0 || p.keys[len(p.keys)-1].text != key {
		p.keys = append(p.keys, sighting{key, time.Now()})
	}
	if device := deviceOnPage.FindStringSubmatch(p.page); len(p.typed) > 0 && p.typedFor(key) && (device == nil || html.UnescapeString(device[1]) != p.device) {
		p.broken = append(p.broken, fmt.Sprintf("I4: the name of the device is gone: %q", device))
	}
	return key
}

// typedFor reports whether a form for this key was answered.
func (p *person) typedFor(key string) bool {
	for typed := range p.typed {
		if strings.HasPrefix(typed, key) {
			return true
		}
	}
	return false
}

// code is what the app shows, or is about to show: the oldest one that the pool takes and that was not sent yet.
func (p *person) code(key string) string {
	raw, err := totp.Decode(key)
	if err != nil {
		p.failed = "the key cannot be read"
		return ""
	}
	next := max(totp.Step(time.Now())-1, p.lastOf[key]+1)
	if early := time.Until(totp.StepStart(next - 1)); early > 0 {
		time.Sleep(early)
	}
	p.lastOf[key], p.newest = next, next
	return totp.Code(raw, next)
}

// send fills in the form for action on the present page.
func (p *person) send(action string, pairs ...string) {
	if p.late > 0 {
		time.Sleep(time.Duration(p.random.Int64N(int64(p.late))))
	}
	form := url.Values{}
	if token := flowOnPage.FindStringSubmatch(p.page); token != nil {
		form.Set("flow", token[1])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	p.visit(http.MethodPost, action, form)
}

// visit sends a request as a browser does: follows redirects, and where no answer of the portal comes, presses "try
// again", which sends the same once more.
func (p *person) visit(method, path string, form url.Values) {
	began := time.Now()
	defer func() { p.took = append(p.took, time.Since(began)) }()
	for tries, hops := 0, 0; hops < 10; {
		status, header, body, err := p.ask(method, path, form)
		if p.report || len(p.way) < 400 {
			p.way = append(p.way, fmt.Sprintf("%s %s %s: %d %v", began.Format("05.000"), method, path, status, err))
		}
		switch {
		case err != nil || status == http.StatusBadGateway || status == http.StatusGatewayTimeout:
			p.retried++
			if tries++; tries > 20 {
				p.failed = fmt.Sprintf("%s %s: no answer: status %d, %v", method, path, status, err)
				return
			}
			time.Sleep(time.Duration(50+p.random.IntN(100)) * time.Millisecond)
		case status == http.StatusSeeOther:
			method, path, form, hops = http.MethodGet, header.Get("Location"), nil, hops+1
		default:
			p.judge(method+" "+path, status, header, body)
			p.path, p.page = path, body
			if status >= http.StatusBadRequest && status != http.StatusUnprocessableEntity {
				p.onward(status, header)
			} else if method == http.MethodPost {
				p.path = standsAt(path)
			}
			return
		}
	}
	p.failed = "redirects without end at " + path
}

// standsAt is the page that a form which was not accepted is on.
func standsAt(action string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(action, "/verify"), "/finish"), "/start")
}

// onward goes on from a page that tells of a problem: by the link that it offers.
func (p *person) onward(status int, header http.Header) {
	if status == http.StatusTooManyRequests {
		p.wait, _ = time.ParseDuration(header.Get("Retry-After") + "s")
		if p.wait <= 3*time.Second {
			time.Sleep(p.wait)
			p.wait = 0
		} else {
			return
		}
	}
	next := "/sign-in"
	if link := onwardOnPage.FindStringSubmatch(p.page[max(0, strings.Index(p.page, "<main")):]); link != nil {
		next = link[1]
	}
	if p.late > 0 {
		time.Sleep(time.Duration(p.random.Int64N(int64(p.late) * 4)))
	}
	p.path, p.page = next, ""
	p.visit(http.MethodGet, next, nil)
}

// judge looks for what no answer may say: that a right and fresh code was wrong (I2), or a failure but ours (I6).
func (p *person) judge(form string, status int, header http.Header, body string) {
	fresh := p.newest >= totp.Step(time.Now())-1 // it may have grown old on its way
	if fresh && form == "POST /set-up/verify" && status == http.StatusUnprocessableEntity && !strings.Contains(body, "was used already") ||
		strings.Contains(body, "switched off here") {
		p.broken = append(p.broken, fmt.Sprintf("I2: a false word about a right code: %d: %s", status, body))
	}
	if status < http.StatusInternalServerError {
		return
	}
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !requestID.MatchString(header.Get("X-Request-Id")) ||
		!strings.Contains(body, header.Get("X-Request-Id")) {
		p.broken = append(p.broken, fmt.Sprintf("I6: status %d, Retry-After %q, request %q: %.300s", status, header.Get("Retry-After"), header.Get("X-Request-Id"), body))
	}
	for _, key := range p.keys {
		if strings.Contains(strings.ReplaceAll(body, " ", ""), key.text) {
			p.broken = append(p.broken, "I7: the key is on the page of a failure")
		}
	}
}

func (p *person) ask(method, path string, form url.Values) (int, http.Header, string, error) {
	r, err := http.NewRequest(method, p.base+path, strings.NewReader(form.Encode())) //nolint:noctx // the client has a timeout
	if err != nil {
		return 0, nil, "", err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", p.base)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, string(body), err
}

// finished reports whether he knows that his app is set up.
func (p *person) finished() bool { return p.done || p.asked && p.path == "/authenticator" }
