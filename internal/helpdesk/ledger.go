package helpdesk

import (
	"context"
	"time"
)

// LedgerEntry is one event in the life of an account's authenticator.
type LedgerEntry struct {
	ID      int64     // given by the store, rising
	At      time.Time // given by the store
	Pool    string
	Account string // its own name, as flows know it
	Event   Event
	Actor   string // whoever did it: the account itself, an agent, the sweep
	Detail  string
}

// Event is what happened to an account's app.
type Event string

// The events. The pages write the first four.
const (
	EventSetUp    Event = "set_up"
	EventReplaced Event = "replaced"
	EventProven   Event = "proven" // by a real sign-in
	EventRemoved  Event = "removed"
	EventReset    Event = "reset" // by an agent
	EventFound    Event = "found" // the sweep found an app that nobody had told of
	EventGone     Event = "gone"  // the sweep found no app where there should be one
)

// app reports whether there is an app after the event, as far as our record goes.
func (e Event) app() bool {
	switch e {
	case EventSetUp, EventReplaced, EventProven, EventFound:
		return true
	case EventRemoved, EventReset, EventGone:
	}
	return false
}

// LedgerPage says which entries to list.
type LedgerPage struct {
	Pool    string
	Account string // empty: all
	Before  int64  // entries with a smaller ID; 0: from the newest on
	Limit   int
}

// Ledger lists the record's newest entries, of one account by its own name or of all (""); before is the last one's ID of
// the page before, 0 at the beginning.
func (d *Desk) Ledger(ctx context.Context, agent Agent, account string, before int64, limit int) ([]LedgerEntry, error) {
	if err := d.Allowed(OpCoverageCSV, agent, Target{}); err != nil {
		return nil, err
	}
	entries, err := d.memory.Ledger(ctx, LedgerPage{Pool: d.poolID, Account: account, Before: before, Limit: min(limit, maxListed)})
	if err != nil {
		return nil, storeDown(string(OpCoverageCSV), err)
	}
	return entries, nil
}
