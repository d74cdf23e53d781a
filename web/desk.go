package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/throttle"
)

// deskHome is the first page of the help desk, and what the addresses of all others begin with.
const deskHome = "/desk"

// How long an agent's sign-in lasts, and how fresh it must be for what is hard to take back. Its cookie also ends when no
// form was sent for as long as the operator's session store has it.
const (
	deskLongest = 8 * time.Hour
	deskFresh   = 10 * time.Minute
)

// deskSession is an agent's sign-in, in a sealed cookie of its own.
type deskSession struct {
	ID       enroll.ID
	Username string    `json:",omitempty"` // the account's own name; "" until the app's code was given
	Typed    string    `json:",omitempty"` // what was typed for it
	ProvedAt time.Time // when the app's code was given

	// Between password and code: the pool's session, when it ends, and where to go on.
	Challenge, UserID, To string `json:",omitempty"`
	Until                 time.Time

	Shown shownLink
}

// name is the sign-in's in records. It is not the token of its forms: whoever reads the store would have that.
func (in deskSession) name() string { return digest("sign-in of ", in.ID) }

// shownLink is the link that the agent made last. Nobody else has its locator and its piece.
type shownLink struct {
	Invite    int64  `json:",omitempty"`
	Locator   string `json:",omitempty"`
	Piece     string `json:",omitempty"`
	PieceEnds time.Time
	Mailed    bool `json:",omitempty"`
}

// deskAgent is who asks for a page of the desk.
type deskAgent struct {
	helpdesk.Agent

	session deskSession
}

// deskRoute is one row. Its operation says who may (internal/helpdesk, rules.go): a row without one does not exist.
type deskRoute struct {
	method, path string
	operation    helpdesk.Operation
	fresh        bool // the agent's code must have been given within deskFresh
	handler      func(c echo.Context, a deskAgent) error
}

func (s *Server) deskRoutes() []deskRoute {
	const account, link = deskHome + "/accounts/:account", deskHome + "/links/:link"
	return []deskRoute{
		{http.MethodGet, deskHome, helpdesk.OpLookUp, false, s.showDesk},
		{http.MethodPost, deskHome + "/look-up", helpdesk.OpLookUp, false, s.lookUp},
		{http.MethodGet, account, helpdesk.OpLookUp, false, s.showAccount},
		{http.MethodGet, account + "/trail", helpdesk.OpLookUp, false, s.showTrail},

		{http.MethodGet, account + "/link", helpdesk.OpMint, false, s.showMint},
		{http.MethodPost, account + "/link", helpdesk.OpMint, false, s.mint},
		{http.MethodGet, account + "/lost-phone", helpdesk.OpLostPhone, true, s.showLostPhone},
		{http.MethodPost, account + "/lost-phone", helpdesk.OpLostPhone, true, s.lostPhone},
		{http.MethodPost, account + "/lost-phone/go-on", helpdesk.OpLostPhone, true, s.resumeReset},
		{http.MethodPost, account + "/ask", helpdesk.OpRequest, false, s.askApproval},

		{http.MethodGet, link, helpdesk.OpWatch, false, s.showWatch},
		{http.MethodGet, link + "/qr.png", helpdesk.OpWatch, false, s.showLinkQR},
		{http.MethodPost, link + "/piece", helpdesk.OpIssuePiece, false, s.issuePiece},
		{http.MethodPost, link + "/mail", helpdesk.OpSendLink, false, s.mailLink},
		{http.MethodPost, link + "/revoke", helpdesk.OpRevoke, false, s.revokeLink},

		{http.MethodGet, deskHome + "/approvals", helpdesk.OpLookUp, false, s.showApprovals},
		{http.MethodPost, deskHome + "/approvals/:approval", helpdesk.OpApprove, true, s.decide},

		{http.MethodGet, deskHome + "/coverage", helpdesk.OpCoverage, false, s.showCoverage},
		{http.MethodPost, deskHome + "/coverage/sweep", helpdesk.OpSweep, false, s.sweep},
		{http.MethodPost, deskHome + "/coverage.csv", helpdesk.OpCoverageCSV, true, s.exportCoverage},
		{http.MethodGet, deskHome + "/audit", helpdesk.OpAudit, false, s.showAudit},
		{http.MethodPost, deskHome + "/audit.jsonl", helpdesk.OpAuditExport, true, s.exportAudit},
	}
}

// addDesk adds the pages of agents, if there is a help desk. Nobody signs in to reach its sign-in.
func (s *Server) addDesk() error {
	if s.Desk == nil || s.DeskSessions == nil {
		return nil
	}
	s.get(deskHome+"/sign-in", s.atDeskDoor(s.showDeskSignIn))
	for path, door := range map[string]struct {
		limit  throttle.Rule
		handle func(echo.Context, deskSession) error
	}{
		"/sign-in":      {throttle.Passwords(), s.deskSignIn},
		"/sign-in/code": {throttle.Codes(), s.deskCode},
		"/sign-out":     {throttle.Forms(), s.deskSignOut},
	} {
		if err := s.add(http.MethodPost, deskHome+path, door.limit, s.atDeskDoor(s.limitedDesk(door.limit, door.handle))); err != nil {
			return err
		}
	}
	for _, row := range s.deskRoutes() {
		if err := s.add(row.method, row.path, throttle.Desk(), s.atDesk(row)); err != nil {
			return err
		}
		if row.method == http.MethodGet {
			s.echo.Add(http.MethodHead, row.path, s.atDesk(row))
		}
	}
	return nil
}

// atDesk calls the row's handler for an agent whom its rule lets in, and who has signed in lately if it says so. A form
// must be of this sign-in.
func (s *Server) atDesk(row deskRoute) echo.HandlerFunc {
	return s.atDeskDoor(func(c echo.Context, in deskSession) error {
		if in.Username == "" || row.fresh && s.Now().Sub(in.ProvedAt) > deskFresh {
			return s.toDeskSignIn(c)
		}
		agent, err := s.agent(c, row, in)
		if err == nil {
			c.Set(agentKey, deskAgent{agent, in})
			err = s.Desk.Allowed(row.operation, agent, helpdesk.Target{})
		}
		if helpdesk.KindOf(err) == helpdesk.NeedsStepUp {
			return s.toDeskSignIn(c)
		}
		if err != nil {
			return err
		}
		if row.method == http.MethodPost {
			form, err := parseForm(c)
			if err != nil {
				return err
			}
			if !belongs(enroll.Flow{ID: in.ID}, form) {
				return s.goTo(c, deskHome)
			}
			return s.limitedDesk(throttle.Desk(), func(c echo.Context, in deskSession) error {
				return row.handler(c, deskAgent{agent, in})
			})(c, in)
		}
		return row.handler(c, deskAgent{agent, in})
	})
}

// atDeskDoor reads the sign-in, if there is one.
func (s *Server) atDeskDoor(handle func(echo.Context, deskSession) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		in, err := s.readDesk(c)
		if err != nil {
			return err
		}
		return handle(c, in)
	}
}

// agentKey is where the request's agent is in its Echo context.
const agentKey = "agent"

// agent asks the pool what the signed-in account may do. A page that asks every other second what a caller does is
// answered from what was true half a minute ago.
func (s *Server) agent(c echo.Context, row deskRoute, in deskSession) (helpdesk.Agent, error) {
	polls := row.operation == helpdesk.OpWatch && isPartial(c)
	if agent, known := s.agents.get(in.ID, s.Now()); polls && known {
		return agent, nil
	}
	agent, err := s.Desk.PageAgent(c.Request().Context(), helpdesk.SignedIn{
		Username: in.Username, Session: in.name(), MFA: true, SteppedUpAt: in.ProvedAt,
	})
	if err == nil {
		s.agents.put(in.ID, agent, s.Now())
	}
	return agent, err
}

// agents remembers for a short while what agents may do.
type agents struct {
	mu    sync.Mutex
	known map[enroll.ID]knownAgent
}

type knownAgent struct {
	agent helpdesk.Agent
	at    time.Time
}

// agentKept is how long, and mostAgents of how many sign-ins.
const (
	agentKept  = 30 * time.Second
	mostAgents = 1000
)

func (a *agents) get(id enroll.ID, now time.Time) (helpdesk.Agent, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, found := a.known[id]
	return known.agent, found && now.Sub(known.at) < agentKept
}

func (a *agents) put(id enroll.ID, agent helpdesk.Agent, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) >= mostAgents {
		a.known = map[enroll.ID]knownAgent{}
	}
	a.known[id] = knownAgent{agent, now}
}

// readDesk reads the request's sign-in: the zero one when there is none, or when it has ended. Unlike an enrollment it
// does not go on while the store cannot tell.
func (s *Server) readDesk(c echo.Context) (deskSession, error) {
	payload, err := s.DeskSessions.Read(c.Request())
	if err != nil || payload == nil { // nothing of it is used: signing in again replaces it
		return deskSession{}, nil //nolint:nilerr // see above
	}
	var in deskSession
	if err := json.Unmarshal(payload, &in); err != nil {
		return deskSession{}, fmt.Errorf("agent's cookie: %w", err)
	}
	if in.Username == "" {
		return in, nil
	}
	ctx := c.Request().Context()
	over, err := s.Store.SessionOver(ctx, in.ID, in.Username, in.ProvedAt)
	if err != nil {
		return deskSession{}, &enroll.Error{Kind: enroll.StoreDown, Op: "agent's sign-in", Err: err}
	}
	if over || s.Now().Sub(in.ProvedAt) > deskLongest {
		return deskSession{}, nil
	}
	return in, nil
}

func (s *Server) writeDesk(c echo.Context, in deskSession) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("agent's cookie: %w", err)
	}
	if err := s.DeskSessions.Write(c.Response(), c.Request(), payload); err != nil {
		return fmt.Errorf("agent's cookie: %w", err)
	}
	return nil
}

// endDesk makes every copy of a sign-in's cookie worth nothing.
func (s *Server) endDesk(ctx context.Context, in deskSession) error {
	if in.Username == "" {
		return nil
	}
	if err := s.Store.EndSession(context.WithoutCancel(ctx), in.ID, s.Now().Add(deskLongest)); err != nil {
		return &enroll.Error{Kind: enroll.StoreDown, Op: "end agent's sign-in", Err: err}
	}
	return nil
}

// toDeskSignIn leads through the sign-in back to the page that was asked for.
func (s *Server) toDeskSignIn(c echo.Context) error {
	to := url.URL{Path: deskHome + "/sign-in"}
	if c.Request().Method == http.MethodGet && !isHTMX(c) {
		if back := deskPath(c.Request().URL.EscapedPath()); back != deskHome {
			to.RawQuery = url.Values{"to": {back}}.Encode()
		}
	} else if back := deskPath(c.Request().Header.Get("Hx-Current-Url")); back != deskHome {
		to.RawQuery = url.Values{"to": {back}}.Encode()
	}
	return s.goTo(c, to.String())
}

// deskPath is the path of a page of the desk, or the first one's if text is no such thing.
func deskPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsAny(text, "\\\r\n") {
		return deskHome
	}
	path := u.EscapedPath()
	if !strings.HasPrefix(path, deskHome+"/") || strings.Contains(path, "..") || strings.HasPrefix(path, deskHome+"/sign-") {
		return deskHome
	}
	return path
}

func newDeskID() enroll.ID {
	var id enroll.ID
	_, _ = rand.Read(id[:]) // never fails (crypto/rand, since Go 1.24)
	return id
}

// shown is what the agent's cookie has of a link.
func (in deskSession) shown(link int64) shownLink {
	if in.Shown.Invite != link {
		return shownLink{}
	}
	return in.Shown
}
