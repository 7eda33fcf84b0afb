package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// replayInto compares a replay into SQLite with prepared inserts of the same rows.
func replayInto(ctx context.Context, w *workshop) error {
	program, err := w.build(ctx, ".", "./replay")
	if err != nil {
		return err
	}
	folder := filepath.Join(w.dir, "replayed")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if _, err := w.run(ctx, program, "prepare", folder); err != nil {
		return err
	}
	replay := w.process("replay", program, "replay", folder)
	insert := w.process("prepared inserts", program, "insert", folder)
	rows := []*contender{replay.contender, insert.contender}
	if err := inTurns(ctx, "replay", w.runs, rows...); err != nil {
		return err
	}
	return table{
		title: fmt.Sprintf("Replay %d archived call records into SQLite; one thread each", replay.last.Records),
		unit:  "s", format: "%.2f", columns: []string{"peak MiB"}, against: []*contender{insert.contender}, rows: rows,
	}.print(os.Stdout)
}
