package lake

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"trunkline/pkg/pbx"
)

//go:embed lake.yaml.tmpl
var source string

// Table is a table as Athena knows it.
type Table struct {
	Name     string
	Location string   // in the bucket, such as curated/calls/
	Keys     []Column // the partitions; nil: none
	Columns  []Column
	Kinds    []pbx.Kind // the values of the partition kind; nil: it has no such partition
}

// Column is a column of a table, or a partition. Type is Hive's, such as bigint.
type Column struct{ Name, Type string }

// Tables returns all tables: those of figures, those of dimensions, and raw.
func Tables() ([]Table, error) {
	curated, err := curatedTables()
	if err != nil {
		return nil, err
	}
	raw, err := rawTable()
	if err != nil {
		return nil, err
	}
	return append(curated, raw), nil
}

// Template returns the text of infra/lake.yaml.
func Template() (string, error) {
	tables, err := Tables()
	if err != nil {
		return "", err
	}
	words := template.FuncMap{"id": id, "join": join, "comment": comment}
	parsed, err := template.New("lake").Funcs(words).Parse(source)
	if err != nil {
		return "", fmt.Errorf("parse the template of tables: %w", err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, tables); err != nil {
		return "", fmt.Errorf("write the tables: %w", err)
	}
	return text.String(), nil
}

// id returns the name of a table's resource: LakeDimSite is that of dim_site.
func id(table string) string {
	name := "Lake"
	for word := range strings.SplitSeq(table, "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func join(kinds []pbx.Kind) string {
	var names []string
	for _, kind := range kinds {
		names = append(names, string(kind))
	}
	return strings.Join(names, ",")
}

func comment(table string) (string, error) {
	text, ok := comments[table]
	if !ok {
		return "", fmt.Errorf("say in package lake what is lost without the table %s", table)
	}
	return text, nil
}

// comments say of each table what it has, and what is lost without it.
var comments = map[string]string{
	"calls":           "A row for each queue call. Its columns are those of the files: one of another type fails every query that reads it.",
	"queue_kpi":       "A row for each queue and day. Without it service levels can't be asked for in Athena.",
	"agent_kpi":       "A row for each agent and day. Without it agents can't be asked about in Athena.",
	"pbx_kpi":         "A row for each PBX and day. Without it distinct calls can't be asked for in Athena.",
	"queue_intervals": "A row for each queue and quarter of an hour. Without it the load of an hour can't be asked for in Athena.",
	"wait_histogram":  "Calls by their waits in seconds. Without it no other threshold than the published one can be asked for in Athena.",
	"dim_site":        "A row for each PBX. Without it figures can't be asked for by site in Athena.",
	"dim_queue":       "The names and targets of queues. Without it queues are numbers in Athena, and have no targets.",
	"dim_queue_hours": "The weekly hours of queues. Without it Athena can't tell when a queue was closed.",
	"dim_agent":       "The names of agents. Without it agents are numbers in Athena.",
	"dim_did":         "The names of numbers that callers dial. Without it they are numbers alone in Athena.",
	"raw": "Every event as it was received, a line of JSON each, compressed or not. The event is text, for json_extract_scalar: " +
		"a member that is new breaks nothing. Without it Athena knows figures only.",
}
