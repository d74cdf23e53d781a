package prove_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/session"
)

// Node after node is told to stop and started again while people enroll: from an older version to this one, back, up
// again, and so on until the last is done. The session keys are rotated twice on the way, when all have come up and when half
// of them are back: a new one goes last on every node, then first. Nobody notices: not even a browser has to ask again. Nor
// does whoever has a link of the help desk, made on one side and used on the other.
//
// PORTAL_PROVE_OLDER is a binary of the older version: docs/proof.md. Without it both sides are this one.
func TestProofRollingUpgrade(t *testing.T) {
	older := os.Getenv("PORTAL_PROVE_OLDER") //nolint:forbidigo // tests are told by their environment
	if older == "" {
		rollingUpgrade(t, "on", built(t, portalBinary), "")
		return
	}
	for _, mfa := range []string{"on", "optional"} { // their flows are not made of the same fields
		t.Run(mfa, func(t *testing.T) { rollingUpgrade(t, mfa, older, releaseOf(t, older)) })
	}
}

// rollingUpgrade has nodes come up from an older binary. release is its version, "" if it is this one.
func rollingUpgrade(t *testing.T, mfa, older, release string) {
	t.Helper()
	began := prove.Begin()
	newer := built(t, portalBinary)
	drain := prove.For(5*time.Second, 100*time.Millisecond) // longer than nginx keeps a connection that nobody uses
	c := openCluster(t, clusterOptions{nodes: 4, mfa: mfa, desk: true, binary: older, settings: []string{
		"PORTAL_DRAIN_DELAY=" + drain.String(), "PORTAL_LINK_KEY=" + session.NewKey().Encode().Reveal(),
	}})
	rounds := 2 // at least
	if prove.Long() {
		rounds = 3
	}
	callers := c.addPeople(rounds)
	people := c.addPeople(prove.Times(4000, 16))
	begin := make([]chan struct{}, rounds*len(c.nodes)) // before each restart, so that somebody is on his way at every one
	for i := range begin {
		begin[i] = make(chan struct{})
	}
	for i, p := range people {
		p.late = prove.For(3*time.Second, 300*time.Millisecond)
		p.begins = begin[i*len(begin)/len(people)]
	}
	over := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() { crowd(t, people, 100); close(over) })
	restarts, rotations, round := 0, 0, 0
	for loaded := true; loaded || round < rounds; round++ {
		var made link
		if round < rounds {
			made = c.invite(callers[round].name)
		}
		c.binary = []string{newer, older}[round%2]
		for i, n := range c.nodes {
			if restarts < len(begin) {
				close(begin[restarts])
			}
			half := i == len(c.nodes)/2
			if round == 1 && (i == 0 || half) {
				c.rotateKeys()
				rotations++
			}
			if half && round < rounds {
				if status := made.open(callers[round]); status != http.StatusSeeOther {
					t.Errorf("round %d: the link answers %d", round, status)
				}
			}
			n.stop(syscall.SIGTERM)
			c.must(n.start())
			restarts++
		}
		if round < rounds {
			callers[round].enroll()
		}
		select {
		case <-over:
			loaded = false
		default:
		}
	}
	load.Wait()
	all := append(callers, people...) //nolint:gocritic // nobody goes on with callers
	n := count(t, people)
	n.retried += count(t, callers).retried
	AssertWorld(t, c, all)
	if n.retried > 0 {
		log, _ := os.ReadFile(c.path("nginx.log")) //nolint:gosec // the test's own
		t.Logf("nginx: %s", log)
	}
	row := prove.Row{
		What: "rolling restarts (SIGTERM) with two rotations of the session keys while people enroll", Goal: "no flow failed, no request cut",
		Reached: fmt.Sprintf("%d of %d finished over %d restarts and %d rotations; %d requests without an answer", n.finished, len(people), restarts, rotations, n.retried),
		Met:     n.finished == len(people) && n.retried == 0 && rotations == 2 && prove.Long(),
		Note:    "Both sides of the upgrade are the same version; what a newer version's cookie means to an older one is internal/enroll/wire_test.go's.",
	}
	if release != "" {
		row.What = "rolling upgrade (SIGTERM) from " + release + " and back, with two rotations of the session keys in between, while people enroll; MFA is " + mfa
		row.Reached += fmt.Sprintf("; all four nodes went up %d times and back %d times", (round+1)/2, round/2)
		row.Note = fmt.Sprintf("The older version made the store's tables and had the same settings. Its nodes and the new ones went on with one another's flows; "+
			"%d links that one version had made were opened while both served, and used by what came then.", rounds)
	}
	began.Record(t, row)
}

// releaseOf is what a portal's binary says that it is.
func releaseOf(t *testing.T, binary string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, "version").Output() //nolint:gosec // whoever runs the test names it
	if err != nil {
		t.Fatalf("PORTAL_PROVE_OLDER: %v", err)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "cognito-enroll "), " ")
	if name == "(devel)" {
		t.Fatalf("PORTAL_PROVE_OLDER: %s does not say which version it is: build it in a clone (docs/proof.md)", binary)
	}
	return name
}

// rotateKeys makes a new session key the first of all nodes, once every node can read what it seals.
func (c *cluster) rotateKeys() {
	c.Helper()
	fresh := session.NewKey().Encode().Reveal()
	c.useKeys(append(c.keys[:len(c.keys):len(c.keys)], fresh))
	c.useKeys(append([]string{fresh}, c.keys[:len(c.keys)-1]...))
}

// useKeys gives all nodes other session keys, without a restart, and waits until each has them.
func (c *cluster) useKeys(keys []string) {
	c.Helper()
	c.keys = keys
	c.writeKeys()
	for i, n := range c.nodes {
		before := c.reloads(i)
		n.process.signal(syscall.SIGHUP)
		for end := time.Now().Add(20 * time.Second); c.reloads(i) == before; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(end) {
				c.Fatalf("%s does not reload", n.address)
			}
		}
	}
}

func (c *cluster) reloads(node int) int {
	c.Helper()
	log, err := os.ReadFile(c.path(fmt.Sprintf("node-%d.log", node)))
	c.must(err)
	return strings.Count(string(log), `"msg":"reloaded"`)
}
