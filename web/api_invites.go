package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
)

// inviteRequest is what a ticket system sends for a link: see openapi.json.
type inviteRequest struct {
	Account  string `json:"account"`
	Purpose  string `json:"purpose"`
	Ticket   string `json:"ticket"`
	Reason   string `json:"reason"`
	Proof    string `json:"proof"`
	Lifetime *int64 `json:"lifetime_seconds"`
	Language string `json:"language"`
	Mail     bool   `json:"mail"`
}

// maxAccount is the longest user name that a pool takes, in characters.
const maxAccount = 128

// minting is the request as the help desk takes it.
func (in inviteRequest) minting() (helpdesk.Minting, error) {
	wish := helpdesk.Minting{
		Account: in.Account, Purpose: helpdesk.Purpose(in.Purpose), Ticket: in.Ticket, Reason: in.Reason, Proof: in.Proof, Language: in.Language,
	}
	if utf8.RuneCountInString(in.Account) > maxAccount {
		return wish, &helpdesk.Error{Kind: helpdesk.BadInput, Op: "invite", Field: "account"}
	}
	if in.Lifetime != nil {
		wish.Lifetime = time.Duration(*in.Lifetime) * time.Second
		if wish.Lifetime <= 0 || wish.Lifetime/time.Second != time.Duration(*in.Lifetime) {
			return wish, &helpdesk.Error{Kind: helpdesk.BadInput, Op: "invite", Field: "lifetime"}
		}
	}
	return wish, nil
}

// inviteAnswer is a link that was just made. URL and Spoken can be had here alone.
type inviteAnswer struct {
	Invite inviteJSON  `json:"invite"`
	URL    string      `json:"url"`
	Spoken *spokenJSON `json:"spoken"` // nil: asked again, and the piece is over; or the account's name opens the link
	Mail   mailResult  `json:"mail"`
}

// spokenJSON is the second piece: to be told on the phone, never to be sent along with the URL.
type spokenJSON struct {
	Piece string    `json:"piece"`
	Until time.Time `json:"until"`
}

// mailResult is what became of the wish to have the link mailed. The link is good in any case.
type mailResult string

const (
	mailNotAsked  mailResult = "not_asked"
	mailSent      mailResult = "sent"
	mailNoAddress mailResult = "no_address" // the pool has no verified one, or the portal no mail server
	mailFailed    mailResult = "failed"
)

// inviteJSON is a link as it stands. What the agent wrote about the caller stays at the desk.
type inviteJSON struct {
	ID        int64      `json:"id"`
	Status    string     `json:"status"`
	Account   string     `json:"account"` // sub
	Username  string     `json:"username"`
	Purpose   string     `json:"purpose"`
	Ticket    string     `json:"ticket"`
	Language  string     `json:"language"`
	Agent     string     `json:"agent"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	ChangedAt time.Time  `json:"changed_at"`
	PieceEnds *time.Time `json:"piece_until"` // nil: none was issued
	TriesLeft int        `json:"tries_left"`
}

func inviteOf(l helpdesk.Link) inviteJSON {
	in := inviteJSON{
		ID: l.ID, Status: string(l.Status), Account: l.Account, Username: l.Username, Purpose: string(l.Purpose), Ticket: l.Ticket,
		Language: l.Language, Agent: l.Agent, CreatedAt: wire(l.CreatedAt), ExpiresAt: wire(l.ExpiresAt), ChangedAt: wire(l.ChangedAt),
		TriesLeft: l.TriesLeft,
	}
	if l.ChangedAt.IsZero() {
		in.ChangedAt = in.CreatedAt
	}
	if !l.PieceEnds.IsZero() {
		ends := wire(l.PieceEnds)
		in.PieceEnds = &ends
	}
	return in
}

// wire is a moment as the API tells it, and the store keeps it.
func wire(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// makeInvite is POST /api/v1/invites.
func (s *Server) makeInvite(c echo.Context, who caller) error {
	var in inviteRequest
	body, err := readJSON(c, &in)
	if err != nil {
		return err
	}
	sealed, replayed, err := s.once(c, who, body, func() (any, error) { return s.mintFor(c, who, in) })
	if err != nil {
		return err
	}
	var answer inviteAnswer
	if err := json.Unmarshal(sealed, &answer); err != nil {
		return err
	}
	if replayed {
		if answer.Spoken, err = s.stillSpoken(c, who, answer); err != nil {
			return err
		}
	}
	c.Response().Header().Set("Location", "/api/v1/invites/"+strconv.FormatInt(answer.Invite.ID, 10))
	return c.JSON(http.StatusCreated, answer)
}

// mint makes the link and mails it if that is wanted.
func (s *Server) mintFor(c echo.Context, who caller, in inviteRequest) (inviteAnswer, error) {
	wish, err := in.minting()
	if err != nil {
		return inviteAnswer{}, err
	}
	link, err := s.Desk.Mint(c.Request().Context(), who.agent, wish)
	if err != nil {
		return inviteAnswer{}, err
	}
	s.meters.funnel.Add(stageInvited)
	answer := inviteAnswer{
		Invite: inviteOf(link.Link), URL: s.linkURL(link.Locator),
		Mail: mailNotAsked,
	}
	if !link.ByName {
		answer.Spoken = &spokenJSON{link.Piece.Reveal(), wire(link.PieceEnds)}
	}
	if in.Mail {
		answer.Mail = s.mailNewInvite(c, who, link.ID, link.Locator)
	}
	return answer, nil
}

func (s *Server) mailNewInvite(c echo.Context, who caller, id int64, locator secret.Text) mailResult {
	err := s.Desk.SendLink(c.Request().Context(), who.agent, id, locator)
	switch {
	case err == nil:
		return mailSent
	case helpdesk.KindOf(err) == helpdesk.BadInput:
		return mailNoAddress
	}
	logCause(c, err)
	return mailFailed
}

// stillSpoken is the piece of an answer that is given again, if it is still the one that opens the link: an agent must not
// read out one that costs a try.
func (s *Server) stillSpoken(c echo.Context, who caller, answer inviteAnswer) (*spokenJSON, error) {
	now, err := s.Desk.Link(c.Request().Context(), who.agent, answer.Invite.ID)
	if err != nil {
		return nil, err
	}
	usable := now.Status == helpdesk.LinkLive || now.Status == helpdesk.LinkOpened
	if answer.Spoken == nil || !usable || !wire(now.PieceEnds).Equal(answer.Spoken.Until) || !s.Now().Before(now.PieceEnds) {
		return nil, nil //nolint:nilnil // none, and nothing wrong
	}
	return answer.Spoken, nil
}

// showInvite is GET /api/v1/invites/{id}.
func (s *Server) showInvite(c echo.Context, who caller) error {
	id, err := inviteID(c)
	if err != nil {
		return err
	}
	link, err := s.Desk.Link(c.Request().Context(), who.agent, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, inviteOf(link))
}

// revokeInvite is DELETE /api/v1/invites/{id}. Said again it is 404, as for anything that is gone.
func (s *Server) revokeInvite(c echo.Context, who caller) error {
	id, err := inviteID(c)
	if err != nil {
		return err
	}
	if err := s.Desk.Revoke(c.Request().Context(), who.agent, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// issueInvitePiece is POST /api/v1/invites/{id}/piece. Said again it makes another: the last one counts.
func (s *Server) issueInvitePiece(c echo.Context, who caller) error {
	id, err := inviteID(c)
	if err != nil {
		return err
	}
	piece, err := s.Desk.IssuePiece(c.Request().Context(), who.agent, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, spokenJSON{piece.Piece.Reveal(), wire(piece.Until)})
}

// mailRequest has the address that POST /api/v1/invites answered: nobody else knows it.
type mailRequest struct {
	URL string `json:"url"`
}

// mailInvite is POST /api/v1/invites/{id}/mail.
func (s *Server) mailInvite(c echo.Context, who caller) error {
	id, err := inviteID(c)
	if err != nil {
		return err
	}
	var in mailRequest
	if _, err := readJSON(c, &in); err != nil {
		return err
	}
	locator, ours := strings.CutPrefix(in.URL, s.linkURL(secret.Text{})+"/")
	if !ours {
		return &helpdesk.Error{Kind: helpdesk.BadInput, Op: "mail link", Field: "locator"}
	}
	if err := s.Desk.SendLink(c.Request().Context(), who.agent, id, secret.New(locator)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// linkURL is the address of a link.
func (s *Server) linkURL(locator secret.Text) string {
	return s.PublicURL.JoinPath("i", locator.Reveal()).String()
}

// inviteID is the number in a path.
func inviteID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != c.Param("id") {
		return 0, &helpdesk.Error{Kind: helpdesk.NoSuchLink, Op: "invite", Err: err}
	}
	return id, nil
}
