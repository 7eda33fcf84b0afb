package main

import (
	"context"
	"errors"
	"fmt"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type deviceImportCommand struct {
	importFlags
	Reopen bool `help:"Enable PBXs, and let revoked URLs open, where the file says so."`
}

// Help is the long form of the command's help.
func (deviceImportCommand) Help() string {
	return `The first line names the columns, in any order: mac, and any of name, site, zone,
sla_threshold_seconds, short_abandon_seconds, talk_includes_hold (yes or no), aliases (MACs with
blanks between them), disabled (yes or no), min_generation (URLs below it open no longer),
replaces and replaces_from (see pbxctl device replace).

  mac,name,site,zone,sla_threshold_seconds
  68:69:2e:0b:00:01,Reception,Berlin,Europe/Berlin,30

The file is checked as a whole: where anything in it is wrong, all mistakes are told, each with
its line and column, and nothing is written. An empty cell unsets its value; a column that is
not there leaves its values as they are, and so does a PBX that is not there. The same file may
be imported again. PBXs that are not in the fleet are put there, and counted. A PBX that is disabled, or
whose URL was revoked, stays so whatever the file says, and is named; --reopen does as the file
says. CSV may be as spreadsheets save it: separated by commas, semicolons or tabs,
in UTF-8, with any spelling of MACs. An apostrophe before = + - @ or digits, by which a
spreadsheet knows text, is not part of a value.

Examples:
  pbxctl device import fleet.csv --dry-run --data ./data
  pbxctl device import fleet.csv --stack trunkline
  pbxctl device export --data ./data | pbxctl device import - --data ./other`
}

// Run implements the command.
func (c *deviceImportCommand) Run(p *program) error {
	file, err := readDevices(c.File)
	if err != nil {
		return err
	}
	var edits []edit
	for _, row := range file.rows {
		edits = append(edits, c.edit(p, file, row))
	}
	return c.run(p, file, edits)
}

// readDevices reads a fleet's CSV file, and checks it.
func readDevices(name string) (*sheet, error) {
	file, err := readSheet(name, deviceHeads())
	if err != nil {
		return nil, err
	}
	file.needs("mac")
	lines := map[pbx.MAC]int{}
	for _, row := range file.rows {
		if line, twice := lines[row.mac]; twice && row.mac != "" {
			file.note(row, "mac", fmt.Errorf("%s is in line %d already", row.mac, line))
		} else {
			lines[row.mac] = row.line
		}
		set(deviceFields, &store.Device{}, file, row)
	}
	return file, nil
}

func (c *deviceImportCommand) edit(p *program, file *sheet, row sheetRow) edit {
	// apply sets what the row says, and returns what stays shut against it.
	apply := func(d *store.Device) []string {
		before := *d
		set(deviceFields, d, file, row) // it was found good
		if c.Reopen {
			return nil
		}
		return keepShut(before, d)
	}
	return edit{
		row: row,
		plan: func(ctx context.Context, s *store.Store, known bool) (plan, error) {
			before, err := s.Device(ctx, row.mac)
			if err != nil {
				return plan{}, err
			}
			after := before
			planned := plan{isNew: !known, shut: apply(&after)}
			if !known {
				planned.changes = append(planned.changes, changed{MAC: row.mac, Column: "mac", After: string(row.mac)})
			}
			if !known && after.Disabled && before.Disabled {
				planned.shut = []string{"disabled"} // it was removed
			}
			planned.changes = append(planned.changes, differences(deviceFields, before, after, changed{MAC: row.mac})...)
			return planned, nil
		},
		write: func(ctx context.Context, s *store.Store) error {
			_, err := s.ChangeDevice(ctx, row.mac, func(d *store.Device) error {
				apply(d)
				return nil
			})
			if err == nil {
				_, err = rollup.Recheck(ctx, s, row.mac, p.now())
			}
			return err
		},
	}
}

// keepShut takes back what would let a PBX in that was shut, and returns which settings stay.
func keepShut(before store.Device, d *store.Device) (stay []string) {
	if before.Disabled && !d.Disabled {
		d.Disabled, stay = true, append(stay, "disabled")
	}
	if before.MinGeneration > d.MinGeneration {
		d.MinGeneration, stay = before.MinGeneration, append(stay, "min_generation")
	}
	for _, member := range stay {
		d.Unreadable = d.Unreadable.With(member, before.Unreadable)
	}
	return stay
}

type deviceExportCommand struct{ exportFlags }

// Help is the long form of the command's help.
func (deviceExportCommand) Help() string {
	return `Prints what pbxctl device import reads: all that is set for each PBX. Cells that a spreadsheet
would take for a formula or a number begin with an apostrophe.

Example:
  pbxctl device export --data ./data > fleet.csv`
}

// Run implements the command.
func (c *deviceExportCommand) Run(p *program) error {
	return c.run(p, deviceHeads(), func(s *store.Store, add adder) error {
		var left []error
		err := rows(p.ctx, store.FleetOf(p.ctx, s, memberOf), func(m member) error {
			if text := m.Unreadable.Text(memberSettings); text != "" {
				left = append(left, fmt.Errorf("%s is left out: %s", m.MAC, text))
				return nil
			}
			return add(m.MAC, cellsOf(deviceFields, m.Device)...)
		})
		return errors.Join(append(left, err)...)
	})
}
