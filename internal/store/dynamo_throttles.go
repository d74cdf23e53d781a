package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"
)

func throttleKey(name string) key {
	return key{"throttle " + keyHash(sha256.Sum256([]byte(name))), only}
}

// Allow moves the cell on by one of two changes: DynamoDB's expressions have no maximum. What is due only grows, so
// that a cell that the first one found ahead of the clock is still so for the second; one that is set back in between,
// because a wrong clock wrote it, asks for a moment's patience.
func (d *dynamo) Allow(ctx context.Context, name string, limit Limit, now time.Time) (wait time.Duration, err error) {
	interval, slack, err := cellOf(limit)
	if err != nil {
		return 0, err
	}
	err = d.write(ctx, "throttle", func(ctx context.Context) error {
		at := now.UnixMicro()
		_, err := d.api.update(ctx, change{
			key: throttleKey(name), set: "SET #due = :due, #ttl = :ttl", condition: "attribute_not_exists(#due) OR #due <= :now OR #due > :believed",
			values: item{
				":due": number(at + interval), ":now": number(at), ":believed": number(believed(at, interval, slack)),
				":ttl": ttl(moment(at + interval)),
			},
		})
		if !unmet(err) {
			return err
		}
		_, err = d.api.update(ctx, change{
			key: throttleKey(name), set: "SET #due = #due + :interval, #ttl = :ttl", condition: "#due > :now AND #due <= :latest",
			// The latest that it can come to: nothing must go too early.
			values: item{":interval": number(interval), ":now": number(at), ":latest": number(at + slack), ":ttl": ttl(moment(at + slack + interval))},
		})
		if !unmet(err) {
			return err
		}
		found, err := d.look(ctx, throttleKey(name))
		if err == nil {
			wait = waitFor(found.number("due"), interval, slack, now)
		}
		wait = max(wait, time.Microsecond) // deleted in between: there is room again
		return quietlyAbsent(err)
	})
	return wait, err
}

// Wait counts nothing.
func (d *dynamo) Wait(ctx context.Context, name string, limit Limit, now time.Time) (time.Duration, error) {
	interval, slack, err := cellOf(limit)
	if err != nil {
		return 0, err
	}
	found, err := d.one(ctx, "throttle", throttleKey(name))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return waitFor(found.number("due"), interval, slack, now), err
}

func quietlyAbsent(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
