package prove_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/sweeptest"
)

// poolProxy is the way from the portals to the pool. It knows where a call begins and ends, so that it can spoil a
// share of them in the ways that ways have: before the pool has heard of a call, or after.
type poolProxy struct {
	url      string
	upstream string
	client   http.RoundTripper

	mu     sync.Mutex
	share  float64 // of the calls that are spoilt
	random *rand.Rand
	cut    func(operation string, sent []byte, length int) int // where an answer is cut off, if at all; nil: nowhere
	counts map[string]int                                      // of calls, by fault; "" for none
	seen   map[[32]byte]int                                    // VerifySoftwareToken, by what was sent
}

func newPoolProxy(t testing.TB, upstream string) *poolProxy {
	t.Helper()
	line, secrets := &http.Transport{MaxIdleConnsPerHost: 256}, sweeptest.Of(t)
	p := &poolProxy{
		upstream: upstream, client: secrets.Transport(line), random: rand.New(rand.NewPCG(7, 7)), //nolint:gosec // reproducible
		counts: map[string]int{}, seen: map[[32]byte]int{},
	}
	server := httptest.NewServer(secrets.Handler(p)) // of what the pool never hears of, too
	t.Cleanup(func() { server.CloseClientConnections(); server.Close(); line.CloseIdleConnections() })
	p.url = server.URL
	return p
}

// fault is one way to go wrong. Those with an effect let the pool do its work first.
type fault struct {
	name   string
	weight int
	effect bool
}

func faults() []fault {
	return []fault{
		{"reset before", 4, false},
		{"throttled", 4, false},
		{"internal error", 3, false},
		{"gateway's page", 2, false},
		{"firewall's page", 1, false},
		{"slow", 4, true},
		{"reset after", 4, true},
		{"cut off", 5, true},
		{"garbled", 3, true},
		{"gateway's page after", 2, true},
		{"empty", 1, true},
	}
}

// spoil makes a share of the calls fail from now on.
func (p *poolProxy) spoil(share float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.share = share
}

func (p *poolProxy) choose(operation string, body []byte) (fault, float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if operation == "VerifySoftwareToken" {
		p.seen[sha256.Sum256(body)]++
	}
	at := p.random.Float64()
	if p.random.Float64() >= p.share {
		p.counts[""]++
		return fault{}, at
	}
	sum := 0
	for _, f := range faults() {
		sum += f.weight
	}
	for pick := p.random.IntN(sum); ; {
		for _, f := range faults() {
			if pick -= f.weight; pick < 0 {
				p.counts[f.name]++
				return f, at
			}
		}
	}
}

// total is how many calls there were, how many of them were spoilt, and how often a code was sent a second time.
func (p *poolProxy) total() (calls, spoilt, again int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, count := range p.counts {
		calls += count
		if name != "" {
			spoilt += count
		}
	}
	for _, count := range p.seen {
		again += count - 1
	}
	return calls, spoilt, again
}

func (p *poolProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	f, at := p.choose(operation, body)
	if !f.effect && f.name != "" {
		refuse(w, f.name)
		return
	}
	if f.name == "slow" {
		time.Sleep(time.Duration(at * float64(1500*time.Millisecond)))
	}
	answer, text, err := p.forward(r, body)
	if err != nil {
		reset(w)
		return
	}
	switch f.name {
	case "reset after":
		reset(w)
	case "cut off":
		raw := written(answer, text)
		cutOff(w, raw[:int(at*float64(len(raw)))])
	case "garbled":
		copy(text[int(at*float64(len(text)/2)):], "\x00\xff<")
		whole(w, answer, text)
	case "gateway's page after":
		refuse(w, "gateway's page")
	case "empty":
		whole(w, answer, []byte("{}"))
	default:
		p.mu.Lock()
		cut := p.cut
		p.mu.Unlock()
		if raw := written(answer, text); cut != nil {
			if n := cut(operation, body, len(raw)); n >= 0 && n < len(raw) {
				cutOff(w, raw[:n])
				return
			}
		}
		whole(w, answer, text)
	}
}

// forward asks the pool.
func (p *poolProxy) forward(r *http.Request, body []byte) (*http.Response, []byte, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, p.upstream+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	out.Header, out.Host = r.Header.Clone(), r.Host // signatures are over it
	answer, err := p.client.RoundTrip(out)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, text, err
}

func whole(w http.ResponseWriter, answer *http.Response, text []byte) {
	maps.Copy(w.Header(), answer.Header)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(text)
}

// written is an answer as it goes over the line.
func written(answer *http.Response, text []byte) []byte {
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "HTTP/1.1 %s\r\n", answer.Status)
	_ = answer.Header.Write(&raw) // a buffer takes everything
	raw.WriteString("\r\n")
	return append(raw.Bytes(), text...)
}

// cutOff sends the first bytes of an answer, and then the connection breaks.
func cutOff(w http.ResponseWriter, beginning []byte) {
	line, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = line.Write(beginning)
	_ = line.Close()
}

// refuse answers in the pool's place.
func refuse(w http.ResponseWriter, name string) {
	exception := func(status int, exception string) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", exception+":")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"__type":"`+exception+`","message":"no"}`)
	}
	page := func(status int) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><h1>"+http.StatusText(status)+"</h1></html>")
	}
	switch name {
	case "reset before":
		reset(w)
	case "throttled":
		exception(http.StatusBadRequest, "TooManyRequestsException")
	case "internal error":
		exception(http.StatusInternalServerError, "InternalErrorException")
	case "gateway's page":
		page(http.StatusBadGateway)
	case "firewall's page":
		page(http.StatusForbidden)
	}
}

// reset breaks the connection before anything is answered.
func reset(w http.ResponseWriter) {
	line, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := line.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // so that it is a reset, and no end
	}
	_ = line.Close()
}
