package store

import (
	"context"
	"errors"
	"time"
)

const (
	// answersKept is how long a request can be said again and gets the answer of the first time.
	answersKept = 24 * time.Hour
	// claimKept is how long whoever answers a request has: a process may be killed over it.
	claimKept = 2 * time.Minute
)

// ClaimAnswer asks who answers a request, which key names and which fingerprint tells from others. A claim that is not 0
// means the caller: he goes on to KeepAnswer or ForgetAnswer. Otherwise answer is what was kept of the first time; nil:
// somebody is at it. ErrConflict: the key was another request's. Of all who ask at once, on all nodes, one gets a claim.
// After ErrUnavailable the claim may be the caller's without his knowing, for two minutes.
func (s *database) ClaimAnswer(ctx context.Context, key, fingerprint [32]byte) (claim int64, answer []byte, err error) {
	now := s.now()
	err = s.writeReturning(ctx, "claim answer", `INSERT INTO answers (key_hash, fingerprint, answer, claimed_at, expires_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (key_hash) DO UPDATE SET fingerprint = $2, answer = $3, claimed_at = $4, expires_at = $5
		WHERE answers.expires_at <= $4
		OR answers.fingerprint = $2 AND length(answers.answer) = 0 AND answers.claimed_at <= $6
		RETURNING claimed_at`,
		[]any{key[:], fingerprint[:], []byte{}, micros(now), micros(now.Add(answersKept)), micros(now.Add(-claimKept))}, &claim)
	if !errors.Is(err, ErrNotFound) {
		return claim, nil, err
	}
	var first [32]byte
	err = s.read(ctx, "look up answer", `SELECT fingerprint, answer FROM answers WHERE key_hash = $1`,
		[]any{key[:]}, array32{&first}, &answer)
	switch {
	case errors.Is(err, ErrNotFound): // forgotten in between: whoever asks again gets it
		return 0, nil, nil
	case err != nil:
		return 0, nil, err
	case first != fingerprint:
		return 0, nil, s.fail("claim answer", ErrConflict)
	case len(answer) == 0:
		return 0, nil, nil
	}
	return 0, answer, nil
}

// KeepAnswer keeps what was answered: ErrConflict when the claim has been somebody else's since.
func (s *database) KeepAnswer(ctx context.Context, key [32]byte, claim int64, answer []byte) error {
	n, err := s.write(ctx, "keep answer", `UPDATE answers SET answer = $3
		WHERE key_hash = $1 AND claimed_at = $2 AND length(answer) = 0`, key[:], claim, answer)
	if err == nil && n == 0 {
		err = s.fail("keep answer", ErrConflict)
	}
	return err
}

// ForgetAnswer gives a claim back: nothing came of the request, and who says it again is heard.
func (s *database) ForgetAnswer(ctx context.Context, key [32]byte, claim int64) error {
	_, err := s.write(ctx, "forget answer", `DELETE FROM answers WHERE key_hash = $1 AND claimed_at = $2 AND length(answer) = 0`,
		key[:], claim)
	return err
}
