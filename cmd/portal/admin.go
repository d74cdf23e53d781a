package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"cognito-enroll/internal/metrics"
	"cognito-enroll/internal/trace"
)

// observing is what the operator sees of a node: figures on the admin listener, traces at a collector.
type observing struct {
	metrics  *metrics.Registry
	exporter *trace.Exporter // nil: no traces are exported
	pools    metrics.Label   // the names of several pools
}

// newObserving makes it by the settings.
func newObserving(cfg config, sites []site, log *slog.Logger) observing {
	o := observing{metrics: new(metrics.Registry), pools: metrics.Label{Name: "pool"}}
	for _, each := range sites {
		o.pools.Values = append(o.pools.Values, each.name)
	}
	version, revision := built()
	o.metrics.Gauge("portal_build_info", "What this was built from.", func() float64 { return 1 }, "version", version, "revision", revision)
	if cfg.TracesURL == "" {
		return o
	}
	lost := o.metrics.Counter("portal_trace_spans_lost_total", "Spans that reached no collector.")
	o.exporter = trace.NewExporter(trace.ExporterOptions{
		URL: cfg.TracesURL, Headers: cfg.TracesHeaders, Service: cfg.ServiceName, Version: version,
		HTTP: &http.Client{}, Log: log, Now: time.Now, Lost: func() { lost.Add() },
	})
	return o
}

// of is what is seen of one of several pools.
func (o observing) of(pool string) observing {
	o.metrics = o.metrics.With(o.pools, pool)
	return o
}

// tracer makes the spans: nil when nobody wants them.
func (o observing) tracer() *trace.Tracer {
	if o.exporter == nil {
		return nil
	}
	return o.exporter.Tracer()
}

// export sends spans until the function that it answers is called, which waits for the last ones.
func (o observing) export(ctx context.Context) (flush func()) {
	if o.exporter == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // requests that are in flight at the end have spans, too
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.exporter.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// forProgramsAlone sets headers that leave nothing to a browser: no page may show, load, keep or index what operators see.
func forProgramsAlone(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex",
		} {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// serveAdmin serves /metrics, and the health pages of the portal, to those who may see them. It ends with the process: a
// node that is stopping is still worth watching.
func (n *node) serveAdmin(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("PORTAL_ADMIN_LISTEN: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", n.observing.metrics)
	mux.Handle("GET /healthz", n)
	mux.Handle("GET /readyz", n)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "/metrics /healthz /readyz\n") })
	server := newServer(forProgramsAlone(mux), n.log)
	n.log.InfoContext(ctx, "admin listener", "address", listener.Addr().String())
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			n.log.ErrorContext(ctx, "admin listener", "error", err)
		}
	}()
	return nil
}
