package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
)

// report is the result of a comparison.
type report struct {
	Tables      []compared   `json:"tables"`
	Differences []difference `json:"differences"`
}

// compared is how much of a table was compared.
type compared struct {
	Name    string `json:"name"`
	Rows    int    `json:"rows"`
	Figures int    `json:"figures"` // in these rows
}

// difference is a wrong figure, or a row that only one side has. For such a row it has no column.
type difference struct {
	Table  string `json:"table"`
	Row    string `json:"row"`
	Column string `json:"column,omitempty"`
	Want   any    `json:"want"` // computed here
	Got    any    `json:"got"`  // the product's
}

func (d difference) String() string {
	return fmt.Sprintf("%s of %s: %s is %s, not %s", d.Table, d.Row, orRow(d.Column), show(d.Got), show(d.Want))
}

func orRow(column string) string {
	if column == "" {
		return "the row"
	}
	return column
}

func show(v any) string {
	if v == nil {
		return "null"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// compare compares the product's rows of a table with the rows that are computed here, in each
// column of the product.
func (r *report) compare(table string, want, got rows) {
	done := compared{Name: table}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] == nil {
			r.Differences = append(r.Differences, difference{table, name, "", "there", "missing"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] == nil {
			r.Differences = append(r.Differences, difference{table, name, "", "missing", "there"})
			continue
		}
		done.Rows++
		done.Figures += r.compareRow(table, name, want[name], got[name])
	}
	r.Tables = append(r.Tables, done)
}

func (r *report) compareRow(table, name string, want, got row) (figures int) {
	for _, column := range slices.Sorted(maps.Keys(got)) {
		if notCompared[column] {
			continue
		}
		figures++
		d := difference{table, name, column, want[column], got[column]}
		if _, known := want[column]; !known {
			d.Want = "a column that can be checked"
		} else if same(d.Want, d.Got) {
			continue
		}
		r.Differences = append(r.Differences, d)
	}
	return figures
}

// same reports whether two values are the same: numbers to 12 digits.
func same(a, b any) bool {
	x, okX := number(a)
	y, okY := number(b)
	if okX && okY {
		return x == y || math.Abs(x-y) <= 1e-12*max(1, math.Abs(x), math.Abs(y))
	}
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	return reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}
