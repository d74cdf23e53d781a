package store

import (
	"context"
	"sort"

	"cognito-enroll/internal/helpdesk"
)

func approvalKey(id int64) key { return keyID("approval", id) }

// PutApproval keeps a new request and answers its ID.
func (d *dynamo) PutApproval(ctx context.Context, a helpdesk.Approval) (id int64, err error) {
	err = d.write(ctx, "put approval", func(ctx context.Context) error {
		if id, err = d.next(ctx, "approval"); err != nil {
			return err
		}
		a.ID, a.CreatedAt, a.State = id, d.now(), helpdesk.ApprovalRequested
		gone := ttl(a.ExpiresAt.Add(approvalsKept))
		return d.api.transact(
			ctx,
			put(approvalKey(id), itemOf(approvalAttributes(&a)).with("ttl", gone)),
			put(key{"index approvals " + keyText(a.Pool), keyNumber(micros(a.ExpiresAt)) + " " + keyNumber(id)}, item{"id": number(id), "ttl": gone}),
		)
	})
	return id, err
}

// DecideApproval answers a request that still waits, once.
func (d *dynamo) DecideApproval(ctx context.Context, id int64, state helpdesk.ApprovalState, by string) error {
	return d.write(ctx, "decide approval", func(ctx context.Context) error {
		return d.changeOne(ctx, change{
			key: approvalKey(id), set: "SET #state = :state, #decided_by = :by, #decided_at = :now",
			condition: "#state = :requested AND #expires_at > :now",
			values: item{
				":state": text(string(state)), ":by": text(by), ":now": at(d.now()), ":requested": text(string(helpdesk.ApprovalRequested)),
			},
		})
	})
}

// UseApproval spends an approval.
func (d *dynamo) UseApproval(ctx context.Context, id int64) error {
	return d.write(ctx, "use approval", func(ctx context.Context) error {
		return d.changeOne(ctx, change{
			key: approvalKey(id), set: "SET #state = :used", condition: "#state = :approved AND #expires_at > :now",
			values: item{
				":used": text(string(helpdesk.ApprovalUsed)), ":approved": text(string(helpdesk.ApprovalApproved)), ":now": at(d.now()),
			},
		})
	})
}

// Approval is the approval with an ID.
func (d *dynamo) Approval(ctx context.Context, id int64) (helpdesk.Approval, error) {
	found, err := d.one(ctx, "look up approval", approvalKey(id))
	return approvalOf(found), err
}

// Approvals lists a pool's requests that can still be answered or used: of those that have not lapsed, which are few.
func (d *dynamo) Approvals(ctx context.Context, pool string, limit int) (list []helpdesk.Approval, err error) {
	err = d.read(ctx, "list approvals", func(ctx context.Context) error {
		lapsed := keyNumber(micros(d.now())) + " ~" // behind every ID
		pointers, err := d.api.query(ctx, query{pk: "index approvals " + keyText(pool), after: lapsed})
		if err != nil {
			return err
		}
		byID(pointers)
		found, err := d.pointed(ctx, pointers, approvalKey)
		for _, one := range found {
			a := approvalOf(one)
			if len(list) < limit && (a.State == helpdesk.ApprovalRequested || a.State == helpdesk.ApprovalApproved) {
				list = append(list, a)
			}
		}
		return err
	})
	return list, err
}

// byID puts the pointers of an index into the order of what they point to.
func byID(pointers []item) {
	sort.Slice(pointers, func(i, j int) bool { return pointers[i].number("id") < pointers[j].number("id") })
}

func approvalOf(i item) helpdesk.Approval {
	var a helpdesk.Approval
	i.read(approvalAttributes(&a))
	return a
}

func approvalAttributes(a *helpdesk.Approval) []field {
	return []field{
		{"id", &a.ID},
		{"pool", &a.Pool},
		{"operation", &a.Operation},
		{"account", &a.Account},
		{"agent", &a.Agent},
		{"session", &a.Session},
		{"ticket", &a.Ticket},
		{"reason", &a.Reason},
		{"proof", &a.Proof},
		{"created_at", &a.CreatedAt},
		{"expires_at", &a.ExpiresAt},
		{"state", &a.State},
		{"decided_by", &a.DecidedBy},
		{"decided_at", &a.DecidedAt},
	}
}
