package helpdesk

import (
	"context"
	"time"

	"cognito-enroll/internal/secret"
)

// Held is an opened link in the browser's sealed cookie: number and holder. The zero Held is none.
type Held struct {
	Invite int64
	Holder [16]byte
}

// MarshalText writes "" for none, else 47 characters or so.
func (h Held) MarshalText() ([]byte, error) { return nil, nil }

// UnmarshalText is its inverse.
func (h *Held) UnmarshalText(text []byte) error { return nil }

// Opened is a link whose piece was right.
type Opened struct {
	Held      Held
	Username  string // to be filled in; the password is asked for as ever
	Purpose   Purpose
	Language  string
	ExpiresAt time.Time
}

// Open opens a link with its spoken piece, as typed: case, spaces, dashes and look-alikes are forgiven. Whatever is
// wrong, the error is the same LinkNotGood after the same work, or StoreDown, PoolDown, PoolBusy. An empty piece costs
// nothing. Showing the page of a link calls nothing.
//
// Whoever opens a link last holds it: an earlier browser's set-up then ends with LinkOver.
func (d *Desk) Open(ctx context.Context, locator, piece secret.Text) (Opened, error) {
	return Opened{}, nil
}

// Attempt is a set-up about to begin, or its first code about to be sent to the pool.
type Attempt struct {
	Account string // the account's own name, or as typed at sign-in
	HasApp  bool   // an app works already
	ByApp   bool   // and its code was given to sign in
	Held    Held   // the link that this browser has opened, if any
}

// MayStart says whether a set-up may go on: nil, or NeedsLink, NeedsAppCode, LinkOver, StoreDown, PoolDown… Ask three
// times: before a temporary password is replaced (the pool then still knows that the account is new), before a key is
// made, and before the first code goes to the pool. With a link the agent's rights are judged again each time.
func (d *Desk) MayStart(ctx context.Context, attempt Attempt) error { return nil }

// Spend uses a link up, once the pool has verified its app. LinkOver: it was over already; the app is set up all the
// same, an alarm is raised, and the person is told.
func (d *Desk) Spend(ctx context.Context, held Held, account string) error { return nil }
