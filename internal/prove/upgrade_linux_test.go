package prove_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/session"
)

// Node after node is told to stop and started again while people enroll, and the session keys are rotated twice on the
// way: a new one goes last on every node, then first. Nobody notices: not even a browser has to ask again.
func TestProofRollingUpgrade(t *testing.T) {
	began := prove.Begin()
	drain := prove.For(5*time.Second, 100*time.Millisecond) // longer than nginx keeps a connection that nobody uses
	c := openCluster(t, clusterOptions{nodes: 4, settings: []string{"PORTAL_DRAIN_DELAY=" + drain.String()}})
	people := c.addPeople(prove.Times(4000, 16))
	for _, p := range people {
		p.late = prove.For(3*time.Second, 300*time.Millisecond)
	}
	over := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() { crowd(t, people, 100); close(over) })
	restarts, rotations := 0, 0
	for {
		select {
		case <-over:
		default:
			if rotations < 2 {
				fresh := session.NewKey().Encode().Reveal()
				c.useKeys(append(c.keys[:len(c.keys):len(c.keys)], fresh))
				c.useKeys(append([]string{fresh}, c.keys[:len(c.keys)-1]...))
				rotations++
			}
			for _, n := range c.nodes {
				n.stop(syscall.SIGTERM)
				c.must(n.start())
				restarts++
			}
			continue
		}
		break
	}
	load.Wait()
	n := count(t, people)
	AssertWorld(t, c, people)
	if n.retried > 0 {
		log, _ := os.ReadFile(c.path("nginx.log")) //nolint:gosec // the test's own
		t.Logf("nginx: %s", log)
	}
	began.Record(t, prove.Row{
		What: "rolling restarts (SIGTERM) with two rotations of the session keys while people enroll", Goal: "no flow failed, no request cut",
		Reached: fmt.Sprintf("%d of %d finished over %d restarts and %d rotations; %d requests without an answer", n.finished, len(people), restarts, rotations, n.retried),
		Met:     n.finished == len(people) && n.retried == 0 && rotations == 2 && prove.Long(),
		Note:    "Both sides of the upgrade are the same version; what a newer version's cookie means to an older one is internal/enroll/wire_test.go's.",
	})
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
