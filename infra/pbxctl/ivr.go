package main

import (
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type ivrCommand struct {
	source
	pbxDays
}

// Help is the long form of the command's help.
func (ivrCommand) Help() string {
	return `Example:
  pbxctl ivr 68:69:2e:03:8b:3e --data ./data --day 2018-11-08`
}

// Run implements the command.
func (c *ivrCommand) Run(p *program) error {
	return c.openOne(p, func(s *store.Store, zone pbx.Zone) error {
		span, err := c.Day.span(p.today(zone))
		if err != nil {
			return err
		}
		return show(p, c.JSON, s.IVRSteps(p.ctx, c.MAC, zone, span), tables.IVRSteps(), "No menus were heard.")
	})
}
