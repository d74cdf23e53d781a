package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"cognito-enroll/internal/helpdesk"
)

// eventsKept is how long happenings can be looked at: as long as the longest link lives, and a month.
const eventsKept = 60 * 24 * time.Hour

// eventsPerInvite bounds what whoever has a link can make the store remember.
const eventsPerInvite = 500

// AppendInviteEvent adds a happening to an invite, up to a number that nobody reaches who sets up an app. Said again
// after ErrUnavailable, it may be there twice.
func (s *database) AppendInviteEvent(ctx context.Context, event helpdesk.InviteEvent) error {
	_, err := s.write(ctx, "append event", `INSERT INTO invite_events (invite, moment, happening, verdict, off)
		SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT)
		WHERE (SELECT count(*) FROM invite_events WHERE invite = $1) < $6`,
		event.Invite, micros(s.now()), clean(string(event.Happening)), clean(event.Verdict), event.Off.Microseconds(), eventsPerInvite)
	return err
}

// InviteEvents lists an invite's happenings in their order, starting behind the one with the ID after.
func (s *database) InviteEvents(ctx context.Context, invite, after int64, limit int) ([]helpdesk.InviteEvent, error) {
	var list []helpdesk.InviteEvent
	err := s.readAll(ctx, "list events", `SELECT id, invite, moment, happening, verdict, off FROM invite_events
		WHERE invite = $1 AND id > $2 ORDER BY id LIMIT $3`, []any{invite, after, limit}, func(rows *sql.Rows) error {
		var (
			e   helpdesk.InviteEvent
			off int64
		)
		err := rows.Scan(&e.ID, &e.Invite, instant{&e.At}, &e.Happening, &e.Verdict, &off)
		e.Off = time.Duration(off) * time.Microsecond
		list = append(list, e)
		return err
	})
	return list, err
}

// Mark marks an account. The last moment counts.
func (s *database) Mark(ctx context.Context, pool, account string, mark helpdesk.Mark) error {
	_, err := s.write(ctx, "mark", `INSERT INTO marks (pool, account, mark, moment) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool, account, mark) DO UPDATE SET moment = excluded.moment WHERE marks.moment < excluded.moment`, clean(pool), clean(account), string(mark), micros(s.now()))
	return err
}

// Unmark takes a mark back that was made before a moment. Zero: whenever it was made.
func (s *database) Unmark(ctx context.Context, pool, account string, mark helpdesk.Mark, before time.Time) error {
	_, err := s.write(ctx, "unmark", `DELETE FROM marks WHERE pool = $1 AND account = $2 AND mark = $3 AND (CAST($4 AS BIGINT) = 0 OR moment < CAST($4 AS BIGINT))`,
		clean(pool), clean(account), string(mark), micros(before))
	return err
}

// Marked is when an account got a mark: the zero time when it has none.
func (s *database) Marked(ctx context.Context, pool, account string, mark helpdesk.Mark) (at time.Time, err error) {
	err = s.read(ctx, "look up mark", `SELECT moment FROM marks WHERE pool = $1 AND account = $2 AND mark = $3`,
		[]any{clean(pool), clean(account), string(mark)}, instant{&at})
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return at, err
}
