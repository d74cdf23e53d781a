package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/store"
)

// listener words changes. It fails when it is told to, after the change was written and before it is committed: as if
// the process had ended there.
type listener struct {
	fail bool
	kept atomic.Int64
}

func (l *listener) Message(c helpdesk.Change) (name string, body []byte, err error) {
	if l.fail {
		return "", nil, errors.New("the process ended")
	}
	return "msg", fmt.Appendf(nil, "%s invite %d reset %d %s %s %s", c.What, c.Invite, c.Reset, c.Account, c.Ticket, c.Agent), nil
}

func (l *listener) Kept() { l.kept.Add(1) }

// told takes what waits to be delivered.
func (w *world) told(s *store.Store) []string {
	w.t.Helper()
	list, err := s.TakeDeliveries(w.t.Context(), 100, time.Hour)
	must(w.t, err)
	texts := make([]string, 0, len(list))
	for _, d := range list {
		texts = append(texts, string(d.Body))
	}
	slices.Sort(texts) // those of one transaction are due at one moment
	return texts
}

// TestChangesAreToldOrDidNotHappen fails each change between its effect and its message: then neither is there. Done
// again, both are.
func TestChangesAreToldOrDidNotHappen(t *testing.T) {
	engines(t, func(w *world) {
		t, ctx := w.t, w.t.Context()
		hears := &listener{}
		s := open(t, w.url, store.Options{Now: w.clock.Now, ReadTimeout: patience, WriteTimeout: patience, Outbox: hears})
		var first, second, third, reset int64
		put := func(i int, id *int64) func() error {
			return func() (err error) { *id, err = s.PutInvite(ctx, invite(i, "sub-1")); return err }
		}
		for _, step := range []struct {
			name string
			do   func() error
			want string
		}{
			{"make", put(1, &first), "link.made invite 1 reset 0 sub-1 INC-1 grace"},
			{"newer", put(2, &second), "link.cancelled invite 1 reset 0 sub-1 INC-1 grace, link.made invite 2 reset 0 sub-1 INC-1 grace"},
			{"wrong", func() error {
				_, err := s.TryPiece(ctx, hash(2), []byte("wrong"), pieceTries, holder(1))
				wantKind(t, err, store.ErrConflict)
				return nil
			}, ""},
			{"open", func() error {
				_, err := s.TryPiece(ctx, hash(2), []byte("right"), pieceTries, holder(1))
				return err
			}, "link.opened invite 2 reset 0 sub-1 INC-1 grace"},
			{"spend", func() error { return s.SpendInvite(ctx, second, holder(1)) }, "link.spent invite 2 reset 0 sub-1 INC-1 grace"},
			{"another", put(3, &third), "link.made invite 3 reset 0 sub-1 INC-1 grace"},
			{"revoke", func() error { return s.RevokeInvite(ctx, third, "page:heidi") }, "link.revoked invite 3 reset 0 sub-1 INC-1 page:heidi"},
			{"one more", put(4, &third), "link.made invite 4 reset 0 sub-1 INC-1 grace"},
			{"freeze", func() error {
				return s.RevokeInvites(ctx, "eu-west-1_pool", helpdesk.Change{What: "account.frozen", Account: "sub-1", Invite: 2})
			}, "account.frozen invite 2 reset 0 sub-1  , link.revoked invite 4 reset 0 sub-1 INC-1 account:sub-1"},
			{"begin", func() (err error) {
				reset, err = s.PutReset(ctx, helpdesk.Reset{Pool: "eu-west-1_pool", Account: "sub-1", Username: "ada", Ticket: "INC-2", Agent: "grace"})
				return err
			}, "reset.open invite 0 reset 1 sub-1 INC-2 grace"},
			{"finish", func() error { return s.FinishReset(ctx, reset) }, "reset.done invite 0 reset 1 sub-1 INC-2 grace"},
		} {
			if step.want != "" {
				hears.fail = true
				if err := step.do(); err == nil {
					t.Errorf("%s: answered with success, though it was not told", step.name)
				}
				hears.fail = false
				if got := w.told(s); len(got) > 0 {
					t.Errorf("%s: told %q of what did not happen", step.name, got)
				}
			}
			before := hears.kept.Load()
			must(t, step.do()) // which fails where the effect was there already
			got := strings.Join(w.told(s), ", ")
			// A number that was given to what did not happen is not given again by PostgreSQL.
			if woken := hears.kept.Load() > before; renumber(got) != renumber(step.want) || woken != (step.want != "") {
				t.Errorf("%s: told %q (woken: %t), want %q", step.name, got, woken, step.want)
			}
		}
	})
}

// renumber takes numbers out: which there are depends on what failed before.
func renumber(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}
