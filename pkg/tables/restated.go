package tables

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/listing"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// changes shows what restatements changed.
func changes() listing.Columns[rollup.Change] {
	return listing.Columns[rollup.Change]{
		Heads: slices.Concat([]string{"REVISION", "COMPUTED", "REPLACED", "BECAUSE", "LATE", "QUEUE"}, figureHeads()),
		Cells: func(c rollup.Change) []string {
			cells := []string{count(c.Revision), Clock(c.ComputedAt), Clock(c.ReplacedAt), causes(c.Causes), count(c.Late), c.Queue}
			for i := range figureHeads() {
				cells = append(cells, changedCell(c, i))
			}
			return cells
		},
	}
}

// lateRecordColumns shows records that came after the figures they change.
func lateRecordColumns() listing.Columns[lateRecord] {
	return listing.Columns[lateRecord]{
		Heads: []string{"AFTER REVISION", "RECEIVED", "KIND", "ID", "START", "QUEUE", "AGENT"},
		Cells: func(l lateRecord) []string {
			return []string{count(l.after), Clock(l.Received), string(l.Kind), l.ID, l.Start.String(), l.Queue, l.Agent}
		},
	}
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

// PrintHistory prints how the figures of a day changed after they were published, and which
// records came late.
func PrintHistory(ctx context.Context, out io.Writer, h rollup.History) error {
	if err := listing.Table(ctx, out, each.Of(h.Changes(figureCells)...), changes(), ""); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nRecords that came after the figures they change")
	return listing.Table(ctx, out, each.Of(lateRecords(h)...), lateRecordColumns(), "None.")
}
