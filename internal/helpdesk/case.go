package helpdesk

import (
	"context"
	"time"
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
	May        map[Operation]error // nil for what the agent may do to this account, without regard to approval
}

// AppState is what is known of an account's authenticator app.
type AppState string

// The states.
const (
	AppListed    AppState = "listed"     // the pool lists one
	AppNotListed AppState = "not_listed" // the pool lists none: there may still be one that is registered and switched off
	AppElsewhere AppState = "elsewhere"  // another identity provider signs the account in
)

// Find looks accounts up by name, mail address, phone number or sub, whichever the text looks like; at most ten.
func (d *Desk) Find(ctx context.Context, agent Agent, text string) ([]Account, error) {
	return nil, nil
}

// Case is all there is to know of an account, by its own name or sub.
func (d *Desk) Case(ctx context.Context, agent Agent, account string) (Case, error) {
	return Case{}, nil
}
