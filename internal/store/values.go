package store

import (
	"fmt"
	"strings"
	"time"
)

// micros is how moments are stored. The zero time is stored as 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the inverse of micros, up to a microsecond.
func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// instant scans what micros wrote.
type instant struct{ into *time.Time }

func (i instant) Scan(value any) error {
	micros, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a moment is %T, want an integer", value)
	}
	*i.into = moment(micros)
	return nil
}

// array32 scans a hash. Anything else, which only somebody else can have put there, is scanned as the hash of nothing:
// then it does not match.
type array32 struct{ into *[32]byte }

func (a array32) Scan(value any) error {
	*a.into = [32]byte{}
	if bytes, ok := value.([]byte); ok && len(bytes) == len(a.into) {
		*a.into = [32]byte(bytes)
	}
	return nil
}

// array16 scans a holder in the same way: none is all zeros, which nobody is.
type array16 struct{ into *[16]byte }

func (a array16) Scan(value any) error {
	*a.into = [16]byte{}
	if bytes, ok := value.([]byte); ok && len(bytes) == len(a.into) {
		*a.into = [16]byte(bytes)
	}
	return nil
}

// yes is how a truth is stored.
func yes(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// notNull is bytes, but empty instead of nil, which would be NULL.
func notNull(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}

// clean makes text that both engines take and give back unchanged: PostgreSQL refuses NUL and broken UTF-8, so what a
// stranger sends could otherwise stop what has to be written down.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// or is value, or instead when value is zero.
func or[T comparable](value, instead T) T {
	var zero T
	if value == zero {
		return instead
	}
	return value
}
