package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// tableRow is a row of a table of bi.md: a table or a group of columns, what it is, and the rest.
	tableRow = regexp.MustCompile("(?m)^\\| [`*]([a-z_' ]+)[`*] \\| (.*?) \\| (.*) \\|$")
	column   = regexp.MustCompile("`(\\w+)`|\\*([a-z' ]+)\\*")
	rawView  = regexp.MustCompile(`(?s)columns = \{(.*?)\}`)
	rawName  = regexp.MustCompile(`"?(\w+)"?: '`)
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
	schemas, err := filepath.Glob("../../pkg/curated/testdata/*.schema")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range schemas {
		table := strings.TrimSuffix(filepath.Base(name), ".schema")
		for line := range strings.Lines(read(t, name)) {
			tables[table] = append(tables[table], strings.Fields(line)[0])
		}
	}
	views, err := os.ReadFile("../athena/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range rawName.FindAllStringSubmatch(rawView.FindString(string(views)), -1) {
		tables["raw"] = append(tables["raw"], match[1])
	}
	return tables
}
