package store

import (
	"context"
	"time"

	"cognito-enroll/internal/helpdesk"
)

func resetKey(id int64) key { return keyID("reset", id) }

// openResetKey is the item that only one reset of an account can make.
func openResetKey(pool, account string) key { return key{owned("index open", pool, account), only} }

// PutReset makes the account's one item for a reset in progress.
func (d *dynamo) PutReset(ctx context.Context, r helpdesk.Reset) (id int64, err error) {
	err = d.write(ctx, "put reset", func(ctx context.Context) error {
		done, err := d.turns.take(ctx, owned("resets", r.Pool, r.Account))
		if err != nil {
			return err
		}
		defer done()
		if id, err = d.next(ctx, "reset"); err != nil {
			return err
		}
		r.ID, r.Invite, r.CreatedAt, r.DoneAt = id, 0, d.now(), time.Time{}
		pointer := item{"id": number(id)}
		opened := helpdesk.Change{
			At: r.CreatedAt, What: "reset.open", Reset: id, Account: clean(r.Account), Ticket: clean(r.Ticket), Agent: clean(r.Agent),
		}
		return conflicts(d.announce(
			ctx, []helpdesk.Change{opened},
			putNew(openResetKey(r.Pool, r.Account), pointer),
			put(resetKey(id), itemOf(resetAttributes(&r))),
			put(key{owned("index resets", r.Pool, r.Account), keyNumber(id)}, pointer),
		))
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// PutPart records what came of a reset's part. What is done stays done.
func (d *dynamo) PutPart(ctx context.Context, reset int64, part helpdesk.Part) error {
	k := resetKey(reset)
	k.sk = string(part.Name)
	part.At = d.now()
	recorded := put(k, itemOf(partAttributes(&part)))
	const condition = "attribute_not_exists(#done) OR #done <= :done"
	recorded.Put.ConditionExpression, recorded.Put.ExpressionAttributeNames = condition, names(condition)
	recorded.Put.ExpressionAttributeValues = item{":done": number(yes(part.Done))}
	return d.write(ctx, "put part", func(ctx context.Context) error { return quietly(d.api.transact(ctx, recorded)) })
}

// SetResetInvite notes the link that belongs to a reset.
func (d *dynamo) SetResetInvite(ctx context.Context, reset, invite int64) error {
	return d.write(ctx, "put reset's invite", func(ctx context.Context) error {
		_, err := d.api.update(ctx, change{
			key: resetKey(reset), set: "SET #invite = :invite", condition: "attribute_exists(#pk)", values: item{":invite": number(invite)}, twice: true,
		})
		return quietly(err)
	})
}

// SetResetApproval notes the approval that a reset needs since its account has become privileged.
func (d *dynamo) SetResetApproval(ctx context.Context, reset, approval int64) error {
	return d.write(ctx, "put reset's approval", func(ctx context.Context) error {
		_, err := d.api.update(ctx, change{
			key: resetKey(reset), set: "SET #approval = :approval", condition: "attribute_exists(#pk)", values: item{":approval": number(approval)}, twice: true,
		})
		return quietly(err)
	})
}

// FinishReset ends a reset, and lets the account have another. The message names the link that the reset has then: one that
// was noted since it was read is read again.
func (d *dynamo) FinishReset(ctx context.Context, reset int64) error {
	return d.write(ctx, "finish reset", func(ctx context.Context) error {
		for {
			found, err := d.api.get(ctx, resetKey(reset))
			if err != nil {
				return err
			}
			var r helpdesk.Reset
			if found[0].read(resetAttributes(&r)); r.ID == 0 || !r.DoneAt.IsZero() {
				return ErrConflict
			}
			if err := d.finishReset(ctx, r); !unmetAt(err, 0) {
				return conflicts(err)
			}
		}
	})
}

func (d *dynamo) finishReset(ctx context.Context, r helpdesk.Reset) error {
	now := d.now()
	done := helpdesk.Change{At: now, What: "reset.done", Reset: r.ID, Invite: r.Invite, Account: r.Account, Ticket: r.Ticket, Agent: r.Agent}
	return d.announce(
		ctx, []helpdesk.Change{done},
		update(change{
			key: resetKey(r.ID), set: "SET #done_at = :now", condition: "#done_at = :never AND #invite = :invite",
			values: item{":now": at(now), ":never": number(0), ":invite": number(r.Invite)},
		}),
		remove(change{key: openResetKey(r.Pool, r.Account), condition: "#id = :id", values: item{":id": number(r.ID)}}),
	)
}

// Reset is the reset with an ID.
func (d *dynamo) Reset(ctx context.Context, id int64) (r helpdesk.Reset, err error) {
	err = d.read(ctx, "look up reset", func(ctx context.Context) error {
		r, err = d.reset(ctx, id)
		return err
	})
	return r, err
}

// OpenReset is the account's reset that is not done.
func (d *dynamo) OpenReset(ctx context.Context, pool, account string) (r helpdesk.Reset, err error) {
	err = d.read(ctx, "look up reset", func(ctx context.Context) error {
		pointer, err := d.look(ctx, openResetKey(pool, account))
		if err != nil {
			return err
		}
		if r, err = d.reset(ctx, pointer.number("id")); err == nil && !r.DoneAt.IsZero() { // in between
			r, err = helpdesk.Reset{}, ErrNotFound
		}
		return err
	})
	return r, err
}

// Resets lists an account's resets, the newest first.
func (d *dynamo) Resets(ctx context.Context, pool, account string, limit int) (list []helpdesk.Reset, err error) {
	err = d.read(ctx, "list resets", func(ctx context.Context) error {
		pointers, err := d.api.query(ctx, query{pk: owned("index resets", pool, account), backwards: true, limit: limit})
		for _, pointer := range pointers {
			r, err := d.reset(ctx, pointer.number("id"))
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return err
	})
	return list, err
}

// reset reads a reset with its parts: they share a partition.
func (d *dynamo) reset(ctx context.Context, id int64) (helpdesk.Reset, error) {
	found, err := d.api.query(ctx, query{pk: resetKey(id).pk})
	if err != nil {
		return helpdesk.Reset{}, err
	}
	var (
		r     helpdesk.Reset
		parts []helpdesk.Part
	)
	for _, i := range found {
		if i.text("sk") == only {
			i.read(resetAttributes(&r))
			continue
		}
		var part helpdesk.Part
		i.read(partAttributes(&part))
		parts = append(parts, part)
	}
	if r.ID == 0 {
		return helpdesk.Reset{}, ErrNotFound
	}
	sortParts(parts)
	r.Parts = parts
	return r, nil
}

func resetAttributes(r *helpdesk.Reset) []field {
	return []field{
		{"id", &r.ID},
		{"pool", &r.Pool},
		{"account", &r.Account},
		{"username", &r.Username},
		{"agent", &r.Agent},
		{"approval", &r.Approval},
		{"ticket", &r.Ticket},
		{"reason", &r.Reason},
		{"proof", &r.Proof},
		{"language", &r.Language},
		{"lifetime", &r.Lifetime},
		{"invite", &r.Invite},
		{"created_at", &r.CreatedAt},
		{"done_at", &r.DoneAt},
	}
}

func partAttributes(p *helpdesk.Part) []field {
	return []field{{"part", &p.Name}, {"done", &p.Done}, {"result", &p.Result}, {"moment", &p.At}}
}
