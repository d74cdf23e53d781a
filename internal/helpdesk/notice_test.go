package helpdesk_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// mailOnly serves no text messages.
type mailOnly struct{ *outbox }

func (m mailOnly) Notify(ctx context.Context, n helpdesk.Notice) error {
	if n.Via != helpdesk.ViaEmail {
		return helpdesk.ErrNoSuchChannel
	}
	return m.outbox.Notify(ctx, n)
}

func result(r helpdesk.Reset, name helpdesk.PartName) helpdesk.Part {
	for _, p := range r.Parts {
		if p.Name == name {
			return p
		}
	}
	return helpdesk.Part{}
}

func TestAChannelThatNobodyServesIsNotCounted(t *testing.T) {
	w := inMemory(t, func(o *helpdesk.Options) { o.Notifier = mailOnly{o.Notifier.(*outbox)} })
	w.add("ada")
	report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.ok(err)
	if got := result(report.Reset, helpdesk.PartNotices); !got.Done || got.Result != "told 1" || len(w.outbox.sent) != 1 {
		t.Errorf("got %+v and %d messages, want one", got, len(w.outbox.sent))
	}
}

func TestAResetSaysThatNobodyWasTold(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	w.outbox.fail = errors.New("connection refused")
	report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.kind(err, helpdesk.NotSent)
	if got := result(report.Reset, helpdesk.PartNotices); got.Done || got.Result != "not_sent" || !report.Reset.DoneAt.IsZero() {
		t.Errorf("got %+v, want it open for want of a mail server", got)
	}
	w.outbox.fail = nil
	report, err = w.desk.Resume(w.ctx, w.agent("grace"), report.Reset.ID, false)
	w.ok(err)
	if got := result(report.Reset, helpdesk.PartNotices); got.Result != "told 2" || report.Reset.DoneAt.IsZero() {
		t.Errorf("resumed: got %+v, want both told", got)
	}
}

// hangs is a mail server that takes its time.
type hangs struct {
	*outbox

	until chan struct{}
}

func (h hangs) Notify(ctx context.Context, n helpdesk.Notice) error {
	<-h.until
	return h.outbox.Notify(ctx, n)
}

// TestNobodyWaitsForTheMail: between the first code and the end of a set-up the mail server is not waited for.
func TestNobodyWaitsForTheMail(t *testing.T) {
	slow, running := hangs{until: make(chan struct{})}, sync.WaitGroup{}
	w := inMemory(t, func(o *helpdesk.Options) {
		slow.outbox = o.Notifier.(*outbox)
		o.Notifier = slow
		o.Later = func(ctx context.Context, work func(context.Context) error) {
			running.Go(func() { _ = work(context.WithoutCancel(ctx)) })
		}
	})
	w.add("ada")
	opened := w.open(w.mint(minting("ada")))
	w.setUp("ada")
	spent := make(chan error)
	go func() { spent <- w.desk.Spend(w.ctx, opened.Held, "ada") }()
	select {
	case err := <-spent:
		w.ok(err)
	case <-time.After(20 * time.Second):
		t.Fatal("the mail server is waited for")
	}
	close(slow.until)
	running.Wait()
	if n, ok := w.outbox.sent["set-up-1-email"]; !ok || n.NotMe.IsZero() {
		t.Errorf("the owner was told %+v", n)
	}
}

func TestALinkIsMailedAFewTimes(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	link, agent := w.mint(minting("ada")), w.agent("grace")
	w.outbox.fail = errors.New("connection refused")
	w.kind(w.desk.SendLink(w.ctx, agent, link.ID, link.Locator), helpdesk.NotSent)
	w.outbox.fail = nil
	for range 2 {
		w.ok(w.desk.SendLink(w.ctx, agent, link.ID, link.Locator))
	}
	w.kind(w.desk.SendLink(w.ctx, agent, link.ID, link.Locator), helpdesk.TooMany)
	w.clock.advance(21 * time.Minute)
	w.ok(w.desk.SendLink(w.ctx, agent, link.ID, link.Locator))
}

func TestLedgerIsForLeads(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	w.add("alan")
	w.setUp("ada")
	w.setUp("alan")
	_, err := w.desk.Ledger(w.ctx, w.agent("grace"), "", 0, 10)
	w.kind(err, helpdesk.NotAllowed)
	lead := w.agent("lena")
	all, err := w.desk.Ledger(w.ctx, lead, "", 0, 10)
	w.ok(err)
	if len(all) != 2 || all[0].Account != "alan" || all[1].Account != "ada" {
		t.Fatalf("got %+v, want alan and ada", all)
	}
	for name, page := range map[string]func() ([]helpdesk.LedgerEntry, error){
		"of one account":  func() ([]helpdesk.LedgerEntry, error) { return w.desk.Ledger(w.ctx, lead, "ada", 0, 10) },
		"the second page": func() ([]helpdesk.LedgerEntry, error) { return w.desk.Ledger(w.ctx, lead, "", all[0].ID, 10) },
	} {
		if got, err := page(); err != nil || len(got) != 1 || got[0].Account != "ada" {
			t.Errorf("%s: got %+v, %v, want ada", name, got, err)
		}
	}
}
