package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/views"
)

// showWatch is a link's page while its caller is on the phone. Its script asks again every other second for the part
// that changes, and is answered 204 while nothing has.
func (s *Server) showWatch(c echo.Context, a deskAgent) error {
	id, err := number(c, "link")
	if err != nil {
		return err
	}
	link, events, err := s.Desk.Watch(c.Request().Context(), a.Agent, id, 0)
	if err != nil {
		return err
	}
	page := views.DeskWatch{
		Page: s.deskPage(c, a, "desk.watch.title", false), Path: linkPath(id), Link: s.deskLink(c, a, link), Seen: seen(link, events),
		Steps: s.steps(c, link, events), Usable: link.Status == helpdesk.LinkLive || link.Status == helpdesk.LinkOpened || link.Status == helpdesk.LinkLocked,
		Reason: link.Reason, Proof: link.Proof, PieceEnds: link.PieceEnds, TriesLeft: link.TriesLeft, Wrong: link.TriesLeft < fullTries,
	}
	if isPartial(c) && c.QueryParam("seen") == page.Seen {
		return c.NoContent(http.StatusNoContent)
	}
	page.ByName, page.PieceHeard = link.ByName, link.PieceEnds.After(s.Now())
	shown := a.session.shown(id)
	if page.Usable && shown.Locator != "" {
		page.Address = s.linkAddress(shown.Locator)
		if page.QRModules, page.QRPixels, err = s.linkPicture(page.Address); err != nil {
			return err
		}
		page.MayMail, page.Mailed = s.Desk.Notifies() && !shown.Mailed, shown.Mailed
	}
	if page.Usable && shown.Piece != "" && page.PieceHeard && shown.PieceEnds.Equal(link.PieceEnds) {
		page.Piece = shown.Piece
	}
	return s.render(c, http.StatusOK, views.DeskWatchPage(page))
}

// fullTries is how many wrong pieces a link forgives, as the desk counts them.
const fullTries = 5

// seen names what a page shows of a link, so that an unchanged one need not be sent.
func seen(link helpdesk.Link, events []helpdesk.InviteEvent) string {
	last := int64(0)
	if len(events) > 0 {
		last = events[len(events)-1].ID
	}
	return fmt.Sprintf("%s-%d-%d-%d", link.Status, last, link.TriesLeft, link.PieceEnds.Unix())
}

// steps are what has happened with a link, in order.
func (s *Server) steps(c echo.Context, link helpdesk.Link, events []helpdesk.InviteEvent) []views.DeskStep {
	steps := []views.DeskStep{{At: link.CreatedAt, Text: s.printer(c).Rich("desk.step.made", 0)}}
	for _, event := range events {
		step := views.DeskStep{At: event.At, Text: s.printer(c).Rich("desk.step."+string(event.Happening), 0)}
		switch event.Happening {
		case helpdesk.HappeningWrongCode:
			step.Tone, step.Text = "warn", s.verdict(c, event)
		case helpdesk.HappeningDone:
			step.Tone = "ok"
		case helpdesk.HappeningOpened, helpdesk.HappeningSignedIn, helpdesk.HappeningShown:
		}
		steps = append(steps, step)
	}
	switch link.Status {
	case helpdesk.LinkRevoked, helpdesk.LinkCancelled, helpdesk.LinkExpired, helpdesk.LinkLocked:
		at := link.ChangedAt
		if link.Status == helpdesk.LinkExpired {
			at = link.ExpiresAt
		}
		steps = append(steps, views.DeskStep{At: at, Text: s.printer(c).Rich("desk.step."+string(link.Status), 0), Tone: "bad"})
	case helpdesk.LinkLive, helpdesk.LinkOpened, helpdesk.LinkSpent:
	}
	return steps
}

// verdict is why a code was wrong, as an agent says it to the caller.
func (s *Server) verdict(c echo.Context, event helpdesk.InviteEvent) i18n.Rich {
	key := "desk.verdict." + event.Verdict
	if !s.printer(c).Has(key) {
		key = "desk.verdict." + enroll.NoMatch.String()
	}
	return s.printer(c).Rich(key, int(event.Off.Minutes()))
}
