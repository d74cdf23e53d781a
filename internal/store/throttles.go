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
func (s *Store) Allow(ctx context.Context, key string, limit Limit, now time.Time) (wait time.Duration, err error) {
	if limit.Events < 1 || limit.Burst < 1 || limit.Per <= 0 {
		return 0, errors.New("store: throttle: a limit needs events, a period and a burst")
	}
	interval := max(limit.Per.Microseconds()/int64(limit.Events), 1)
	slack := interval * int64(limit.Burst-1) // how far ahead of time an event may come
	at, sum := now.UnixMicro(), sha256.Sum256([]byte(key))

	// due is when the next event would come if events came evenly. Compared and moved on in one statement.
	var due int64
	err = s.writeReturning(ctx, "throttle", `INSERT INTO throttles (key_hash, due) VALUES ($1, $2)
		ON CONFLICT (key_hash) DO UPDATE SET due = CASE WHEN throttles.due > $3 THEN throttles.due ELSE $3 END + $4
		WHERE throttles.due <= $5 RETURNING due`, []any{sum[:], at + interval, at, interval, at + slack}, &due)
	if !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	if err := s.read(ctx, "throttle", `SELECT due FROM throttles WHERE key_hash = $1`, []any{sum[:]}, &due); err != nil {
		if errors.Is(err, ErrNotFound) { // purged in between: there is room again
			return time.Microsecond, nil
		}
		return 0, err
	}
	return time.Duration(max(due-slack-at, 1)) * time.Microsecond, nil
}
