package store

import (
	"context"
	"errors"

	"cognito-enroll/internal/helpdesk"
)

// What a failed call means to its caller. Every error of a Store's methods is one of these; check with [errors.Is]. They
// are helpdesk's, which knows no store.
var (
	// ErrUnavailable: the store did not answer, refused to write or was too slow. A write may have happened or not.
	ErrUnavailable = helpdesk.ErrUnavailable
	// ErrNotFound: what was asked for does not exist, or does not any more.
	ErrNotFound = helpdesk.ErrNotFound
	// ErrConflict: what was to be made exists already, or is no longer in the state that the change starts from.
	ErrConflict = helpdesk.ErrConflict
)

// failure is an error of one call. The driver's error is text for the log and cannot be reached, so that nobody
// outside depends on an engine.
type failure struct {
	op    string
	kind  error
	cause string
	ended error // context.Canceled or context.DeadlineExceeded, when that was the cause
}

func (f *failure) Error() string {
	text := "store: " + f.op + ": " + f.kind.Error()
	if f.cause != "" {
		text += ": " + f.cause
	}
	return text
}

func (f *failure) Unwrap() []error {
	if f.ended != nil {
		return []error{f.kind, f.ended}
	}
	return []error{f.kind}
}

// fail gives an error its meaning. Errors that have one already keep it.
func fail(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict), errors.Is(err, ErrUnavailable):
		if f, ok := errors.AsType[*failure](err); ok {
			return f
		}
		return &failure{op: op, kind: err}
	}
	f := &failure{op: op, kind: ErrUnavailable, cause: err.Error()}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			f.ended = ended
		}
	}
	return f
}
