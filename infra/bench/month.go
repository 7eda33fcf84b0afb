package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// largeDayMiB limits the memory of a process that rolls up days, however large.
const largeDayMiB = 200

// monthRuns limits how often the month is computed: it takes long.
const monthRuns = 2

// computed is what a process of ./rollup or ./duck prints.
type computed struct {
	Seconds                                     float64
	Records, Offered, Answered, Abandoned, Peak int64
}

// rollupMonth compares the figures of a month of 200 PBXs, a million call records, with SQL in
// DuckDB on one thread. It also shows the cost of large PBXs and fleets.
func rollupMonth(ctx context.Context, w *workshop) error {
	ours, err := w.build(ctx, ".", "./rollup")
	if err != nil {
		return err
	}
	duck, err := w.buildWithC(ctx, "./duck")
	if err != nil {
		return err
	}
	for _, prepare := range []string{"prepare", "prepare-store"} {
		if _, err := w.run(ctx, ours, prepare, w.dir); err != nil {
			return err
		}
	}
	memory := w.process("rollup, records in memory", ours, "memory", w.dir)
	fromStore := w.process("rollup, from SQLite", ours, "store", w.dir)
	sql := w.process("DuckDB, from Parquet", duck, filepath.Join(w.dir, "records.parquet"))
	rows := []*contender{memory.contender, fromStore.contender, sql.contender}
	if err := inTurns(ctx, "rollup of a month", min(w.runs, monthRuns), rows...); err != nil {
		return err
	}
	for _, other := range []*process{fromStore, sql} {
		if a, b := memory.last, other.last; a.Offered != b.Offered || a.Answered != b.Answered || a.Abandoned != b.Abandoned {
			return fmt.Errorf("%s counts %+v, %s %+v", memory.name, a, other.name, b)
		}
	}
	err = table{
		title: fmt.Sprintf("Figures of a month: 200 PBXs, 30 days, %d call records; one thread each", memory.last.Records),
		unit:  "s", format: "%.2f", columns: []string{"peak MiB"}, against: []*contender{sql.contender}, rows: rows,
	}.print(os.Stdout)
	if err != nil {
		return err
	}
	return w.scale(ctx, ours)
}

// scale shows the cost of one large PBX and of many PBXs, each once.
func (w *workshop) scale(ctx context.Context, ours string) error {
	fmt.Println("\nLarge PBXs and fleets, over SQLite and a folder, one thread, once each")
	for _, mode := range []struct {
		name, says string
		pbxs       float64
	}{
		{fmt.Sprint("large-", w.large), fmt.Sprintf("a PBX with %d calls in a day", w.large), 1},
		{"many", "a day of 1,000 PBXs, scheduled and rolled up", 1000},
	} {
		folder := filepath.Join(w.dir, mode.name)
		if _, err := w.run(ctx, ours, "prepare-"+mode.name, folder); err != nil {
			return err
		}
		p := w.process(mode.says, ours, mode.name, folder)
		if _, err := p.measure(); err != nil {
			return err
		}
		if peak := p.last.Peak >> 10; peak > largeDayMiB {
			return fmt.Errorf("%s: %d MiB, and %d at most should be enough", mode.says, peak, largeDayMiB)
		}
		seconds := p.last.Seconds
		fmt.Printf("  %-45s %6.1f s, %s MiB at most: %.0f PBXs an hour\n", mode.says, seconds, p.more[0], mode.pbxs*3600/seconds)
	}
	return nil
}

// process is a contender that is a process of its own, which reports its time.
type process struct {
	*contender
	last computed
}

func (w *workshop) process(name, program string, args ...string) *process {
	p := &process{contender: &contender{name: name}}
	p.measure = func() ([]float64, error) {
		out, err := w.run(context.Background(), program, args...)
		if err != nil {
			return nil, err
		}
		p.last = computed{}
		if err := json.Unmarshal(out, &p.last); err != nil {
			return nil, err
		}
		p.more = []string{fmt.Sprint(p.last.Peak >> 10)}
		return []float64{p.last.Seconds}, nil
	}
	return p
}

// run runs a program. It has one thread, unless it only prepares things.
func (w *workshop) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	if !strings.HasPrefix(args[0], "prepare") {
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w", filepath.Base(program), args, err)
	}
	return out, nil
}

// buildWithC builds a program that needs a C compiler.
func (w *workshop) buildWithC(ctx context.Context, program string) (string, error) {
	fmt.Fprintln(os.Stderr, "build", program)
	to := filepath.Join(w.dir, filepath.Base(program))
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", to, program).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", program, err, out)
	}
	return to, nil
}
