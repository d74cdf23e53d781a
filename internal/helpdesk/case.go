package helpdesk

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Case is an account as agents see it, with what Cognito cannot tell.
type Case struct {
	Account    Account
	Groups     []string
	Rank       Rank
	Privileged bool
	LastSignIn time.Time // zero: not known; Cognito tells only with threat protection
	App        AppState
	FrozenAt   time.Time // its owner said "this was not me"; zero: never
	Links      []Link    // the newest first
	Resets     []Reset
	Ledger     []LedgerEntry
	Trail      []Deed              // what was done to it, the newest first
	May        map[Operation]error // nil for what the agent may do to this account, without regard to approval
}

// AppState is what is known of an account's authenticator app.
type AppState string

// The states.
const (
	AppListed    AppState = "listed"     // the pool lists one
	AppRecorded  AppState = "recorded"   // our ledger knows of one that a pool that requires MFA does not list, but asks for
	AppNotListed AppState = "not_listed" // there is none that anybody tells of: one that is registered and switched off is not listed
	AppElsewhere AppState = "elsewhere"  // another identity provider signs the account in
)

// maxFound bounds what a search shows.
const maxFound = 10

// Find looks accounts up by name, mail address, phone number or sub, whichever the text looks like; at most ten, without
// their methods.
func (d *Desk) Find(ctx context.Context, agent Agent, text string) ([]Account, error) {
	if err := d.Allowed(OpLookUp, agent, Target{}); err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > maxSought || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, badInput(OpLookUp, "account")
	}
	if by, ok := looksLike(text); ok {
		if found, err := d.pool.Find(ctx, by, text, maxFound); err != nil || len(found) > 0 {
			return found, err
		}
	}
	// A user name may look like anything, and only this finds it in any case of its letters.
	account, err := d.pool.Account(ctx, text)
	switch {
	case err == nil:
		return []Account{account}, nil
	case KindOf(err) != NoSuchAccount && KindOf(err) != BadInput: // what cannot be a user name may be a person's
		return nil, err
	}
	return d.pool.Find(ctx, ByName, text, maxFound)
}

// Name is the user name of the account with a sub: "" when there is none. It is one call, whatever the answer.
func (d *Desk) Name(ctx context.Context, agent Agent, sub string) (string, error) {
	if err := d.Allowed(OpLookUp, agent, Target{}); err != nil {
		return "", err
	}
	found, err := d.pool.Find(ctx, BySub, sub, 1)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].Username, nil
}

// maxSought is the longest text that is looked for: no attribute that can be searched is longer, and the filter has 256
// characters.
const maxSought = 128

// looksLike guesses what an agent has typed.
func looksLike(text string) (Field, bool) {
	digits := strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return -1
	}, text), "0")
	switch {
	case strings.Contains(text, "@"):
		return ByEmail, true
	case text[0] == '+' && digits == len(text)-1:
		return ByPhone, true
	case len(text) == 36 && strings.Count(text, "-") == 4:
		return BySub, true
	}
	return "", false
}

// Case is all there is to know of an account, by its own name or sub.
func (d *Desk) Case(ctx context.Context, agent Agent, account string) (Case, error) {
	s, err := d.allowed(ctx, OpLookUp, agent, account)
	if err != nil {
		return Case{}, err
	}
	c := Case{
		Account: s.Account, Groups: s.groups, Rank: s.target.Rank, Privileged: s.target.Privileged, May: map[Operation]error{},
	}
	if c.App, err = d.appState(ctx, s.Account); err != nil {
		return Case{}, err
	}
	for _, op := range Operations() {
		c.May[op] = d.Allowed(op, agent, s.target)
	}
	if c.LastSignIn, _, err = d.pool.LastSignIn(ctx, s.Username, d.now()); err != nil && KindOf(err) != PoolRefused {
		return Case{}, err
	}
	invites, err := d.memory.Invites(ctx, d.poolID, s.Sub, maxFound)
	if err == nil {
		c.Links = d.views(invites)
		c.Resets, err = d.memory.Resets(ctx, d.poolID, s.Sub, maxFound)
	}
	if err == nil {
		c.Ledger, err = d.memory.Ledger(ctx, LedgerPage{Pool: d.poolID, Account: s.Username, Limit: maxFound})
	}
	if err == nil {
		c.FrozenAt, err = d.memory.Marked(ctx, d.poolID, s.Username, MarkFrozen)
	}
	if err == nil {
		c.Trail, err = d.deeds(ctx, s, 0, maxFound)
	}
	if err != nil {
		return Case{}, storeDown(string(OpLookUp), err)
	}
	return c, nil
}

func (d *Desk) appState(ctx context.Context, a Account) (AppState, error) {
	hasApp, err := d.hasApp(ctx, a)
	switch {
	case a.Federated():
		return AppElsewhere, nil
	case a.HasApp():
		return AppListed, nil
	case hasApp:
		return AppRecorded, nil
	}
	return AppNotListed, err
}
