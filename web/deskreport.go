package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/views"
)

var errNoAnswer = errors.New("neither approved nor refused") //nolint:gochecknoglobals // a sentinel

// showCoverage is who has set up, by group and deadline.
func (s *Server) showCoverage(c echo.Context, a deskAgent) error {
	coverage, err := s.Desk.Coverage(c.Request().Context(), a.Agent)
	if err != nil {
		return err
	}
	p := s.printer(c)
	page := views.DeskCoverage{
		Page: s.deskPage(c, a, "desk.coverage.title", false), SweptAt: coverage.SweptAt,
		MaySweep:  s.Desk.Allowed(helpdesk.OpSweep, a.Agent, helpdesk.Target{}) == nil,
		MayExport: s.Desk.Allowed(helpdesk.OpCoverageCSV, a.Agent, helpdesk.Target{}) == nil,
	}
	for _, standing := range helpdesk.Standings() {
		page.Columns = append(page.Columns, p.T("desk.standing."+string(standing)))
	}
	for _, group := range coverage.Groups {
		row := views.DeskCovered{Group: group.Group, Deadline: group.Deadline}
		for _, standing := range helpdesk.Standings() {
			row.Counts = append(row.Counts, strconv.Itoa(group.Counts[standing]))
		}
		page.Rows = append(page.Rows, row)
	}
	return s.render(c, http.StatusOK, views.DeskCoveragePage(page))
}

// sweepSeen is how long a page waits for a sweep to end: small pools are done by then, and refusals told.
const sweepSeen = 2 * time.Second

// sweep asks the pool about every account, which takes as long as its quota makes it: it goes on after the page is
// answered.
func (s *Server) sweep(c echo.Context, a deskAgent) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	ctx, ended := context.WithoutCancel(c.Request().Context()), make(chan error, 1)
	go func() {
		_, err := s.Desk.Sweep(ctx, a.Agent, helpdesk.SweepBudget{})
		if err != nil {
			s.Log.ErrorContext(ctx, "sweep", "error", err)
		}
		ended <- err
	}()
	patience := time.NewTimer(sweepSeen)
	defer patience.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return err
		}
	case <-patience.C:
	}
	return s.goTo(c, deskHome+"/coverage")
}

// exportCoverage is a form, not a link: what leaves the portal is in the audit trail.
func (s *Server) exportCoverage(c echo.Context, a deskAgent) error {
	return s.download(c, "text/csv; charset=utf-8", "coverage.csv", func(out *bytes.Buffer) error {
		return s.Desk.CoverageCSV(c.Request().Context(), a.Agent, out)
	})
}

func (s *Server) exportAudit(c echo.Context, a deskAgent) error {
	return s.download(c, "application/jsonl", "audit.jsonl", func(out *bytes.Buffer) error {
		return s.Desk.ExportAudit(c.Request().Context(), a.Agent, out)
	})
}

// download answers a file. It is complete before its first byte is sent: half an export looks like a whole one.
func (s *Server) download(c echo.Context, contentType, name string, write func(*bytes.Buffer) error) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := write(&out); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, contentType, out.Bytes())
}

// entriesShown is how much of the audit trail is on a page.
const entriesShown = 50

// showAudit is the newest of the trail, or what is before an entry. Opening it checks the whole chain.
func (s *Server) showAudit(c echo.Context, a deskAgent) error {
	ctx := c.Request().Context()
	page := views.DeskAudit{
		Page: s.deskPage(c, a, "desk.audit.title", false), MayExport: s.Desk.Allowed(helpdesk.OpAuditExport, a.Agent, helpdesk.Target{}) == nil,
	}
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // what is no number is the end
	if before <= 0 {
		last, err := s.Desk.VerifyAudit(ctx, a.Agent)
		if broken, ok := errors.AsType[*helpdesk.BrokenChain](err); ok {
			page.Broken, err = strconv.FormatInt(broken.Seq, 10), nil
		}
		if err != nil {
			return err
		}
		page.Checked, before = strconv.FormatInt(last.Seq, 10), last.Seq+1
	}
	entries, err := s.Desk.AuditTrail(ctx, a.Agent, max(0, before-1-entriesShown), entriesShown)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e helpdesk.AuditEntry) bool { return e.Seq >= before })
	for _, entry := range slices.Backward(entries) {
		page.Rows = append(page.Rows, views.DeskEntry{
			Seq: strconv.FormatInt(entry.Seq, 10), At: entry.At, Actor: s.who(c, a, entry.Actor), Action: entry.Action, Target: entry.Target,
			Stage: s.stage(c, entry), Detail: entry.Detail,
		})
	}
	if len(entries) > 0 && entries[0].Seq > 1 {
		page.Older = deskHome + "/audit?before=" + strconv.FormatInt(entries[0].Seq, 10)
	}
	return s.render(c, http.StatusOK, views.DeskAuditPage(page))
}

// stage is what an entry is: an intent, or the result of one.
func (s *Server) stage(c echo.Context, entry helpdesk.AuditEntry) string {
	if entry.Stage == helpdesk.StageIntent {
		return s.printer(c).T("desk.audit.intent")
	}
	return s.printer(c).T("desk.audit.result", "intent", fmt.Sprint(entry.Intent))
}
