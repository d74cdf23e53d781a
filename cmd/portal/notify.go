package main

import (
	"context"
	"fmt"
	"net"
)

// notifier tells a service manager how the portal is, in the protocol of sd_notify(3): datagrams to the socket that
// NOTIFY_SOCKET names. Empty: nobody asked.
type notifier string

// tell sends lines of NAME=value.
func (n notifier) tell(ctx context.Context, state string) error {
	if n == "" {
		return nil
	}
	line, err := (&net.Dialer{}).DialContext(ctx, "unixgram", string(n)) // an @ at its beginning is of an abstract socket
	if err != nil {
		return fmt.Errorf("service manager: %w", err)
	}
	defer func() { _ = line.Close() }()
	if _, err := line.Write([]byte(state)); err != nil {
		return fmt.Errorf("service manager: %w", err)
	}
	return nil
}
