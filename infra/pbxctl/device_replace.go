package main

import (
	"fmt"

	"trunkline/pkg/config"
	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceReplaceCommand struct {
	Old     pbx.MAC `arg:"" help:"The MAC address of the PBX that is replaced." placeholder:"OLD"`
	By      pbx.MAC `arg:"" name:"new" help:"That of the PBX that takes its place." placeholder:"NEW"`
	From    pbx.Day `help:"Day by the PBX's clock from which the new one is in its place; else today." placeholder:"DAY"`
	KeepOld bool    `help:"Don't disable the old one."`
	Base    string  `help:"Where PBXs reach Trunkline; else the stack's own URL." placeholder:"URL"`
	where
	showing
}

// Help is the long form of the command's help.
func (deviceReplaceCommand) Help() string {
	return `The new PBX gets what was said of the old one: name, site, zone, thresholds, aliases, and the
names of queues, agents and numbers; and the old one's MAC as an alias, since a configuration
that was moved goes on to name it. It prints the new one's URL. The old one is disabled at once,
unless --keep-old is said; its records and figures stay under its own MAC, with the settings that
they were computed by. Both have the same name and site, so that figures by site go on. The
new one's settings keep which PBX it replaces, and from which day on.

Examples:
  pbxctl device replace 68:69:2e:0b:00:01 68:69:2e:0b:00:02 --base https://pbx.example.com --data ./data
  pbxctl device replace 68692e0b0001 68692e0b0002 --from 2026-12-01 --keep-old --stack trunkline`
}

// replacement is a PBX that took another's place.
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
		return fmt.Errorf("%s can't replace itself", c.Old)
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
		return jsonLines(p.out).Encode(done)
	}
	state := "is disabled"
	if !done.OldDisabled {
		state = "is enabled still"
	}
	_, err = fmt.Fprintf(p.out, "%s is in the place of %s from %s on. The old one %s. The new one's URL:\n%s\n", done.MAC, done.Replaces, done.From, state, done.URL)
	return err
}

// replace may be stopped anywhere, and done again.
func (c *deviceReplaceCommand) replace(p *program, s *store.Store, keys *token.Keyring) (replacement, error) {
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return replacement{}, err
	}
	done, err := devices.Replacement{
		Old: c.Old, By: c.By, From: c.From, KeepOld: c.KeepOld, Fallback: schedule.DefaultZone, Now: p.now,
	}.Do(p.ctx, s)
	url := deviceURL(c.Base, keys, c.By, devices.LeastGeneration(store.Device{MinGeneration: done.MinGeneration}))
	return replacement{c.By, url, c.Old, done.From, done.OldDisabled}, err
}
