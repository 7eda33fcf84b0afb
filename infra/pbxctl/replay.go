package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/each"
	"trunkline/pkg/listing"
	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type replayCommand struct {
	Day days    `required:"" help:"Replay what was received on these UTC days: DAY, DAY..DAY, DAY.. or ..DAY, with 2018-11-05, today or yesterday for DAY." placeholder:"DAYS"`
	MAC pbx.MAC `name:"mac" help:"Only this PBX." placeholder:"MAC"`
	where
	Into       string  `xor:"into" type:"path" help:"Data folder whose records to write; it is made if it is missing." placeholder:"DIR"`
	IntoTable  string  `xor:"into" help:"DynamoDB table to write instead." placeholder:"NAME"`
	Rate       float64 `help:"At most so many items written per second; 0: no limit." placeholder:"N"`
	Checkpoint string  `type:"path" help:"File that keeps how far the replay has come, until it is done." placeholder:"FILE"`
	DryRun     bool    `help:"Only show what would be written."`
	JSON       bool    `name:"json" help:"Print a JSON object at the end, and no progress."`
}

// Help is the long form of the command's help.
func (replayCommand) Help() string {
	return `Makes records from the archive: to build a new table, or to repair records that an older version
decoded wrongly. Existing records stay as they are. The days that change become due, and are
rolled up again. The archive has no settings of PBXs: set zones and aliases (pbxctl device) in a
new table first. A dry run counts records, days that would become due (DUE), and heartbeats of
PBXs (HEARD).

--into may be the folder of --data. If pbxctl serve runs on the folder of --into, the server does
the work, unless the archive is in S3. A replay that was stopped continues with the same
--checkpoint; the file is removed at the end. An object that can't be read is skipped and named,
and the exit code is 1. Then the same command, with the same --checkpoint, begins before the
first skipped object.

Examples:
  pbxctl replay --day 2026-11-01..2026-11-30 --data ./data --into ./data --dry-run
  pbxctl replay --day 2026-11-01..2026-11-30 --stack trunkline \
    --into-table trunkline-Table-1A2B --rate 200 --checkpoint november`
}

// Run implements the command.
func (c *replayCommand) Run(p *program) error {
	selection, err := c.selection(p)
	if err != nil {
		return err
	}
	if c.Rate != 0 && !(c.Rate >= 0.01 && c.Rate <= 1e6) {
		return unclear("--rate: %g is not a number of items per second from 0.01 to 1000000", c.Rate)
	}
	begun, err := c.begun(p.files, selection)
	if err != nil {
		return err
	}
	selection.After = begun.Last
	if p.server != nil {
		selection.AtOnce = besidePushes
	}
	return c.readArchive(p, func(b archive.Bucket) error {
		return c.open(p, func(t store.Table) error {
			return c.replay(p, b, t, selection, begun)
		})
	})
}

// besidePushes is how much a server replays concurrently, so that PBXs don't wait.
const besidePushes = 8

// selection returns the part of the archive that was asked for.
func (c *replayCommand) selection(p *program) (replay.Selection, error) {
	first, last, err := c.Day.inUTC(p)
	if err != nil {
		return replay.Selection{}, err
	}
	if first == 0 || last == 0 {
		return replay.Selection{}, unclear("--day: give the first and the last day, such as 2026-11-01..2026-11-30")
	}
	const most = 3660
	if days := last - first + 1; days > most {
		return replay.Selection{}, unclear("--day: %s..%s are %d days: replay at most %d at a time", first, last, days, most)
	}
	return replay.Selection{First: first, Last: last, MAC: c.MAC}, nil
}

// open calls use with the table to write. For a dry run, the table may be read alone.
func (c *replayCommand) open(p *program, use func(store.Table) error) error {
	switch {
	case c.IntoTable != "":
		table, err := stack.Table(p.ctx, c.IntoTable)
		if err != nil {
			return err
		}
		return use(table)
	case c.Into == "":
		return unclear("where should the records go? Give --into DIR or --into-table NAME")
	case c.DryRun:
		return readInto(p, c.Into, use)
	}
	if c.Data == "" {
		return writeInto(p, c.Into, use)
	}
	return p.openFolder(c.Into, func(d *local.Dir) error { return use(d.Table) }, c.Checkpoint)
}

// writeInto calls use with the records of a data folder. A running server does not do the work,
// since it has no credentials for S3: this process writes beside it.
func writeInto(p *program, folder string, use func(store.Table) error) error {
	data, err := local.Open(p.ctx, folder)
	if err == nil {
		return p.trusted(data, folder, func(d *local.Dir) error { return use(d.Table) })
	}
	if !errors.Is(err, local.ErrInUse) {
		return err
	}
	table, err := local.OpenTable(p.ctx, folder)
	if err != nil {
		return err
	}
	if err := p.trustClock(table, folder); err != nil {
		return errors.Join(err, table.Close())
	}
	return errors.Join(use(table), table.Close())
}

// readInto calls use with the records of a data folder, which may not exist yet.
func readInto(p *program, folder string, use func(store.Table) error) error {
	if _, err := os.Stat(filepath.Join(folder, "records.db")); errors.Is(err, fs.ErrNotExist) {
		return use(replay.EmptyTable{})
	}
	table, err := local.OpenRecords(p.ctx, folder)
	if err != nil {
		return err
	}
	defer table.Close()
	return use(table)
}

func (c *replayCommand) replay(p *program, b archive.Bucket, t store.Table, sel replay.Selection, begun replay.Checkpoint) error {
	var dry *replay.DryRun
	if c.DryRun {
		dry = replay.NewDryRun(t)
		t = dry
	}
	t = replay.Paced(t, c.Rate)
	records, err := p.records(t)
	if err != nil {
		return err
	}
	saveErr := c.save(p.files, begun)
	if saveErr != nil {
		return saveErr // before the work
	}
	before, total := c.count(p.ctx, b, sel)
	bar := newBar(p, total, !c.JSON)
	report, err := replay.Run(p.ctx, b, records, p.now, sel, func(r replay.Report) {
		bar.Set(before + r.Done)
		saveErr = c.save(p.files, begun.At(r.Last))
	})
	bar.Finish()
	if err != nil && !each.Only(err) {
		return errors.Join(c.stopped(p, report, err), c.save(p.files, begun.At(report.Last)))
	}
	summary := report.Summary(dry)
	if err != nil {
		return errors.Join(err, c.save(p.files, begun.At(report.Last)), c.report(p, summary))
	}
	return errors.Join(saveErr, c.through(p.files), c.report(p, summary))
}

// count is how many objects a replay has, and how many of them were done before. It is for people.
func (c *replayCommand) count(ctx context.Context, b archive.Bucket, sel replay.Selection) (before, total int) {
	if c.JSON {
		return 0, 0
	}
	return replay.Count(ctx, b, sel)
}

// stopped says how far a replay came, and how to continue it.
func (c *replayCommand) stopped(p *program, r replay.Report, err error) error {
	again := "begins again: see --checkpoint"
	if c.Checkpoint != "" {
		again = "continues there"
	}
	if p.ctx.Err() != nil {
		return fmt.Errorf("stopped after %d objects; the same command %s", r.Done, again)
	}
	return fmt.Errorf("stopped after %d objects; the same command %s: %w", r.Done, again, err)
}

// begun reads the checkpoint of the same replay, or makes its first one.
func (c *replayCommand) begun(files control.Files, of replay.Selection) (replay.Checkpoint, error) {
	asked := replay.Checkpoint{From: of.First, To: of.Last, MAC: of.MAC, Of: c.Data + c.Stack + c.Bucket, Into: c.Into + c.IntoTable}
	if c.Checkpoint == "" {
		return asked, nil
	}
	text, err := files.Read(c.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return asked, nil
	}
	if err != nil {
		return replay.Checkpoint{}, fmt.Errorf("--checkpoint: %w", err)
	}
	was, err := asked.Resume(c.Checkpoint, text)
	if err != nil {
		return replay.Checkpoint{}, fmt.Errorf("--checkpoint: %w", err)
	}
	return was, nil
}

// save replaces the file of the checkpoint as a whole. A dry run writes none.
func (c *replayCommand) save(files control.Files, cp replay.Checkpoint) error {
	if c.Checkpoint == "" || c.DryRun {
		return nil
	}
	if err := writeJSON(files, c.Checkpoint, cp); err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	return nil
}

func writeJSON(files control.Files, path string, value any) error {
	f, err := files.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := json.NewEncoder(f).Encode(value); err != nil {
		return err
	}
	return f.Commit()
}

// through removes the checkpoint of a replay that is done.
func (c *replayCommand) through(files control.Files) error {
	if c.Checkpoint == "" || c.DryRun {
		return nil
	}
	return files.Remove(c.Checkpoint)
}

func (c *replayCommand) report(p *program, r replay.Summary) error {
	if c.JSON {
		return listing.JSON(p.out).Encode(r)
	}
	return tables.PrintReplay(p.ctx, p.out, r)
}
