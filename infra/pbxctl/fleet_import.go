package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/listing"
	"trunkline/pkg/store"
)

// importFlags are the flags of each command that imports a CSV file.
type importFlags struct {
	where
	showing
	File   string `arg:"" type:"path" help:"CSV file; - is standard input." placeholder:"FILE"`
	DryRun bool   `help:"Show what would change, and change nothing."`
}

var changedColumns = columns[fleetsheet.Change]{
	Heads: []string{"MAC", "KIND", "ID", "COLUMN", "BEFORE", "AFTER"},
	Cells: func(d fleetsheet.Change) []string {
		return []string{string(d.MAC), string(d.Kind), d.ID, d.Column, d.Before, d.After}
	},
}

// readSheet calls read with a CSV file, or with standard input.
func readSheet[T any](file string, read func(in io.Reader, name string) (T, error)) (none T, err error) {
	if file == "-" {
		return read(os.Stdin, "standard input")
	}
	in, err := os.Open(file)
	if err != nil {
		return none, err
	}
	defer in.Close()
	return read(in, file)
}

// run shows what a file changes, and makes the changes unless it is a dry run. It writes nothing
// until the whole file was checked.
func (c importFlags) run(p *program, read func(in io.Reader, name string) (*fleetsheet.Import, error)) error {
	file, err := readSheet(c.File, read)
	if err != nil {
		return err
	}
	use := c.writeRecords
	if c.DryRun {
		use = c.readRecords
	}
	return use(p, func(s *store.Store) error {
		plans, skipped := file.Plan(p.ctx, s, c.steps(p, file))
		if plans == nil {
			return skipped
		}
		if !c.DryRun {
			if err := file.Write(p.ctx, s, plans, c.steps(p, file)); err != nil {
				return errors.Join(skipped, err)
			}
		}
		return errors.Join(skipped, c.report(p, plans))
	})
}

// steps shows people how far an import has come, by a step for each PBX.
func (c importFlags) steps(p *program, file *fleetsheet.Import) func() {
	bar := newBar(p, file.Len(), !c.JSON)
	return func() { bar.Add(1) }
}

func (c importFlags) report(p *program, plans []fleetsheet.Plan) error {
	var all []fleetsheet.Change
	pbxs, joined := 0, 0
	var shut []string
	for _, plan := range plans {
		all = append(all, plan.Changes...)
		pbxs += min(1, len(plan.Changes))
		if plan.IsNew {
			joined++
		}
		if len(plan.Shut) > 0 {
			shut = append(shut, fmt.Sprintf("  %s  %s\n", plan.MAC, strings.Join(plan.Shut, ", ")))
		}
	}
	if len(shut) > 0 {
		fmt.Fprintf(p.errs, "These PBXs stay disabled or revoked, whatever the file says; --reopen follows the file:\n%s", strings.Join(shut, ""))
	}
	if c.JSON {
		return show(p, true, each.Of(all...), changedColumns, "")
	}
	if len(all) > 0 {
		if err := listing.Table(p.ctx, p.out, each.Of(all...), changedColumns, ""); err != nil {
			return err
		}
		fmt.Fprintln(p.out)
	}
	did := "changed"
	if c.DryRun {
		did = "would change"
	}
	fresh := ""
	if joined > 0 {
		fresh = fmt.Sprintf(", of which %d are new to the fleet", joined)
	}
	_, err := fmt.Fprintf(p.out, "%d of %d PBXs %s%s.\n", pbxs, len(plans), did, fresh)
	return err
}
