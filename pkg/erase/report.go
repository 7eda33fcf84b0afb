package erase

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// All erases the number wherever it can be. It has recompute compute the figures of the days that
// changed, and scrub remove what is left on a disk; a dry run calls neither. What remains in one
// place keeps nothing from being erased in another.
func (e *Erasure) All(ctx context.Context, recompute func(days map[pbx.MAC]map[pbx.Day]bool) error, scrub func() error) error {
	if e.DryRun {
		recompute, scrub = func(map[pbx.MAC]map[pbx.Day]bool) error { return nil }, func() error { return nil }
	}
	days, remains := e.Run(ctx)
	if Stops(remains) {
		return remains
	}
	err := recompute(days)
	if Stops(err) {
		return errors.Join(err, remains)
	}
	figures := e.Figures(ctx)
	if Stops(figures) {
		return errors.Join(figures, err, remains)
	}
	return errors.Join(remains, err, figures, scrub())
}

// Search finds the number wherever it can be, and changes nothing.
func (e *Erasure) Search(ctx context.Context) error {
	e.DryRun = true
	return e.All(ctx, nil, nil)
}

// Stops reports whether an error is more than that some things were left out.
func Stops(err error) bool {
	return err != nil && !errors.Is(err, ErrRemains) && !each.Only(err)
}

// Place is a kind of place of a PBX where the number was found.
type Place struct {
	Where string
	MAC   pbx.MAC
	Error string // why the number remains there; empty: it does not
}

// Report counts findings.
type Report struct {
	Count map[Place]int
	Left  []Finding // where the number remains
	Notes int       // findings that have a note
}

// Add counts a finding.
func (r *Report) Add(f Finding) {
	if r.Count == nil {
		r.Count = map[Place]int{}
	}
	r.Count[Place{f.Where, f.MAC, f.Error}] += f.Count
	if f.Error != "" {
		r.Left = append(r.Left, f)
	}
	if f.Note != "" {
		r.Notes++
	}
}

// Found returns how often the number was found, and how often it remains.
func (r *Report) Found() (found, remains int) {
	for at, n := range r.Count {
		found += n
		if at.Error != "" {
			remains += n
		}
	}
	return found, remains
}

// Places returns where the number was found, in the order of PBXs.
func (r *Report) Places() []Place {
	return slices.SortedFunc(maps.Keys(r.Count), func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.MAC, b.MAC), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Error, b.Error))
	})
}

// Kept is a finding with what is kept there, as JSON where it is JSON.
type Kept struct {
	Finding
	Kept any `json:"kept,omitempty"`
}

// WithText returns the finding with what is kept there.
func (f Finding) WithText() Kept {
	switch {
	case f.Text == "":
		return Kept{f, nil}
	case json.Valid([]byte(f.Text)):
		return Kept{f, json.RawMessage(f.Text)}
	}
	return Kept{f, f.Text}
}

// Summary is what an erasure did, for programs.
type Summary struct {
	DryRun      bool     `json:"dry_run"`
	Found       int      `json:"found"`
	Remains     int      `json:"remains"` // of them
	Recomputed  int      `json:"days_computed_anew"`
	KeptForNow  []string `json:"kept_for_now"` // what still has copies
	CompletedAt string   `json:"at"`
}

// Summary sums up an erasure that ended at a time, after which the figures of some days were computed
// again.
func (r *Report) Summary(dryRun, inAWS bool, recomputed int, at time.Time) Summary {
	s := Summary{DryRun: dryRun, Recomputed: recomputed, CompletedAt: at.UTC().Format(time.RFC3339), KeptForNow: keptForNow(inAWS)}
	s.Found, s.Remains = r.Found()
	return s
}

// keptForNow lists what an erasure does not reach.
func keptForNow(inAWS bool) []string {
	if !inAWS {
		return []string{"copies of the folder, and free blocks of its disk"}
	}
	return []string{
		"old versions of objects, where the bucket keeps any, until they expire (OldVersionDays, ArchiveLockDays)",
		"the table's point-in-time recovery, for 35 days, and backups made on demand",
		"copies that others have made of files or records",
	}
}
