package main

import (
	"trunkline/pkg/devices"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/listing"
	"trunkline/pkg/store"
)

type deviceImportCommand struct {
	importFlags
	Reopen bool `help:"Enable PBXs, and make revoked URLs valid again, where the file says so."`
}

// Help is the long form of the command's help.
func (deviceImportCommand) Help() string {
	return `The first line names the columns, in any order: mac, and any of name, site, zone,
sla_threshold_seconds, short_abandon_seconds, talk_includes_hold, aliases, disabled,
min_generation, replaces and replaces_from. talk_includes_hold and disabled are yes or no.
Aliases are MACs with blanks between them. URLs below min_generation are revoked. For the last
two columns, see pbxctl device replace.

  mac,name,site,zone,sla_threshold_seconds
  68:69:2e:0b:00:01,Reception,Berlin,Europe/Berlin,30

The whole file is checked first. If anything is wrong, nothing is written, and each mistake is
shown with its line and column. An empty cell unsets its value. A column or a PBX that is missing
in the file stays as it is. The same file may be imported again. PBXs that are not in the fleet
are added, and counted. A PBX that is disabled, or whose URL was revoked, stays so, and is named;
--reopen follows the file instead. The CSV may be as spreadsheets save it: separated by commas,
semicolons or tabs, in UTF-8, with any spelling of MACs. An apostrophe before = + - @ or digits
marks text in a spreadsheet. It is not part of a value.

Examples:
  pbxctl device import fleet.csv --dry-run --data ./data
  pbxctl device import fleet.csv --stack trunkline
  pbxctl device export --data ./data | pbxctl device import - --data ./other`
}

// Run implements the command.
func (c *deviceImportCommand) Run(p *program) error {
	return c.run(p, fleetsheet.Devices{Reopen: c.Reopen, Now: p.now}.Read)
}

type deviceExportCommand struct{ exportFlags }

// Help is the long form of the command's help.
func (deviceExportCommand) Help() string {
	return `Prints all settings of each PBX in the form that pbxctl device import reads. Cells that a
spreadsheet would take for a formula or a number begin with an apostrophe.

Example:
  pbxctl device export --data ./data > fleet.csv`
}

// Run implements the command.
func (c *deviceExportCommand) Run(p *program) error {
	return c.run(p, func(s *store.Store) error {
		return fleetsheet.WriteDevices(p.out, func(add func(devices.Member) error) error {
			return listing.Rows(p.ctx, store.FleetOf(p.ctx, s, devices.Read), add)
		})
	})
}
