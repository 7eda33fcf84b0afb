package main

import (
	"fmt"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type callsCommand struct {
	source
	pbxDays
}

// Help is the long form of the command's help.
func (callsCommand) Help() string {
	return `Shows the contact centre's records (cc_cdr) first, then the plain records (cdr) of newer
firmware. Times are by the PBX's clock. Durations are seconds; - means unknown.

Examples:
  pbxctl calls 68:69:2e:0b:00:01 --data ./data --day 2018-11-05
  pbxctl calls 68692e0b0001 --stack trunkline --json | jq .event.queue`
}

// Run implements the command.
func (c *callsCommand) Run(p *program) error {
	return c.openOne(p, func(s *store.Store, zone pbx.Zone) error {
		span, err := c.Day.span(p.today(zone))
		if err != nil {
			return err
		}
		err = show(p, c.JSON, s.CallRecords(p.ctx, c.MAC, zone, span), tables.Calls(), "No contact-centre records.")
		if err != nil {
			return err
		}
		if !c.JSON {
			fmt.Fprintln(p.out)
		}
		return show(p, c.JSON, s.CDRs(p.ctx, c.MAC, zone, span), tables.CDRs(), "No plain call detail records.")
	})
}
