package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/throttle"
)

func TestMain(m *testing.M) {
	dynamotest.Main()
	code := m.Run()
	postgrestest.Stop()
	dynamotest.Stop()
	os.Exit(code)
}

func TestThrottleSettings(t *testing.T) {
	for _, test := range []struct {
		name, value string
		faulty      bool
	}{
		{"PORTAL_TRUSTED_PROXIES", "10.0.0.0/8, ::1,192.0.2.1", false},
		{"PORTAL_TRUSTED_PROXIES", "loadbalancer", true},
		{"PORTAL_TRUSTED_PROXIES", "10.0.0.0/33", true},
		{"PORTAL_TRUSTED_PROXIES", "0.0.0.0/0", true}, // anybody's word
		{"PORTAL_TRUSTED_PROXIES", "::/0", true},
		{"COGNITO_QUOTA_SIGN_IN", "60", false},
		{"COGNITO_QUOTA_UPDATES", "0", true},
		{"COGNITO_QUOTA_UPDATES", "1", true},
		{"COGNITO_QUOTA_UPDATES", "many", true},
	} {
		_, err := readConfig(nil, environment(test.name, test.value), io.Discard)
		if test.faulty != (err != nil && strings.Contains(err.Error(), test.name)) {
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		}
	}
	c, err := readConfig(nil, environment("PORTAL_TRUSTED_PROXIES", "10.0.0.0/8,::1"), io.Discard)
	if err != nil || fmt.Sprint(c.TrustedProxies) != "[10.0.0.0/8 ::1/128]" || c.QuotaSignIn != 120 || c.QuotaUpdates != 25 {
		t.Errorf("%v, %d, %d, %v", c.TrustedProxies, c.QuotaSignIn, c.QuotaUpdates, err)
	}
}

// Without knowing its proxies a portal behind one cannot tell people apart, and must not hold one to what another did.
func TestProxiesThatAreNotNamed(t *testing.T) {
	pool := []string{"COGNITO_USER_POOL_ID", "eu-central-1_AbCdEf123", "COGNITO_CLIENT_ID", "abc"}
	for what, test := range map[string]struct {
		env  []string
		want bool
	}{
		"plain http on loopback":   {nil, false},
		"https":                    {[]string{"PORTAL_PUBLIC_URL", "https://mfa.example.com"}, true},
		"https, proxies are named": {[]string{"PORTAL_PUBLIC_URL", "https://mfa.example.com", "PORTAL_TRUSTED_PROXIES", "10.0.0.0/8"}, false},
	} {
		c, err := readConfig(nil, environment(append(test.env, pool...)...), io.Discard)
		if err != nil || c.oneNetwork() != test.want {
			t.Errorf("%s: %t, %v", what, c.oneNetwork(), err)
		}
	}
}

// Nodes with one PostgreSQL or DynamoDB store count together, and have one line; a node with a file of its own asks nobody.
func TestNodesCountTogether(t *testing.T) {
	t.Run("PostgreSQL", func(t *testing.T) { countTogether(t, postgrestest.Database(t)) })
	t.Run("DynamoDB", func(t *testing.T) { countTogether(t, table(t)) })
}

func countTogether(t *testing.T, address string) {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	cfg := config{Store: address, Region: "eu-central-1", QuotaSignIn: 120, QuotaUpdates: 25}
	var nodes []limits
	for range 2 {
		memory, err := openStore(t.Context(), cfg, nil, store.Options{Now: now, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = memory.Close() })
		nodes = append(nodes, newLimits(cfg, memory, now, now, slog.New(slog.DiscardHandler), nil))
	}
	allowed := 0
	for i := range 20 {
		if nodes[i%2].guard.Try(t.Context(), throttle.Passwords(), throttle.Who{Account: "ada"}) == 0 {
			allowed++
		}
	}
	if allowed != 8 {
		t.Errorf("two nodes let %d tries through, want 8", allowed)
	}
	for range 100 {
		nodes[0].room.Enter(t.Context(), "office")
	}
	place := nodes[1].room.Enter(t.Context(), "office")
	if people, _ := nodes[0].room.Left(t.Context(), place); people < 90 {
		t.Errorf("the last of a hundred has number %d", people)
	}
	if err := nodes[0].budget.Take(t.Context(), "UserUpdate", true); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if nodes[1].budget.Take(ctx, "UserUpdate", true) == nil { // the clock stands still: its turn cannot come
		t.Error("two nodes make two calls at one moment")
	}
	if cognito.Quotas(120, 25)["UserUpdate"] != 25 {
		t.Error("the category has another name")
	}
}

// In the stores' own time: nodes whose clocks differ each have a share, and keep the quota. One was an hour ahead until its
// first call was answered.
func TestNodesWithWrongClocks(t *testing.T) {
	t.Run("PostgreSQL", func(t *testing.T) { shareBudget(t, postgrestest.Database(t)) })
	t.Run("DynamoDB", func(t *testing.T) { shareBudget(t, table(t)) })
}

func shareBudget(t *testing.T, address string) {
	t.Helper()
	const quota, seconds = 25, 3
	cfg := config{Store: address, Region: "eu-central-1", QuotaSignIn: 120, QuotaUpdates: quota}
	differ := []time.Duration{0, -100 * time.Millisecond, 2 * time.Second, time.Hour}
	var alone atomic.Int64 // how often a node could not ask the store
	log := slog.New(slog.NewTextHandler(writerFunc(func(line []byte) (int, error) { alone.Add(1); return len(line), nil }), nil))
	var nodes []limits
	for _, by := range differ {
		memory, err := openStore(t.Context(), cfg, nil, store.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = memory.Close() })
		var right atomic.Bool
		now := func() time.Time {
			if right.Load() {
				return time.Now()
			}
			return time.Now().Add(by)
		}
		node := newLimits(cfg, memory, now, now, log, nil)
		if err := node.budget.Take(t.Context(), "UserUpdate", true); err != nil {
			t.Fatal(err)
		}
		right.Store(by == time.Hour)
		nodes = append(nodes, node)
	}
	ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
	defer cancel()
	made := make([]atomic.Int64, len(nodes))
	var done sync.WaitGroup
	for i, node := range nodes {
		for range 10 {
			done.Go(func() {
				for node.budget.Take(ctx, "UserUpdate", true) == nil {
					made[i].Add(1)
				}
			})
		}
	}
	done.Wait()
	if alone.Load() > 0 {
		t.Skip("the machine is too busy: the store took longer than a quarter of a second, and nodes counted for themselves")
	}
	all := int64(0)
	for i := range made {
		n := made[i].Load()
		t.Logf("a clock %s ahead: %d calls", differ[i], n)
		if all += n; n < seconds*quota/int64(len(nodes))/3 { // a busy machine shares less evenly
			t.Errorf("a clock %s ahead: %d calls", differ[i], n)
		}
	}
	if all > (seconds+1)*quota {
		t.Errorf("%d calls in %d seconds", all, seconds)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(b []byte) (int, error) { return w(b) }

func TestPeopleEachSecond(t *testing.T) {
	for mfa, want := range map[string]float64{"on": 12.125, "optional": 8, "": 8} {
		c := config{UserPoolID: "x_y", ClientID: "z", MFA: mfa, QuotaUpdates: 25}
		if got := c.peopleEachSecond(); got > want+0.2 || got < want-0.2 {
			t.Errorf("mfa %q: %.2f people, want %.2f", mfa, got, want)
		}
	}
}

// offered is a listener that has these connections to give.
type offered struct {
	net.Listener
	from chan string
}

func (l offered) Accept() (net.Conn, error) {
	address, more := <-l.from
	if !more {
		return nil, net.ErrClosed
	}
	here, _ := net.Pipe()
	return comes{here, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}, nil
}

type comes struct {
	net.Conn
	from net.Addr
}

func (c comes) RemoteAddr() net.Addr { return c.from }

func TestConnectionsAreLimited(t *testing.T) {
	count := func(cfg config, n int, address func(i int) string) (accepted []net.Conn) {
		t.Helper()
		from := make(chan string, n)
		for i := range n {
			from <- address(i)
		}
		close(from)
		limited := limitConnections(offered{from: from}, cfg)
		for {
			conn, err := limited.Accept()
			if errors.Is(err, net.ErrClosed) {
				return accepted
			}
			accepted = append(accepted, conn)
		}
	}
	one := func(int) string { return "192.0.2.1:1000" }
	proxies := config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	for what, test := range map[string]struct {
		cfg     config
		address func(i int) string
		want    int
	}{
		"one address":   {config{}, one, maxNetworkConnections},
		"one /64":       {config{}, func(i int) string { return fmt.Sprintf("[2001:db8::%x]:1000", i) }, maxNetworkConnections},
		"many networks": {config{}, func(i int) string { return fmt.Sprintf("10.0.%d.%d:1000", i>>8&255, i&255) }, maxConnections},
		"a proxy":       {proxies, one, maxConnections},
		"this machine":  {config{}, func(int) string { return "127.0.0.1:1000" }, maxConnections},
	} {
		if got := len(count(test.cfg, maxConnections+10, test.address)); got != test.want {
			t.Errorf("%s: %d connections, want %d", what, got, test.want)
		}
	}

	// A connection that is closed, even twice, makes room for one.
	from := make(chan string, maxNetworkConnections+3)
	for range cap(from) {
		from <- "192.0.2.1:1000"
	}
	close(from)
	limited := limitConnections(offered{from: from}, config{})
	for range maxNetworkConnections {
		conn, err := limited.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if len(from) == 3 {
			_, _ = conn.Close(), conn.Close()
		}
	}
	if _, err := limited.Accept(); err != nil {
		t.Error("no room after one was closed")
	}
	if _, err := limited.Accept(); err == nil {
		t.Error("room for two after one was closed")
	}
}

// Headers beyond sixteen kilobytes are refused before anything reads them.
func TestHeadersAreLimited(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	for size, want := range map[int]int{8 << 10: http.StatusNoContent, 24 << 10: http.StatusRequestHeaderFieldsTooLarge, 1 << 20: http.StatusRequestHeaderFieldsTooLarge} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		go func() { // the server may stop reading
			_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nCookie: a=%s\r\n\r\n", strings.Repeat("x", size))
		}()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if answer.Body.Close(); answer.StatusCode != want {
			t.Errorf("%d bytes: status %d, want %d", size, answer.StatusCode, want)
		}
		_ = conn.Close()
	}
}

// Who sends headers or a body slower than anybody, or holds a connection for nothing, is cut off; who takes his time, is not.
func TestSlowClientsAreCutOff(t *testing.T) {
	for _, test := range []struct {
		what   string
		send   []string // one piece each second
		closed time.Duration
		most   int // answers
	}{
		{"nothing", nil, headerTimeout, 0},
		{"headers that never end", slices.Repeat([]string{"GET"}, 60), headerTimeout, 1},
		{"a body that never ends", append([]string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"}, slices.Repeat([]string{"x"}, 60)...), readTimeout, 1},
		{"one request, and no other", []string{"GET / HTTP/1.1\r\n", "Host: x\r\n", "\r\n"}, 3*time.Second + idleTimeout, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, ours := time.Now(), make(chan net.Conn, 1)
			client, connection := net.Pipe()
			ours <- connection
			server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(http.StatusNoContent)
			}), slog.New(slog.DiscardHandler))
			go func() { _ = server.Serve(piped{ours}) }()
			go func() {
				for _, piece := range test.send {
					if _, err := io.WriteString(client, piece); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
			answers, err := io.ReadAll(client)
			if n := strings.Count(string(answers), "HTTP/1.1 "); err != nil || n > test.most {
				t.Errorf("%s: %d answers, %v, want at most %d", test.what, n, err, test.most)
			}
			if took := time.Since(began); took < test.closed-time.Second || took > test.closed+time.Second {
				t.Errorf("%s: closed after %s, want %s", test.what, took, test.closed)
			}
			close(ours)
			_, _ = client.Close(), server.Close()
			time.Sleep(time.Minute) // the sender has ended
		})
	}
}

// piped is a listener of the connections in it.
type piped struct{ connections chan net.Conn }

func (p piped) Accept() (net.Conn, error) {
	if conn, more := <-p.connections; more {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (piped) Close() error   { return nil }
func (piped) Addr() net.Addr { return &net.TCPAddr{} }
