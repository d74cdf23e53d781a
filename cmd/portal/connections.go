package main

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Limits of connections. One that is held for nothing costs some twenty kilobytes for as long as the server's timeouts
// allow; browsers need a handful each.
const (
	maxConnections        = 8192
	maxNetworkConnections = 512 // of one IPv4 address or IPv6 /64
)

// limitConnections closes connections beyond the limits as soon as they are made. Proxies, which bring everybody, are
// held to the first alone, and so is this machine.
func limitConnections(listener net.Listener, cfg config) net.Listener {
	return &connections{Listener: listener, proxies: cfg.TrustedProxies, oneNetwork: cfg.oneNetwork(), open: make(map[netip.Prefix]int)}
}

type connections struct {
	net.Listener
	proxies    []netip.Prefix
	oneNetwork bool

	mu    sync.Mutex
	total int
	open  map[netip.Prefix]int
}

// Accept answers the next connection within the limits.
func (l *connections) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		network := l.network(conn.RemoteAddr())
		if l.add(network) {
			return &connection{Conn: conn, closed: sync.OnceFunc(func() { l.remove(network) })}, nil
		}
		_ = conn.Close() // nobody is told: an answer would cost what the limit is to save
	}
}

// network is what a connection is counted by: zero where only the total counts.
func (l *connections) network(remote net.Addr) netip.Prefix {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if l.oneNetwork || addr.IsLoopback() || slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return netip.Prefix{}
	}
	prefix, _ := addr.Prefix(min(addr.BitLen(), 64)) // cannot fail
	return prefix
}

func (l *connections) add(network netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= maxConnections || network.IsValid() && l.open[network] >= maxNetworkConnections {
		return false
	}
	l.total++
	if network.IsValid() {
		l.open[network]++
	}
	return true
}

func (l *connections) remove(network netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.open[network]--; l.open[network] <= 0 {
		delete(l.open, network)
	}
}

// connection is counted until it is closed.
type connection struct {
	net.Conn
	closed func()
}

// Close closes the connection and makes room for another.
func (c *connection) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
