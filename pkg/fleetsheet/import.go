package fleetsheet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Import has the contents of a file without mistakes.
type Import struct {
	file  *sheet
	edits []edit
}

// edit has the rows of a file for one PBX.
type edit struct {
	row sheetRow // the first one
	// plan returns what the edit would change. known says whether the PBX is on the fleet list. Its
	// error is a mistake if the rows are wrong.
	plan  func(ctx context.Context, s *store.Store, known bool) (Plan, error)
	write func(context.Context, *store.Store) error
}

// Plan is what a file changes for one PBX.
type Plan struct {
	MAC     pbx.MAC
	Changes []Change
	IsNew   bool // the PBX is not on the fleet list yet
	// Shut are the settings that stay, since those of the file would admit a PBX that was refused.
	Shut []string
}

// Change is a value that an import changes.
type Change struct {
	MAC    pbx.MAC     `json:"mac"`
	Kind   naming.Kind `json:"kind,omitempty"` // of the named thing
	ID     string      `json:"id,omitempty"`
	Column string      `json:"column"`
	Before string      `json:"before"`
	After  string      `json:"after"`
}

// AtOnce is how many PBXs are read or written concurrently.
const AtOnce = 16

// newImport returns the import of a file; its error lists the mistakes.
func newImport(file *sheet, edits []edit) (*Import, error) {
	if err := file.err(); err != nil {
		return nil, err
	}
	return &Import{file, edits}, nil
}

// Len returns how many PBXs the file has.
func (i *Import) Len() int { return len(i.edits) }

// Plan finds what the file changes, and changes nothing. It skips PBXs that can't be read: then it returns
// plans and the error of a loop, which names them. With any other error it returns no plans. Plan calls
// step for each PBX, from several goroutines.
func (i *Import) Plan(ctx context.Context, s *store.Store, step func()) ([]Plan, error) {
	known := map[pbx.MAC]bool{}
	fleet := each.Loop[pbx.MAC]{Of: "entries of the fleet list", Name: each.Text[pbx.MAC]}
	listErr := fleet.Do(ctx, s.Fleet(ctx), func(_ context.Context, mac pbx.MAC) error {
		known[mac] = true
		return nil
	})
	if listErr != nil && !each.Only(listErr) {
		return nil, listErr
	}
	plans, faults := make([]Plan, len(i.edits)), make([]error, len(i.edits))
	pbxs := each.Loop[int]{Of: "PBXs of the file", Name: i.name, AtOnce: AtOnce}
	err := pbxs.Do(ctx, each.From(i.numbers()), func(ctx context.Context, n int) (err error) {
		step()
		plans[n], err = i.edits[n].plan(ctx, s, known[i.edits[n].row.mac])
		plans[n].MAC = i.edits[n].row.mac
		if fault := (mistake{}); errors.As(err, &fault) {
			faults[n], err = fault.err, nil
		}
		return err
	})
	if err != nil && !each.Only(err) {
		return nil, err
	}
	for n, fault := range faults {
		i.file.note(i.edits[n].row, "mac", fault)
	}
	if wrong := i.file.err(); wrong != nil {
		return nil, errors.Join(wrong, err)
	}
	return plans, errors.Join(listErr, err)
}

// Write makes the changes in plans of this import. It does not write PBXs without changes. After an error,
// some PBXs are written, and the file may be imported again. step is as for Plan.
func (i *Import) Write(ctx context.Context, s *store.Store, plans []Plan, step func()) error {
	var written atomic.Int64
	pbxs := each.Loop[int]{Of: "PBXs to be written", Name: i.name, AtOnce: AtOnce}
	err := pbxs.Do(ctx, each.From(i.numbers()), func(ctx context.Context, n int) error {
		step()
		if len(plans[n].Changes) == 0 {
			return nil
		}
		if err := i.edits[n].write(ctx, s); err != nil {
			return err
		}
		written.Add(1)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%d PBXs were written, others were not; import the file again: %w", written.Load(), err)
	}
	return nil
}

// numbers yields the places of the edits.
func (i *Import) numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := range i.edits {
			if !yield(n) {
				return
			}
		}
	}
}

func (i *Import) name(n int) string { return string(i.edits[n].row.mac) }

// differences returns the values in which before and after differ.
func differences[T any](fields devices.Fields[T], before, after T, of Change) (all []Change) {
	for _, f := range fields {
		if of.Column, of.Before, of.After = f.Name, f.Get(before), f.Get(after); of.Before != of.After {
			all = append(all, of)
		}
	}
	return all
}

// set sets the values for which the file has columns.
func set[T any](fields devices.Fields[T], of *T, s *sheet, row sheetRow) {
	for _, f := range fields {
		if s.has(f.Name) {
			s.note(row, f.Name, f.Set(of, row.cells[f.Name]))
		}
	}
}

// Changes returns the changes of all plans.
func Changes(plans []Plan) (all []Change) {
	for _, plan := range plans {
		all = append(all, plan.Changes...)
	}
	return all
}
