package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// Limit is how often something may happen.
type Limit = helpdesk.Limit

// Allow counts an event of key, if limit has room for it at the moment now, and answers 0: it may happen. Otherwise it
// answers how long to wait until it may, and the event is not counted. All nodes share the count (generic cell rate
// algorithm, one number for each key). Keys are stored as hashes: whom they name is nobody's business.
func (s *database) Allow(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error) {
	interval, slack, err := cellOf(limit)
	if err != nil {
		return 0, err
	}
	at, sum := now.UnixMicro(), sha256.Sum256([]byte(key))

	// due is when the next event would come if events came evenly. Compared and moved on in one statement.
	var due int64
	err = s.writeReturning(ctx, "throttle", `INSERT INTO throttles (key_hash, due) VALUES ($1, $2)
		ON CONFLICT (key_hash) DO UPDATE SET due = CASE WHEN throttles.due BETWEEN $3 AND $6 THEN throttles.due ELSE $3 END + $4
		WHERE throttles.due <= $5 OR throttles.due > $6 RETURNING due`,
		[]any{sum[:], at + interval, at, interval, at + slack, believed(at, interval, slack)}, &due)
	if !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	wait, err = s.Wait(ctx, key, limit, now)
	return max(wait, time.Microsecond), err // purged in between: there is room again
}

// Wait answers how long Allow would say to wait, 0 if not at all, and counts nothing.
func (s *database) Wait(ctx context.Context, key string, limit Limit, now time.Time) (time.Duration, error) {
	interval, slack, err := cellOf(limit)
	if err != nil {
		return 0, err
	}
	var due int64
	sum := sha256.Sum256([]byte(key))
	err = s.read(ctx, "throttle", `SELECT due FROM throttles WHERE key_hash = $1`, []any{sum[:]}, &due)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return waitFor(due, interval, slack, now), err
}

// clocksDiffer is more than the clocks of nodes do, each of which is corrected by the pool's from five seconds on.
const clocksDiffer = 10 * time.Second

// believed is the latest that can be due at a moment. What is later was written by a clock that was wrong, and counts as
// nothing: else one call of a node that started with the wrong time would keep everybody out until that time has come.
func believed(at, interval, slack int64) int64 {
	return at + slack + interval + clocksDiffer.Microseconds()
}

func waitFor(due, interval, slack int64, now time.Time) time.Duration {
	at := now.UnixMicro()
	if due > believed(at, interval, slack) {
		return 0
	}
	return time.Duration(max(due-slack-at, 0)) * time.Microsecond
}

// cellOf is a limit as Allow calculates with it: microseconds between events that come evenly, and how far ahead of that
// an event may come.
func cellOf(l Limit) (interval, slack int64, err error) {
	if l.Events < 1 || l.Burst < 1 || l.Per <= 0 {
		return 0, 0, errors.New("store: throttle: a limit needs events, a period and a burst")
	}
	interval = max(l.Per.Microseconds()/int64(l.Events), 1)
	return interval, interval * int64(l.Burst-1), nil
}
