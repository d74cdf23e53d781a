package helpdesk

import (
	"context"
	"errors"
)

// subject is an account that an operation is about.
type subject struct {
	Account

	groups []string
	target Target
}

// subject asks the pool about an account, by its own name or sub.
func (d *Desk) subject(ctx context.Context, name string) (subject, error) {
	if name == "" {
		return subject{}, &Error{Kind: BadInput, Op: "account", Field: "account"}
	}
	account, err := d.pool.Account(ctx, name)
	if err != nil {
		return subject{}, err
	}
	groups, err := d.pool.Groups(ctx, account.Username)
	if err != nil {
		return subject{}, err
	}
	return subject{Account: account, groups: groups, target: d.rules.target(account.Sub, groups)}, nil
}

// subjectBySub is subject for a record's account: it must still be the same one.
func (d *Desk) subjectBySub(ctx context.Context, sub string) (subject, error) {
	s, err := d.subject(ctx, sub)
	if err == nil && s.Sub != sub { // somebody whose user name is this sub
		return subject{}, &Error{Kind: NoSuchAccount, Op: "account"}
	}
	return s, err
}

// allowed is Allowed to do something to an account, which it asks the pool about.
func (d *Desk) allowed(ctx context.Context, op Operation, agent Agent, name string) (subject, error) {
	if err := d.mayTry(op, agent); err != nil {
		return subject{}, err
	}
	s, err := d.subject(ctx, name)
	if err != nil {
		return subject{}, err
	}
	return s, d.Allowed(op, agent, s.target)
}

// mayTry judges an agent before anything is asked of the pool for him: nobody is refused here whom Allowed lets through.
func (d *Desk) mayTry(op Operation, agent Agent) error {
	return d.Allowed(op, agent, Target{})
}

// what an account is called in the audit trail.
func (s subject) String() string { return s.Sub + " " + s.Username }

// signsInAs is what the owner types to sign in. Where a pool takes mail addresses for names, the account's own name is its
// sub, which nobody knows.
func (s subject) signsInAs() string {
	if s.Username == s.Sub && s.Email != "" {
		return s.Email
	}
	return s.Username
}

// hasApp reports whether an account has an app: one that the pool lists, or, in a pool that requires MFA, one that our
// ledger knows of. Such a pool asks for an app that was set up and never preferred, which it does not list.
func (d *Desk) hasApp(ctx context.Context, account Account) (bool, error) {
	if account.HasApp() || !d.required {
		return account.HasApp(), nil
	}
	return d.recorded(ctx, account)
}

// recorded reports whether our ledger's newest entry of this account says that it has an app. Those of somebody who had
// the name before do not count.
func (d *Desk) recorded(ctx context.Context, account Account) (bool, error) {
	entry, err := d.memory.Latest(ctx, d.poolID, account.Username)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, storeDown("ledger", err)
	}
	return entry.Event.app() && !entry.At.Before(account.Created), nil
}
