package main

import (
	"errors"
	"io"
	"os"

	"trunkline/pkg/each"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

// importFlags are the flags of each command that imports a CSV file.
type importFlags struct {
	where
	showing
	File   string `arg:"" type:"path" help:"CSV file; - is standard input." placeholder:"FILE"`
	DryRun bool   `help:"Show what would change, and change nothing."`
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
	tables.PrintShut(p.errs, plans)
	if c.JSON {
		return show(p, true, each.Of(fleetsheet.Changes(plans)...), columns[fleetsheet.Change]{}, "")
	}
	return tables.PrintPlans(p.ctx, p.out, plans, c.DryRun)
}
