package store

import (
	"bytes"
	"context"
	"errors"
)

func answerKey(hash [32]byte) key { return key{"answer " + keyHash(hash), only} }

// ClaimAnswer writes the claim if nobody has a better one, and otherwise looks what there is.
func (d *dynamo) ClaimAnswer(ctx context.Context, request, fingerprint [32]byte) (claim int64, answer []byte, err error) {
	now := d.now()
	err = d.write(ctx, "claim answer", func(ctx context.Context) error {
		_, err := d.api.update(ctx, change{
			key: answerKey(request),
			set: "SET #fingerprint = :fingerprint, #claimed_at = :now, #expires_at = :end, #ttl = :ttl REMOVE #answer",
			condition: "attribute_not_exists(#pk) OR #expires_at <= :now OR " +
				"(#fingerprint = :fingerprint AND attribute_not_exists(#answer) AND #claimed_at <= :stale)",
			values: item{
				":fingerprint": blob(fingerprint[:]), ":now": at(now), ":stale": at(now.Add(-claimKept)),
				":end": at(now.Add(answersKept)), ":ttl": ttl(now.Add(answersKept)),
			},
		})
		if !unmet(err) {
			claim = micros(now)
			return err
		}
		found, err := d.look(ctx, answerKey(request))
		switch {
		case errors.Is(err, ErrNotFound): // forgotten in between: whoever asks again gets it
			return nil
		case err != nil:
			return err
		case !bytes.Equal(found.bytes("fingerprint"), fingerprint[:]):
			return ErrConflict
		}
		answer = found.bytes("answer")
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return claim, answer, nil
}

// unanswered is the condition of a claim that still stands.
const unanswered = "#claimed_at = :claim AND attribute_not_exists(#answer)"

// KeepAnswer keeps what was answered.
func (d *dynamo) KeepAnswer(ctx context.Context, request [32]byte, claim int64, answer []byte) error {
	return d.write(ctx, "keep answer", func(ctx context.Context) error {
		_, err := d.api.update(ctx, change{
			key: answerKey(request), set: "SET #answer = :answer", condition: unanswered,
			values: item{":claim": number(claim), ":answer": blob(answer)},
		})
		return conflicts(err)
	})
}

// ForgetAnswer gives a claim back.
func (d *dynamo) ForgetAnswer(ctx context.Context, request [32]byte, claim int64) error {
	return d.write(ctx, "forget answer", func(ctx context.Context) error {
		return quietly(d.api.transact(ctx, remove(change{
			key: answerKey(request), condition: unanswered, values: item{":claim": number(claim)},
		})))
	})
}
