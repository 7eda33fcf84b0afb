package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type restatementsCommand struct {
	source
	Day pbx.Day `required:"" help:"Day by the PBX's clock, such as 2018-11-05." placeholder:"DAY"`
}

// Help is the long form of the command's help.
func (restatementsCommand) Help() string {
	return `When a day's published figures change, the old ones are kept, with the records that came
after them. BECAUSE is what changed: a late record, a setting, or a rule of this program.
Where a line has no figures, only figures changed that are not shown.
Thresholds are those that are set for the PBX now. With --json, one object per revision that
was replaced, with all of its rows.

Example:
  pbxctl kpi restatements --mac 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data`
}

// Run implements the command.
func (c *restatementsCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		h, skipped := readHistory(p, s, c.MAC, c.Day)
		if skipped != nil && !each.Only(skipped) {
			return skipped
		}
		if c.JSON || len(h.replaced) == 0 {
			if skipped != nil && !c.JSON {
				return skipped
			}
			nothing := fmt.Sprintf("The figures of %s of %s are those that were published first.", c.Day, c.MAC)
			return errors.Join(skipped, show(p, c.JSON, each.Of(h.replaced...), columns[restated]{}, nothing))
		}
		return errors.Join(skipped, h.print(p))
	})
}

// restated is a revision that was replaced, with its rows.
type restated struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	store.Restatement
	Rows    []any `json:"rows"`
	figures *dayRows
}

// history is all that was ever published of a day.
type history struct {
	replaced []restated
	current  *dayRows
}

func readHistory(p *program, s *store.Store, mac pbx.MAC, day pbx.Day) (h history, err error) {
	device, err := s.Device(p.ctx, mac)
	if err == nil {
		err = rollup.CheckSettings(mac, device)
	}
	if err != nil {
		return h, err
	}
	t := rollup.Thresholds(device)
	if h.current, _, err = readRows(s.Rows(p.ctx, mac, day), t); err != nil {
		return h, err
	}
	if h.current.rows == 0 {
		return h, noFigures(mac, day)
	}
	name := func(r store.Restatement) string { return fmt.Sprint("revision ", r.Revision) }
	all := each.Loop[store.Restatement]{Of: "revisions that were replaced", Name: name}
	err = all.Do(p.ctx, s.Restatements(p.ctx, mac, day), func(_ context.Context, r store.Restatement) (err error) {
		old := restated{MAC: mac, Day: day, Restatement: r}
		if old.figures, old.Rows, err = readRows(s.RestatedRows(p.ctx, mac, day, r.Revision), t); err == nil {
			h.replaced = append(h.replaced, old)
		}
		return err
	})
	return h, err
}

func readRows(rows iter.Seq2[store.Row, error], t kpi.Thresholds) (found *dayRows, all []any, err error) {
	found, all = &dayRows{}, []any{}
	for row, err := range rows {
		if err != nil {
			return nil, nil, err
		}
		figures, err := found.add(row, t)
		if err != nil {
			return nil, nil, err
		}
		found.rows++
		all = append(all, figures)
	}
	return found, all, nil
}

func (h history) print(p *program) error {
	if err := table(p.ctx, p.out, each.Of(h.changes()...), changeColumns, ""); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "\nRecords that came after the figures they change")
	return table(p.ctx, p.out, each.Of(h.late()...), lateColumns, "None.")
}

// change is what a restatement changed of a queue's figures.
type change struct {
	*restated
	queue    string
	was, now []string // cells; without any, only what is not shown here changed
}

// changes are those of all restatements, in the order of revisions and queues.
func (h history) changes() (all []change) {
	for i := range h.replaced {
		old, next := &h.replaced[i], h.current
		if i+1 < len(h.replaced) {
			next = h.replaced[i+1].figures
		}
		before := len(all)
		for _, queue := range queuesOf(old.figures, next) {
			was, now := old.figures.cells(queue), next.cells(queue)
			if !slices.Equal(was, now) {
				all = append(all, change{old, queue, was, now})
			}
		}
		if len(all) == before {
			all = append(all, change{restated: old})
		}
	}
	return all
}

// queuesOf are the queues of either day.
func queuesOf(a, b *dayRows) (queues []string) {
	for _, q := range slices.Concat(a.queues, b.queues) {
		queues = append(queues, q.Queue)
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

// cells are the figures of a queue, as they are shown; those of a queue without calls
// are 0.
func (r *dayRows) cells(queue string) []string {
	var figures kpi.Figures
	for _, q := range r.queues {
		if q.Queue == queue {
			figures = q.Figures
		}
	}
	return figureCells(figures)
}

var changeColumns = columns[change]{
	slices.Concat([]string{"REVISION", "COMPUTED", "REPLACED", "BECAUSE", "LATE", "QUEUE"}, figureHeads),
	func(c change) []string {
		cells := []string{count(c.Revision), clock(c.ComputedAt), clock(c.ReplacedAt), causes(c.Causes), count(c.Late), c.queue}
		for i := range figureHeads {
			cells = append(cells, c.cell(i))
		}
		return cells
	},
}

// causes are what changed, in a line.
func causes(all []store.Cause) string {
	words := make([]string, 0, len(all))
	for _, cause := range all {
		words = append(words, string(cause))
	}
	return strings.Join(words, ", ")
}

// cell is what a figure was and became, or what it stayed.
func (c change) cell(i int) string {
	switch {
	case len(c.was) == 0:
		return ""
	case c.was[i] == c.now[i]:
		return c.was[i]
	}
	return plain(c.was[i]) + " → " + plain(c.now[i])
}

// lateRecord is a record that came after a revision.
type lateRecord struct {
	store.LateRecord
	after int64
}

// late are the records that are named, in the order of revisions.
func (h history) late() (all []lateRecord) {
	for _, old := range h.replaced {
		for _, l := range old.LateRecords {
			all = append(all, lateRecord{l, old.Revision})
		}
	}
	return all
}

var lateColumns = columns[lateRecord]{
	[]string{"AFTER REVISION", "RECEIVED", "KIND", "ID", "START", "QUEUE", "AGENT"},
	func(l lateRecord) []string {
		return []string{count(l.after), clock(l.Received), string(l.Kind), l.ID, l.Start.String(), l.Queue, l.Agent}
	},
}
