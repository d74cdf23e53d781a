package store

import (
	"context"
	"errors"
	"time"
)

// notBeforeKept is how long an account's sign-out everywhere is remembered. No cookie of ours lives that long.
const notBeforeKept = 7 * 24 * time.Hour

// EndSession makes SessionEnded answer true for sid, on every node, until the moment its cookies have expired. Ending
// it twice keeps the later moment.
func (s *database) EndSession(ctx context.Context, sid [16]byte, until time.Time) error {
	_, err := s.write(ctx, "end session", endSession, sid[:], micros(until))
	if err == nil {
		s.over.end(sid)
	}
	return err
}

const endSession = `INSERT INTO ended_sessions (sid, until) VALUES ($1, $2)
	ON CONFLICT (sid) DO UPDATE SET until = excluded.until WHERE excluded.until > ended_sessions.until`

// SessionEnded reports whether sid was ended.
func (s *database) SessionEnded(ctx context.Context, sid [16]byte) (bool, error) {
	var ended bool
	err := s.read(ctx, "look up session", `SELECT EXISTS (SELECT 1 FROM ended_sessions WHERE sid = $1)`,
		[]any{sid[:]}, &ended)
	return ended, err
}

// SessionOver reports whether sid was ended, or all sessions of account that, like it, began before a moment. Every
// request asks this, so it is one question, or none (over.go).
func (s *database) SessionOver(ctx context.Context, sid [16]byte, account string, began time.Time) (bool, error) {
	if s.owned {
		return s.isOver(ctx, sid, clean(account), began)
	}
	var over bool
	err := s.read(ctx, "look up session", `SELECT EXISTS (SELECT 1 FROM ended_sessions WHERE sid = $1)
		OR EXISTS (SELECT 1 FROM not_before WHERE account = $2 AND moment > $3)`,
		[]any{sid[:], clean(account), micros(began)}, &over)
	return over, err
}

// EndAllBefore ends every session of account that began before the moment at. An earlier moment than one that is known
// changes nothing.
func (s *database) EndAllBefore(ctx context.Context, account string, at time.Time) error {
	_, err := s.write(ctx, "end all sessions", endAllBefore, clean(account), micros(at))
	if err == nil {
		s.over.endAll(clean(account), micros(at))
	}
	return err
}

const endAllBefore = `INSERT INTO not_before (account, moment) VALUES ($1, $2)
	ON CONFLICT (account) DO UPDATE SET moment = excluded.moment WHERE excluded.moment > not_before.moment`

// NotBefore is the moment before which account's sessions must have begun to be over: the zero time when there is none.
func (s *database) NotBefore(ctx context.Context, account string) (time.Time, error) {
	var at int64
	err := s.read(ctx, "look up account", `SELECT moment FROM not_before WHERE account = $1`, []any{clean(account)}, &at)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return moment(at), err
}
