package helpdesk

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// CoverageCSV writes a row for each account: user name, groups, standing, deadline, last event and its time, link and its
// end. No cell begins a formula. The names leave the portal, so it is in the audit trail.
func (d *Desk) CoverageCSV(ctx context.Context, agent Agent, w io.Writer) error {
	if err := d.Allowed(OpCoverageCSV, agent, Target{}); err != nil {
		return err
	}
	return d.audit.do(ctx, act{agent.String(), "export coverage", d.poolID, ""}, func(ctx context.Context, _ means) (string, error) {
		rows, err := d.writeCoverage(ctx, w)
		return fmt.Sprintf("%d accounts", rows), err
	})
}

func (d *Desk) writeCoverage(ctx context.Context, w io.Writer) (rows int, err error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	write := func(cells ...string) error {
		for i := range cells {
			cells[i] = safeCell(cells[i])
		}
		return out.Write(cells)
	}
	if err := write("username", "groups", "standing", "deadline", "last_event", "last_event_at", "link", "link_expires_at"); err != nil {
		return 0, err
	}
	err = d.eachCovered(ctx, func(c Covered) error {
		rows++
		return write(c.Username, strings.Join(c.Groups, " "), string(d.standing(c)), when(d.deadline(c)),
			string(c.Event), when(c.EventAt), string(c.Invite), when(c.InviteEnd))
	})
	if err != nil {
		return rows, err
	}
	out.Flush()
	return rows, out.Error()
}

// safeCell keeps spreadsheets from taking a cell for a formula: whatever could begin one gets an apostrophe before it
// (OWASP, "CSV Injection"). Signs that some spreadsheets read as others are among them.
func safeCell(text string) string {
	trimmed := strings.TrimLeft(text, " \u00a0\u3000")
	if trimmed != "" && strings.ContainsRune("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20", []rune(trimmed)[0]) {
		return "'" + text
	}
	return text
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
