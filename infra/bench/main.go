// Bench measures what Trunkline costs. Machines differ and are never quiet. So each result is
// compared with a peer or a floor, measured alternately in the same run. Only the ratio can be
// compared between machines.
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

// To make one sample, an operation is repeated for loopFor. A run has loopsPerRun samples. They
// are short, so that most are over before a busy machine interrupts them.
const (
	loopFor     = "5ms"
	loopsPerRun = 20
)

func measureAll(ctx context.Context, runs, large int) error {
	testing.Init() // after the flags are read: users do not need its flags
	if err := flag.Set("test.benchtime", loopFor); err != nil {
		return err
	}
	shop, err := newWorkshop(runs, large)
	if err != nil {
		return err
	}
	defer shop.close()
	for _, benchmark := range []func(context.Context, *workshop) error{decode, coldStart, invocation, serve, memory, replayInto, rollupMonth} {
		if err := benchmark(ctx, shop); err != nil {
			return err
		}
	}
	return nil
}
