package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/stack"
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
	job := &replay.Job{
		Selection: selection, Of: c.Data + c.Stack + c.Bucket, Into: c.Into + c.IntoTable,
		Checkpoint: c.Checkpoint, Files: control.Replacing{Files: p.files}, PerSecond: c.Rate, DryRun: c.DryRun,
	}
	begun, err := job.Begin()
	if err != nil {
		return fmt.Errorf("--checkpoint: %w", err)
	}
	return c.readArchive(p, func(b archive.Bucket) error {
		return c.open(p, func(t store.Table) error { return c.replay(p, job, b, t, begun) })
	})
}

func (c *replayCommand) replay(p *program, job *replay.Job, b archive.Bucket, t store.Table, begun replay.Checkpoint) error {
	bar := newBar(p, 0, !c.JSON)
	if !c.JSON {
		job.Progress = func(done, total int) {
			if bar.GetMax() != total {
				bar.ChangeMax(total)
			}
			bar.Set(done)
		}
	}
	summary, err := job.Run(p.ctx, b, t, p.records, p.now, begun)
	bar.Finish()
	switch {
	case summary == nil:
		return err
	case c.JSON:
		return errors.Join(err, listing.JSON(p.out).Encode(summary))
	}
	return errors.Join(err, tables.PrintReplay(p.ctx, p.out, *summary))
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
	selection := replay.Selection{First: first, Last: last, MAC: c.MAC}
	if p.server != nil {
		selection.AtOnce = besidePushes
	}
	return selection, nil
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
