package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
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
		h, skipped := rollup.ReadHistory(p.ctx, s, rollup.Task{MAC: c.MAC, Day: on})
		switch {
		case skipped != nil && !each.Only(skipped):
			return skipped
		case len(h.Current.All) == 0:
			return c.noFigures(p, s, on)
		case c.JSON:
			return errors.Join(skipped, show(p, true, each.Of(c.restated(on, h)...), columns[restated]{}, ""))
		case len(h.Replaced) > 0:
			return errors.Join(skipped, printHistory(p, h))
		case skipped != nil:
			return skipped
		}
		_, err = fmt.Fprintf(p.out, "The figures of %s of %s have not changed since they were published first.\n", on, c.MAC)
		return err
	})
}

// restated is a revision that was replaced, for programs.
type restated struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	store.Restatement
	Rows []any `json:"rows"`
}

func (c *restatementsCommand) restated(on pbx.Day, h rollup.History) (all []restated) {
	for _, old := range h.Replaced {
		all = append(all, restated{c.MAC, on, old.Restatement, old.Day.All})
	}
	return all
}

func printHistory(p *program, h rollup.History) error {
	if err := listing.Table(p.ctx, p.out, each.Of(h.Changes(figureCells)...), changeColumns, ""); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "\nRecords that came after the figures they change")
	return listing.Table(p.ctx, p.out, each.Of(lateRecords(h)...), lateColumns, "None.")
}

var changeColumns = columns[rollup.Change]{
	Heads: slices.Concat([]string{"REVISION", "COMPUTED", "REPLACED", "BECAUSE", "LATE", "QUEUE"}, figureHeads),
	Cells: func(c rollup.Change) []string {
		cells := []string{count(c.Revision), clock(c.ComputedAt), clock(c.ReplacedAt), causes(c.Causes), count(c.Late), c.Queue}
		for i := range figureHeads {
			cells = append(cells, changedCell(c, i))
		}
		return cells
	},
}

// causes lists in a line what changed.
func causes(all []store.Cause) string {
	words := make([]string, 0, len(all))
	for _, cause := range all {
		words = append(words, string(cause))
	}
	return strings.Join(words, ", ")
}

// changedCell shows what a figure was and became, or what it stayed.
func changedCell(c rollup.Change, i int) string {
	switch {
	case len(c.Was) == 0:
		return ""
	case c.Was[i] == c.Now[i]:
		return c.Was[i]
	}
	return listing.Plain(c.Was[i]) + " → " + listing.Plain(c.Now[i])
}

// lateRecord is a record that came after a revision was published.
type lateRecord struct {
	store.LateRecord
	after int64
}

// lateRecords lists the records that are named, in the order of revisions.
func lateRecords(h rollup.History) (all []lateRecord) {
	for _, old := range h.Replaced {
		for _, l := range old.LateRecords {
			all = append(all, lateRecord{l, old.Revision})
		}
	}
	return all
}

var lateColumns = columns[lateRecord]{
	Heads: []string{"AFTER REVISION", "RECEIVED", "KIND", "ID", "START", "QUEUE", "AGENT"},
	Cells: func(l lateRecord) []string {
		return []string{count(l.after), clock(l.Received), string(l.Kind), l.ID, l.Start.String(), l.Queue, l.Agent}
	},
}
