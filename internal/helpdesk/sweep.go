package helpdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// SweepBudget bounds what a sweep asks of the pool.
type SweepBudget struct {
	PerSecond int // calls; zero: ten, a third of the smallest quota that it touches
}

// SweepReport is what a sweep did.
type SweepReport struct {
	Accounts, WithApp int
	Found, Gone       int // ledger entries added because the pool knew better
	Calls             int
	Took              time.Duration
}

// usualPace is calls in a second: a third of ListUsers' quota, which cannot be raised (Amazon Cognito Developer Guide,
// Quotas).
const usualPace = 10

const (
	maxEmptyPages = 1000 // of a listing, one after the other: more is a loop
	maxBusy       = 6    // refusals of one call
)

// Sweep asks the pool about every account, slowly, and makes our record agree with it. One sweep an hour: TooMany
// otherwise. What it has seen when it fails stays; the next one begins anew.
func (d *Desk) Sweep(ctx context.Context, agent Agent, budget SweepBudget) (SweepReport, error) {
	if err := d.Allowed(OpSweep, agent, Target{}); err != nil {
		return SweepReport{}, err
	}
	if err := d.limit(ctx, OpSweep, "sweep", sweepsPerPool()); err != nil {
		return SweepReport{}, err
	}
	began := d.now()
	s := &sweep{Desk: d, interval: time.Second / time.Duration(cmp.Or(max(budget.PerSecond, 0), usualPace))}
	err := d.audit.do(ctx, act{agent.String(), "sweep", d.poolID, ""}, func(ctx context.Context, _ means) (string, error) {
		err := s.run(ctx)
		return fmt.Sprintf("%d accounts, %d calls", s.report.Accounts, s.report.Calls), err
	})
	s.report.Took = d.now().Sub(began)
	return s.report, err
}

// sweep is one run.
type sweep struct {
	*Desk

	number   int64
	groups   map[string][]string // by user name: those with a deadline
	interval time.Duration       // between calls
	next     time.Time           // the earliest moment of the next call
	report   SweepReport
}

func (s *sweep) run(ctx context.Context) error {
	var err error
	if s.number, err = s.changes.BeginSweep(ctx, s.poolID); err != nil {
		return storeDown(string(OpSweep), err)
	}
	s.groups = map[string][]string{}
	for _, group := range slices.Sorted(maps.Keys(s.rules.Deadlines)) {
		if group == "" {
			continue
		}
		err := s.pages(ctx, func(token string) (int, string, error) {
			names, next, err := s.pool.Members(ctx, group, token)
			for _, name := range names {
				s.groups[name] = append(s.groups[name], group)
			}
			return len(names), next, err
		})
		if err != nil {
			return err
		}
	}
	var accounts []Account
	err = s.pages(ctx, func(token string) (n int, next string, err error) {
		accounts, next, err = s.pool.Page(ctx, token)
		return len(accounts), next, err
	}, func() error { return s.accounts(ctx, accounts) })
	if err != nil {
		return err
	}
	if err := s.changes.FinishSweep(ctx, s.poolID, s.number); err != nil {
		return storeDown(string(OpSweep), err)
	}
	return nil
}

// pages walks a listing to its end: where there is no next token, however many pages before are empty.
func (s *sweep) pages(ctx context.Context, page func(token string) (n int, next string, err error), then ...func() error) error {
	empty := 0
	for token := ""; ; {
		n, next := 0, ""
		err := s.call(ctx, func() (err error) {
			n, next, err = page(token)
			return err
		})
		for _, do := range then {
			if err == nil {
				err = do()
			}
		}
		if err != nil || next == "" {
			return err
		}
		if empty++; n > 0 {
			empty = 0
		}
		if empty > maxEmptyPages {
			return &Error{Kind: PoolDown, Op: string(OpSweep), Err: errors.New("a listing without end")}
		}
		token = next
	}
}

// accounts looks at a page's accounts, one by one.
func (s *sweep) accounts(ctx context.Context, page []Account) error {
	seen := make([]Swept, 0, len(page))
	for _, account := range page {
		one, err := s.account(ctx, account)
		if KindOf(err) == NoSuchAccount { // deleted meanwhile
			continue
		}
		if err != nil {
			return err
		}
		seen = append(seen, one)
		s.report.Accounts++
		if one.HasApp {
			s.report.WithApp++
		}
	}
	if err := s.changes.PutSwept(ctx, s.poolID, s.number, seen); err != nil {
		return storeDown(string(OpSweep), err)
	}
	return nil
}

// account asks for an account's methods, which the listing does not tell, and writes down where our ledger is wrong. The
// ledger is read first: what is set up in between is then in the pool's answer.
func (s *sweep) account(ctx context.Context, account Account) (Swept, error) {
	one := Swept{
		Sub: account.Sub, Username: account.Username, Status: account.Status, Enabled: account.Enabled,
		Groups: s.groups[account.Username], Created: account.Created, SeenAt: s.now(),
	}
	if !expected(account.Status, account.Enabled) {
		return one, nil
	}
	recorded, err := s.recorded(ctx, account)
	if err != nil {
		return one, err
	}
	err = s.call(ctx, func() (err error) {
		account, err = s.pool.Account(ctx, account.Username)
		return err
	})
	if err != nil {
		return one, err
	}
	one.HasApp = account.HasApp() || s.required && recorded
	event := EventFound
	switch {
	case one.HasApp == recorded:
		return one, nil
	case recorded:
		event = EventGone
		s.report.Gone++
	default:
		s.report.Found++
	}
	if _, err := s.changes.AppendLedger(ctx, LedgerEntry{Pool: s.poolID, Account: one.Username, Event: event, Actor: "sweep"}); err != nil {
		return one, storeDown(string(OpSweep), err)
	}
	return one, nil
}

// call waits for its turn, calls, and calls again, later and later, while the pool is busy.
func (s *sweep) call(ctx context.Context, do func() error) error {
	pause := time.Second
	for tried := 1; ; tried++ {
		if wait := s.next.Sub(s.now()); wait > 0 {
			if err := s.sleep(ctx, wait); err != nil {
				return &Error{Kind: PoolDown, Op: string(OpSweep), Err: err}
			}
		}
		s.next = s.now().Add(s.interval)
		s.report.Calls++
		err := do()
		if KindOf(err) != PoolBusy || tried == maxBusy {
			return err
		}
		s.next, pause = s.now().Add(pause), 2*pause
	}
}
