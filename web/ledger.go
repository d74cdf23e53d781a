package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
)

// record adds what has just happened to our own record. It has happened whether or not it can be recorded, so a store
// that is down keeps nobody waiting: what it missed is said again later.
func (s *Server) record(c echo.Context, f enroll.Flow, event Event) {
	m := missed{
		account: f.Account, event: event, device: f.DeviceName, at: s.Now().Truncate(time.Microsecond), // as the store keeps it
		ends: leaves(c, f.ID), until: s.Now().Add(s.SessionAge),
	}
	if event == EventSetUp || event == EventReplaced {
		// Whoever has signed in before there was this app has not shown it. Cookies know seconds.
		m.others = f.Began.Truncate(time.Second)
	}
	if err := s.say(lasting(c), m); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "not recorded yet", "request_id", requestID(c), "event", string(event), "error", err)
		s.sayLate(m)
	}
	if m.ends != (enroll.ID{}) {
		c.Set(flowKey, f) // it has ended, or will
	}
}

// say tells the store.
func (s *Server) say(ctx context.Context, m missed) error {
	switch {
	case m.event == "":
		return s.Store.EndSession(ctx, m.ends, m.until)
	case m.ends == (enroll.ID{}):
		return s.Store.Record(ctx, m.account, m.event, m.device)
	}
	return s.Store.Conclude(ctx, m.account, m.event, m.device, m.ends, m.until, m.others)
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

// appIsNewer reports whether the account's app may be younger than the sign-in at Cognito's pages that the flow begins with:
// whoever kept the way back from there to himself for a while has not shown that app's code. Tokens tell seconds.
func (s *Server) appIsNewer(c echo.Context, f enroll.Flow) bool {
	_, _, at, found, err := s.Store.LastRecord(lasting(c), f.Account)
	if err != nil {
		s.Log.ErrorContext(c.Request().Context(), "record cannot be read: an app needs its code again", "request_id", requestID(c), "error", err)
	}
	return err != nil || found && !at.Before(f.SignedInAt.Truncate(time.Second))
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
