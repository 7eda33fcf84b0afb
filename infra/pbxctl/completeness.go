package main

import (
	"errors"

	"trunkline/pkg/archive"
	"trunkline/pkg/dataquality"
	"trunkline/pkg/each"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type completenessCommand struct {
	source
	Day day `required:"" help:"Day by the PBX's clock: 2018-11-05, today or yesterday." placeholder:"DAY"`
}

// Help is the long form of the command's help.
func (completenessCommand) Help() string {
	return `Counts the distinct calls that a PBX reported on a day: those that began to ring (dialbegein),
those that were hung up, and those with a record (cc_cdr, cdr). The record of a call may have
been lost on its way. Or the PBX is not configured to push all kinds of events.

Example:
  pbxctl completeness 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data`
}

// Run implements the command.
func (c *completenessCommand) Run(p *program) error {
	return c.readBoth(p, func(s *store.Store, b archive.Bucket) error {
		m, zone, err := p.member(s, c.MAC)
		if err != nil {
			return err
		}
		on := c.Day.From(p.today(zone))
		of := dataquality.PBX{MAC: c.MAC, Device: m.Device, Clock: zone}
		calls, skipped := dataquality.ReadCalls(p.ctx, s, b, of, on)
		if skipped != nil && !each.Only(skipped) {
			return skipped
		}
		sealed, err := s.Figures().IsSealed(p.ctx, c.MAC, on)
		if err != nil {
			return err
		}
		found := []dataquality.Reported{{MAC: c.MAC, Day: on, Completeness: calls.Completeness(), Sealed: sealed}}
		err = show(p, c.JSON, each.Of(found...), tables.Reported(), "")
		return errors.Join(skipped, err, saySealed(p, on, sealed && !c.JSON))
	})
}
