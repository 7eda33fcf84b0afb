package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// importFlags are those of every command that imports a CSV file.
type importFlags struct {
	where
	showing
	File   string `arg:"" type:"path" help:"CSV file; - is what is piped in." placeholder:"FILE"`
	DryRun bool   `help:"Show what would change, and change nothing."`
}

// edit is what rows of a file say of one PBX.
type edit struct {
	row sheetRow // the first one
	// plan tells what the edit would change of a PBX that is on the fleet list, or is not. Its
	// error is a mistake where the rows are at fault.
	plan  func(ctx context.Context, s *store.Store, known bool) (plan, error)
	write func(context.Context, *store.Store) error
}

// plan is what an edit changes.
type plan struct {
	changes []changed
	isNew   bool     // the PBX is not on the fleet list yet
	shut    []string // settings that stay as they are, since the file's would let the PBX in
}

// changed is a value that an import changes.
type changed struct {
	MAC    pbx.MAC    `json:"mac"`
	Kind   store.Kind `json:"kind,omitempty"` // of what is named in the PBX
	ID     string     `json:"id,omitempty"`
	Column string     `json:"column"`
	Before string     `json:"before"`
	After  string     `json:"after"`
}

var changedColumns = columns[changed]{
	[]string{"MAC", "KIND", "ID", "COLUMN", "BEFORE", "AFTER"},
	func(d changed) []string {
		return []string{string(d.MAC), string(d.Kind), d.ID, d.Column, d.Before, d.After}
	},
}

// field is a value of a T that a column of a CSV file has, or a flag.
type field[T any] struct {
	head string
	get  func(T) string
	set  func(*T, string) error
}

func headsOf[T any](fields []field[T]) (heads []string) {
	for _, f := range fields {
		heads = append(heads, f.head)
	}
	return heads
}

func cellsOf[T any](fields []field[T], of T) (cells []string) {
	for _, f := range fields {
		cells = append(cells, f.get(of))
	}
	return cells
}

// differences are the values in which before and after differ.
func differences[T any](fields []field[T], before, after T, of changed) (all []changed) {
	for _, f := range fields {
		if of.Column, of.Before, of.After = f.head, f.get(before), f.get(after); of.Before != of.After {
			all = append(all, of)
		}
	}
	return all
}

// set sets the values that a row has columns for.
func set[T any](fields []field[T], of *T, s *sheet, row sheetRow) {
	for _, f := range fields {
		if s.has(f.head) {
			s.note(row, f.head, f.set(of, row.cells[f.head]))
		}
	}
}

// run shows what edits change, and makes them unless it is a dry run. Before anything is
// written all of it was found good.
func (c importFlags) run(p *program, file *sheet, edits []edit) error {
	if err := file.err(); err != nil {
		return err
	}
	use := c.writeRecords
	if c.DryRun {
		use = c.readRecords
	}
	return use(p, func(s *store.Store) error {
		planned, skipped := c.plan(p, s, file, edits)
		if planned == nil {
			return skipped
		}
		if !c.DryRun {
			if err := c.make(p, s, edits, planned); err != nil {
				return errors.Join(skipped, err)
			}
		}
		return errors.Join(skipped, c.tell(p, edits, planned))
	})
}

// plan finds what each edit changes. A PBX that can't be read is left as it is, and named by the
// error; after any other one there is no plan.
func (c importFlags) plan(p *program, s *store.Store, file *sheet, edits []edit) ([]plan, error) {
	known := map[pbx.MAC]bool{}
	fleet := each.Loop[pbx.MAC]{Of: "entries of the fleet list", Name: each.Text[pbx.MAC]}
	listErr := fleet.Do(p.ctx, s.Fleet(p.ctx), func(_ context.Context, mac pbx.MAC) error {
		known[mac] = true
		return nil
	})
	if listErr != nil && !each.Only(listErr) {
		return nil, listErr
	}
	planned, faults := make([]plan, len(edits)), make([]error, len(edits))
	bar := newBar(p, len(edits), !c.JSON)
	pbxs := each.Loop[int]{Of: "PBXs of the file", Name: nameOfEdit(edits), AtOnce: workAtOnce}
	err := pbxs.Do(p.ctx, each.From(numbers(edits)), func(ctx context.Context, i int) (err error) {
		bar.Add(1)
		planned[i], err = edits[i].plan(ctx, s, known[edits[i].row.mac])
		if fault := (mistake{}); errors.As(err, &fault) {
			faults[i], err = fault.err, nil
		}
		return err
	})
	if err != nil && !each.Only(err) {
		return nil, err
	}
	for i, fault := range faults {
		file.note(edits[i].row, "mac", fault)
	}
	if wrong := file.err(); wrong != nil {
		return nil, errors.Join(wrong, err)
	}
	return planned, errors.Join(listErr, err)
}

// workAtOnce is how many PBXs are read or written side by side.
const workAtOnce = 16

// numbers yields the places of edits.
func numbers(edits []edit) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range edits {
			if !yield(i) {
				return
			}
		}
	}
}

func nameOfEdit(edits []edit) func(int) string {
	return func(i int) string { return string(edits[i].row.mac) }
}

// make makes the edits that change anything.
func (c importFlags) make(p *program, s *store.Store, edits []edit, planned []plan) error {
	var written atomic.Int64
	bar := newBar(p, len(edits), !c.JSON)
	pbxs := each.Loop[int]{Of: "PBXs to be written", Name: nameOfEdit(edits), AtOnce: workAtOnce}
	err := pbxs.Do(p.ctx, each.From(numbers(edits)), func(ctx context.Context, i int) error {
		bar.Add(1)
		if len(planned[i].changes) == 0 {
			return nil
		}
		if err := edits[i].write(ctx, s); err != nil {
			return err
		}
		written.Add(1)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%d PBXs were written, and others not; import the file again: %w", written.Load(), err)
	}
	return nil
}

func (c importFlags) tell(p *program, edits []edit, planned []plan) error {
	var all []changed
	pbxs, joined := 0, 0
	var shut []string
	for i, each := range planned {
		all = append(all, each.changes...)
		pbxs += min(1, len(each.changes))
		if each.isNew {
			joined++
		}
		if len(each.shut) > 0 {
			shut = append(shut, fmt.Sprintf("  %s  %s\n", edits[i].row.mac, strings.Join(each.shut, ", ")))
		}
	}
	if len(shut) > 0 {
		fmt.Fprintf(p.errs, "These stay shut, whatever the file says; --reopen lets in those that it has open:\n%s", strings.Join(shut, ""))
	}
	if c.JSON {
		return show(p, true, each.Of(all...), changedColumns, "")
	}
	if len(all) > 0 {
		if err := table(p.ctx, p.out, each.Of(all...), changedColumns, ""); err != nil {
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
	_, err := fmt.Fprintf(p.out, "%d of %d PBXs %s%s.\n", pbxs, len(planned), did, fresh)
	return err
}
