package prove_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/prove"
)

// p95 is the time that all but five of a hundred steps took at most.
func p95(people []*person) time.Duration {
	var all []time.Duration
	for _, p := range people {
		all = append(all, p.took...)
	}
	slices.Sort(all)
	return all[len(all)*95/100]
}

// One client sends a thousand requests a second, of which every other one is a sign-in with another name, and the pool
// takes 25 of the calls each second that a set-up needs two of. Fifty people enroll meanwhile.
func TestProofOneClientHammers(t *testing.T) {
	began := prove.Begin()
	c := openCluster(t, clusterOptions{nodes: 2, settings: []string{"COGNITO_QUOTA_SIGN_IN=120", "COGNITO_QUOTA_UPDATES=25"}})
	c.control(http.MethodPut, "switches", map[string]bool{"quotas": true})
	people := c.addPeople(prove.Times(50, 8))
	ctx, stop := context.WithCancel(t.Context())
	var sent atomic.Int64
	rate := prove.Times(1000, 200)
	var hammers sync.WaitGroup
	hammers.Go(func() { c.hammer(ctx, rate, &sent) })
	hammering := time.Now()
	var all sync.WaitGroup
	for _, p := range people {
		p.late = time.Second
		all.Go(p.enroll)
		time.Sleep(100 * time.Millisecond)
	}
	all.Wait()
	took := time.Since(hammering)
	stop()
	hammers.Wait()
	n := count(t, people)
	step := p95(people)
	AssertWorld(t, c, people)
	refused := strings.Count(string(c.control(http.MethodGet, "requests", nil)), "TooManyRequestsException")
	if refused > 0 {
		t.Errorf("the pool refused %d calls", refused)
	}
	reached := float64(sent.Load()) / took.Seconds()
	began.Record(t, prove.Row{
		What: "one client at 1,000 requests each second while 50 people enroll, the pool capped at 25 calls each second", Goal: "50 of 50, p95 of a step 3 s at most",
		Reached: fmt.Sprintf("%d of %d, p95 %d ms; the client came to %.0f requests each second for %.0f s; the pool refused %d calls", n.finished, len(people), step.Milliseconds(), reached, took.Seconds(), refused),
		Met:     n.finished == len(people) && len(people) >= 50 && step <= 3*time.Second && reached >= 900,
	})
}

// hammer sends requests at a rate from one address, on as many connections as it takes.
func (c *cluster) hammer(ctx context.Context, rate int, sent *atomic.Int64) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 9, 9)}}
	client := &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: 100, MaxConnsPerHost: 100,
			TLSClientConfig: &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS13},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	work := make(chan int, rate)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			for i := range work {
				r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.balancer+"/sign-in", nil)
				if i%2 == 1 {
					form := url.Values{"username": {fmt.Sprint("nobody", i)}, "password": {"Wrong-Horse-9"}}
					r, _ = http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.balancer+"/sign-in", strings.NewReader(form.Encode()))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				if answer, err := client.Do(r); err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
					sent.Add(1)
				}
			}
		})
	}
	began := time.Now()
	for i := 0; ctx.Err() == nil; {
		for due := int(time.Since(began).Seconds() * float64(rate)); i < due; i++ {
			select {
			case work <- i:
			default: // it cannot be done as quickly
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(work)
	all.Wait()
}

// Five thousand connections that send a byte each second, or more than anybody may: the node serves others as if
// nothing were, and keeps its memory.
func TestProofSlowConnections(t *testing.T) {
	began := prove.Begin()
	c := openCluster(t, clusterOptions{nodes: 1, direct: true})
	people := c.addPeople(prove.Times(500, 20))
	ctx, stop := context.WithCancel(t.Context())
	var attack sync.WaitGroup
	var open, bombs atomic.Int64
	connections := prove.Times(5000, 200)
	for i := range connections {
		attack.Go(func() { c.drip(ctx, i, &open) })
	}
	for i := range 20 {
		attack.Go(func() { c.bomb(ctx, i, &bombs) })
	}
	for end := time.Now().Add(20 * time.Second); open.Load() < int64(connections)*9/10 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	most := int64(0)
	for end := time.Now().Add(prove.For(20*time.Second, time.Second)); ; {
		crowd(t, people[:20], 4)
		most = max(most, open.Load())
		if people = people[20:]; len(people) == 0 || time.Now().After(end) {
			break
		}
	}
	served := c.everybody[:len(c.everybody)-len(people)]
	stop()
	attack.Wait()
	n := count(t, served)
	step, memory := p95(served), c.nodes[0].process.memory(t)
	AssertWorld(t, c, served)
	if c.nodes[0].starts != 1 {
		t.Error("the node was started again")
	}
	began.Record(t, prove.Row{
		What: "5,000 connections that drip, and bombs, at one node", Goal: "p95 of an honest step 250 ms at most, memory 256 MiB at most",
		Reached: fmt.Sprintf("%d connections at once and %d bombs; %d of %d people finished, p95 %d ms; memory %d MiB at most", most, bombs.Load(), n.finished, len(served), step.Milliseconds(), memory>>20),
		Met:     n.finished == len(served) && most >= 4500 && step <= 250*time.Millisecond && memory <= 256<<20,
	})
}

// drip holds a connection as long as it may, one byte after the other, and then opens another one.
func (c *cluster) drip(ctx context.Context, i int, open *atomic.Int64) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 8, byte(i>>8), byte(i))}, Timeout: 10 * time.Second} //nolint:gosec // loopback is ours
	text := []string{
		"GET /sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: " + strings.Repeat("a", 5000),
		"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8000\r\n\r\nusername=" + strings.Repeat("a", 5000),
	}[i%2]
	for ctx.Err() == nil {
		line, err := dialer.DialContext(ctx, "tcp", c.balancer)
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		open.Add(1)
		quick := 30 + i%100 // where it begins to be slow
		_, err = io.WriteString(line, text[:quick])
		for at := quick; err == nil && at < len(text) && ctx.Err() == nil; at++ {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
				_, err = io.WriteString(line, text[at:at+1])
			}
		}
		_ = line.Close()
		open.Add(-1)
	}
}

// bomb sends far more than anybody may, as fast as it goes.
func (c *cluster) bomb(ctx context.Context, i int, bombs *atomic.Int64) {
	head := "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	text := []string{
		"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: b\r\n", 100_000) + "\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("a=b; ", 3000) + "\r\n\r\n",
		head + "Content-Length: 50000000\r\n\r\n" + strings.Repeat("a=b&", 1<<18),
		head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("ffff\r\n"+strings.Repeat("y", 0xffff)+"\r\n", 20),
	}[i%5]
	for ctx.Err() == nil {
		line, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", c.balancer)
		if err != nil {
			continue
		}
		_ = line.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(line, text)
		_, _ = io.Copy(io.Discard, io.LimitReader(line, 1<<20))
		_ = line.Close()
		bombs.Add(1)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}
