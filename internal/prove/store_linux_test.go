package prove_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/sweeptest"
)

// The store stops answering, comes back, is killed, and comes back: people go on enrolling all the while, and a link of
// the help desk opens nothing that the store does not vouch for. Its record then learns from the pool what it missed.
func TestProofStoreFails(t *testing.T) {
	began := prove.Begin()
	c := openCluster(t, clusterOptions{nodes: 2, desk: true})
	people := c.addPeople(prove.Times(1000, 24) + 1)
	caller, people := people[0], people[1:]
	link := c.invite(caller.name)
	for _, p := range people {
		p.late = prove.For(1500*time.Millisecond, 500*time.Millisecond)
	}
	var load sync.WaitGroup
	load.Go(func() { crowd(t, people, 32) })
	pause := prove.For(8*time.Second, 400*time.Millisecond)
	opened := 0
	down := func(how string) {
		t.Helper()
		for end := time.Now().Add(pause); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if status := link.open(c.newPerson(50_000 + opened)); status != http.StatusServiceUnavailable {
				t.Errorf("the link answers %d while the store is %s", status, how)
			}
			opened++
		}
	}
	time.Sleep(pause / 4)
	postgrestest.Signal(t, syscall.SIGSTOP)
	down("not answering")
	postgrestest.Signal(t, syscall.SIGCONT)
	time.Sleep(pause / 2)
	postgrestest.Signal(t, syscall.SIGKILL)
	down("killed")
	postgrestest.Restart(t)
	load.Wait()
	status := 0
	for end := time.Now().Add(20 * time.Second); status != http.StatusSeeOther && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		status = link.open(caller) // nodes leave a store that has failed alone for a while
	}
	if status != http.StatusSeeOther {
		t.Errorf("the link answers %d when the store is back", status)
	}
	n := count(t, people)
	c.portal("ledger", "-sweep", "-calls", "5000")
	for end := time.Now().Add(time.Minute); c.notRecorded(people) > 0 && time.Now().Before(end); time.Sleep(time.Second) {
		continue // what the store has missed is said again, later and later
	}
	AssertWorld(t, c, people)
	began.Record(t, prove.Row{
		What: "PostgreSQL stops answering, then is killed, and comes back each time, while people enroll", Goal: "none failed; links fail closed",
		Reached: fmt.Sprintf("%d of %d finished; %d tries to open a link without the store, none let in; it opened when the store was back", n.finished, len(people), opened),
		Met:     n.finished == len(people) && opened > 0 && prove.Long(),
	})
}

// notRecorded is how many are done, and the record does not know.
func (c *cluster) notRecorded(people []*person) (missing int) {
	c.Helper()
	memory := c.openStore()
	defer memory.Close()
	for _, p := range people {
		if _, err := memory.Latest(c.Context(), c.info.UserPoolID, p.name); err != nil && p.done {
			missing++
		}
	}
	return missing
}

// link is a link of the help desk with the piece that is spoken beside it.
type link struct{ path, piece string }

var (
	linkInText  = regexp.MustCompile(`/i/[A-Z2-7a-z0-9]+`)
	pieceInText = regexp.MustCompile(`\b[0-9A-Z]{4}[ -][0-9A-Z]{4}\b`)
)

func (c *cluster) invite(account string) link {
	c.Helper()
	out := c.portal("invite", account, "-ticket", "HD-1", "-reason", "proof", "-proof", "called back", "-qr=false")
	l := link{linkInText.FindString(out), pieceInText.FindString(out)}
	if l.path == "" || l.piece == "" {
		c.Fatalf("no link in: %s", out)
	}
	c.secrets.Add(sweeptest.Link, strings.TrimPrefix(l.path, "/i/"))
	c.secrets.Add(sweeptest.Piece, strings.NewReplacer(" ", "", "-", "").Replace(l.piece))
	return l
}

// open types the piece, and answers the status.
func (l link) open(p *person) int {
	status, _, body, err := p.ask(http.MethodGet, l.path, nil)
	if err != nil || status != http.StatusOK {
		return status
	}
	p.page = body
	form := map[string][]string{"piece": {l.piece}}
	if token := flowOnPage.FindStringSubmatch(p.page); token != nil {
		form["flow"] = []string{token[1]}
	}
	status, _, _, _ = p.ask(http.MethodPost, l.path, form)
	return status
}
