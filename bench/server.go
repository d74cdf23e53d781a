package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// server is a program under test.
type server struct {
	name    string
	address string
	process *exec.Cmd
	began   time.Time
}

// program says how to start one. "{address}" and "{port}" in its arguments become where it is to listen.
type program struct {
	name  string
	path  string
	args  []string
	env   []string
	dir   string
	ready string // path that is answered with 200 once it serves
}

// start starts a program and waits until it serves.
func start(ctx context.Context, p program) (*server, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(address, ":")
	fill := strings.NewReplacer("{address}", address, "{port}", port)
	args := make([]string, len(p.args))
	for i, arg := range p.args {
		args[i] = fill.Replace(arg)
	}
	path, err := filepath.Abs(p.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	s := &server{name: p.name, address: address, process: exec.CommandContext(ctx, path, args...), began: time.Now()} //nolint:gosec // our own programs
	s.process.Dir, s.process.Env = p.dir, p.env
	if p.dir != "" {
		if err := os.MkdirAll(p.dir, 0o700); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	log, err := os.CreateTemp("", "bench-*.log") // what a server logs goes into a file, as it would elsewhere
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	defer func() { _ = errors.Join(log.Close(), os.Remove(log.Name())) }() // the server goes on writing to it
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	for limit := s.began.Add(20 * time.Second); ; time.Sleep(200 * time.Microsecond) {
		answer, err := get(ctx, address, p.ready)
		if err == nil && answer.status == 200 {
			return s, nil
		}
		if time.Now().After(limit) || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("%s does not serve: status %d, %w: %s", p.name, answer.status, err, beginning(log)), s.stop())
		}
	}
}

// freeAddress is a port of loopback that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

func (s *server) stop() error {
	if err := s.process.Process.Kill(); err != nil {
		return fmt.Errorf("stop %s: %w", s.name, err)
	}
	_ = s.process.Wait() // says that it was killed
	return nil
}

func (s *server) cpu() (time.Duration, error) { return cpuTime(s.process.Process.Pid) }

func (s *server) memory() (now, most int64, err error) { return memory(s.process.Process.Pid) }

// beginning is what a server had to say first.
func beginning(log *os.File) string {
	text := make([]byte, 2000)
	n, _ := log.ReadAt(text, 0) // io.EOF when there is less
	return string(text[:n])
}
