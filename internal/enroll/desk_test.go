package enroll_test

import (
	"context"
	"testing"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// slowPool signs everybody in, a second after it was asked.
type slowPool struct {
	enroll.Pool

	now    time.Time
	answer enroll.Answer
}

func (p *slowPool) SignIn(context.Context, string, secret.Text) (enroll.Answer, error) {
	p.now = p.now.Add(time.Second)
	return p.answer, nil
}

func (p *slowPool) Associate(context.Context, enroll.Authority) (enroll.Association, error) {
	return enroll.Association{Key: secret.New("JBSWY3DPEHPK3PXP")}, nil
}

// askedDesk lets everybody in, and keeps what it was asked last.
type askedDesk struct {
	enroll.Desk

	asked enroll.Attempt
}

func (d *askedDesk) MayStart(_ context.Context, attempt enroll.Attempt) error {
	d.asked = attempt
	return nil
}

// TestASignInIsNotTheOneBefore: whether somebody was idle is told by the sign-in before this one, which the pool has
// written down before we hear of it.
func TestASignInIsNotTheOneBefore(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		answer enroll.Answer
		want   time.Time // no later than this
	}{
		"a challenge":           {enroll.Answer{Challenge: enroll.ChallengeSetUp, Session: enroll.Session{Text: secret.New("session"), UserID: "ada"}}, start},
		"a token":               {enroll.Answer{AccessToken: secret.New("token"), Username: "ada", SignedInAt: start.Add(time.Second)}, start},
		"a token of an earlier": {enroll.Answer{AccessToken: secret.New("token"), Username: "ada", SignedInAt: start.Add(-time.Minute)}, start.Add(-time.Minute)},
	} {
		pool, desk := &slowPool{now: start, answer: test.answer}, &askedDesk{}
		pool.answer.Until = start.Add(time.Hour)
		s := enroll.New(enroll.Options{Pool: pool, Desk: desk, Now: func() time.Time { return pool.now }})
		f, err := s.SignIn(t.Context(), enroll.Flow{}, "ada", secret.New("Correct-Horse-9"))
		if err == nil && f.Step == enroll.StepReview {
			_, err = s.Start(t.Context(), f)
		}
		if err != nil || desk.asked.Began.IsZero() || desk.asked.Began.After(test.want) {
			t.Errorf("%s: began %s, %v; want no later than %s", name, desk.asked.Began, err, test.want)
		}
	}
}
