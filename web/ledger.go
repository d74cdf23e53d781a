package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
)

// record adds what has just happened to our own record. It has happened whether or not it can be recorded, so a store
// that is down keeps nobody waiting: what it missed is said again later.
func (s *Server) record(c echo.Context, f enroll.Flow, event Event) {
	ctx, ends := lasting(c), leaves(c, f.ID)
	began := s.Now().Truncate(time.Microsecond) // as the store keeps it
	var err error
	if ends == (enroll.ID{}) {
		err = s.Store.Record(ctx, f.Account, event, f.DeviceName)
	} else if err = s.Store.Conclude(ctx, f.Account, event, f.DeviceName, ends, s.Now().Add(s.SessionAge)); err == nil {
		c.Set(flowKey, f) // it has ended
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "not recorded yet", "request_id", requestID(c), "event", string(event), "error", err)
		s.recordLate(missed{account: f.Account, event: event, device: f.DeviceName, at: began})
	}
}

// recordDone records a set-up that has just come to its end, whichever request brought it there.
func (s *Server) recordDone(c echo.Context, next enroll.Flow) {
	before, _ := c.Get(flowKey).(enroll.Flow)
	switch {
	case next.Step != enroll.StepDone || before.Step == enroll.StepDone:
	case !next.ProvenAt.IsZero():
		s.record(c, next, EventProven)
	case next.HasApp:
		s.record(c, next, EventReplaced)
	default:
		s.record(c, next, EventSetUp)
	}
}

// recorded is when the account's present app was set up or last tried, by our own record: the zero time when we know of
// none.
func (s *Server) recorded(c echo.Context, f enroll.Flow) (device string, at time.Time) {
	ctx, cancel := briefly(c.Request().Context())
	defer cancel()
	event, device, at, _, err := s.Store.LastRecord(ctx, f.Account)
	if err != nil {
		s.Log.WarnContext(c.Request().Context(), "record cannot be read", "request_id", requestID(c), "error", err)
	}
	switch event {
	case EventSetUp, EventReplaced, EventProven:
		return device, at
	case EventRemoved:
	}
	return "", time.Time{} // none, or the help desk's: a reset, or what a sweep saw
}
