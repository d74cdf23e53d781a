package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// over is which sessions are over, as a process knows it that has an SQLite store open: every request asks, and asks no
// file. What this process ends is here before anybody is told. What another process with the same file ends, such as a
// portal that this one takes the place of, is here a fifth of a second later.
type over struct {
	mu        sync.Mutex
	seen      time.Time // when the file was last read; zero: never
	err       error     // what came of it
	last      int64     // the number of the newest row that is known
	lastSID   [16]byte
	ended     map[[16]byte]bool
	notBefore map[string]int64 // by account
	newest    int64            // the latest moment in it
}

// overSeen is how long what was read counts.
const overSeen = 200 * time.Millisecond

// overBack is how much earlier than the newest known moment one is that another process has written since. Moments are of
// one machine's clock, and written when they come.
const overBack = time.Minute

// isOver is SessionOver from memory.
func (s *database) isOver(ctx context.Context, sid [16]byte, account string, began time.Time) (bool, error) {
	o := &s.over
	o.mu.Lock()
	defer o.mu.Unlock()
	if age := s.meters.now().Sub(o.seen); age < 0 || age >= overSeen {
		o.err = s.readOver(context.WithoutCancel(ctx), o) // for all who ask, not for this visitor alone
		o.seen = s.meters.now()
	}
	return o.ended[sid] || o.notBefore[account] > micros(began), o.err
}

// readOver reads the rows that were added since. SQLite gives a new row the number after the highest, so they are behind
// the newest known one, as long as that is there. If it was purged, nothing was ended for long: the few rows are read anew.
func (s *database) readOver(ctx context.Context, o *over) error {
	known := false
	read := func(rows *sql.Rows) error {
		var number int64
		var sid [16]byte
		if err := rows.Scan(&number, array16{&sid}); err != nil {
			return err
		}
		known = known || number == o.last && sid == o.lastSID
		if known {
			o.last, o.lastSID, o.ended[sid] = number, sid, true
		}
		return nil
	}
	const behind = `SELECT rowid, sid FROM ended_sessions WHERE rowid >= $1 ORDER BY rowid`
	err := s.readAll(ctx, "look up sessions", behind, []any{o.last}, read)
	if err == nil && !known {
		known, o.last, o.ended = true, 0, make(map[[16]byte]bool)
		err = s.readAll(ctx, "look up sessions", behind, []any{0}, read)
	}
	if err != nil {
		return err
	}
	return s.readNotBefore(ctx, o)
}

// readNotBefore reads the accounts that were signed out since, or all.
func (s *database) readNotBefore(ctx context.Context, o *over) error {
	notBefore, since := o.notBefore, min(o.newest, micros(s.meters.now()))-overBack.Microseconds()
	if o.newest == 0 {
		notBefore, since = make(map[string]int64), 0
	}
	newest := o.newest
	err := s.readAll(ctx, "look up accounts", `SELECT account, moment FROM not_before WHERE moment >= $1`, []any{since}, func(rows *sql.Rows) error {
		var account string
		var moment int64
		err := rows.Scan(&account, &moment)
		notBefore[account], newest = max(notBefore[account], moment), max(newest, moment)
		return err
	})
	if err == nil {
		o.notBefore, o.newest = notBefore, newest
	}
	return err
}

// end adds what this process has ended.
func (o *over) end(sid [16]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil {
		o.ended[sid] = true
	}
}

// endAll is end for an account.
func (o *over) endAll(account string, moment int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.notBefore != nil {
		o.notBefore[account] = max(o.notBefore[account], moment)
	}
}

// forget is for who has deleted rows: they are all read anew.
func (o *over) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen, o.last, o.lastSID, o.newest = time.Time{}, 0, [16]byte{}, 0
}
