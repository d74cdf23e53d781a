package store

import (
	"context"
	"encoding/hex"
	"errors"
	"time"
)

func sessionKey(sid [16]byte) key { return key{"session " + hex.EncodeToString(sid[:]), only} }

func signedOutKey(account string) key { return key{"signedout " + keyText(account), only} }

// EndSession keeps the later moment.
func (d *dynamo) EndSession(ctx context.Context, sid [16]byte, until time.Time) error {
	return d.write(ctx, "end session", func(ctx context.Context) error {
		_, err := d.api.update(ctx, endSessionAt(sid, until))
		return quietly(err)
	})
}

func endSessionAt(sid [16]byte, until time.Time) change {
	return change{
		key: sessionKey(sid), set: "SET #until = :until, #ttl = :ttl", condition: "attribute_not_exists(#until) OR #until < :until",
		values: item{":until": at(until), ":ttl": ttl(until)}, twice: true,
	}
}

// SessionEnded reports whether sid was ended.
func (d *dynamo) SessionEnded(ctx context.Context, sid [16]byte) (bool, error) {
	return d.over(ctx, time.Time{}, sessionKey(sid))
}

// SessionOver reads both items in one call.
func (d *dynamo) SessionOver(ctx context.Context, sid [16]byte, account string, began time.Time) (bool, error) {
	return d.over(ctx, began, sessionKey(sid), signedOutKey(account))
}

// over reports whether the first item is there, or another that names a moment after began.
func (d *dynamo) over(ctx context.Context, began time.Time, keys ...key) (over bool, err error) {
	err = d.read(ctx, "look up session", func(ctx context.Context) error {
		found, err := d.api.get(ctx, keys...)
		for i, one := range found {
			over = over || one != nil && (i == 0 || one.number("moment") > micros(began))
		}
		return err
	})
	return over, err
}

// EndAllBefore keeps the later moment.
func (d *dynamo) EndAllBefore(ctx context.Context, account string, before time.Time) error {
	return d.write(ctx, "end all sessions", func(ctx context.Context) error {
		_, err := d.api.update(ctx, endAllAt(account, before))
		return quietly(err)
	})
}

func endAllAt(account string, before time.Time) change {
	return change{
		key: signedOutKey(account), set: "SET #moment = :at, #ttl = :ttl", condition: "attribute_not_exists(#moment) OR #moment < :at",
		values: item{":at": at(before), ":ttl": ttl(before.Add(notBeforeKept))}, twice: true,
	}
}

// NotBefore is the zero time when there is none.
func (d *dynamo) NotBefore(ctx context.Context, account string) (time.Time, error) {
	found, err := d.one(ctx, "look up account", signedOutKey(account))
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return found.moment("moment"), err
}
