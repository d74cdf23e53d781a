package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of the HTTP server: generous for a phone on a bad network, closed to those who hold connections for nothing.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 60 * time.Second
	drainTimeout  = 25 * time.Second
	maxHeader     = 16 << 10
)

// newServer is an HTTP server within those limits.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// listen listens by plain TCP: Go's own choice, MPTCP, is for clients that change networks while they are connected, and
// its listeners cannot be told to refuse (refuseNew).
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	return config.Listen(ctx, "tcp", address)
}

// serveHTTP serves until ctx ends. Then /readyz says no and every answer ends its connection (node.ServeHTTP), and after
// delay, when load balancers have seen it, the listener closes and the requests in flight finish with what they have left
// to do. Connections that wait for their next request are not closed before that: a proxy would have a form on its way
// just then.
func (n *node) serveHTTP(ctx context.Context, listener net.Listener, delay time.Duration) error {
	server := newServer(n, n.log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	n.draining.Store(true)
	n.log.InfoContext(ctx, "stopping", "drain_delay", delay.String())
	if err := n.notify.tell(context.WithoutCancel(ctx), "STOPPING=1"); err != nil {
		n.log.WarnContext(ctx, "stopping", "error", err)
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(delay):
	}
	if delay > 0 {
		n.acceptTheLast(ctx, listener)
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	n.background.drain(drain)
	return nil
}

// lastAccepted is how long the server has for accepting what was connected already.
const lastAccepted = 50 * time.Millisecond

// acceptTheLast lets nobody connect any more, and the server accept who has.
func (n *node) acceptTheLast(ctx context.Context, listener net.Listener) {
	limited, ok := listener.(*connections)
	if !ok {
		return
	}
	if tcp, ok := limited.Listener.(*net.TCPListener); ok {
		if err := refuseNew(tcp); err != nil {
			n.log.WarnContext(ctx, "stopping", "error", err)
		}
		time.Sleep(lastAccepted)
	}
}
