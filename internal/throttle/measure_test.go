package throttle_test

import (
	"context"
	"net/http/httptest"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/throttle"
)

// What an operator sees of a budget that is short, and of a line: who waits, who got through, who did not.
func TestFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var figures metrics.Registry
		budget := throttle.NewBudget(throttle.BudgetOptions{Quotas: map[string]int{"update": 2}, Now: time.Now, Metrics: &figures})
		room := throttle.NewRoom(throttle.RoomOptions{Rate: 1, Now: time.Now, Metrics: &figures})
		want := func(lines ...string) {
			t.Helper()
			w := httptest.NewRecorder()
			figures.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
			for _, line := range lines {
				if !regexp.MustCompile("(?m)^" + line + "$").MatchString(w.Body.String()) {
					t.Errorf("no %s in\n%s", line, w.Body.String())
				}
			}
		}
		want(`portal_budget_waiting\{category="update"\} 0`, "portal_line_people 0", "portal_line_wait_seconds 0", "portal_line_entered_total 0")

		for range 20 { // five seconds are patience: ten calls at most
			go func() { _ = budget.Take(t.Context(), "update", false) }()
		}
		gone, leave := context.WithCancel(t.Context())
		go func() { _ = budget.Take(gone, "update", true) }()
		for range 4 {
			room.Enter(t.Context(), "192.0.2.1")
		}
		synctest.Wait()
		want("portal_line_people 3", "portal_line_wait_seconds 3", "portal_line_entered_total 4")
		leave()
		time.Sleep(time.Minute)
		// How many the queue has room for depends on how many were served before the others came.
		want(`portal_budget_waiting\{category="update"\} 0`, "portal_line_people 0", `portal_budget_wait_seconds_count\{category="update"\} 21`,
			`portal_budget_turns_total\{category="update",outcome="no_room"\} 1[0-9]`, `portal_budget_turns_total\{category="update",outcome="given"\} [1-9]`)
	})
}
