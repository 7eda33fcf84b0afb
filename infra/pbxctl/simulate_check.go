package main

import (
	"fmt"
	"os"

	"trunkline/infra/fleet/push"
	"trunkline/pkg/each"
	"trunkline/pkg/store"
)

type simulateCheckCommand struct {
	Truth string `required:"" type:"path" help:"File of the true figures." placeholder:"FILE"`
	where
	showing
}

// Help is the long form of the command's help.
func (simulateCheckCommand) Help() string {
	return `Compares rows as pbxctl kpi shows them, without the time and revision of their publication. It
ignores PBXs that are not in the file. It fails if anything differs.

Example:
  pbxctl simulate check --truth ./month/truth.jsonl --data ./month`
}

// Run implements the command.
func (c *simulateCheckCommand) Run(p *program) error {
	file, err := os.Open(c.Truth)
	if err != nil {
		return fmt.Errorf("read the true figures: %w", err)
	}
	defer file.Close()
	return c.readRecords(p, func(s *store.Store) error {
		found, err := push.Compare(p.ctx, s, file)
		if err != nil {
			return err
		}
		return printComparison(p, found, c.JSON)
	})
}

var differenceColumns = columns[push.Difference]{
	Heads: []string{"MAC", "DAY", "QUEUE", "AGENT", "FIGURE", "TRUE", "PUBLISHED"},
	Cells: func(d push.Difference) []string {
		return []string{string(d.MAC), d.Day.String(), d.Queue, d.Agent, d.Figure, d.True, d.Published}
	},
}

// printComparison prints the differences. It fails if there are any.
func printComparison(p *program, r push.Comparison, asJSON bool) error {
	if r.Differences == 0 {
		if !asJSON {
			fmt.Fprintf(p.out, "%d rows of %d PBXs are published as they should be.\n", r.Rows, r.PBXs)
		}
		return nil
	}
	if err := show(p, asJSON, each.Of(r.First...), differenceColumns, ""); err != nil {
		return err
	}
	if r.Missing > 0 {
		return fmt.Errorf("%d of %d rows are not published: compute them with pbxctl rollup --all --day ..today; %d differences in all", r.Missing, r.Rows, r.Differences)
	}
	return fmt.Errorf("%d differences in %d rows of %d PBXs", r.Differences, r.Rows, r.PBXs)
}
