package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// sendTimeout bounds one try.
	sendTimeout = 10 * time.Second
	// batch is how many messages are held at a time, and batchLease how long nobody else takes them: longer than all
	// their tries.
	batch      = 8
	batchLease = 2 * time.Minute
	// look is how often the queue is looked at: what another process put there, and what is due again.
	look = 5 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection can be used again.
	maxAnswer = 4 << 10
)

// delays are from each failed try to the next. After the last one there is no other.
func delays() []time.Duration {
	return []time.Duration{
		10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		24 * time.Hour, 24 * time.Hour,
	}
}

// Run delivers until ctx ends. Several nodes may.
func (s *Sender) Run(ctx context.Context) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		for n := batch; n == batch && ctx.Err() == nil; {
			var err error
			if n, err = s.Deliver(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "webhooks wait", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-ticker.C:
		}
	}
}

// Deliver tries the messages that are due, eight at most, and answers how many there were. The error is the queue's.
func (s *Sender) Deliver(ctx context.Context) (int, error) {
	due, err := s.Queue.TakeDeliveries(ctx, batch, batchLease)
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	for _, d := range due {
		if err := s.try(ctx, d); err != nil {
			return len(due), fmt.Errorf("webhook: %w", err)
		}
	}
	return len(due), nil
}

// try sends a message and decides what becomes of it.
func (s *Sender) try(ctx context.Context, d Delivery) error {
	failure := s.send(ctx, d)
	if ctx.Err() != nil { // stopping: due again when the lease ends
		return ctx.Err()
	}
	delays := delays()
	switch {
	case failure == nil:
		return s.Queue.DropDelivery(ctx, d.ID)
	case d.Tries > len(delays):
		s.Log.ErrorContext(ctx, "webhook given up", "message", d.Message, "tries", d.Tries, "error", failure)
		return s.Queue.DropDelivery(ctx, d.ID)
	}
	s.Log.WarnContext(ctx, "webhook not taken", "message", d.Message, "tries", d.Tries, "error", failure)
	return s.Queue.DelayDelivery(ctx, d.ID, s.Now().Add(delays[d.Tries-1]))
}

// send posts a message: nil when the other server has taken it.
func (s *Sender) send(ctx context.Context, d Delivery) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL.String(), bytes.NewReader(d.Body))
	if err != nil {
		return errors.New("not an address") // which may hold a secret
	}
	at := s.Now()
	for name, value := range map[string]string{
		"Content-Type":      "application/json",
		"User-Agent":        "cognito-enroll",
		"Webhook-Id":        d.Message,
		"Webhook-Timestamp": strconv.FormatInt(at.Unix(), 10),
		"Webhook-Signature": signatures(s.Secrets, d.Message, at, d.Body),
	} {
		r.Header.Set(name, value)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address
		}
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return errors.New("answered " + answer.Status)
	}
	return nil
}
