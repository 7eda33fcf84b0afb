// Bench measures what Trunkline costs. Machines differ and are never quiet, so whatever
// it measures stands beside a peer or a floor that was measured in turns with it, in
// the same run: it is the ratio that can be compared.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == floorMode {
		return runFloor(ctx, args[1:])
	}
	runs := flag.Int("runs", 10, "how often each thing is measured")
	large := flag.Int("large", 200_000, "calls in a day of a large PBX")
	flag.Parse()
	if *runs < 1 || *large < 1 || flag.NArg() > 0 {
		return errors.New("usage: bench [--runs N] [--large CALLS], N and CALLS from 1")
	}
	return measureAll(ctx, *runs, *large)
}

// An operation is repeated for loopFor to make one sample, and a run has loopsPerRun of
// them: short ones, so that most are over before a busy machine interrupts them.
const (
	loopFor     = "5ms"
	loopsPerRun = 20
)

func measureAll(ctx context.Context, runs, large int) error {
	testing.Init() // after the flags are read: these are not for people
	if err := flag.Set("test.benchtime", loopFor); err != nil {
		return err
	}
	shop, err := newWorkshop(runs, large)
	if err != nil {
		return err
	}
	defer shop.close()
	for _, benchmark := range []func(context.Context, *workshop) error{decode, coldStart, invocation, serve, memory, rollupMonth} {
		if err := benchmark(ctx, shop); err != nil {
			return err
		}
	}
	return nil
}
