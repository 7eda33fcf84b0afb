package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// deviceFields are the columns of a fleet's CSV file, after the MAC. What cuts a PBX off, or
// lets one in, is not among them: an old file should do neither.
var deviceFields = []field[store.Device]{
	{"name", func(d store.Device) string { return d.Name }, setName},
	{"site", func(d store.Device) string { return d.Site }, setSite},
	{"zone", func(d store.Device) string { return d.Zone.String() }, setZone},
	{"sla_threshold_seconds", func(d store.Device) string { return d.ServiceLevel.String() }, setServiceLevel},
	{"short_abandon_seconds", func(d store.Device) string { return d.ShortAbandon.String() }, setShortAbandon},
	{"talk_includes_hold", func(d store.Device) string { return yesOrNo(d.TalkIncludesHold) }, setTalkIncludesHold},
}

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func setTalkIncludesHold(d *store.Device, s string) error {
	switch strings.ToLower(s) {
	case "yes", "true", "1":
		d.TalkIncludesHold = true
	case "no", "false", "0", "":
		d.TalkIncludesHold = false
	default:
		return fmt.Errorf("%.40q is not yes or no", s)
	}
	return nil
}

func deviceHeads() []string { return append([]string{"mac"}, headsOf(deviceFields)...) }

type deviceImportCommand struct{ importFlags }

// Help is the long form of the command's help.
func (deviceImportCommand) Help() string {
	return `The first line names the columns, in any order: mac, and any of name, site, zone,
sla_threshold_seconds, short_abandon_seconds and talk_includes_hold (yes or no).

  mac,name,site,zone,sla_threshold_seconds
  68:69:2e:0b:00:01,Reception,Berlin,Europe/Berlin,30

The file is checked as a whole: where anything in it is wrong, all mistakes are told, each with
its line and column, and nothing is written. An empty cell unsets its value; a column that is
not there leaves its values as they are, and so does a PBX that is not there. The same file may
be imported again. CSV may be as spreadsheets save it: separated by commas, semicolons or tabs,
in UTF-8, with any spelling of MACs. An apostrophe before = + - @ or digits, by which a
spreadsheet knows text, is not part of a value.

Examples:
  pbxctl device import fleet.csv --dry-run --data ./data
  pbxctl device import fleet.csv --table trunkline-Table-1A2B
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
		edits = append(edits, deviceEdit(file, row, p.now))
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

func deviceEdit(file *sheet, row sheetRow, now func() time.Time) edit {
	apply := func(d *store.Device) error {
		set(deviceFields, d, file, row) // it was found good
		return nil
	}
	return edit{
		row: row,
		plan: func(ctx context.Context, s *store.Store, known bool) (all []changed, err error) {
			before, err := s.Device(ctx, row.mac)
			if err != nil {
				return nil, err
			}
			if !known {
				all = append(all, changed{MAC: row.mac, Column: "mac", After: string(row.mac)})
			}
			after := before
			err = apply(&after)
			return append(all, differences(deviceFields, before, after, changed{MAC: row.mac})...), err
		},
		write: func(ctx context.Context, s *store.Store) error {
			_, err := s.ChangeDevice(ctx, row.mac, apply)
			if err == nil {
				_, err = rollup.Recheck(ctx, s, row.mac, now())
			}
			return err
		},
	}
}

type deviceExportCommand struct{ exportFlags }

// Help is the long form of the command's help.
func (deviceExportCommand) Help() string {
	return `Prints what pbxctl device import reads. Cells that a spreadsheet would take for a formula or
a number begin with an apostrophe.

Example:
  pbxctl device export --data ./data > fleet.csv`
}

// Run implements the command.
func (c *deviceExportCommand) Run(p *program) error {
	return c.run(p, deviceHeads(), func(s *store.Store, add adder) error {
		for m, err := range store.FleetOf(p.ctx, s, memberOf) {
			if err == nil {
				err = add(m.MAC, cellsOf(deviceFields, m.Device)...)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
