package main

import (
	"fmt"

	"trunkline/pkg/config"
	"trunkline/pkg/devices"
	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceReplaceCommand struct {
	Old     pbx.MAC `arg:"" help:"The MAC address of the PBX that is replaced." placeholder:"OLD"`
	By      pbx.MAC `arg:"" name:"new" help:"The MAC address of the PBX that replaces it." placeholder:"NEW"`
	From    day     `help:"First day of the new PBX, by the clock of the old one: 2018-11-05, today (the default) or yesterday." placeholder:"DAY"`
	KeepOld bool    `help:"Don't disable the old PBX."`
	Base    string  `help:"Base URL at which PBXs reach Trunkline; default: the stack's URL." placeholder:"URL"`
	where
	showing
}

// Help is the long form of the command's help.
func (deviceReplaceCommand) Help() string {
	return `The new PBX gets the settings of the old one: name, site, zone, thresholds, aliases, and the
names of queues, agents and numbers. It also gets the old MAC as an alias, since a configuration
that was moved still names the old MAC. The command prints the new PBX's URL. It disables the old PBX at
once, unless --keep-old is given. The old records and figures stay under the old MAC. Both PBXs
have the same name and site, so figures by site continue. The new PBX's settings name the PBX
that it replaces, and its first day.

Examples:
  pbxctl device replace 68:69:2e:0b:00:01 68:69:2e:0b:00:02 --base https://pbx.example.com --data ./data
  pbxctl device replace 68692e0b0001 68692e0b0002 --from 2026-12-01 --keep-old --stack trunkline`
}

// replacement is a PBX that replaced another one.
type replacement struct {
	MAC         pbx.MAC `json:"mac"`
	URL         string  `json:"url"`
	Replaces    pbx.MAC `json:"replaces"`
	From        pbx.Day `json:"replaces_from"`
	OldDisabled bool    `json:"old_disabled"`
}

// Run implements the command.
func (c *deviceReplaceCommand) Run(p *program) error {
	if c.Old == c.By {
		return unclear("%s can't replace itself", c.Old)
	}
	base, err := c.base(p, c.Base)
	if err != nil {
		return err
	}
	c.Base = base
	keys, err := c.signingKeys(p)
	if err != nil {
		return err
	}
	var done replacement
	err = c.writeRecords(p, func(s *store.Store) error {
		done, err = c.replace(p, s, keys)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return listing.JSON(p.out).Encode(done)
	}
	state := "is disabled"
	if !done.OldDisabled {
		state = "is still enabled"
	}
	_, err = fmt.Fprintf(p.out, "%s replaces %s from %s on. The old PBX %s. The new PBX's URL:\n%s\n", done.MAC, done.Replaces, done.From, state, done.URL)
	return err
}

// replace may be stopped anywhere, and run again.
func (c *deviceReplaceCommand) replace(p *program, s *store.Store, keys *token.Keyring) (replacement, error) {
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return replacement{}, err
	}
	from, err := c.From.at(p, s, c.Old)
	if err != nil {
		return replacement{}, err
	}
	done, err := devices.Replacement{
		Old: c.Old, By: c.By, From: from, KeepOld: c.KeepOld, Fallback: schedule.DefaultZone, Now: p.now,
	}.Do(p.ctx, s)
	url := keys.URL(c.Base, c.By, devices.LeastGeneration(store.Device{MinGeneration: done.MinGeneration}))
	return replacement{c.By, url, c.Old, done.From, done.OldDisabled}, err
}
