package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/webhook"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is a ticket system that is told of changes.
type world struct {
	t      *testing.T
	url    string // of the store
	store  *store.Store
	secret webhook.Secret
	sender *webhook.Sender
	outbox *webhook.Outbox
	server *httptest.Server
	log    bytes.Buffer

	arrived chan struct{} // one for each call

	mu     sync.Mutex
	now    time.Time
	status int // what the ticket system answers
	came   []call
}

// call is one request to the ticket system.
type call struct {
	header http.Header
	body   []byte
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: "sqlite:" + filepath.Join(t.TempDir(), "portal.db"), now: start, status: http.StatusNoContent, secret: webhook.NewSecret(), arrived: make(chan struct{}, 1000)}
	secrets := sweeptest.Of(t)
	secrets.Add(sweeptest.PortalKey, w.secret.Encode().Reveal())
	secrets.Add(sweeptest.PortalKey, "in-the-address")
	secrets.Store(w.url)
	secrets.Artefact("the log", w.log.Bytes)
	secrets.Artefact("what the ticket system hears", func() []byte { return fmt.Appendf(nil, "%s", w.came) })
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.came = append(w.came, call{r.Header, body})
		w.arrived <- struct{}{}
		rw.Header().Set("Location", "/elsewhere")
		rw.WriteHeader(w.status)
	}))
	t.Cleanup(w.server.Close)
	w.restart(w.secret)
	return w
}

// restart is another process on the same store.
func (w *world) restart(secrets ...webhook.Secret) {
	w.t.Helper()
	if w.store != nil {
		w.must(w.store.Close())
	}
	var err error
	w.store, err = store.Open(w.t.Context(), w.url, store.Options{Now: w.time, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	w.must(err)
	w.t.Cleanup(func() { _ = w.store.Close() })
	w.outbox = webhook.NewOutbox()
	w.sender = w.to(w.server.URL+"/hook?key=in-the-address", w.store, secrets...)
}

func (w *world) to(address string, queue webhook.Queue, secrets ...webhook.Secret) *webhook.Sender {
	w.t.Helper()
	u, err := url.Parse(address)
	w.must(err)
	sender, err := webhook.New(webhook.Options{
		URL: u, Secrets: secrets, Outbox: w.outbox, Queue: queue, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Now: w.time,
	})
	w.must(err)
	return sender
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) answer(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

func (w *world) calls() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.came
}

func (w *world) deliver(want int) {
	w.t.Helper()
	if n, err := w.sender.Deliver(w.t.Context()); err != nil || n != want {
		w.t.Fatalf("got %d delivered, %v, want %d", n, err, want)
	}
}

// opened is a link's change.
func opened() helpdesk.Change {
	return helpdesk.Change{At: start, What: "link.opened", Invite: 7, Account: "0b0d4e1e-sub", Ticket: "INC-1", Agent: "api:tickets"}
}

// changed is such a change, as the store keeps it.
func (w *world) changed(ctx context.Context) {
	w.t.Helper()
	name, body, err := w.outbox.Message(opened())
	w.must(err)
	w.must(w.store.PutDelivery(context.WithoutCancel(ctx), name, body))
	w.outbox.Kept()
}

// raw are a secret's bytes.
func raw(t *testing.T, s webhook.Secret) []byte {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Encode().Reveal(), "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signed reports whether one of a call's signatures is that of a secret: written from the specification, not from our code.
func (c call) signed(t *testing.T, s webhook.Secret) bool {
	t.Helper()
	mac := hmac.New(sha256.New, raw(t, s))
	mac.Write([]byte(c.header.Get("webhook-id") + "." + c.header.Get("webhook-timestamp") + "." + string(c.body)))
	for each := range strings.FieldsSeq(c.header.Get("webhook-signature")) {
		if each == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			return true
		}
	}
	return false
}

func TestAChangeArrivesSigned(t *testing.T) {
	w := open(t)
	w.changed(t.Context())
	w.advance(time.Minute)
	w.deliver(1)
	w.deliver(0)
	calls := w.calls()
	if len(calls) != 1 {
		t.Fatalf("got %d calls, want one", len(calls))
	}
	got := calls[0]
	want := `{"type":"link.opened","timestamp":"2026-11-23T12:00:00Z","data":{"invite":7,"account":"0b0d4e1e-sub","ticket":"INC-1","agent":"api:tickets"}}`
	if string(got.body) != want || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %s\nwant %s", got.header.Get("Content-Type"), got.body, want)
	}
	if at := got.header.Get("webhook-timestamp"); at != strconv.FormatInt(start.Add(time.Minute).Unix(), 10) {
		t.Errorf("time of the try: got %s", at)
	}
	if !got.signed(t, w.secret) || got.signed(t, webhook.NewSecret()) {
		t.Error("the signature is not that of the secret")
	}
	for _, change := range []func(*call){
		func(c *call) { c.body = append(bytes.Clone(c.body), ' ') },
		func(c *call) { c.header.Set("webhook-timestamp", "0") },
		func(c *call) { c.header.Set("webhook-id", "msg_other") },
	} {
		tampered := call{got.header.Clone(), got.body}
		if change(&tampered); tampered.signed(t, w.secret) {
			t.Error("a changed message is still signed")
		}
	}
}

func TestAnAlarmKeepsItsDetails(t *testing.T) {
	w := open(t)
	w.sender.Alarmed(t.Context(), helpdesk.Alarm{What: "agent.many_resets", Agent: "page:1", Account: "sub", Detail: "not for others"})
	w.deliver(1)
	want := `{"type":"alarm","timestamp":"2026-11-23T12:00:00Z","data":{"what":"agent.many_resets","account":"sub","agent":"page:1"}}`
	if got := string(w.calls()[0].body); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestARestartLosesNothing(t *testing.T) {
	w := open(t)
	gone, leave := context.WithCancel(t.Context())
	leave() // whoever caused it does not wait
	w.changed(gone)
	w.restart(w.secret)
	w.answer(http.StatusServiceUnavailable)
	w.deliver(1)
	w.restart(w.secret)
	w.answer(http.StatusOK)
	w.advance(10 * time.Second)
	w.deliver(1)
	calls := w.calls()
	if len(calls) != 2 || calls[0].header.Get("webhook-id") != calls[1].header.Get("webhook-id") || !bytes.Equal(calls[0].body, calls[1].body) {
		t.Errorf("got %d calls, want the same message twice", len(calls))
	}
}

// delaying is a queue that knows until when the last message waits.
type delaying struct {
	*store.Store
	until time.Time
}

func (d *delaying) DelayDelivery(ctx context.Context, id int64, until time.Time) error {
	d.until = until
	return d.Store.DelayDelivery(ctx, id, until)
}

func TestTriesComeLaterAndLaterAndEnd(t *testing.T) {
	w := open(t)
	queue := &delaying{Store: w.store}
	w.sender = w.to(w.server.URL+"/hook?key=in-the-address", queue, w.secret)
	w.answer(http.StatusInternalServerError)
	w.changed(t.Context())
	last := time.Duration(0)
	for range 9 {
		w.deliver(1)
		wait := queue.until.Sub(w.time())
		if wait < last || wait < 10*time.Second {
			t.Errorf("after try %d: %s, before that %s", len(w.calls()), wait, last)
		}
		w.advance(wait - time.Microsecond)
		w.deliver(0)
		w.advance(time.Microsecond)
		last = wait
	}
	if took := w.time().Sub(start); took < 48*time.Hour || took > 96*time.Hour {
		t.Errorf("the last try comes after %s, want some three days", took)
	}
	w.deliver(1)
	w.advance(100 * 24 * time.Hour)
	w.deliver(0)
	if len(w.calls()) != 10 || !strings.Contains(w.log.String(), "webhook given up") || strings.Contains(w.log.String(), "in-the-address") {
		t.Errorf("%d tries; the log says\n%s", len(w.calls()), w.log.String())
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusBadRequest, http.StatusGone, http.StatusBadGateway} {
		w := open(t)
		w.answer(status)
		w.changed(t.Context())
		w.deliver(1)
		w.answer(http.StatusOK)
		w.deliver(0) // not at once
		w.advance(10 * time.Second)
		w.deliver(1)
		if got := len(w.calls()); got != 2 {
			t.Errorf("%d: %d calls, want two: it is tried again, and redirects are not followed", status, got)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	w := open(t)
	w.server.Close()
	w.changed(t.Context())
	w.deliver(1)
	if log := w.log.String(); !strings.Contains(log, "webhook not taken") || strings.Contains(log, "in-the-address") {
		t.Errorf("got %s", log)
	}
}

func TestEverySecretSigns(t *testing.T) {
	w := open(t)
	next := webhook.NewSecret()
	w.restart(w.secret, next)
	w.changed(t.Context())
	w.deliver(1)
	if got := w.calls()[0]; !got.signed(t, w.secret) || !got.signed(t, next) {
		t.Errorf("got %s, want both signatures", got.header.Get("webhook-signature"))
	}
}

// counting is a queue that knows how much was taken at once.
type counting struct {
	*store.Store
	most int
}

func (c *counting) TakeDeliveries(ctx context.Context, limit int, lease time.Duration) ([]webhook.Delivery, error) {
	list, err := c.Store.TakeDeliveries(ctx, limit, lease)
	c.most = max(c.most, len(list))
	return list, err
}

func TestFewMessagesAreHeldAtATime(t *testing.T) {
	w := open(t)
	queue := &counting{Store: w.store}
	w.sender = w.to(w.server.URL, queue, w.secret)
	for range 100 {
		w.changed(t.Context())
	}
	for n := 1; n > 0; {
		var err error
		n, err = w.sender.Deliver(t.Context())
		w.must(err)
	}
	if len(w.calls()) != 100 || queue.most > 8 {
		t.Errorf("%d calls, %d held at a time, want 100 and at most 8", len(w.calls()), queue.most)
	}
}

func TestRunDeliversWhatComesAndStops(t *testing.T) {
	w := open(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		w.sender.Run(ctx)
		close(ended)
	}()
	for range 20 {
		w.changed(ctx)
	}
	for range 20 {
		<-w.arrived
	}
	stop()
	<-ended
}

func TestAddressesThatAreRefused(t *testing.T) {
	for address, good := range map[string]bool{
		"https://tickets.example.com/hook?x=1": true,
		"http://127.0.0.1:8080/hook":           true,
		"http://[::1]/hook":                    true,
		"http://localhost/hook":                true,
		"http://tickets.example.com/hook":      false,
		"http://localhost.example.com/":        false,
		"http://127.0.0.1.example.com/":        false,
		"http://169.254.169.254/latest":        false,
		"https://user:pass@tickets.example/":   false,
		"https://tickets.example/#top":         false,
		"https:///hook":                        false,
		"ftp://tickets.example/":               false,
		"file:///etc/passwd":                   false,
		"":                                     false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if err := webhook.CheckURL(u); (err == nil) != good {
			t.Errorf("%q: got %v, want accepted %t", address, err, good)
		}
	}
}

func TestSecretsAreReadAsTheyAreWritten(t *testing.T) {
	made := webhook.NewSecret()
	read, err := webhook.ParseSecret(made.Encode())
	if err != nil || read.Encode().Reveal() != made.Encode().Reveal() || made.Encode().Reveal() == webhook.NewSecret().Encode().Reveal() {
		t.Errorf("got %v, want what was made", err)
	}
	for _, text := range []string{"", "whsec_", "whsec_c2hvcnQ=", "c2hvcnQ=", "whsec_!!", "WHSEC_" + strings.Repeat("A", 32)} {
		if _, err := webhook.ParseSecret(secret.New(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if printed := fmt.Sprintf("%+v %#v", made, made); strings.Contains(printed, string(raw(t, made))) {
		t.Errorf("printed as %s", printed)
	}
}
