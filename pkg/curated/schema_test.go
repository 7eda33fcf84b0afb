package curated_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestSchemasAreFrozen(t *testing.T) {
	for table, f := range readAll(t, emptyDay()) {
		t.Run(table, func(t *testing.T) {
			golden, got := filepath.Join("testdata", table+".schema"), schemaOf(f)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("queries that people wrote stand on the columns of %s; they are now\n%s", golden, got)
			}
		})
	}
}

func TestADayWithoutRowsHasTheSameColumns(t *testing.T) {
	empty := readAll(t, emptyDay())
	for table, f := range readAll(t, busyDay()) {
		if len(empty[table].rows) != 0 || len(f.rows) == 0 {
			t.Errorf("%s: %d rows on the empty day, and %d on the other", table, len(empty[table].rows), len(f.rows))
		}
		if schemaOf(f) != schemaOf(empty[table]) {
			t.Errorf("%s: the columns differ", table)
		}
	}
}

func TestColumnsHaveNamesOfTheirOwn(t *testing.T) {
	for table, f := range readAll(t, emptyDay()) {
		seen := map[string]bool{"dt": true} // the partition
		for _, column := range f.Root().Columns() {
			if name := strings.ToLower(column.Name()); seen[name] || name != column.Name() {
				t.Errorf("%s: the column %s is there already, or not in lower case", table, name)
			}
			seen[column.Name()] = true
		}
	}
}

// schemaOf returns a line for each column: name, type, and whether it may be null.
func schemaOf(f file) string {
	var b strings.Builder
	for _, column := range f.Root().Columns() {
		null := "not null"
		if column.Optional() {
			null = "null"
		}
		fmt.Fprintf(&b, "%s %s %s\n", column.Name(), column.Type(), null)
	}
	return b.String()
}
