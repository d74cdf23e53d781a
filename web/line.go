package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/views"
)

// near is how far off a turn may be for its form to be shown, which is then typed meanwhile, and simply takes so long.
const near = 3 * time.Second

// How often a page in the line asks for its place: more seldom the longer the wait, and when the turn is due.
const (
	askEvery   = 3 * time.Second
	askSeldom  = 15 * time.Second
	askPortion = 10
)

// ticket is what the browser keeps of its place, sealed: also what was typed and asked for with it, for the sign-in page.
type ticket struct {
	place              throttle.Place
	username, returnTo string
}

// showLine is the page of who waits: his place and the time until his turn, or a form that takes a place. It keeps
// itself up to date, and leads on when the turn has come.
func (s *Server) showLine(c echo.Context, f enroll.Flow) error {
	if !s.mustWait(c, f) {
		return s.goTo(c, "/sign-in")
	}
	return s.waits(c, s.goingOn(c, f))
}

// waitsKey is in the Echo context of a request that was answered with the line's page.
const waitsKey = "waits"

// waits is the line's page, also in the place of the one to sign in. If that led here instead, two nodes that know the line
// differently would send a browser to and fro.
func (s *Server) waits(c echo.Context, f enroll.Flow) error {
	c.Set(waitsKey, true)
	page := s.page(c, f, "problem.busy.title", false)
	page.Account = ""
	model := views.Line{Page: page, ReturnTo: f.ReturnTo}
	if held, ok := s.ticket(c); ok {
		people, wait := s.Room.Left(c.Request().Context(), held.place)
		model.People, model.Wait = people, s.minutes(c, wait)
		model.Every = min(max(wait/askPortion, askEvery), askSeldom, (wait-near).Truncate(time.Second)+time.Second)
		model.Page.Refresh = model.Every
	}
	return s.render(c, http.StatusOK, views.LinePage(model))
}

// takePlace takes a place in the line. Who has one keeps it.
func (s *Server) takePlace(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "username", returnParameter)
	if err != nil {
		return err
	}
	f.ReturnTo = s.knownReturn(form[returnParameter])
	if _, err := s.mayBegin(c, f, strings.TrimSpace(form["username"])); err != nil {
		return err
	}
	return s.goTo(c, "/line")
}

// mayBegin reports whether somebody's turn has come. Whoever has no place in the line is given one, and waits for it
// here if that does not take long.
func (s *Server) mayBegin(c echo.Context, f enroll.Flow, username string) (bool, error) {
	if !newcomer(f) {
		return true, nil
	}
	ctx := c.Request().Context()
	held, ok := s.ticket(c)
	if !ok {
		held.place = s.Room.Enter(ctx, throttle.Site(s.network(c)))
	}
	if s.Room.Await(ctx, held.place, near) {
		return true, nil
	}
	if ok {
		return false, nil
	}
	payload, err := held.place.MarshalBinary()
	if err != nil {
		return false, err
	}
	payload = append(payload, username[:min(len(username), maxName)]+"\x00"+f.ReturnTo...)
	return false, s.Places.Write(c.Response(), c.Request(), payload)
}

// maxName is the longest user name, in bytes.
const maxName = 128 * 4

// mustWait reports whether a page cannot offer to sign in yet. It takes no place: a GET changes nothing.
func (s *Server) mustWait(c echo.Context, f enroll.Flow) bool {
	if !newcomer(f) || s.NoPasswords {
		return false
	}
	held, ok := s.ticket(c)
	if !ok {
		return s.Room.Rush(throttle.Site(s.network(c))) > near
	}
	_, wait := s.Room.Left(c.Request().Context(), held.place)
	return wait > near
}

// newcomer reports whether somebody has not been let in yet. Whoever signs in again was.
func newcomer(f enroll.Flow) bool { return f.ID == enroll.ID{} }

// ticket reads the browser's. One that cannot be read is none.
func (s *Server) ticket(c echo.Context) (held ticket, ok bool) {
	payload, err := s.Places.Read(c.Request())
	if err != nil || len(payload) < throttle.PlaceSize || held.place.UnmarshalBinary(payload[:throttle.PlaceSize]) != nil {
		return ticket{}, false
	}
	held.username, held.returnTo, _ = strings.Cut(string(payload[throttle.PlaceSize:]), "\x00")
	return held, true
}
