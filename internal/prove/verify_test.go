package prove_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"cognito-enroll/internal/prove"
)

// The answer to VerifySoftwareToken is cut off behind every single byte of it, the status line included, once for each
// of so many people, on both of Cognito's ways. Nobody hears that a right code was wrong, or that all is done when it is
// not, and nobody scans again.
func TestProofAnswerOfVerifyIsCut(t *testing.T) {
	began := prove.Begin()
	cuts, finished, people := 0, 0, 0
	for _, mfa := range []string{"on", "optional"} {
		c := openCluster(t, clusterOptions{nodes: 1, mfa: mfa})
		length := c.lengthOfVerify()
		offsets := make([]int, 0, length)
		for n := 0; n < length; n += max(1, length/prove.Times(length, 12)) {
			offsets = append(offsets, n)
		}
		crowded := c.addPeople(len(offsets))
		at := map[string]int{}
		for i, p := range crowded {
			at[p.device] = offsets[i]
		}
		var mu sync.Mutex
		c.proxy.cutAt(func(operation string, sent []byte, _ int) int {
			var in struct{ FriendlyDeviceName string }
			if operation != "VerifySoftwareToken" || json.Unmarshal(sent, &in) != nil {
				return -1
			}
			mu.Lock()
			defer mu.Unlock()
			n, first := at[in.FriendlyDeviceName]
			if !first {
				return -1
			}
			delete(at, in.FriendlyDeviceName)
			cuts++
			return n
		})
		crowd(t, crowded, 64)
		n := count(t, crowded)
		finished, people = finished+n.finished, people+len(crowded)
		if len(at) > 0 {
			t.Errorf("%d answers were not cut", len(at))
		}
		AssertWorld(t, c, crowded)
	}
	began.Record(t, prove.Row{
		What: "answers of VerifySoftwareToken cut off behind every byte, on both ways", Goal: "no wrong verdict",
		Reached: fmt.Sprintf("%d cuts; %d of %d people finished, none heard a false word", cuts, finished, people),
		Met:     finished == people && cuts == people && prove.Long(),
	})
}

// lengthOfVerify is how long the answer is for somebody whose name is as long as everybody's.
func (c *cluster) lengthOfVerify() (length int) {
	c.Helper()
	c.proxy.cutAt(func(operation string, _ []byte, whole int) int {
		if operation == "VerifySoftwareToken" {
			length = whole
		}
		return -1
	})
	p := c.addPeople(1)[0]
	p.enroll()
	if !p.finished() || length == 0 {
		c.Fatalf("%s: %s", p.name, p.failed)
	}
	return length
}

// cutAt says behind how many bytes an answer is cut off: less than none for not at all.
func (p *poolProxy) cutAt(cut func(operation string, sent []byte, length int) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
}
