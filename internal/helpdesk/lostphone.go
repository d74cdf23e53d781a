package helpdesk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// LostPhone is an agent's wish to reset an account whose phone is gone.
type LostPhone struct {
	Account  string // its own name, or its sub
	Ticket   string
	Reason   string
	Proof    string
	Lifetime time.Duration // of the fresh link
	Language string
	Approval int64 // for a privileged account
}

// PartName names a part of a reset.
type PartName string

// The parts, in their order. The link comes first, so that the account always has its old app or a link that works; its
// spoken piece is issued only when the old app is dealt with, so that nobody drops the new one.
const (
	PartLink     PartName = "link"     // a fresh link
	PartApp      PartName = "app"      // the pool forgets the old app
	PartSessions PartName = "sessions" // every session ends, the pool's and the portal's
	PartDevices  PartName = "devices"  // remembered devices are forgotten
	PartNotices  PartName = "notices"  // the owner is told on every verified channel
)

// PartNames is every part, in order.
func PartNames() []PartName {
	return []PartName{PartLink, PartApp, PartSessions, PartDevices, PartNotices}
}

// Part is what came of a part.
type Part struct {
	Name   PartName
	Done   bool
	Result string // a word: "made", "dropped", "nothing", "signed_out", "forgot 2", "told 1"; or the kind of the failure
	At     time.Time
}

// Reset is one reset of a lost phone, as it is recorded.
type Reset struct {
	ID        int64
	Pool      string
	Account   string // sub
	Username  string
	Agent     string // who began it
	Approval  int64
	Ticket    string
	Reason    string
	Proof     string
	Language  string
	Lifetime  time.Duration
	Invite    int64 // the fresh link; 0: not made yet
	CreatedAt time.Time
	DoneAt    time.Time // zero: some part is not done
	Parts     []Part    // those that were tried
}

// ResetReport is a reset after a run. Whatever failed is in Reset.Parts; run it again with Resume.
type ResetReport struct {
	Reset Reset
	// Link has its Locator when this run made it, and its Piece when this run settled the old app.
	Link NewLink
	// TokensUntil is when the last access token that is out there ends, which nobody can call back.
	TokensUntil time.Time
}

// LostPhone does all parts, or goes on with the account's reset that is not done. A part that fails does not stop those
// after it, except the link. The error is nil when all are done, else that of the first part that is not; the report is
// good in both cases, once a reset has begun.
func (d *Desk) LostPhone(ctx context.Context, agent Agent, wish LostPhone) (ResetReport, error) {
	s, err := d.allowed(ctx, OpLostPhone, agent, wish.Account)
	if err != nil {
		return ResetReport{}, err
	}
	w, err := d.readWhy(OpLostPhone, why{wish.Ticket, wish.Reason, wish.Proof, wish.Language, wish.Lifetime})
	if err != nil {
		return ResetReport{}, err
	}
	if s.Federated() {
		return ResetReport{}, badInput(OpLostPhone, "account")
	}
	reset, err := d.memory.OpenReset(ctx, d.poolID, s.Sub)
	switch {
	case errors.Is(err, ErrNotFound):
		reset, err = d.beginReset(ctx, agent, s, w, wish.Approval)
	case err != nil:
		err = storeDown(string(OpLostPhone), err)
	default:
		if reset, err = d.approveReset(ctx, agent, s, reset, wish.Approval); err == nil {
			err = d.mayResume(agent, s, reset)
		}
	}
	if err != nil {
		return ResetReport{}, err
	}
	return d.run(ctx, agent, s, reset, true)
}

// approveReset uses an approval up for a reset that began when its account needed none.
func (d *Desk) approveReset(ctx context.Context, agent Agent, s subject, reset Reset, approval int64) (Reset, error) {
	if !s.target.Privileged || reset.Approval != 0 || approval == 0 {
		return reset, nil
	}
	if err := d.approved(ctx, OpLostPhone, agent, s, approval); err != nil {
		return reset, err
	}
	if err := d.useApproval(ctx, agent, s, approval); err != nil {
		return reset, err
	}
	if err := d.changes.SetResetApproval(ctx, reset.ID, approval); err != nil {
		return reset, storeDown(string(OpLostPhone), err)
	}
	reset.Approval = approval
	return reset, nil
}

// beginReset records that a reset begins. It changes nothing yet.
func (d *Desk) beginReset(ctx context.Context, agent Agent, s subject, w why, approval int64) (Reset, error) {
	if err := d.approved(ctx, OpLostPhone, agent, s, approval); err != nil {
		return Reset{}, err
	}
	if err := d.countReset(ctx, OpLostPhone, agent, s.Sub); err != nil {
		return Reset{}, err
	}
	if err := d.useApproval(ctx, agent, s, approval); err != nil {
		return Reset{}, err
	}
	reset := Reset{
		Pool: d.poolID, Account: s.Sub, Username: s.Username, Agent: agent.String(), Ticket: w.ticket, Reason: w.reason,
		Proof: w.proof, Language: w.language, Lifetime: w.lifetime, CreatedAt: d.now(),
	}
	if s.target.Privileged {
		reset.Approval = approval
	}
	var err error
	reset.ID, err = d.changes.PutReset(ctx, reset)
	switch {
	case errors.Is(err, ErrConflict): // somebody began one at the same moment
		return Reset{}, &Error{Kind: Conflict, Op: string(OpLostPhone), Err: err}
	case err != nil:
		return Reset{}, storeDown(string(OpLostPhone), err)
	}
	return reset, nil
}

// mayResume judges a reset that somebody else may have begun, when the account may have been another kind of account.
func (d *Desk) mayResume(agent Agent, s subject, reset Reset) error {
	if err := d.Allowed(OpLostPhone, agent, s.target); err != nil {
		return err
	}
	if s.target.Privileged && reset.Approval == 0 {
		return &Error{Kind: NeedsApproval, Op: string(OpLostPhone)}
	}
	return nil
}

// Resume goes on with a reset. freshLink makes another link although there is one that works: say it when nobody has the
// first one's locator.
func (d *Desk) Resume(ctx context.Context, agent Agent, id int64, freshLink bool) (ResetReport, error) {
	if err := d.mayTry(OpLostPhone, agent); err != nil {
		return ResetReport{}, err
	}
	reset, err := d.memory.Reset(ctx, id)
	if err == nil && reset.Pool != d.poolID {
		err = ErrNotFound
	}
	if err != nil {
		return ResetReport{}, linkError(OpLostPhone, err)
	}
	s, err := d.subjectBySub(ctx, reset.Account)
	if err != nil {
		return ResetReport{}, err
	}
	if err := d.mayResume(agent, s, reset); err != nil {
		return ResetReport{}, err
	}
	return d.run(ctx, agent, s, reset, freshLink)
}

// run does what is left of a reset, and says how it stands.
func (d *Desk) run(ctx context.Context, agent Agent, s subject, reset Reset, freshLink bool) (ResetReport, error) {
	report := ResetReport{Reset: reset}
	if !reset.DoneAt.IsZero() {
		return d.reported(ctx, report, nil)
	}
	invite, err := d.linkPart(ctx, agent, s, &report, freshLink)
	if err != nil { // without a link the old app stays
		return d.reported(ctx, report, err)
	}
	for _, part := range []struct {
		name PartName
		do   func() (string, error)
	}{
		{PartApp, func() (string, error) { return d.dropApp(ctx, agent, s, reset) }},
		{PartSessions, func() (string, error) { return "signed_out", d.endSessions(ctx, agent.String(), s) }},
		{PartDevices, func() (string, error) { return d.forgetDevices(ctx, agent, s) }},
		{PartNotices, func() (string, error) { return d.notices(ctx, agent, s, reset, invite) }},
	} {
		partErr := d.part(ctx, reset, part.name, part.do)
		if part.name == PartApp && partErr == nil {
			partErr = d.pieceOf(ctx, agent, invite, &report)
		}
		err = cmp.Or(err, partErr)
	}
	if err == nil {
		if err = d.changes.FinishReset(ctx, reset.ID); errors.Is(err, ErrConflict) {
			err = nil // somebody else finished it at the same moment
		}
	}
	return d.reported(ctx, report, err)
}

// part does a part that is not done, and records what came of it.
func (d *Desk) part(ctx context.Context, reset Reset, name PartName, do func() (string, error)) error {
	if reset.done(name) {
		return nil
	}
	result, err := do()
	if err != nil {
		result = KindOf(err).String()
	}
	recordErr := d.changes.PutPart(context.WithoutCancel(ctx), reset.ID, Part{Name: name, Done: err == nil, Result: result})
	if err == nil && recordErr != nil {
		return storeDown(string(OpLostPhone), recordErr)
	}
	return err
}

func (r Reset) done(name PartName) bool {
	return slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Name == name && p.Done })
}

// reported reads back how the reset stands.
func (d *Desk) reported(ctx context.Context, report ResetReport, failed error) (ResetReport, error) {
	ctx = context.WithoutCancel(ctx)
	now, err := d.memory.Reset(ctx, report.Reset.ID)
	if err != nil {
		return report, cmp.Or(failed, storeDown(string(OpLostPhone), err))
	}
	report.Reset = now
	for _, p := range now.Parts {
		if p.Name == PartSessions && p.Done {
			report.TokensUntil = p.At.Add(d.rules.TokenLife)
		}
	}
	return report, failed
}
