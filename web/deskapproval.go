package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/views"
)

// askApproval asks for a second person.
func (s *Server) askApproval(c echo.Context, a deskAgent) error {
	form, err := readForm(c, "operation", "ticket", "reason", "proof")
	if err != nil {
		return err
	}
	wish := helpdesk.Asking{
		Operation: helpdesk.Operation(form["operation"]), Account: c.Param("account"), Ticket: form["ticket"], Reason: form["reason"], Proof: form["proof"],
	}
	_, err = s.Desk.Request(c.Request().Context(), a.Agent, wish)
	switch {
	case deskOnForm(c, err) && wish.Operation == helpdesk.OpLostPhone:
		return s.renderLostPhone(c, a, form, err)
	case deskOnForm(c, err):
		return s.renderMint(c, a, form, err)
	case err != nil:
		return err
	}
	return s.goTo(c, deskHome+"/approvals")
}

// showApprovals is the queue.
func (s *Server) showApprovals(c echo.Context, a deskAgent) error {
	all, err := s.Desk.Approvals(c.Request().Context(), a.Agent)
	if err != nil {
		return err
	}
	page := views.DeskApprovals{Page: s.deskPage(c, a, "desk.approvals.title", false)}
	for _, approval := range all {
		row := views.DeskApproval{
			Action: deskHome + "/approvals/" + strconv.FormatInt(approval.ID, 10), Account: s.nameOf(c, a, approval.Account), AccountHref: accountPath(approval.Account),
			What: s.printer(c).T("desk.approvals.what_" + string(approval.Operation)), Ticket: approval.Ticket, Reason: approval.Reason, Proof: approval.Proof,
			By: s.who(c, a, approval.Agent), At: approval.CreatedAt, Own: approval.Agent == a.String(), Approved: approval.State == helpdesk.ApprovalApproved,
			Href: accountPath(approval.Account) + pathFor(approval.Operation),
		}
		if row.Approved {
			row.ApprovedBy = s.who(c, a, approval.DecidedBy)
			if ready := approval.DecidedAt.Add(s.Desk.Rules().Cooldown); ready.After(s.Now()) {
				row.Ready = s.left(c, ready)
			}
		}
		row.May = !row.Approved && !row.Own && a.Rank >= helpdesk.Leads
		page.Rows = append(page.Rows, row)
	}
	return s.render(c, http.StatusOK, views.DeskApprovalsPage(page))
}

// pathFor is where an approved operation is gone on with.
func pathFor(op helpdesk.Operation) string {
	if op == helpdesk.OpLostPhone {
		return "/lost-phone"
	}
	return "/link"
}

// decide is the second person's answer.
func (s *Server) decide(c echo.Context, a deskAgent) error {
	form, err := readForm(c, "answer")
	if err != nil {
		return err
	}
	id, err := number(c, "approval")
	if err != nil {
		return err
	}
	switch form["answer"] {
	case "approve":
		err = s.Desk.Approve(c.Request().Context(), a.Agent, id)
	case "refuse":
		err = s.Desk.Refuse(c.Request().Context(), a.Agent, id)
	default:
		return &badRequest{status: http.StatusBadRequest, err: errNoAnswer}
	}
	if err != nil {
		return err
	}
	return s.goTo(c, deskHome+"/approvals")
}
