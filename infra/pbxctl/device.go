package main

import (
	"context"
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
	MAC        pbx.MAC `arg:"" optional:"" name:"mac" help:"The PBX's MAC address, as on its label." placeholder:"MAC"`
	CSV        string  `name:"csv" type:"path" help:"Print the URLs of the PBXs in this CSV file (see pbxctl device import); - is standard input." placeholder:"FILE"`
	All        bool    `help:"Print the URLs of the whole fleet."`
	Base       string  `help:"Base URL at which PBXs reach Trunkline; default: the stack's URL." placeholder:"URL"`
	Generation string  `help:"Generation of the URL; default: the lowest that is valid for this PBX (see pbxctl device revoke), or 1 without records." placeholder:"N"`
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

// addressed is a PBX and its URL.
type addressed struct {
	MAC  pbx.MAC `json:"mac"`
	Name string  `json:"name,omitempty"`
	Site string  `json:"site,omitempty"`
	URL  string  `json:"url"`

	least token.Generation // that is valid
}

func (a addressed) mac() string { return string(a.MAC) }

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
		generation, err := c.generation(all[i])
		if err != nil {
			return err
		}
		all[i].URL = keys.URL(base, all[i].MAC, generation)
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
func (c *deviceURLCommand) which(p *program) (all []addressed, err error) {
	if c.MAC != "" {
		all = []addressed{{MAC: c.MAC, least: 1}}
	}
	if c.CSV != "" {
		if all, err = addressedIn(c.CSV); err != nil {
			return nil, err
		}
	}
	if c.Stack+c.Data+c.Table == "" && !c.All {
		return all, nil
	}
	err = c.readRecords(p, func(s *store.Store) error {
		if c.All {
			return listing.Rows(p.ctx, store.FleetOf(p.ctx, s, addressedOf), func(a addressed) error {
				all = append(all, a)
				return nil
			})
		}
		asked := all
		all = nil
		known := each.MapAhead(p.ctx, fleetsheet.AtOnce, fleetsheet.AtOnce, each.Of(asked...), addressed.mac, func(ctx context.Context, a addressed) (addressed, error) {
			known, err := addressedOf(ctx, s, a.MAC)
			if c.CSV != "" {
				known.Name, known.Site = a.Name, a.Site
			}
			return known, err
		})
		return listing.Rows(p.ctx, known, func(a addressed) error {
			all = append(all, a)
			return nil
		})
	})
	return all, err
}

// addressedIn returns the PBXs in a file.
func addressedIn(name string) (all []addressed, err error) {
	labels, err := readSheet(name, fleetsheet.ReadLabels)
	if err != nil {
		return nil, err
	}
	for _, l := range labels {
		all = append(all, addressed{MAC: l.MAC, Name: l.Name, Site: l.Site, least: 1})
	}
	return all, nil
}

// addressedOf reads a PBX from the records.
func addressedOf(ctx context.Context, s *store.Store, mac pbx.MAC) (addressed, error) {
	d, err := s.Device(ctx, mac)
	if err != nil {
		return addressed{}, err
	}
	if d.Disabled {
		if err := wasRemoved(ctx, s, mac); err != nil {
			return addressed{}, err
		}
	}
	if err = d.Check("min_generation"); err != nil {
		err = fmt.Errorf("the lowest valid generation of %s can't be read: %w: set it with pbxctl device revoke --below", mac, err)
	}
	return addressed{MAC: mac, Name: d.Name, Site: d.Site, least: devices.LeastGeneration(d)}, err
}

// wasRemoved fails if a disabled PBX was removed.
func wasRemoved(ctx context.Context, s *store.Store, mac pbx.MAC) error {
	listed, err := s.Listed(ctx, mac)
	if err != nil || listed {
		return err
	}
	return fmt.Errorf("%s was removed, and has no valid URL: add it again with pbxctl device add", mac)
}

// generation returns the generation that was asked for, else the lowest that is valid.
func (c *deviceURLCommand) generation(of addressed) (token.Generation, error) {
	if c.Generation == "" {
		return of.least, nil
	}
	generation, err := token.ParseGeneration(c.Generation)
	if err != nil {
		return 0, unclear("--generation: %w", err)
	}
	if generation < of.least {
		return 0, fmt.Errorf("--generation: URLs of %s below generation %s were revoked: leave the flag out, or give a higher one", of.MAC, of.least)
	}
	return generation, nil
}

func (c *deviceURLCommand) print(p *program, all []addressed) error {
	if c.JSON {
		return show(p, true, each.Of(all...), columns[addressed]{}, "")
	}
	if c.MAC != "" {
		_, err := fmt.Fprintln(p.out, all[0].URL)
		return err
	}
	return fleetsheet.Write(p.out, []string{"mac", "name", "site", "url"}, func(add fleetsheet.Adder) error {
		for _, a := range all {
			if err := add(a.MAC, a.Name, a.Site, a.URL); err != nil {
				return err
			}
		}
		return nil
	})
}
