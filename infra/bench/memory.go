package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
)

const (
	memoryRounds = 4
	memoryEvents = 8000 // in a round
	// memoryGrows limits the growth of a server's memory from the second round to the last. The
	// first round fills caches.
	memoryGrows = 1.5
)

// memory measures the memory of `pbxctl serve` under a continuous load. It fails if that grows
// with the number of events.
func memory(ctx context.Context, w *workshop) error {
	shop, err := newServers(ctx, w)
	if err != nil {
		return err
	}
	one := &served{
		name: "pbxctl serve", path: shop.path, load: load{connections: 32, events: memoryEvents},
		start: func() (*server, error) { return shop.startPbxctl(ctx) },
	}
	if err := one.open(); err != nil {
		return err
	}
	defer one.server.kill()
	var held []holding
	for round := range memoryRounds {
		fmt.Fprintf(os.Stderr, "serve, memory: round %d of %d\n", round+1, memoryRounds)
		bodies, err := one.next(memoryEvents)
		if err != nil {
			return err
		}
		if err := one.post(ctx, bodies); err != nil {
			return err
		}
		h, err := one.server.holds()
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Println("\nMemory of pbxctl serve: not measured, since there is no /proc here")
			return nil
		}
		if err != nil {
			return err
		}
		held = append(held, h)
	}
	return tellHeld(held)
}

func tellHeld(held []holding) error {
	fmt.Printf("\nWhat pbxctl serve holds after each %d events more; ratios to the second line\n", memoryEvents)
	lines := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(lines, "events\tMiB\tratio\tthreads\topen files\t")
	for i, h := range held {
		fmt.Fprintf(lines, "%d\t%.1f\t%.2f\t%d\t%d\t\n", (i+1)*memoryEvents, float64(h.kib)/1024, h.over(held[1]), h.threads, h.files)
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	if grown := held[len(held)-1].over(held[1]); grown > memoryGrows {
		return fmt.Errorf("pbxctl serve grows with the number of events: %.2f times", grown)
	}
	return nil
}

// holding has the resources of a process.
type holding struct {
	kib     int // resident
	threads int
	files   int // open files, with connections
}

func (h holding) over(other holding) float64 { return float64(h.kib) / float64(other.kib) }

// holds reads the resources of the process from Linux: proc_pid_status(5).
func (s *server) holds() (h holding, err error) {
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return h, err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) > 1 && fields[0] == "VmRSS:":
			h.kib, err = strconv.Atoi(fields[1])
		case len(fields) > 1 && fields[0] == "Threads:":
			h.threads, err = strconv.Atoi(fields[1])
		}
		if err != nil {
			return h, err
		}
	}
	files, err := os.ReadDir(proc + "fd")
	h.files = len(files)
	return h, err
}
