package helpdesk_test

import (
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

func asking(account string) helpdesk.Asking {
	return helpdesk.Asking{Operation: helpdesk.OpMint, Account: account, Ticket: "INC-1", Reason: "new phone", Proof: "came by"}
}

func TestPrivilegedNeedsASecondPerson(t *testing.T) {
	engines(t, userpool.Options{}, func(w *world) {
		t := w.TB
		w.add("carol", "finance")
		w.add("other", "finance")
		grace, lena := w.agent("grace"), w.agent("lena")
		wish := minting("carol")
		_, err := w.desk.Mint(w.ctx, grace, wish)
		w.kind(err, helpdesk.NeedsApproval)

		a, err := w.desk.Request(w.ctx, grace, asking("carol"))
		w.ok(err)
		wish.Approval = a.ID
		_, err = w.desk.Mint(w.ctx, grace, wish) // not yet answered
		w.kind(err, helpdesk.NeedsApproval)
		if waiting, err := w.desk.Approvals(w.ctx, lena); err != nil || len(waiting) != 1 || waiting[0].ID != a.ID {
			t.Errorf("waiting: %+v, %v", waiting, err)
		}

		w.kind(w.desk.Approve(w.ctx, grace, a.ID), helpdesk.NotAllowed) // too low, and himself
		same := lena
		same.Session = grace.Session
		w.kind(w.desk.Approve(w.ctx, same, a.ID), helpdesk.NotAllowed)
		none := lena
		none.Session = ""
		w.kind(w.desk.Approve(w.ctx, none, a.ID), helpdesk.NotAllowed)
		stale := lena
		stale.SteppedUpAt = w.clock.Now().Add(-5*time.Minute - time.Second)
		w.kind(w.desk.Approve(w.ctx, stale, a.ID), helpdesk.NeedsStepUp)
		w.kind(w.desk.Approve(w.ctx, lena, a.ID+1), helpdesk.NoSuchLink)
		w.ok(w.desk.Approve(w.ctx, lena, a.ID))
		w.kind(w.desk.Refuse(w.ctx, w.agent("root"), a.ID), helpdesk.NoSuchLink) // answered already

		_, err = w.desk.Mint(w.ctx, grace, wish)
		w.kind(err, helpdesk.CoolingDown)
		w.clock.advance(30*time.Minute - time.Microsecond)
		_, err = w.desk.Mint(w.ctx, grace, wish)
		w.kind(err, helpdesk.CoolingDown)
		w.clock.advance(time.Microsecond)
		_, err = w.desk.Mint(w.ctx, w.agent("heidi"), wish) // not hers
		w.kind(err, helpdesk.NeedsApproval)
		other := wish
		other.Account = "other" // not for this account
		_, err = w.desk.Mint(w.ctx, grace, other)
		w.kind(err, helpdesk.NeedsApproval)
		_, err = w.desk.LostPhone(w.ctx, grace, helpdesk.LostPhone{Account: "carol", Ticket: "T", Reason: "R", Proof: "P", Approval: a.ID}) // nor for this
		w.kind(err, helpdesk.NeedsApproval)
		link := w.mint(wish)
		held := w.open(link).Held
		w.ok(w.desk.MayStart(w.ctx, helpdesk.Attempt{Account: "carol", Held: held}))
		_, err = w.desk.Mint(w.ctx, grace, wish) // once
		w.kind(err, helpdesk.NeedsApproval)
		assertWorld(t, w, "carol")
	})
}

func TestApprovalLapsesOrIsRefused(t *testing.T) {
	w := inMemory(t, nil)
	w.add("carol", "finance")
	grace := w.agent("grace")
	refused, err := w.desk.Request(w.ctx, grace, asking("carol"))
	w.ok(err)
	w.ok(w.desk.Refuse(w.ctx, w.agent("lena"), refused.ID))
	late, err := w.desk.Request(w.ctx, grace, asking("carol"))
	w.ok(err)
	w.ok(w.desk.Approve(w.ctx, w.agent("lena"), late.ID))
	unanswered, err := w.desk.Request(w.ctx, grace, asking("carol"))
	w.ok(err)
	w.clock.advance(24 * time.Hour)
	w.kind(w.desk.Approve(w.ctx, w.agent("lena"), unanswered.ID), helpdesk.NoSuchLink)
	for _, id := range []int64{refused.ID, late.ID, unanswered.ID, 99} {
		wish := minting("carol")
		wish.Approval = id
		if _, err := w.desk.Mint(w.ctx, w.agent("grace"), wish); err == nil {
			t.Errorf("approval %d was good", id)
		}
	}
	if waiting, err := w.desk.Approvals(w.ctx, grace); err != nil || len(waiting) != 0 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
}

// TestNobodyApprovesHisOwn: neither the account's owner nor who asked, through whichever door.
func TestNobodyApprovesHisOwn(t *testing.T) {
	w := inMemory(t, nil)
	root := w.agent("root")
	a, err := w.desk.Request(w.ctx, root, asking("lena"))
	w.ok(err)
	w.kind(w.desk.Approve(w.ctx, w.agent("lena"), a.ID), helpdesk.NotAllowed) // her own account
	again := root
	again.Session = "another session of root"
	w.kind(w.desk.Approve(w.ctx, again, a.ID), helpdesk.NotAllowed)
	w.add("olaf", "admins")
	w.ok(w.desk.Approve(w.ctx, w.agent("olaf"), a.ID))

	// An administrator's own phone: the shell asks, another administrator approves.
	shell := helpdesk.CLIAgent("operator")
	reset := asking("root")
	reset.Operation = helpdesk.OpLostPhone
	a, err = w.desk.Request(w.ctx, shell, reset)
	w.ok(err)
	w.kind(w.desk.Approve(w.ctx, root, a.ID), helpdesk.NotAllowed)
	w.kind(w.desk.Approve(w.ctx, w.agent("lena"), a.ID), helpdesk.NotAllowed) // of lower rank than the account
	w.ok(w.desk.Approve(w.ctx, w.agent("olaf"), a.ID))
	w.clock.advance(30 * time.Minute)
	wish := lostPhone("root")
	wish.Approval = a.ID
	report, err := w.desk.LostPhone(w.ctx, shell, wish)
	w.ok(err)
	w.hide(report.Link)
	assertWorld(t, w, "root")
}
