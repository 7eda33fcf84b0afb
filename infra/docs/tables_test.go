package docs

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/pbx"
)

var (
	// tableRow is a row of a table of bi.md: a table or a group of columns, what it is, and the rest.
	tableRow = regexp.MustCompile("(?m)^\\| [`*]([a-z_' ]+)[`*] \\| (.*?) \\| (.*) \\|$")
	// typeRow is a row of its table of types.
	typeRow = regexp.MustCompile(`(?m)^\| (date|wall clock|instant in UTC|yes or no|text|fraction) \| (.*) \|$`)
	column  = regexp.MustCompile("`(\\w+)`|\\*([a-z' ]+)\\*")
	rawView = regexp.MustCompile(`(?s)columns = \{(.*?)\}`)
	rawName = regexp.MustCompile(`"?(\w+)"?: '(\w+)'`)
)

func TestTheColumnsOfTheTablesAreDocumented(t *testing.T) {
	tables, groups := documentedTables(t)
	want := publishedTables(t)
	if len(want) < 12 {
		t.Fatalf("only %d tables are published", len(want))
	}
	for table, columns := range want {
		if got := expand(tables[table], groups); !slices.Equal(got, columns) {
			t.Errorf("bi.md says that %s has\n%q\nand it has\n%q", table, got, columns)
		}
	}
	for table := range tables {
		if want[table] == nil {
			t.Errorf("bi.md has a table %s, and nothing publishes it", table)
		}
	}
}

// typeNames are the types of the files and of raw, as bi.md names them.
var typeNames = map[string]string{
	"DATE": "date", "STRING": "text", "BOOLEAN": "yes or no", "DOUBLE": "fraction", "INT(64,true)": "whole number",
	"TIMESTAMP(isAdjustedToUTC=false,unit=MICROS)": "wall clock", "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)": "instant in UTC",
	"varchar": "text", "boolean": "yes or no", "bigint": "whole number",
}

func TestTheTypesOfColumnsAreDocumented(t *testing.T) {
	said := documentedTypes(t)
	unused := maps.Clone(said)
	for table, columns := range publishedTypes(t) {
		for name, published := range columns {
			want, got := typeNames[published], cmp.Or(said[name], "whole number")
			if table != "calls" && (name == "short_abandoned" || name == "clock_suspect") {
				got = "whole number" // bi.md says so in words
			}
			if got != want {
				t.Errorf("bi.md says that %s of %s is a %s, and it is a %s: %s", name, table, got, want, published)
			}
			delete(unused, name)
		}
	}
	if len(unused) > 0 {
		t.Errorf("bi.md has types of columns that nothing publishes: %v", unused)
	}
}

// documentedTypes returns the type that bi.md says of each column that is not a whole number.
func documentedTypes(t *testing.T) map[string]string {
	t.Helper()
	_, groups := documentedTables(t)
	types := map[string]string{}
	for _, row := range typeRow.FindAllStringSubmatch(read(t, "bi.md"), -1) {
		for _, name := range expand(row[2], groups) {
			if name != "calls" { // the table
				types[name] = row[1]
			}
		}
	}
	return types
}

func TestTheKindsOfRawAreDocumented(t *testing.T) {
	_, text, _ := strings.Cut(read(t, "bi.md"), "`kind` is ")
	text, _, _ = strings.Cut(text, "`body`")
	var got []string
	for _, match := range column.FindAllStringSubmatch(text, -1) {
		got = append(got, match[1])
	}
	var want []string
	for _, kind := range pbx.Kinds() {
		want = append(want, string(kind))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("bi.md has the kinds\n%q\nand raw has\n%q", got, want)
	}
}

// documentedTables returns the columns that bi.md says of each table, and those of each group.
func documentedTables(t *testing.T) (tables, groups map[string]string) {
	t.Helper()
	_, text, _ := strings.Cut(read(t, "bi.md"), "\n## Tables\n")
	tables, groups = map[string]string{}, map[string]string{}
	for _, row := range tableRow.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(row[0], "| *") {
			groups[row[1]] = row[2]
		} else {
			tables[row[1]] = row[3]
		}
	}
	return tables, groups
}

// expand lists the columns of a cell, with those of the groups in it.
func expand(cell string, groups map[string]string) (columns []string) {
	for _, match := range column.FindAllStringSubmatch(cell, -1) {
		if match[2] != "" {
			columns = append(columns, expand(groups[match[2]], groups)...)
		} else {
			columns = append(columns, match[1])
		}
	}
	return columns
}

// publishedTables returns the columns of each table: those that the tests of package curated hold,
// and those of raw.
func publishedTables(t *testing.T) map[string][]string {
	t.Helper()
	tables := map[string][]string{}
	for _, c := range published(t) {
		tables[c.table] = append(tables[c.table], c.name)
	}
	return tables
}

// publishedTypes returns the types of the columns of each table.
func publishedTypes(t *testing.T) map[string]map[string]string {
	t.Helper()
	tables := map[string]map[string]string{}
	for _, c := range published(t) {
		if tables[c.table] == nil {
			tables[c.table] = map[string]string{}
		}
		tables[c.table][c.name] = c.kind
	}
	return tables
}

// publishedColumn is a column of a table, and its type.
type publishedColumn struct{ table, name, kind string }

// published lists all columns in their order.
func published(t *testing.T) (all []publishedColumn) {
	t.Helper()
	schemas, err := filepath.Glob("../../pkg/curated/testdata/*.schema")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range schemas {
		table := strings.TrimSuffix(filepath.Base(name), ".schema")
		for line := range strings.Lines(read(t, name)) {
			words := strings.Fields(line)
			all = append(all, publishedColumn{table, words[0], words[1]})
		}
	}
	views, err := os.ReadFile("../athena/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range rawName.FindAllStringSubmatch(rawView.FindString(string(views)), -1) {
		all = append(all, publishedColumn{"raw", match[1], match[2]})
	}
	return all
}
