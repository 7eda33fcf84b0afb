package fleetsheet

import (
	"encoding/csv"
	"io"

	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
)

// Adder adds a row of a PBX to a file.
type Adder func(mac pbx.MAC, cells ...string) error

// Write writes a CSV file that spreadsheets read as it is meant, and that this package reads back:
// its heads, and the rows that rows adds. A cell that a spreadsheet would take for a formula or a
// number begins with an apostrophe. Rows that were added are written also where rows fails.
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
