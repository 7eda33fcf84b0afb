package curated

import (
	"bytes"

	"github.com/parquet-go/parquet-go"
)

// rowsBefore reads the rows of a published file, in their order.
type rowsBefore[R dimensionRow] struct {
	file   []byte // nil: no file
	schema *parquet.Schema
	opened *parquet.GenericReader[R]
	ahead  []R // read already
}

// readAhead is how many rows are read at a time.
const readAhead = 256

// of returns the rows of a PBX. Call it for PBXs in the order of their MACs. A file that can't be
// read, or that has other columns, has no rows.
func (b *rowsBefore[R]) of(mac string) (rows []R) {
	for b.more() && b.ahead[0].of() <= mac {
		if b.ahead[0].of() == mac {
			rows = append(rows, b.ahead[0])
		}
		b.ahead = b.ahead[1:]
	}
	return rows
}

// more reports whether there is a further row.
func (b *rowsBefore[R]) more() bool {
	if len(b.ahead) > 0 {
		return true
	}
	if b.opened == nil && !b.open() {
		return false
	}
	rows := make([]R, readAhead)
	n, _ := b.opened.Read(rows) // an error is the end
	b.ahead = rows[:n]
	return n > 0
}

func (b *rowsBefore[R]) open() bool {
	file := b.file
	b.file = nil
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil || f.Schema().String() != b.schema.String() {
		return false
	}
	b.opened = parquet.NewGenericReader[R](f)
	return true
}
