package prove_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/sweeptest"
)

// The disk under a node's own store is full: no file of its process may grow. People enroll all the same, a link opens
// nothing, and when there is room again the record learns what it missed.
func TestProofDiskIsFull(t *testing.T) {
	began := prove.Begin()
	file := t.TempDir() + "/portal.db"
	c := openCluster(t, clusterOptions{nodes: 1, direct: true, desk: true, store: "sqlite:" + file})
	people := c.addPeople(prove.Times(600, 9) + 1)
	caller, people := people[0], people[1:]
	link := c.invite(caller.name)
	third := len(people) / 3
	crowd(t, people[:third], 8)

	pid := c.nodes[0].process.cmd.Process.Pid
	room := func(bytes uint64) {
		t.Helper()
		c.must(unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil))
	}
	room(4096)
	crowd(t, people[third:2*third], 8)
	closed := link.open(caller)
	if closed != http.StatusServiceUnavailable {
		t.Errorf("the link answers %d while nothing can be written", closed)
	}
	if n := c.notRecorded(people[third : 2*third]); n == 0 {
		t.Error("everything was recorded: the disk was not full")
	}
	room(unix.RLIM_INFINITY)
	crowd(t, people[2*third:], 8)
	for end := time.Now().Add(time.Minute); c.notRecorded(people) > 0 && time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		continue // it is said again, later and later
	}
	opened := link.open(caller)
	if opened != http.StatusSeeOther {
		t.Errorf("the link answers %d when there is room again", opened)
	}
	if c.nodes[0].process.cmd.ProcessState != nil {
		t.Error("the node has ended")
	}
	n := count(t, people)
	AssertWorld(t, c, people)
	began.Record(t, prove.Row{
		What: "the disk is full under the store of a single node (SQLite) while people enroll, and has room again", Goal: "none failed; links fail closed; everything recorded in the end",
		Reached: fmt.Sprintf("%d of %d finished, a third of them while nothing could be written; %d not recorded in the end", n.finished, len(people), c.notRecorded(people)),
		Met:     n.finished == len(people) && closed == http.StatusServiceUnavailable && opened == http.StatusSeeOther && c.notRecorded(people) == 0 && prove.Long(),
	})
}

// Secrets of all eight classes, links of the help desk among them, while calls to the pool fail: none is in any log, in
// any table of the store, or in the figures, in any of nine encodings.
func TestProofNothingSecretIsLeftBehind(t *testing.T) {
	began := prove.Begin()
	c := openCluster(t, clusterOptions{nodes: 2, desk: true})
	people := c.addPeople(prove.Times(300, 4))
	for _, p := range people[:min(len(people), 20)] { // no agent may send more in an hour
		if status := c.invite(p.name).open(p); status != http.StatusSeeOther {
			t.Fatalf("a fresh link answers %d", status)
		}
	}
	if prove.Long() {
		c.proxy.spoil(0.3)
	}
	crowd(t, people, 64)
	c.proxy.spoil(0)
	n := count(t, people)
	AssertWorld(t, c, people)
	secrets, classes, bytes := c.sweep()
	want := len(sweeptest.Classes())
	if classes != want {
		t.Errorf("secrets of %d classes were used, want %d", classes, want)
	}
	began.Record(t, prove.Row{
		What: "secrets left in logs, tables of the store and figures; every other proof with processes ends with the same sweep", Goal: "none, of eight classes in nine encodings",
		Reached: fmt.Sprintf("none of %d secrets of %d classes (links and pieces are two) in %.1f MB; %d of %d people finished", secrets, classes, float64(bytes)/1e6, n.finished, len(people)),
		Met:     classes == want && prove.Long(),
	})
}

// files are the store's own, where it is a file.
func (c *cluster) files(name string) map[string][]byte {
	c.Helper()
	all := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(name + suffix)
		if err == nil {
			all[name+suffix] = text
		}
	}
	return all
}
