// Package prove is how the long proofs are told how much to do, and say what they reached.
//
// A proof is a test whose name begins with TestProof. It runs in every "go test" with counts that take a second or two,
// so that it cannot rot; "make prove" runs the same code with the counts of docs/proof.md and writes that page's table.
//
//	prove.go     how much, and what was reached          report/     the table in docs/proof.md
//
// The proofs of this package have the portal as it is run: processes, a load balancer, PostgreSQL. All of it is on
// loopback and dies with the test. Those that need minutes to pass in seconds, or a million requests, are in web.
//
//	cluster    nodes behind nginx, as in deploy/compose  person     somebody who does what the pages say
//	poolproxy  the way to the pool, which may fail       world      AssertWorld: the invariants after a run
//	sweep      secrets, looked for in everything left behind; suite: by all tests there are
package prove

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Row is what a proof has reached: a line of the table.
type Row struct {
	Proof   string `json:"proof"` // the test's name
	What    string `json:"what"`
	Goal    string `json:"goal"`
	Reached string `json:"reached"`
	Met     bool   `json:"met"`
	Note    string `json:"note,omitempty"` // what else should be known; for a goal that was not met, why
	Seconds int    `json:"seconds"`
}

// share is how much of the full counts is done: 0 for the short gate. PORTAL_PROVE is 1, or a part of it.
var share = sync.OnceValue(func() float64 { //nolint:gochecknoglobals // read once
	text := os.Getenv("PORTAL_PROVE") //nolint:forbidigo // tests are told by their environment
	if text == "" {
		return 0
	}
	part, err := strconv.ParseFloat(text, 64)
	if err != nil || part <= 0 || part > 1 {
		panic(fmt.Sprintf("PORTAL_PROVE is %q, want 1 or a part of it", text))
	}
	return part
})

// Long reports whether this is "make prove", or a part of it.
func Long() bool { return share() > 0 }

// Times is how often to do something: full in "make prove", short in the gate.
func Times(full, short int) int {
	if !Long() {
		return short
	}
	return max(short, int(float64(full)*share()))
}

// For is how long to go on with something.
func For(full, short time.Duration) time.Duration {
	return time.Duration(Times(int(full/time.Millisecond), int(short/time.Millisecond))) * time.Millisecond
}

// Began is when a test began; its Record says how long it took.
type Began time.Time

// Begin notes the time.
func Begin() Began { return Began(time.Now()) } //nolint:forbidigo // of a test

// Record says what a proof has reached, on the terminal and, in "make prove", for the table. A proof that has failed
// has not met its goal, whatever it says.
func (b Began) Record(t testing.TB, row Row) {
	t.Helper()
	row.Proof, row.Seconds = t.Name(), int(time.Since(time.Time(b)).Seconds()+0.5) //nolint:forbidigo // of a test
	row.Met = row.Met && !t.Failed()
	t.Logf("%s: %s (goal: %s; met: %t; %d s) %s", row.What, row.Reached, row.Goal, row.Met, row.Seconds, row.Note)
	name := os.Getenv("PORTAL_PROVE_FIGURES") //nolint:forbidigo // likewise
	if name == "" {
		return
	}
	line, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the Makefile's
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // Write would have failed
	if _, err := file.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
}
