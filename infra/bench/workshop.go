package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// workshop has what benchmarks work with.
type workshop struct {
	runs  int
	large int    // calls in a day of a large PBX
	root  string // of the product's module
	dir   string // for temporary programs and data
}

func newWorkshop(runs, large int) (*workshop, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "trunkline").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module trunkline (run this in infra/bench): %w", err)
	}
	dir, err := os.MkdirTemp("", "trunkline-bench-")
	return &workshop{runs, large, strings.TrimSpace(string(root)), dir}, err
}

func (w *workshop) close() { os.RemoveAll(w.dir) }

// build builds a program of the module at dir as the Makefile does, for this machine.
func (w *workshop) build(ctx context.Context, dir, program string, tags ...string) (string, error) {
	fmt.Fprintln(os.Stderr, "build", program)
	to := filepath.Join(w.dir, filepath.Base(program))
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", strings.Join(tags, ","),
		"-trimpath", "-ldflags", "-s -w", "-o", to, program)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", program, err, out)
	}
	return to, nil
}
