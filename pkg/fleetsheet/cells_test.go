package fleetsheet

import (
	"strings"
	"testing"
)

// A guarded cell is text to a spreadsheet, and reading it takes the guard away and nothing else.
func TestCellsAreReadAsTheyWere(t *testing.T) {
	cells := []string{""}
	for next := cells; len(next[0]) < 5; {
		var longer []string
		for _, cell := range next {
			for _, c := range "'=+-@\t\r0a" {
				longer = append(longer, cell+string(c))
			}
		}
		next, cells = longer, append(cells, longer...)
	}
	for _, cell := range append(cells, "＝1", "0042", "123456789012", "'90", "o'clock") {
		guarded := guard(cell)
		if unguard(guarded) != cell || strings.IndexAny(guarded, "=+-@\t\r") == 0 {
			t.Fatalf("%q is written as %q, and read as %q", cell, guarded, unguard(guarded))
		}
	}
}
