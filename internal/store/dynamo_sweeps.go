package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"cognito-enroll/internal/helpdesk"
)

func sweepKey(pool string) key { return key{"sweep " + keyText(pool), only} }

func sweptKey(pool, username string) key {
	return key{"swept " + keyText(pool), "=" + keyText(username)}
}

const (
	// sweptAtOnce is how many accounts one transaction takes, beside the sweep itself. (The engine for tests takes ten in all.)
	sweptAtOnce = 99
	// forgottenAtOnce is how many accounts the end of a sweep deletes.
	forgottenAtOnce = 100
)

// BeginSweep answers a number for a new sweep of a pool.
func (d *dynamo) BeginSweep(ctx context.Context, pool string) (sweep int64, err error) {
	err = d.write(ctx, "begin sweep", func(ctx context.Context) error {
		counted, err := d.api.update(ctx, change{key: sweepKey(pool), set: "ADD #begun :one", values: item{":one": number(1)}, twice: true})
		sweep = counted.number("begun")
		return err
	})
	return sweep, err
}

// PutSwept keeps what the newest sweep saw. What an older one sees counts for nothing any more: it cannot finish. More
// accounts than one transaction takes are kept in several, of which an error may leave out the last.
func (d *dynamo) PutSwept(ctx context.Context, pool string, sweep int64, accounts []helpdesk.Swept) error {
	return d.write(ctx, "put swept", func(ctx context.Context) error {
		for len(accounts) > 0 {
			some := accounts[:min(sweptAtOnce, len(accounts))]
			accounts = accounts[len(some):]
			steps := []step{check(change{key: sweepKey(pool), condition: "#begun = :sweep", values: item{":sweep": number(sweep)}})}
			for _, a := range some {
				groups := strings.Join(a.Groups, "\n")
				steps = append(steps, put(sweptKey(pool, a.Username), itemOf(sweptAttributes(&a, &groups)).with("sweep", number(sweep))))
			}
			if err := d.api.transact(ctx, steps...); err != nil {
				return quietly(err)
			}
		}
		return nil
	})
}

// FinishSweep makes a sweep the last one: what older ones saw is not listed any more. Deleting it is for tidiness alone.
func (d *dynamo) FinishSweep(ctx context.Context, pool string, sweep int64) error {
	err := d.write(ctx, "finish sweep", func(ctx context.Context) error {
		_, err := d.api.update(ctx, change{
			key: sweepKey(pool), set: "SET #finished_at = :now, #finished = :sweep", condition: "#begun = :sweep",
			values: item{":now": at(d.now()), ":sweep": number(sweep)}, twice: true,
		})
		return conflicts(err)
	})
	if err == nil {
		_ = d.write(ctx, "forget swept", func(ctx context.Context) error { return d.forgetSwept(ctx, pool, sweep) }) // counted; the next sweep tries again
	}
	return err
}

func (d *dynamo) forgetSwept(ctx context.Context, pool string, sweep int64) error {
	values := item{":sweep": number(sweep)}
	unseen, err := d.api.query(ctx, query{pk: sweptKey(pool, "").pk, filter: "#sweep < :sweep", sparse: true, values: values, limit: forgottenAtOnce})
	for _, one := range unseen {
		if err != nil {
			break
		}
		gone := change{key: key{one.text("pk"), one.text("sk")}, condition: "#sweep < :sweep", values: values}
		err = quietly(d.api.transact(ctx, remove(gone)))
	}
	return err
}

// Swept is the zero time when no sweep has finished.
func (d *dynamo) Swept(ctx context.Context, pool string) (time.Time, error) {
	found, err := d.one(ctx, "look up sweep", sweepKey(pool))
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return found.moment("finished_at"), err
}

// Covered joins in four calls what SQL does in one: which sweep counts, its accounts, their newest entries and the ID of
// their newest invites, and those invites.
func (d *dynamo) Covered(ctx context.Context, pool, after string, limit int) (list []helpdesk.Covered, err error) {
	err = d.read(ctx, "list swept", func(ctx context.Context) error {
		sweep, err := d.look(ctx, sweepKey(pool))
		if err != nil {
			return quietlyAbsent(err)
		}
		accounts, err := d.api.query(ctx, query{
			pk: sweptKey(pool, "").pk, after: sweptKey("", after).sk, filter: "#sweep >= :finished",
			values: item{":finished": number(sweep.number("finished"))}, limit: limit,
		})
		if err != nil {
			return err
		}
		var known []key
		for _, a := range accounts {
			known = append(known, latestKey(pool, a.text("username")), newestKey(pool, a.text("sub")))
		}
		found, err := d.api.get(ctx, known...)
		if err != nil {
			return err
		}
		links := make([]key, len(accounts))
		for i := range accounts {
			links[i] = inviteKey(found[2*i+1].number("id"))
		}
		invites, err := d.api.get(ctx, links...)
		for i, a := range accounts {
			list = append(list, coveredOf(a, entryOf(found[2*i]), invites[i]))
		}
		return err
	})
	return list, err
}

func coveredOf(i item, latest LedgerEntry, invite item) helpdesk.Covered {
	c := helpdesk.Covered{Invite: helpdesk.InviteState(invite.text("state")), InviteEnd: invite.moment("expires_at")}
	var groups string
	i.read(sweptAttributes(&c.Swept, &groups))
	if groups != "" {
		c.Groups = strings.Split(groups, "\n")
	}
	if !latest.At.IsZero() && !latest.At.Before(c.Created) { // otherwise it is of whoever had the name before
		c.Event, c.EventAt = latest.Event, latest.At
	}
	return c
}

func sweptAttributes(s *helpdesk.Swept, groups *string) []field {
	return []field{
		{"username", &s.Username},
		{"sub", &s.Sub},
		{"status", &s.Status},
		{"enabled", &s.Enabled},
		{"has_app", &s.HasApp},
		{"groups", groups}, // one a line
		{"created_at", &s.Created},
		{"seen_at", &s.SeenAt},
	}
}
