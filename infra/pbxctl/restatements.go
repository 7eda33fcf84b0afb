package main

import (
	"errors"
	"fmt"

	"trunkline/pkg/each"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type restatementsCommand struct {
	source
	Day day `required:"" help:"Day by the PBX's clock: 2018-11-05, today or yesterday." placeholder:"DAY"`
}

// Help is the long form of the command's help.
func (restatementsCommand) Help() string {
	return `When a day's published figures change, the old ones are kept, with the records that came after
them. BECAUSE says what changed: a late record, a setting, or a rule of Trunkline. In a line
without figures, only figures changed that are not shown. All figures use the PBX's present
thresholds. --json prints one object per replaced revision, with all of its rows.

Example:
  pbxctl kpi restatements 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data`
}

// Run implements the command.
func (c *restatementsCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		on, err := c.Day.at(p, s, c.MAC)
		if err != nil {
			return err
		}
		task := rollup.Task{MAC: c.MAC, Day: on}
		h, skipped := rollup.ReadHistory(p.ctx, s, task)
		switch {
		case skipped != nil && !each.Only(skipped):
			return skipped
		case len(h.Current.All) == 0:
			return c.noFigures(p, s, on)
		case c.JSON:
			return errors.Join(skipped, show(p, true, each.Of(h.RestatedRows(task)...), columns[rollup.RestatedRows]{}, ""))
		case len(h.Replaced) > 0:
			return errors.Join(skipped, tables.PrintHistory(p.ctx, p.out, h))
		case skipped != nil:
			return skipped
		}
		_, err = fmt.Fprintf(p.out, "The figures of %s of %s have not changed since they were published first.\n", on, c.MAC)
		return err
	})
}
