package web_test

import (
	"testing"
	"time"

	"cognito-enroll/internal/prove"
)

// A roll-out as large as they come, on three nodes that share a store: five thousand people in two minutes, and a pool
// that takes 25 calls a second. It takes seven minutes of the bubble's own time.
func TestProofRollOut(t *testing.T) {
	if !prove.Long() {
		t.Skip("TestRollOut is the same with fewer people")
	}
	began := prove.Begin()
	people := prove.Times(5000, 300)
	var used float64
	var report string
	bubble(t, func(t *testing.T) {
		t.Helper()
		crowd := rollOut{people: people, within: 2 * time.Minute * time.Duration(people) / 5000, alone: 10}
		used, report = crowd.run(openNodes(t, 3))
	})
	began.Record(t, prove.Row{
		What: "roll-out: 5,000 people in two minutes, the pool capped at 25 calls each second (virtual time)", Goal: "no error, 95 % of the cap used, in order",
		Reached: report, Met: people >= 5000 && used >= 0.95,
	})
}
