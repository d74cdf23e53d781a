// Command bench measures the portal and writes docs/performance.md's table. "make bench" builds what it needs and runs
// it; Linux only, under nine minutes where nobody else is at work.
//
//	figures.go, figures_service.go   every row of the table: what is measured, beside what, and its goal
//	measure.go   rounds that take turns, pairs of one round, their median
//	visitor.go   a browser's way through a portal      conn.go   the connection that it goes by
//	server.go    a server in a process of its own      usage_linux.go   what a process has spent
//	report.go    the table
//
//	stub/      a pool that does no work, in this process      hello/     what the machine allows
//	inmemory/  the portal with that pool in its own process   naive/     what most people would write in Go
//	                                                           node/      … and for Node
//
// What counts is the server's CPU time per unit of work, because a machine's neighbours change the wall time by far
// more. And only ratios within one round count, because they change CPU time, too: caches and clock are shared.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options say how much to measure.
type options struct {
	programs    string // directory of portal, hello, naive and inmemory
	node        string // directory of server.js and its node_modules; "": no Node
	report      string // file whose table is written; "": none
	parts       string // which parts to measure, with commas; "": all
	rounds      int
	units       int // of work in a round, for the slowest server; the faster ones do more
	visitors    int // with a QR code that was not drawn yet: more than the portal remembers and meets at once
	starts      int
	enrollments int // of the portal whose memory is watched
}

func main() {
	var o options
	flag.StringVar(&o.programs, "programs", "bin/bench", "directory of the programs")
	flag.StringVar(&o.node, "node", "", "directory of server.js and its node_modules; empty: leave Node out")
	flag.StringVar(&o.report, "report", "", "file whose table is written")
	flag.StringVar(&o.parts, "parts", "", "measure only these of pages,enrollments,calls,crowd,waits,sizes,starts,memory; empty: all")
	flag.IntVar(&o.rounds, "rounds", 7, "rounds")
	flag.IntVar(&o.units, "units", 300, "units of work in a round, for the slowest server")
	flag.IntVar(&o.visitors, "visitors", 1700, "visitors whose QR code was not drawn yet")
	flag.IntVar(&o.starts, "starts", 9, "starts of each server")
	flag.IntVar(&o.enrollments, "enrollments", 10_000, "enrollments of the portal whose memory is watched")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and prints the table.
func run(ctx context.Context, o options, out io.Writer) error {
	b, err := newBench(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }() // nothing depends on what it leaves behind
	if b.busyBefore, err = othersAtWork(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"pages", b.pages},
		{"enrollments", b.enrollments},
		{"calls", b.calls},
		{"crowd", b.crowd},
		{"waits", b.waits},
		{"sizes", b.sizes},
		{"starts", b.starts},
		{"memory", b.memory},
	} {
		if o.parts != "" && !slices.Contains(strings.Split(o.parts, ","), part.name) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if b.busyAfter, err = othersAtWork(ctx); err != nil {
		return err
	}
	return b.write(out)
}

// glance is how long others are watched.
const glance = 2 * time.Second

// othersAtWork is the part of the processors' time that other programs have while nothing is measured.
func othersAtWork(ctx context.Context) (float64, error) {
	busy, idle, err := processors()
	if err != nil {
		return 0, err
	}
	select {
	case <-time.After(glance):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	busyThen, idleThen, err := processors()
	busy, idle = busyThen-busy, idleThen-idle
	return busy / max(busy+idle, 1), err
}
