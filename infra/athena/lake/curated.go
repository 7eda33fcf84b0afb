package lake

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"trunkline/pkg/curated"
	"trunkline/pkg/pbx"
)

// curatedTables reads the tables of figures and dimensions from files without rows.
func curatedTables() ([]Table, error) {
	utc, err := pbx.ParseZone("UTC")
	if err != nil {
		return nil, err
	}
	files, err := curated.Objects(curated.Day{MAC: "000000000000", Zone: utc})
	if err != nil {
		return nil, err
	}
	dimensions, err := curated.Dimensions(context.Background(), func(func(curated.PBX, error) bool) {}, nil, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, d := range dimensions {
		files = append(files, d.Object)
	}
	var tables []Table
	for _, file := range files {
		table, err := curatedTable(file)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, nil
}

// curatedTable reads the columns of a file, and the table's name and partition of its name.
func curatedTable(file curated.Object) (Table, error) {
	t := Table{Location: path.Dir(file.Name) + "/"}
	if folder, day := path.Split(path.Dir(file.Name)); strings.HasPrefix(day, "dt=") {
		t.Location, t.Keys = folder, []Column{{"dt", "string"}}
	}
	t.Name = path.Base(t.Location)
	opened, err := parquet.OpenFile(bytes.NewReader(file.Body), int64(len(file.Body)))
	if err != nil {
		return Table{}, fmt.Errorf("read the table %s: %w", t.Name, err)
	}
	for _, column := range opened.Root().Columns() {
		kind := hiveType(column.Type())
		if kind == "" {
			return Table{}, fmt.Errorf("no type of Athena is known for %s of the table %s, a %s", column.Name(), t.Name, column.Type())
		}
		t.Columns = append(t.Columns, Column{column.Name(), kind})
	}
	return t, nil
}

// hiveType returns the type of a column in Athena, or "" if it is unknown.
func hiveType(t parquet.Type) string {
	if t.LogicalType() == nil {
		return map[parquet.Kind]string{parquet.Boolean: "boolean", parquet.Int64: "bigint", parquet.Double: "double"}[t.Kind()]
	}
	switch logical := t.LogicalType().Value.(type) {
	case *format.StringType:
		return "string"
	case *format.DateType:
		return "date"
	case *format.TimestampType:
		return "timestamp"
	case *format.IntType:
		if logical.BitWidth == 64 && logical.IsSigned {
			return "bigint"
		}
	}
	return ""
}
