package main

import (
	"context"
	"net"
	"testing"
	"time"
)

// A listener that is about to close lets nobody connect any more, and loses nobody who has.
func TestWhoHasConnectedIsAccepted(t *testing.T) {
	listener, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	dial := func(patience time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			_, err = conn.Write([]byte("a form"))
		}
		return err
	}
	if err := dial(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := refuseNew(listener.(*net.TCPListener)); err != nil {
		t.Fatal(err)
	}
	if err := dial(100 * time.Millisecond); err == nil {
		t.Error("somebody could still connect")
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	got := make([]byte, 6)
	if _, err := conn.Read(got); err != nil || string(got) != "a form" {
		t.Errorf("got %q, %v", got, err)
	}
}
