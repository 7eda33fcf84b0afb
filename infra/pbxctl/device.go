package main

import (
	"errors"
	"fmt"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceCommands struct {
	Add     deviceAddCommand     `cmd:"" help:"Add a PBX to the fleet, with its name, site, time zone and thresholds."`
	Import  deviceImportCommand  `cmd:"" help:"Add or change many PBXs by a CSV file."`
	Export  deviceExportCommand  `cmd:"" help:"Print the fleet as a CSV file that can be imported."`
	URL     deviceURLCommand     `cmd:"" name:"url" help:"Print the URL to type into a PBX."`
	Set     deviceSetCommand     `cmd:"" help:"Change a PBX's settings: its name, its site, its time zone, its thresholds."`
	List    deviceListCommand    `cmd:"" help:"List the PBXs that have sent something, or have settings."`
	Alias   deviceAliasCommand   `cmd:"" help:"Accept events of a PBX that name another MAC: that of the PBX it replaced."`
	Disable deviceDisableCommand `cmd:"" help:"Refuse the events of a PBX."`
	Enable  deviceEnableCommand  `cmd:"" help:"Accept the events of a disabled PBX again."`
	Revoke  deviceRevokeCommand  `cmd:"" help:"Revoke a PBX's URL, such as after a leak."`
	Replace deviceReplaceCommand `cmd:"" help:"Replace a PBX by another one, which gets its settings and names."`
	Remove  deviceRemoveCommand  `cmd:"" help:"Remove a PBX from the fleet, and revoke its URL."`
}

type deviceURLCommand struct {
	MAC        pbx.MAC    `arg:"" optional:"" name:"mac" help:"The PBX's MAC address, as on its label." placeholder:"MAC"`
	CSV        string     `name:"csv" type:"path" help:"Print the URLs of the PBXs in this CSV file (see pbxctl device import); - is standard input." placeholder:"FILE"`
	All        bool       `help:"Print the URLs of the whole fleet."`
	Base       string     `help:"Base URL at which PBXs reach Trunkline; default: the stack's URL." placeholder:"URL"`
	Generation generation `help:"Generation of the URL; default: the lowest that is valid for this PBX (see pbxctl device revoke), or 1 without records." placeholder:"N"`
	where
	showing
}

// Help is the long form of the command's help.
func (deviceURLCommand) Help() string {
	return `The URL is the PBX's credential: whoever has it can send events in the PBX's name. With --csv
or --all, it prints a CSV file with the columns mac, name, site and url.

Examples:
  pbxctl device url 68:69:2e:0b:00:01 --base http://192.0.2.10:8080 --data ./data
  pbxctl device url 68692E0B0001 --stack trunkline
  pbxctl device url --all --base https://pbx.example.com --data ./data > urls.csv`
}

// locate needs no records where a key of FLEET_KEYS signs: see where.locate.
func (c *deviceURLCommand) locate(p *program) error {
	if p.getenv("FLEET_KEYS") != "" && !c.All {
		return c.mayLocate(p)
	}
	return c.where.locate(p)
}

// Run implements the command.
func (c *deviceURLCommand) Run(p *program) error {
	if err := c.checkWhich(); err != nil {
		return err
	}
	base, err := c.base(p, c.Base)
	if err != nil {
		return err
	}
	all, skipped := c.which(p)
	if skipped != nil && !(each.Only(skipped) && len(all) > 0) {
		return skipped
	}
	keys, err := c.signingKeys(p)
	if err != nil {
		return err
	}
	for i := range all {
		if err := all[i].Sign(keys, base, token.Generation(c.Generation)); err != nil {
			return fmt.Errorf("--generation: %w", err)
		}
	}
	return errors.Join(skipped, c.print(p, all))
}

// checkWhich refuses a command that says in no way, or in two ways, which URLs to print.
func (c *deviceURLCommand) checkWhich() error {
	ways := 0
	for _, given := range []bool{c.MAC != "", c.CSV != "", c.All} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return unclear("which PBX? Give its MAC, or --csv FILE, or --all")
	}
	return nil
}

// which returns the PBXs that were asked for. They have what the records know of them, where the
// place of records is given.
func (c *deviceURLCommand) which(p *program) (all []devices.Address, err error) {
	if c.MAC != "" {
		all = []devices.Address{{MAC: c.MAC}}
	}
	if c.CSV != "" {
		if all, err = readSheet(c.CSV, fleetsheet.ReadAddresses); err != nil {
			return nil, err
		}
	}
	if c.Stack+c.Data+c.Table == "" && !c.All {
		return all, nil
	}
	err = c.readRecords(p, func(s *store.Store) error {
		if c.All {
			return listing.Rows(p.ctx, store.FleetOf(p.ctx, s, devices.ReadAddress), func(a devices.Address) error {
				all = append(all, a)
				return nil
			})
		}
		known := devices.ReadAddresses(p.ctx, s, all, c.CSV != "", fleetsheet.AtOnce)
		all = nil
		return listing.Rows(p.ctx, known, func(a devices.Address) error {
			all = append(all, a)
			return nil
		})
	})
	return all, err
}

func (c *deviceURLCommand) print(p *program, all []devices.Address) error {
	if c.JSON {
		return show(p, true, each.Of(all...), columns[devices.Address]{}, "")
	}
	if c.MAC != "" {
		_, err := fmt.Fprintln(p.out, all[0].URL)
		return err
	}
	return fleetsheet.WriteURLs(p.out, all)
}
