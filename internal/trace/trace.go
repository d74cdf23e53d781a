// Package trace follows a request from the browser's side through this portal to the pool, in the words of W3C Trace Context
// and of OpenTelemetry.
//
//	trace.go   spans, and the traceparent header         export.go  their way to a collector: OTLP over HTTP, in JSON
//	log.go     the trace's id on every line of the log   otlp.go    how they are written
//
// A request that comes without a traceparent begins a trace only where traces are exported. The visitor's tracestate is
// dropped: nobody here knows what is in it.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// Header is the name of the header that carries a trace.
const Header = "traceparent"

// ID names a trace, and a span in it (W3C Trace Context, section 3.2). The zero ID names none.
type ID struct {
	Trace   [16]byte
	Span    [8]byte
	Sampled bool
}

// IsZero reports whether there is no trace.
func (id ID) IsZero() bool { return id.Trace == [16]byte{} }

// String is the header's value.
func (id ID) String() string {
	flags := "-00"
	if id.Sampled {
		flags = "-01"
	}
	return "00-" + hex.EncodeToString(id.Trace[:]) + "-" + hex.EncodeToString(id.Span[:]) + flags
}

// Parse reads a traceparent header. Versions to come may be longer. What is not valid is no trace.
func Parse(header string) ID {
	var id ID
	version, rest, _ := strings.Cut(header, "-")
	const length = 32 + 1 + 16 + 1 + 2
	if !isHex(version, 2) || version == "ff" || len(rest) < length || version == "00" && len(rest) != length || len(rest) > length && rest[length] != '-' {
		return ID{}
	}
	trace, span, flags := rest[:32], rest[33:49], rest[50:52]
	if rest[32] != '-' || rest[49] != '-' || !isHex(trace, 32) || !isHex(span, 16) || !isHex(flags, 2) {
		return ID{}
	}
	_, _ = hex.Decode(id.Trace[:], []byte(trace))
	_, _ = hex.Decode(id.Span[:], []byte(span))
	if id.Span == [8]byte{} || id.IsZero() {
		return ID{}
	}
	id.Sampled = strings.ContainsRune("13579bdf", rune(flags[1]))
	return id
}

// isHex reports whether text is so many hexadecimal digits, in lower case as the standard wants them.
func isHex(text string, length int) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}

// Kind says which side of a call a span is.
type Kind int

// The kinds, as OTLP numbers them.
const (
	Server Kind = 2
	Client Kind = 3
)

// Span is one piece of work in a trace. A nil Span is of no trace.
type Span struct {
	tracer     *Tracer
	id         ID
	parent     [8]byte
	name       string
	kind       Kind
	began      time.Time
	ended      time.Time
	attributes map[string]any // texts and whole numbers
	failed     string
}

// Tracer makes spans. A nil Tracer continues the traces of others and begins none.
type Tracer struct {
	now   func() time.Time
	queue chan *Span
	lost  func()
}

type contextKey struct{}

// FromContext is the trace and the span that work under ctx belongs to.
func FromContext(ctx context.Context) ID {
	id, _ := ctx.Value(contextKey{}).(ID)
	return id
}

// Continue is ctx with the trace that a request's header names.
func Continue(ctx context.Context, header http.Header) context.Context {
	if values := header[http.CanonicalHeaderKey(Header)]; len(values) == 1 {
		if id := Parse(values[0]); !id.IsZero() {
			return context.WithValue(ctx, contextKey{}, id)
		}
	}
	return ctx
}

// Start begins a span under the context's. Its name must come from a closed set. The span is nil, and ctx as it was, when
// there is no trace to belong to.
func (t *Tracer) Start(ctx context.Context, name string, kind Kind) (context.Context, *Span) {
	parent := FromContext(ctx)
	if t == nil && parent.IsZero() {
		return ctx, nil
	}
	s := &Span{tracer: t, id: parent, parent: parent.Span, name: name, kind: kind, attributes: map[string]any{}}
	if parent.IsZero() {
		_, _ = rand.Read(s.id.Trace[:]) // never fails (crypto/rand)
		s.id.Sampled = true
	}
	_, _ = rand.Read(s.id.Span[:])
	if t != nil {
		s.began = t.now()
	}
	return context.WithValue(ctx, contextKey{}, s.id), s
}

// Set adds an attribute: a text of a closed set, or a whole number.
func (s *Span) Set(name string, value any) {
	if s != nil {
		s.attributes[name] = value
	}
}

// Name gives the span the name that is known only now.
func (s *Span) Name(name string) {
	if s != nil {
		s.name = name
	}
}

// End ends the span. failed says, in a word of a closed set, what went wrong: "" when nothing did.
func (s *Span) End(failed string) {
	if s == nil || s.tracer == nil || !s.id.Sampled {
		return
	}
	s.ended, s.failed = s.tracer.now(), failed
	select {
	case s.tracer.queue <- s:
	default: // the collector is slower than we are: visitors do not wait for it
		s.tracer.lost()
	}
}
