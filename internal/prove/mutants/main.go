// Command mutants shows that the portal's controls are proved: it takes one away after the other and runs the test that is
// named as its proof, which has to fail.
//
//	mutants/*.txt ── list.go: what to take away, and the proof ── run.go: go test -overlay ── killed, or survived
//	docs/controls.md ── register.go: a row for each control, with its mutants or why there are none
//
// Nothing in the tree is touched: the changed source stands in for the real one in the build alone. "make mutants" runs
// all of them and writes the result into docs/controls.md; what is changed there by hand between the marks is lost.
//
//	go run ./internal/prove/mutants -run '^S1/'
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := prove(ctx); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// prove is the whole program.
func prove(ctx context.Context) error {
	pattern := flag.String("run", ".", "names of mutants, as a regular expression")
	limit := flag.Duration("limit", 5*time.Minute, "time for each proof, building included")
	green := flag.Bool("green", true, "first run the proofs with nothing taken away")
	record := flag.Bool("record", false, "write the result into "+registerFile)
	flag.Parse()
	chosen, err := regexp.Compile(*pattern)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	all, err := readMutants()
	if err != nil {
		return err
	}
	if *pattern == "." {
		if err := checkRegister(root, all); err != nil {
			return err
		}
	}
	var some []mutant
	for _, m := range all {
		if chosen.MatchString(m.name) {
			some = append(some, m)
		}
	}
	r := runner{root: root, limit: *limit, out: os.Stdout}
	if *green {
		if err := r.runGreen(ctx, some); err != nil {
			return err
		}
	}
	if *record {
		r.record = func(results []result) error { return recordResults(root, results, all, time.Now()) }
	}
	results, err := r.runAll(ctx, some)
	if err != nil {
		return err
	}
	if survived := count(results, func(x result) bool { return x.verdict != killed }); survived > 0 {
		return fmt.Errorf("%d of %d mutants are not killed", survived, len(results))
	}
	return nil
}
