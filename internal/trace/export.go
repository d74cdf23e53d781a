package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const (
	queued     = 4096             // spans that wait at most
	batch      = 512              // spans in one request at most
	waits      = 2 * time.Second  // how long a span waits for others
	sendFor    = 10 * time.Second // how long one request may take
	lastChance = 3 * time.Second  // how long the end of the program waits for the collector
)

// ExporterOptions of an Exporter.
type ExporterOptions struct {
	URL     string            // where to post, …/v1/traces
	Headers map[string]string // for a collector that asks who we are
	Service string            // service.name
	Version string            // service.version
	HTTP    *http.Client
	Log     *slog.Logger
	Now     func() time.Time
	Lost    func() // called for each span that reaches no collector
}

// Exporter sends spans to a collector: OTLP over HTTP in JSON (OpenTelemetry protocol 1, "JSON Protobuf Encoding"). What the
// collector does not take is lost: nothing waits for it, and nothing is sent twice.
type Exporter struct {
	opts   ExporterOptions
	tracer *Tracer
	silent bool // the last request failed, and that was logged
}

// NewExporter makes an Exporter.
func NewExporter(opts ExporterOptions) *Exporter {
	return &Exporter{opts: opts, tracer: &Tracer{now: opts.Now, queue: make(chan *Span, queued), lost: opts.Lost}}
}

// Tracer makes the spans that this exporter sends.
func (e *Exporter) Tracer() *Tracer { return e.tracer }

// Run sends spans until ctx ends, and then what is still waiting.
func (e *Exporter) Run(ctx context.Context) {
	ticker := time.NewTicker(waits)
	defer ticker.Stop()
	var spans []*Span
	for {
		select {
		case s := <-e.tracer.queue:
			if spans = append(spans, s); len(spans) < batch {
				continue
			}
		case <-ticker.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastChance)
			defer cancel()
			e.flush(last, spans)
			return
		}
		e.send(ctx, spans)
		spans = nil
	}
}

// flush sends what is left.
func (e *Exporter) flush(ctx context.Context, spans []*Span) {
	for {
		select {
		case s := <-e.tracer.queue:
			if spans = append(spans, s); len(spans) < batch {
				continue
			}
			e.send(ctx, spans)
			spans = nil
		default:
			e.send(ctx, spans)
			return
		}
	}
}

// send posts spans, once. The log has one line when the collector begins to fail, and one when it works again.
func (e *Exporter) send(ctx context.Context, spans []*Span) {
	if len(spans) == 0 {
		return
	}
	err := e.post(ctx, spans)
	if err != nil {
		for range spans {
			e.opts.Lost()
		}
		if !e.silent {
			e.opts.Log.WarnContext(ctx, "traces are lost until the collector answers", "error", err)
		}
	} else if e.silent {
		e.opts.Log.InfoContext(ctx, "traces are exported again")
	}
	e.silent = err != nil
}

func (e *Exporter) post(ctx context.Context, spans []*Span) error {
	body, err := json.Marshal(e.encode(spans))
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.opts.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("export spans: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range e.opts.Headers {
		r.Header.Set(name, value)
	}
	answer, err := e.opts.HTTP.Do(r)
	if err != nil {
		return fmt.Errorf("export spans: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("export spans: HTTP %d", answer.StatusCode)
	}
	return nil
}
