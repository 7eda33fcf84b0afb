package main

import (
	"encoding/csv"
	"io"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// exportFlags are those of every command that prints a CSV file to be imported.
type exportFlags struct {
	where
	Excel bool `help:"Begin with the mark by which Excel knows UTF-8."`
}

// adder adds a row of a PBX to a file.
type adder func(mac pbx.MAC, cells ...string) error

// run prints a file of these heads with the rows that write adds.
func (f exportFlags) run(p *program, heads []string, write func(*store.Store, adder) error) error {
	return f.readRecords(p, func(s *store.Store) error {
		if f.Excel {
			if _, err := io.WriteString(p.out, byteOrderMark); err != nil {
				return err
			}
		}
		return writeSheet(p.out, heads, func(add adder) error { return write(s, add) })
	})
}

// writeSheet writes a CSV file that spreadsheets read as it is meant, and that readSheet reads
// back: its heads, and the rows that write adds, each of a PBX.
func writeSheet(out io.Writer, heads []string, write func(adder) error) error {
	w := csv.NewWriter(out)
	if err := w.Write(heads); err != nil {
		return err
	}
	err := write(func(mac pbx.MAC, cells ...string) error {
		row := []string{printed(mac)}
		for _, cell := range cells {
			row = append(row, guard(cell))
		}
		return w.Write(row)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// printed is a MAC as on a label: a spreadsheet may take 12 digits, or 11 and an e, for a number.
func printed(mac pbx.MAC) string {
	var b strings.Builder
	for i := 0; i < len(mac); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(string(mac[i : i+2]))
	}
	return b.String()
}
