package main

import (
	"errors"
	"fmt"

	"trunkline/pkg/archive"
	"trunkline/pkg/listing"
	"trunkline/pkg/redrive"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type spillCommands struct {
	List    spillListCommand    `cmd:"" help:"List the events that one store keeps for the other."`
	Redrive spillRedriveCommand `cmd:"" help:"Write these events to the other store now."`
}

type spillListCommand struct {
	where
	showing
}

// Help is the long form of the command's help.
func (spillListCommand) Help() string {
	return `While the archive is down, the table keeps envelopes for it. While the table is down, the archive
keeps them in spill/. The hourly run redrives them. TRIES counts the runs that could not record
them although the table worked. After 24 tries, the run quarantines them.

Examples:
  pbxctl spill list --data ./data
  pbxctl spill list --stack trunkline --json`
}

// Run implements the command.
func (c *spillListCommand) Run(p *program) error {
	return c.readBoth(p, func(s *store.Store, b archive.Bucket) error {
		return show(p, c.JSON, redrive.List(p.ctx, s, b), tables.Spilled(), "Nothing is spilled.")
	})
}

type spillRedriveCommand struct {
	where
	showing
}

// Help is the long form of the command's help.
func (spillRedriveCommand) Help() string {
	return `The hourly run redrives spilled events; this command does it now.
It may be stopped anywhere, and may run at the same time as the hourly run.

Examples:
  pbxctl spill redrive --data ./data
  pbxctl spill redrive --stack trunkline`
}

// redriven is a redrive.Report for programs.
type redriven struct {
	Archived    int `json:"archived"`
	Recorded    int `json:"recorded"`
	Quarantined int `json:"quarantined"`
	Failed      int `json:"failed"`
}

// Run implements the command.
func (c *spillRedriveCommand) Run(p *program) error {
	return c.writeBoth(p, func(s *store.Store, b archive.Bucket) error {
		bar := newBar(p, -1, !c.JSON)
		report, err := redrive.New(s, p.keeper(b), b, p.now).Run(p.ctx, func(r redrive.Report) {
			bar.Set(r.Archived + r.Recorded + r.Quarantined + r.Failed)
		})
		bar.Finish()
		if c.JSON {
			return errors.Join(err, listing.JSON(p.out).Encode(redriven{report.Archived, report.Recorded, report.Quarantined, report.Failed}))
		}
		fmt.Fprintf(p.out, "%d archived, %d recorded, %d quarantined, %d failed\n",
			report.Archived, report.Recorded, report.Quarantined, report.Failed)
		return err
	})
}
