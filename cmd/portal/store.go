package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/webhook"
	"cognito-enroll/web"
)

// openStore opens the configured store. What it makes of changes is for the outbox, if there is one. DynamoDB goes by the
// same region, credentials and settings of the SDK as the pool.
func openStore(ctx context.Context, cfg config, outbox *webhook.Outbox, opts store.Options) (*store.Store, error) {
	if outbox != nil {
		opts.Outbox = outbox
	}
	if strings.HasPrefix(cfg.Store, "dynamodb:") {
		var err error
		if opts.AWS, err = awsDefaults(ctx, cfg); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(ctx, cfg.Store, opts)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_STORE: %w", err)
	}
	return s, nil
}

// poolName is what the ID of the pool that a store belongs to is called in it.
const poolName = "pool"

// belong makes a store this pool's, or refuses it for being another's: whichever way both came to have its address.
func belong(ctx context.Context, s *store.Store, pool string) error {
	for {
		owner, version, err := s.LoadShared(ctx, poolName)
		switch {
		case err != nil:
			return fmt.Errorf("PORTAL_STORE: %w", err)
		case string(owner) == pool:
			return nil
		case version != 0:
			return fmt.Errorf("PORTAL_STORE: it belongs to pool %s: give %s a store of its own", owner, pool)
		}
		if _, err := s.SaveShared(ctx, poolName, []byte(pool), 0); err != nil { // false: another node was quicker
			return fmt.Errorf("PORTAL_STORE: %w", err)
		}
	}
}

// sharedStore reports whether the store is there for several nodes.
func (c config) sharedStore() bool {
	return strings.HasPrefix(c.Store, "postgres") || strings.HasPrefix(c.Store, "dynamodb:")
}

// pageStore is the store as the pages want it.
type pageStore struct {
	answerStore
	memory *store.Store
	pool   string // whose accounts the records are of
}

// answerStore is what the pages ask of the store as it is. All of the store's methods here would be in the program twice.
type answerStore interface {
	Ping(ctx context.Context) error
	ClaimAnswer(ctx context.Context, key, fingerprint [32]byte) (claim int64, answer []byte, err error)
	KeepAnswer(ctx context.Context, key [32]byte, claim int64, answer []byte) error
	ForgetAnswer(ctx context.Context, key [32]byte, claim int64) error
}

var _ web.Store = pageStore{}

func (s pageStore) EndSession(ctx context.Context, id enroll.ID, until time.Time) error {
	return s.memory.EndSession(ctx, id, until)
}

func (s pageStore) SessionEnded(ctx context.Context, id enroll.ID) (bool, error) {
	return s.memory.SessionEnded(ctx, id)
}

func (s pageStore) SessionOver(ctx context.Context, id enroll.ID, account string, began time.Time) (bool, error) {
	return s.memory.SessionOver(ctx, id, account, began)
}

func (s pageStore) Record(ctx context.Context, account string, event web.Event, device string) error {
	_, err := s.memory.AppendLedger(ctx, store.LedgerEntry{Pool: s.pool, Account: account, Event: helpdesk.Event(event), Actor: account, Detail: device})
	return err
}

func (s pageStore) Conclude(ctx context.Context, account string, event web.Event, device string, id enroll.ID, until, others time.Time) error {
	return s.memory.Conclude(ctx, store.LedgerEntry{Pool: s.pool, Account: account, Event: helpdesk.Event(event), Actor: account, Detail: device}, id, until, others)
}

func (s pageStore) LastRecord(ctx context.Context, account string) (web.Event, string, time.Time, bool, error) {
	entry, err := s.memory.Latest(ctx, s.pool, account)
	if errors.Is(err, store.ErrNotFound) {
		return "", "", time.Time{}, false, nil
	}
	return web.Event(entry.Event), entry.Detail, entry.At, err == nil, err
}

func (s pageStore) PutHandoff(ctx context.Context, locatorHash [32]byte, sealed []byte, expires time.Time) error {
	return s.memory.PutHandoff(ctx, store.Handoff{LocatorHash: locatorHash, Payload: sealed, ExpiresAt: expires})
}

func (s pageStore) TakeHandoff(ctx context.Context, locatorHash [32]byte) ([]byte, bool, error) {
	taken, err := s.memory.TakeHandoff(ctx, locatorHash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	return taken.Payload, err == nil, err
}

func (s pageStore) Allow(ctx context.Context, key string, limit web.Limit, now time.Time) (time.Duration, error) {
	return s.memory.Allow(ctx, key, store.Limit(limit), now)
}

// purgeEvery is how often what has expired is deleted from the store, purgeAtMost how much of each kind in one transaction,
// and purgeRest how long others have the store between two of them.
const (
	purgeEvery  = 10 * time.Minute
	purgeAtMost = 10_000
	purgeRest   = 100 * time.Millisecond
)

// purger is the store as purge wants it.
type purger interface {
	Purge(ctx context.Context, limit int) (int64, error)
}

// purge deletes what has expired, until ctx ends: all of it each time, however much strangers have made us write.
func purge(ctx context.Context, s purger, failed func(error)) {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := purgeAll(ctx, s); err != nil && ctx.Err() == nil {
				failed(fmt.Errorf("purge: %w", err))
			}
		}
	}
}

func purgeAll(ctx context.Context, s purger) error {
	for {
		n, err := s.Purge(ctx, purgeAtMost)
		if n == 0 || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(purgeRest):
		}
	}
}

// pageOAuth is signing in at Cognito's pages as the pages want it.
type pageOAuth struct{ *cognito.OAuth }

var _ web.OAuth = pageOAuth{}

func (o pageOAuth) Start() (string, web.OAuthPending) {
	address, pending := o.OAuth.Start()
	return address, web.OAuthPending(pending)
}

func (o pageOAuth) Finish(ctx context.Context, pending web.OAuthPending, state, code secret.Text) (enroll.Answer, error) {
	return o.OAuth.Finish(ctx, cognito.Pending(pending), state, code)
}
