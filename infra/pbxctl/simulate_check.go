package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"trunkline/infra/fleet/truth"
	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type simulateCheckCommand struct {
	Truth string `required:"" type:"path" help:"File of the true figures." placeholder:"FILE"`
	where
	showing
}

// Help is the long form of the command's help.
func (simulateCheckCommand) Help() string {
	return `Rows are compared as pbxctl kpi shows them, but for what tells of their publication. PBXs
that are not in the file are left out of account. It fails where anything differs.

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
		var r comparison
		for want, err := range truePBXs(file) {
			if err == nil {
				err = r.add(p, s, want)
			}
			if err != nil {
				return err
			}
		}
		return r.tell(p, c.JSON)
	})
}

// rowName says which row it is.
type rowName struct {
	MAC   pbx.MAC `json:"mac"`
	Day   pbx.Day `json:"day"`
	Queue string  `json:"queue,omitempty"`
	Agent string  `json:"agent,omitempty"`
}

func (n rowName) compare(other rowName) int {
	return cmp.Or(cmp.Compare(n.Day, other.Day), cmp.Compare(n.Agent, other.Agent), cmp.Compare(n.Queue, other.Queue))
}

// figureRow is a row as it is shown, by the names of its members.
type figureRow map[string]any

// bare is a row without what tells of its publication.
func bare(shown any) (rowName, figureRow, error) {
	text, err := json.Marshal(shown)
	if err != nil {
		return rowName{}, nil, err
	}
	name, row, err := parseFigures(text)
	if err != nil {
		return name, nil, err
	}
	delete(row, "computed_at")
	delete(row, "revision")
	if inputs, ok := row["inputs"].(map[string]any); ok {
		delete(inputs, "hash")
	}
	return name, row, nil
}

func parseFigures(text []byte) (name rowName, row figureRow, err error) {
	if err := json.Unmarshal(text, &name); err != nil {
		return name, nil, err
	}
	if name.MAC == "" || name.Day == 0 {
		return name, nil, errors.New("a row has no mac or no day")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&row)
	return name, row, err
}

// trueLines are the true rows of a PBX, a line for each.
func trueLines(records *truth.Records) ([]byte, error) {
	var lines bytes.Buffer
	out := json.NewEncoder(&lines)
	out.SetEscapeHTML(false)
	for rows := range records.Rows() {
		for shown := range shownRows(rows) {
			_, row, err := bare(shown)
			if err == nil {
				err = out.Encode(row)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return lines.Bytes(), nil
}

// shownRows yields rows as pbxctl kpi shows them.
func shownRows(rows kpi.Rows) iter.Seq[any] {
	return func(yield func(any) bool) {
		thresholds := rollup.Thresholds(store.Device{})
		all := []any{}
		for _, a := range rows.Agents {
			all = append(all, a.Figures(kpi.Published{}))
		}
		all = append(all, rows.PBX.Figures(thresholds, kpi.Published{}))
		for _, q := range rows.Queues {
			all = append(all, q.Figures(thresholds, kpi.Published{}))
		}
		slices.Values(all)(yield)
	}
}

// truePBX is the true rows of one PBX.
type truePBX struct {
	mac  pbx.MAC
	rows map[rowName]figureRow
}

// truePBXs yields the PBXs of a truth file, in which the rows of each stand together.
func truePBXs(file io.Reader) iter.Seq2[truePBX, error] {
	return func(yield func(truePBX, error) bool) {
		var current truePBX
		seen := map[pbx.MAC]bool{}
		for line, err := range linesOf(file) {
			var name rowName
			var row figureRow
			if err == nil {
				name, row, err = parseFigures(line)
			}
			if err == nil && name.MAC != current.mac && seen[name.MAC] {
				err = fmt.Errorf("the rows of %s do not stand together", name.MAC)
			}
			if err != nil {
				yield(truePBX{}, fmt.Errorf("read the true figures: %w", err))
				return
			}
			if name.MAC != current.mac {
				seen[name.MAC] = true
				if len(current.rows) > 0 && !yield(current, nil) {
					return
				}
				current = truePBX{name.MAC, map[rowName]figureRow{}}
			}
			current.rows[name] = row
		}
		if len(current.rows) > 0 {
			yield(current, nil)
		}
	}
}

func linesOf(file io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			if !yield(lines.Bytes(), nil) {
				return
			}
		}
		if lines.Err() != nil {
			yield(nil, lines.Err())
		}
	}
}

// difference is where a published row is not the true one.
type difference struct {
	rowName
	Figure    string `json:"figure,omitempty"` // empty: the whole row
	True      string `json:"true"`
	Published string `json:"published"`
}

// comparison is what was compared.
type comparison struct {
	pbxs, rows  int
	differences int
	first       []difference
}

// differencesShown is how many differences a comparison keeps.
const differencesShown = 20

// add compares the true rows of a PBX with those published.
func (r *comparison) add(p *program, s *store.Store, want truePBX) error {
	got, err := publishedRows(p, s, want)
	if err != nil {
		return err
	}
	r.pbxs++
	names := maps.Clone(want.rows)
	maps.Copy(names, got)
	for _, name := range slices.SortedFunc(maps.Keys(names), rowName.compare) {
		r.rows++
		r.compare(name, want.rows[name], got[name])
	}
	return nil
}

// publishedRows reads the rows of all days of a PBX that its records or the truth tell of.
func publishedRows(p *program, s *store.Store, want truePBX) (map[rowName]figureRow, error) {
	device, err := s.Device(p.ctx, want.mac)
	if err != nil {
		return nil, err
	}
	days := map[pbx.Day]bool{}
	for name := range want.rows {
		days[name.Day] = true
	}
	for day, err := range s.RecordedDays(p.ctx, want.mac, device.Zone, store.Span{}) {
		if err != nil {
			return nil, err
		}
		days[day] = true
	}
	rows := map[rowName]figureRow{}
	for day := range days {
		for row, err := range s.Rows(p.ctx, want.mac, day) {
			var shown any
			if err == nil {
				shown, err = new(dayRows).add(row, rollup.Thresholds(store.Device{}))
			}
			if err != nil {
				return nil, err
			}
			name, figures, err := bare(shown)
			if err != nil {
				return nil, err
			}
			rows[name] = figures
		}
	}
	return rows, nil
}

func (r *comparison) compare(name rowName, want, got figureRow) {
	switch {
	case want == nil:
		r.differ(difference{name, "", "no such row", "a row"})
		return
	case got == nil:
		r.differ(difference{name, "", "a row", "no such row"})
		return
	}
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, figure := range slices.Sorted(maps.Keys(names)) {
		if !reflect.DeepEqual(want[figure], got[figure]) {
			r.differ(difference{name, figure, shortly(want[figure]), shortly(got[figure])})
		}
	}
}

func (r *comparison) differ(d difference) {
	if r.differences++; len(r.first) < differencesShown {
		r.first = append(r.first, d)
	}
}

// shortly is a figure as JSON, or its beginning.
func shortly(figure any) string {
	text, err := json.Marshal(figure)
	if err != nil {
		panic(err) // it was read from JSON
	}
	const most = 100
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "…"
	}
	return string(text)
}

var differenceColumns = columns[difference]{
	[]string{"MAC", "DAY", "QUEUE", "AGENT", "FIGURE", "TRUE", "PUBLISHED"},
	func(d difference) []string {
		return []string{string(d.MAC), d.Day.String(), d.Queue, d.Agent, d.Figure, d.True, d.Published}
	},
}

// tell prints the differences. Any, or nothing to compare, is an error.
func (r *comparison) tell(p *program, asJSON bool) error {
	if r.rows == 0 {
		return errors.New("there is nothing to compare: the file has no true figures")
	}
	if r.differences == 0 {
		if !asJSON {
			fmt.Fprintf(p.out, "%d rows of %d PBXs are published as they should be.\n", r.rows, r.pbxs)
		}
		return nil
	}
	if err := show(p, asJSON, each.Of(r.first...), differenceColumns, ""); err != nil {
		return err
	}
	return fmt.Errorf("%d differences in %d rows of %d PBXs", r.differences, r.rows, r.pbxs)
}
