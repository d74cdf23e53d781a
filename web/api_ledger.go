package web

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
)

// ledgerAnswer is a page of the ledger, the newest first.
type ledgerAnswer struct {
	Entries []ledgerJSON `json:"entries"`
	Next    *int64       `json:"next"` // "before" of the next page; nil: this is the last
}

type ledgerJSON struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Account string    `json:"account"` // its own name
	Event   string    `json:"event"`
	Actor   string    `json:"actor"`
	Detail  string    `json:"detail"`
}

// How many entries a page has: usually, and at most.
const ledgerPage, maxLedgerPage = 50, 200

// showLedger is GET /api/v1/ledger.
func (s *Server) showLedger(c echo.Context, who caller) error {
	query, err := readQuery(c, "account", "before", "limit")
	if err != nil {
		return err
	}
	before, err := query.number("before", 0, 1, 1<<62)
	if err != nil {
		return err
	}
	limit, err := query.number("limit", ledgerPage, 1, maxLedgerPage)
	if err != nil {
		return err
	}
	entries, err := s.Desk.Ledger(c.Request().Context(), who.agent, query["account"], before, int(limit))
	if err != nil {
		return err
	}
	answer := ledgerAnswer{Entries: make([]ledgerJSON, 0, len(entries))}
	for _, e := range entries {
		answer.Entries = append(answer.Entries, ledgerJSON{e.ID, wire(e.At), e.Account, string(e.Event), e.Actor, e.Detail})
	}
	if len(entries) == int(limit) {
		answer.Next = &entries[len(entries)-1].ID
	}
	return c.JSON(http.StatusOK, answer)
}

// coverageAnswer is who has set up, in figures.
type coverageAnswer struct {
	SweptAt *time.Time          `json:"swept_at"` // nil: no sweep has finished yet
	Groups  []groupCoverageJSON `json:"groups"`
}

type groupCoverageJSON struct {
	Group    string                    `json:"group"` // "": everybody
	Deadline *time.Time                `json:"deadline"`
	Counts   map[helpdesk.Standing]int `json:"counts"`
}

// tellCoverage is GET /api/v1/coverage.
func (s *Server) tellCoverage(c echo.Context, who caller) error {
	if _, err := readQuery(c); err != nil {
		return err
	}
	coverage, err := s.Desk.Coverage(c.Request().Context(), who.agent)
	if err != nil {
		return err
	}
	answer := coverageAnswer{SweptAt: known(coverage.SweptAt), Groups: make([]groupCoverageJSON, 0, len(coverage.Groups))}
	for _, g := range coverage.Groups {
		answer.Groups = append(answer.Groups, groupCoverageJSON{g.Group, known(g.Deadline), g.Counts})
	}
	return c.JSON(http.StatusOK, answer)
}

// tellCoverageCSV is GET /api/v1/coverage.csv: a row for each account.
func (s *Server) tellCoverageCSV(c echo.Context, who caller) error {
	if _, err := readQuery(c); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := s.Desk.CoverageCSV(c.Request().Context(), who.agent, &out); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="coverage.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// known is a moment, or nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = wire(t)
	return &t
}

// query is what stands behind the question mark: each name at most once.
type query map[string]string

// readQuery refuses names that a call does not take.
func readQuery(c echo.Context, names ...string) (query, error) {
	all := query{}
	for name, values := range c.QueryParams() {
		if !slices.Contains(names, name) || len(values) != 1 {
			return nil, &apiError{Status: http.StatusBadRequest, Code: "bad_request", Detail: "the query has what this call does not take, or takes once", Field: name}
		}
		all[name] = values[0]
	}
	return all, nil
}

// number is a whole number within bounds, or instead when it is not there.
func (q query) number(name string, instead, least, most int64) (int64, error) {
	text, found := q[name]
	if !found {
		return instead, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, &apiError{
			Status: http.StatusBadRequest, Code: "bad_request", Field: name,
			Detail: name + ": want a whole number from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10),
		}
	}
	return n, nil
}
