package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	var s settings
	flag.DurationVar(&s.length, "for", 30*time.Minute, "how long it lasts")
	flag.Uint64Var(&s.seed, "seed", 0, "the same seed draws the same fleet and troubles; 0: any")
	flag.Float64Var(&s.rate, "rate", 30, "pushes of honest PBXs per second")
	flag.Parse()
	if s.seed == 0 {
		s.seed = rand.Uint64N(1e6) + 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// settings are how long the program runs, and how much happens.
type settings struct {
	length time.Duration
	seed   uint64
	rate   float64
}

// run makes a world in a folder of its own, and removes it if no fault was found.
func run(ctx context.Context, s settings) error {
	fmt.Printf("soak: %s, seed %d (again with SOAK_SEED=%d)\n", s.length, s.seed, s.seed)
	place, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	w := newWorld(s, place)
	if err := w.build(ctx); err != nil {
		return err
	}
	w.disk = mountDisk(w.path("disk"))
	defer w.disk.unmount()
	err = w.soak(ctx)
	w.server.kill()
	w.counts.print(os.Stdout)
	if err == nil {
		err = w.faults.err()
	}
	if err != nil {
		kept := w.keep()
		return fmt.Errorf("%w\nkept: %s", err, kept)
	}
	w.disk.unmount()
	return os.RemoveAll(place)
}

// build builds the program under test, as users do.
func (w *world) build(ctx context.Context) error {
	c := exec.CommandContext(ctx, "go", "build", "-o", w.binary, "./infra/pbxctl")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

func (w *world) path(name string) string { return filepath.Join(w.place, name) }

// keep keeps the content of the disk for an investigation, and returns its place.
func (w *world) keep() string {
	if err := os.CopyFS(w.path("kept"), os.DirFS(w.data)); err != nil {
		fmt.Fprintln(os.Stderr, "soak: the folder is not kept:", err)
	}
	return w.place
}
