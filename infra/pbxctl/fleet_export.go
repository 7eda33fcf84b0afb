package main

import (
	"io"

	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/store"
)

// exportFlags are the flags of each command that prints a CSV file to be imported.
type exportFlags struct {
	where
	Excel bool `help:"Begin with a byte-order mark, by which Excel recognises UTF-8."`
}

// run prints the file that write writes.
func (f exportFlags) run(p *program, write func(*store.Store) error) error {
	return f.readRecords(p, func(s *store.Store) error {
		if f.Excel {
			if _, err := io.WriteString(p.out, fleetsheet.ByteOrderMark); err != nil {
				return err
			}
		}
		return write(s)
	})
}
