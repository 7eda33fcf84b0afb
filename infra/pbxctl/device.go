package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceCommands struct {
	Add     deviceAddCommand     `cmd:"" help:"Put a PBX on the fleet list, with its name, site, time zone and thresholds."`
	Import  deviceImportCommand  `cmd:"" help:"Put many PBXs on the fleet list, or change them, by a CSV file."`
	Export  deviceExportCommand  `cmd:"" help:"Print the fleet as a CSV file that can be imported."`
	URL     deviceURLCommand     `cmd:"" name:"url" help:"Print the URL to type into a PBX."`
	Set     deviceSetCommand     `cmd:"" help:"Change a PBX's settings: its name, its site, its time zone, its thresholds."`
	List    deviceListCommand    `cmd:"" help:"List the PBXs that have sent something, or of which something was said."`
	Alias   deviceAliasCommand   `cmd:"" help:"Let the events of a PBX name another MAC, too: that of the one it replaced."`
	Disable deviceDisableCommand `cmd:"" help:"Refuse the events of a PBX."`
	Enable  deviceEnableCommand  `cmd:"" help:"Take the events of a PBX that was disabled."`
	Revoke  deviceRevokeCommand  `cmd:"" help:"Revoke a PBX's URL, which others may know."`
	Replace deviceReplaceCommand `cmd:"" help:"Have a PBX take another's place, with all that was said of it."`
	Remove  deviceRemoveCommand  `cmd:"" help:"Take a PBX off the fleet list, and close its URL."`
}

type deviceURLCommand struct {
	MAC        pbx.MAC `required:"" xor:"which" name:"mac" help:"The PBX's MAC address, as on its label." placeholder:"MAC"`
	CSV        string  `required:"" xor:"which" name:"csv" type:"path" help:"Those of the PBXs in this file, as CSV: see pbxctl device import; - is what is piped in." placeholder:"FILE"`
	All        bool    `required:"" xor:"which" help:"Those of the whole fleet, as CSV."`
	Base       string  `help:"Where PBXs reach Trunkline; else the stack's own URL." placeholder:"URL"`
	Generation string  `help:"Of the URL; else the least that opens for this PBX (see pbxctl device revoke), or 1 where no records are named." placeholder:"N"`
	where
	showing
}

// Help is the long form of the command's help.
func (deviceURLCommand) Help() string {
	return `The URL is the PBX's credential: whoever has it can send events in its name. With --csv and
--all it prints a CSV file with the columns mac, name, site and url.

Examples:
  pbxctl device url --mac 68:69:2e:0b:00:01 --base http://192.0.2.10:8080 --data ./data
  pbxctl device url --mac 68692E0B0001 --stack trunkline
  pbxctl device url --all --base https://pbx.example.com --data ./data > urls.csv`
}

// addressed is a PBX and its URL.
type addressed struct {
	MAC  pbx.MAC `json:"mac"`
	Name string  `json:"name,omitempty"`
	Site string  `json:"site,omitempty"`
	URL  string  `json:"url"`

	least token.Generation // that opens
}

func (a addressed) mac() string { return string(a.MAC) }

// locate lets a key of FLEET_KEYS sign without any records: see where.locate.
func (c *deviceURLCommand) locate(p *program) error {
	if p.getenv("FLEET_KEYS") != "" && !c.All {
		return c.mayLocate(p)
	}
	return c.where.locate(p)
}

// Run implements the command.
func (c *deviceURLCommand) Run(p *program) error {
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
		all[i].URL = deviceURL(base, keys, all[i].MAC, generation)
	}
	return errors.Join(skipped, c.print(p, all))
}

// checkBase tells what is wrong with the beginning of URLs.
func checkBase(text string) error {
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" {
		return unclear("--base: %q is not a URL such as https://pbx.example.com", text)
	}
	return nil
}

// which are the PBXs that were asked for, with what the records tell of them where any are
// named.
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
			return rows(p.ctx, store.FleetOf(p.ctx, s, addressedOf), func(a addressed) error {
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
		return rows(p.ctx, known, func(a addressed) error {
			all = append(all, a)
			return nil
		})
	})
	return all, err
}

// addressedIn are the PBXs in a file.
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

// addressedOf is a PBX in the records.
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
		err = fmt.Errorf("which URLs of %s open is not known: %w: see pbxctl device revoke --below", mac, err)
	}
	return addressed{MAC: mac, Name: d.Name, Site: d.Site, least: devices.LeastGeneration(d)}, err
}

// wasRemoved tells of a PBX that is disabled that it was removed, if it was.
func wasRemoved(ctx context.Context, s *store.Store, mac pbx.MAC) error {
	listed, err := s.Listed(ctx, mac)
	if err != nil || listed {
		return err
	}
	return fmt.Errorf("%s was removed, and none of its URLs opens: put it back with pbxctl device add", mac)
}

// generation is the one that was asked for, or else the least that opens.
func (c *deviceURLCommand) generation(of addressed) (token.Generation, error) {
	if c.Generation == "" {
		return of.least, nil
	}
	generation, err := token.ParseGeneration(c.Generation)
	if err != nil {
		return 0, unclear("--generation: %w", err)
	}
	if generation < of.least {
		return 0, fmt.Errorf("--generation: URLs of %s below %s were revoked: leave it out, or raise it", of.MAC, of.least)
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

// deviceURL is the one place where a token is shown.
func deviceURL(base string, keys *token.Keyring, mac pbx.MAC, g token.Generation) string {
	return strings.TrimRight(base, "/") + "/v1/pbx/" + string(mac) + "/" + keys.Sign(mac, g).Reveal()
}
