package push

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"trunkline/infra/fleet/truth"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// RowName identifies a row.
type RowName struct {
	MAC   pbx.MAC `json:"mac"`
	Day   pbx.Day `json:"day"`
	Queue string  `json:"queue,omitempty"`
	Agent string  `json:"agent,omitempty"`
}

func (n RowName) compare(other RowName) int {
	return cmp.Or(cmp.Compare(n.Day, other.Day), cmp.Compare(n.Agent, other.Agent), cmp.Compare(n.Queue, other.Queue))
}

// figureRow is a row as it is shown, by the names of its members.
type figureRow map[string]any

// bare returns a row without the members about its publication.
func bare(shown any) (RowName, figureRow, error) {
	text, err := json.Marshal(shown)
	if err != nil {
		return RowName{}, nil, err
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

func parseFigures(text []byte) (name RowName, row figureRow, err error) {
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

// Lines returns the true rows of a PBX, one on each line.
func Lines(records *truth.Records) ([]byte, error) {
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
	rows map[RowName]figureRow
}

// truePBXs yields the PBXs of a truth file. The rows of each PBX are consecutive.
func truePBXs(file io.Reader) iter.Seq2[truePBX, error] {
	return func(yield func(truePBX, error) bool) {
		var current truePBX
		seen := map[pbx.MAC]bool{}
		for line, err := range linesOf(file) {
			var name RowName
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
				current = truePBX{name.MAC, map[RowName]figureRow{}}
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

// Difference is where a published row differs from the true one.
type Difference struct {
	RowName
	Figure    string `json:"figure,omitempty"` // empty: the whole row
	True      string `json:"true"`
	Published string `json:"published"`
}

// Comparison is the result of a comparison.
type Comparison struct {
	PBXs, Rows  int
	Differences int
	Missing     int          // rows that are not published
	First       []Difference // some of them
}

// Compare compares the rows of a file of true figures with the published ones.
func Compare(ctx context.Context, s *store.Store, file io.Reader) (Comparison, error) {
	var r Comparison
	for want, err := range truePBXs(file) {
		if err != nil {
			return r, err
		}
		if err := r.add(ctx, s, want); err != nil {
			return r, err
		}
	}
	if r.Rows == 0 {
		return r, errors.New("there is nothing to compare: the file has no true figures")
	}
	return r, nil
}

// differencesShown is how many differences a comparison keeps.
const differencesShown = 20

// add compares the true rows of a PBX with those published.
func (r *Comparison) add(ctx context.Context, s *store.Store, want truePBX) error {
	got, err := publishedRows(ctx, s, want)
	if err != nil {
		return err
	}
	r.PBXs++
	names := maps.Clone(want.rows)
	maps.Copy(names, got)
	for _, name := range slices.SortedFunc(maps.Keys(names), RowName.compare) {
		r.Rows++
		r.compare(name, want.rows[name], got[name])
	}
	return nil
}

// publishedRows reads the rows of all days of a PBX that have records or true rows.
func publishedRows(ctx context.Context, s *store.Store, want truePBX) (map[RowName]figureRow, error) {
	device, err := s.Device(ctx, want.mac)
	if err != nil {
		return nil, err
	}
	days := map[pbx.Day]bool{}
	for name := range want.rows {
		days[name.Day] = true
	}
	for day, err := range s.RecordedDays(ctx, want.mac, device.Zone, store.Span{}) {
		if err != nil {
			return nil, err
		}
		days[day] = true
	}
	rows := map[RowName]figureRow{}
	for day := range days {
		for row, err := range s.Figures().Rows(ctx, want.mac, day) {
			if err != nil {
				return nil, err
			}
			shown, err := rollup.Figures(row, rollup.Thresholds(store.Device{}))
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

func (r *Comparison) compare(name RowName, want, got figureRow) {
	switch {
	case want == nil:
		r.differ(Difference{name, "", "no such row", "a row"})
		return
	case got == nil:
		r.Missing++
		r.differ(Difference{name, "", "a row", "no such row"})
		return
	}
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, figure := range slices.Sorted(maps.Keys(names)) {
		if !reflect.DeepEqual(want[figure], got[figure]) {
			r.differ(Difference{name, figure, shortly(want[figure]), shortly(got[figure])})
		}
	}
}

func (r *Comparison) differ(d Difference) {
	if r.Differences++; len(r.First) < differencesShown {
		r.First = append(r.First, d)
	}
}

// shortly returns a figure as JSON, or its beginning.
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
