package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/store"
)

// vault is [enroll.Vault]: sealed, in the store that all nodes share.
type vault struct {
	store interface {
		PutHandoff(ctx context.Context, h store.Handoff) error
		TakeHandoff(ctx context.Context, locatorHash [32]byte) (store.Handoff, error)
	}
	sealer *session.Sealer
}

func (v vault) Put(ctx context.Context, name enroll.ID, token secret.Text, until time.Time) error {
	sealed, err := v.sealer.Seal([]byte(token.Reveal()))
	if err != nil {
		return err
	}
	return v.store.PutHandoff(ctx, store.Handoff{LocatorHash: vaultName(name), Payload: sealed, ExpiresAt: until})
}

func (v vault) Take(ctx context.Context, name enroll.ID) (secret.Text, error) {
	kept, err := v.store.TakeHandoff(ctx, vaultName(name))
	if errors.Is(err, store.ErrNotFound) {
		return secret.Text{}, nil
	}
	if err != nil {
		return secret.Text{}, err
	}
	token, err := v.sealer.Open(kept.Payload)
	return secret.New(string(token)), err
}

func vaultName(name enroll.ID) [32]byte {
	return sha256.Sum256(append([]byte("refresh token "), name[:]...))
}
