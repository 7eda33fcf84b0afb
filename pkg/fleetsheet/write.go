package fleetsheet

import (
	"encoding/csv"
	"io"

	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
)

// Adder adds a PBX's row to a file.
type Adder func(mac pbx.MAC, cells ...string) error

// Write writes a CSV file of the heads and the rows that rows adds. This package reads it back, and
// spreadsheets read it without changing values. A cell that a spreadsheet would read as a formula or a number
// begins with an apostrophe. If rows fails, the rows that it has added are written.
func Write(out io.Writer, heads []string, rows func(Adder) error) error {
	w := csv.NewWriter(out)
	if err := w.Write(heads); err != nil {
		return err
	}
	err := rows(func(mac pbx.MAC, cells ...string) error {
		row := []string{devices.Label(mac)}
		for _, cell := range cells {
			row = append(row, guard(cell))
		}
		return w.Write(row)
	})
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}
