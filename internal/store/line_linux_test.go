package store_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// line is a socket between a store and the server, whose state can be changed.
type line struct {
	dir    string
	server string

	mu    sync.Mutex
	state state
	conns []net.Conn
}

type state int

const (
	whole  state = iota
	cut          // connections are dropped and refused
	silent       // connections are taken, and nothing passes
)

func newLine(t *testing.T, server string) *line {
	t.Helper()
	dir, err := os.MkdirTemp("", "portal-line-") //nolint:usetesting // the path of a socket must be short
	must(t, err)
	l := &line{dir: dir, server: server}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	t.Cleanup(func() {
		_ = listener.Close()
		l.set(cut)
		_ = os.RemoveAll(dir)
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(conn)
		}
	}()
	return l
}

// set changes the state. Connections of the old one end, unless the line falls silent.
func (l *line) set(s state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	if s == silent {
		return
	}
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	l.conns = nil
}

func (l *line) now() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *line) serve(conn net.Conn) {
	far, err := new(net.Dialer).DialContext(context.Background(), "unix", l.server)
	l.mu.Lock()
	if err != nil || l.state == cut {
		l.mu.Unlock()
		_ = conn.Close()
		return
	}
	l.conns = append(l.conns, conn, far)
	l.mu.Unlock()
	go l.pass(far, conn)
	l.pass(conn, far)
}

func (l *line) pass(to io.WriteCloser, from io.Reader) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			_ = to.Close()
			return
		}
		if l.now() == silent {
			continue // swallowed
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
