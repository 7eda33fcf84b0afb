package main

import (
	"trunkline/pkg/devices"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/listing"
	"trunkline/pkg/store"
)

type namesImportCommand struct{ importFlags }

// Help is the long form of the command's help.
func (namesImportCommand) Help() string {
	return `The first line names the columns, in any order: mac, kind (queue, agent or did) and id, and any
of name, opens, target_percent and target_seconds. Only queues have the last three.

  mac,kind,id,name,opens,target_percent,target_seconds
  68:69:2e:0b:00:01,queue,630,Support,Mo-Fr 08:00-18:00; Sa 09:00-13:00,80,20
  68:69:2e:0b:00:01,agent,800,Ana Silva,,,

An empty cell unsets its value. A row without any value removes the name. A PBX must be in the
fleet, and has at most 1000 names. See pbxctl device import for the form of files, and pbxctl
names set for opening hours.

Examples:
  pbxctl names import names.csv --dry-run --data ./data
  pbxctl names import - --stack trunkline < names.csv`
}

// Run implements the command.
func (c *namesImportCommand) Run(p *program) error {
	return c.run(p, fleetsheet.ReadNames)
}

type namesExportCommand struct{ exportFlags }

// Help is the long form of the command's help.
func (namesExportCommand) Help() string {
	return `Prints all names in the form that pbxctl names import reads. Cells that a spreadsheet would take for a formula or a
number begin with an apostrophe.

Example:
  pbxctl names export --data ./data > names.csv`
}

// Run implements the command.
func (c *namesExportCommand) Run(p *program) error {
	return c.run(p, func(s *store.Store) error {
		return fleetsheet.WriteNames(p.out, func(add func(devices.Name) error) error {
			return listing.Rows(p.ctx, devices.Names(p.ctx, s, ""), add)
		})
	})
}
