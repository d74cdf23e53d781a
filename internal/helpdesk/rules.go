package helpdesk

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

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
	// NameOpens has links for a first set-up open with the account's own name, typed on their page, instead of a spoken
	// piece: whoever reads the mail then needs only the password. Links that replace an app, and those of accounts that are
	// privileged or frozen, need the piece all the same.
	NameOpens bool
	// Languages are those that a link can be in; the first unless asked for. Empty: any.
	Languages []string
	// TokenLife is the app client's AccessTokenValidity: how long tokens that are out there outlive a sign-out. Zero: an
	// hour, which is Cognito's default.
	TokenLife time.Duration
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
	OpCoverageCSV Operation = "coverage_csv" // CoverageCSV, Ledger: names leave the portal
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

// rule is who may do an operation.
type rule struct {
	least    Rank
	channels []Channel
	reach    reach
	stepUp   bool // the second factor must have been given just now
}

// reach says whose accounts an operation may be about. Nobody may change his own.
type reach uint8

const (
	anybody reach = iota // changes nothing
	lower                // accounts of lower rank
	equal                // accounts of lower or equal rank
)

// rules is the whole of who may do what.
//
//nolint:gochecknoglobals // an immutable table
var rules = map[Operation]rule{
	OpLookUp:      {least: Agents, channels: []Channel{Page, API, CLI}},
	OpWatch:       {least: Agents, channels: []Channel{Page, API, CLI}},
	OpMint:        {least: Agents, channels: []Channel{Page, API, CLI}, reach: lower},
	OpIssuePiece:  {least: Agents, channels: []Channel{Page, API, CLI}, reach: lower},
	OpSendLink:    {least: Agents, channels: []Channel{Page, API, CLI}, reach: lower},
	OpRevoke:      {least: Agents, channels: []Channel{Page, API, CLI}, reach: lower},
	OpLostPhone:   {least: Agents, channels: []Channel{Page, CLI}, reach: lower},
	OpRequest:     {least: Agents, channels: []Channel{Page, CLI}, reach: lower},
	OpApprove:     {least: Leads, channels: []Channel{Page}, reach: equal, stepUp: true},
	OpCoverage:    {least: Agents, channels: []Channel{Page, API, CLI}},
	OpCoverageCSV: {least: Leads, channels: []Channel{Page, API, CLI}},
	OpSweep:       {least: Leads, channels: []Channel{Page, CLI}},
	OpAudit:       {least: Leads, channels: []Channel{Page, CLI}},
	OpAuditExport: {least: Admins, channels: []Channel{Page, CLI}},
}

// stepUpFor is how long a second factor counts as just given.
const stepUpFor = 5 * time.Minute

// Allowed says whether the rules let an agent do something, to somebody if the operation has a target (else the zero
// Target): nil, or an [*Error] with NotAllowed, NeedsMFA or NeedsStepUp. Whether a privileged target's approval is there
// is asked by the operation itself. What has no rule is not allowed.
func (d *Desk) Allowed(op Operation, agent Agent, target Target) error {
	rule, found := rules[op]
	switch {
	case !found, agent.ID == "":
		return notAllowed(op, "default")
	case !slices.Contains(rule.channels, agent.Channel), agent.Rank >= Operator && agent.Channel != CLI:
		return notAllowed(op, "channel")
	case agent.Rank < rule.least:
		return notAllowed(op, "rank")
	case agent.Channel == Page && !agent.MFA:
		return &Error{Kind: NeedsMFA, Op: string(op)}
	case rule.reach != anybody && agent.Channel == Page && agent.ID == target.Sub:
		return notAllowed(op, "self")
	case rule.reach == lower && target.Rank >= agent.Rank, rule.reach == equal && target.Rank > agent.Rank:
		return notAllowed(op, "target_rank")
	case rule.stepUp && !d.steppedUp(agent):
		return &Error{Kind: NeedsStepUp, Op: string(op)}
	}
	return nil
}

func (d *Desk) steppedUp(agent Agent) bool {
	ago := d.now().Sub(agent.SteppedUpAt)
	return ago >= 0 && ago <= stepUpFor
}

func notAllowed(op Operation, rule string) error {
	return &Error{Kind: NotAllowed, Op: string(op), Rule: rule}
}

// rank is the highest rank of somebody in these groups.
func (r Rules) rank(groups []string) Rank {
	highest := NoRank
	for _, g := range groups {
		highest = max(highest, r.Ranks[g])
	}
	return highest
}

// target is an account as the rules see it.
func (r Rules) target(sub string, groups []string) Target {
	t := Target{Sub: sub, Rank: r.rank(groups)}
	t.Privileged = t.Rank >= Leads || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(r.Privileged, g) })
	return t
}

// The widest bounds of a link's life, and its usual one.
const (
	minLifetime   = 5 * time.Minute
	maxLifetime   = 30 * 24 * time.Hour
	usualLifetime = time.Hour
)

// complete fills in what was left out, and refuses what cannot be.
func (r Rules) complete() (Rules, error) {
	r.MinLifetime, r.MaxLifetime = cmp.Or(r.MinLifetime, minLifetime), cmp.Or(r.MaxLifetime, maxLifetime)
	r.Lifetime = cmp.Or(r.Lifetime, min(max(usualLifetime, r.MinLifetime), r.MaxLifetime))
	r.TokenLife = cmp.Or(r.TokenLife, time.Hour)
	if r.MinLifetime < minLifetime || r.MaxLifetime > maxLifetime || r.MinLifetime > r.MaxLifetime ||
		r.Lifetime < r.MinLifetime || r.Lifetime > r.MaxLifetime {
		return r, fmt.Errorf("helpdesk: links live from %s to %s, usually %s: want 5 minutes to 30 days, in that order", r.MinLifetime, r.MaxLifetime, r.Lifetime)
	}
	for group, rank := range r.Ranks {
		if rank == NoRank || rank > Admins {
			return r, fmt.Errorf("helpdesk: group %q has no rank that can be given", group)
		}
	}
	if r.Cooldown < 0 || r.Cooldown >= approvalLife {
		return r, fmt.Errorf("helpdesk: a cooldown of %s: want less than %s, when an approval lapses", r.Cooldown, approvalLife)
	}
	return r, nil
}
