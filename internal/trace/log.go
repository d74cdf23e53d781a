package trace

import (
	"context"
	"encoding/hex"
	"log/slog"
)

// LogHandler adds trace_id and span_id to every line that is logged under a trace.
func LogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := FromContext(ctx); !id.IsZero() {
		r.AddAttrs(slog.String("trace_id", hex.EncodeToString(id.Trace[:])), slog.String("span_id", hex.EncodeToString(id.Span[:])))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
