package main

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"trunkline/infra/athena"
	"trunkline/pkg/archive"
	"trunkline/pkg/curated"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// glueTable is a table as infra/lake.yaml describes it to Athena.
type glueTable struct {
	Name       string            `yaml:"Name"`
	Partitions []glueColumn      `yaml:"PartitionKeys"`
	Parameters map[string]string `yaml:"Parameters"`
	Storage    struct {
		Location string       `yaml:"Location"`
		Columns  []glueColumn `yaml:"Columns"`
		Serde    struct {
			Library string `yaml:"SerializationLibrary"`
		} `yaml:"SerdeInfo"`
	} `yaml:"StorageDescriptor"`
}

type glueColumn struct {
	Name string `yaml:"Name"`
	Type string `yaml:"Type"`
}

// glueTables are those of infra/lake.yaml, by their names.
func glueTables(t *testing.T) map[string]glueTable {
	t.Helper()
	text, err := os.ReadFile("../lake.yaml")
	must(t, err)
	var template struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	must(t, yaml.Unmarshal(text, &template))
	tables := map[string]glueTable{}
	for name, resource := range template.Resources {
		if resource.Type != "AWS::Glue::Table" {
			continue
		}
		var properties struct {
			Input glueTable `yaml:"TableInput"`
		}
		if err := resource.Properties.Decode(&properties); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tables[properties.Input.Name] = properties.Input
	}
	return tables
}

// hiveTypes are DuckDB's types of Parquet's columns as Athena has them.
var hiveTypes = map[string]string{
	"VARCHAR": "string", "BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date",
	"TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp", // Athena's are in UTC
}

// columnsOf describes what a query has.
func columnsOf(t *testing.T, db *sql.DB, query string) (columns []glueColumn) {
	t.Helper()
	described, err := db.QueryContext(t.Context(), "select column_name, column_type from (describe "+query+")")
	must(t, err)
	defer described.Close()
	for described.Next() {
		var name, kind string
		must(t, described.Scan(&name, &kind))
		if hiveTypes[kind] == "" {
			t.Fatalf("%s is a %s, which no type of Athena is known for", name, kind)
		}
		columns = append(columns, glueColumn{name, hiveTypes[kind]})
	}
	must(t, described.Err())
	return columns
}

// publishedOfOneCall is what is published of a fleet of one PBX with one call.
func publishedOfOneCall(t *testing.T) (objects []curated.Object) {
	t.Helper()
	zone, err := pbx.ParseZone("Europe/Berlin")
	must(t, err)
	day := kpi.NewDay(macOf(1), on("2026-10-24"), kpi.DefaultSettings, zone)
	day.AddCall(call("1.1", "09:00:00", agent("801"), wait(5), talk(60)), kpi.Source{Hash: "1", Received: at})
	rows, err := day.Rows()
	must(t, err)
	objects, err = curated.Objects(curated.Day{MAC: macOf(1), Day: on("2026-10-24"), Zone: zone, Rows: rows, Calls: day.Calls()})
	must(t, err)
	one := func(yield func(curated.PBX, error) bool) { yield(curated.PBX{MAC: macOf(1)}, nil) }
	dimensions, err := curated.Dimensions(t.Context(), one, nil, at)
	must(t, err)
	for _, d := range dimensions {
		objects = append(objects, d.Object)
	}
	return objects
}

func TestAthenaKnowsTheTablesThatAreWritten(t *testing.T) {
	db, err := open(t.Context())
	must(t, err)
	defer db.Close()
	root, known := t.TempDir(), glueTables(t)
	delete(known, "raw")
	for _, o := range publishedOfOneCall(t) {
		file := filepath.Join(root, o.Name)
		write(t, file, o.Body)
		folder, partition := path.Dir(o.Name), []glueColumn(nil)
		if parent, last := path.Split(folder); strings.HasPrefix(last, "dt=") {
			folder, partition = path.Clean(parent), []glueColumn{{"dt", "string"}}
		}
		table, ok := known[path.Base(folder)]
		if !ok {
			t.Errorf("%s is of no table that Athena knows", o.Name)
			continue
		}
		delete(known, table.Name)
		if want := "s3://${Bucket}/" + folder + "/"; table.Storage.Location != want || !slices.Equal(table.Partitions, partition) {
			t.Errorf("%s lies in %s, by %v, not in %s, by %v", table.Name, table.Storage.Location, table.Partitions, want, partition)
		}
		if table.Parameters["projection.enabled"] == "true" != (partition != nil) || !strings.HasSuffix(table.Storage.Serde.Library, ".ParquetHiveSerDe") {
			t.Errorf("%s: %v, read by %s", table.Name, table.Parameters, table.Storage.Serde.Library)
		}
		want := columnsOf(t, db, "select * from read_parquet("+quote(file)+", hive_partitioning = false)")
		if got := table.Storage.Columns; !slices.Equal(got, want) {
			t.Errorf("%s has the columns\n%v, in Athena\n%v", table.Name, want, got)
		}
	}
	for name := range known {
		t.Errorf("Athena knows %s, which nobody writes", name)
	}
}

func TestAthenaFindsDaysByTheirNames(t *testing.T) {
	for name, table := range glueTables(t) {
		p := table.Parameters
		if table.Partitions == nil {
			continue
		}
		// East of Greenwich the local day begins before that of UTC.
		if p["projection.dt.type"] != "date" || p["projection.dt.format"] != "yyyy-MM-dd" || p["projection.dt.range"] != "${LakeFirstDay},NOW+1DAYS" {
			t.Errorf("%s: %v", name, p)
		}
	}
}

// someEnvelopes have, between them, all members that an envelope may have.
func someEnvelopes() []archive.Envelope {
	return []archive.Envelope{
		{MAC: macOf(1), KID: "k1", Received: at, Remote: "192.0.2.1", Index: 1, Body: []byte("{a:1}"),
			Event: &pbx.IVRStep{UUID: "1.1", IVRID: "7", Common: pbx.Common{Extra: []pbx.Member{{Name: "new", Value: "{}"}}}}},
		{MAC: macOf(2), Received: at, Remote: "192.0.2.2", Index: 2, Body: []byte("\xff"), Event: &pbx.IVRStep{UUID: "1.2", IVRID: "7"}},
		{MAC: macOf(3), Received: at, Remote: "192.0.2.3", Body: []byte("{b:1}"), Rewritten: true, Event: &pbx.IVRStep{UUID: "1.3", IVRID: "8"}},
	}
}

func TestAthenaKnowsTheMembersOfEnvelopes(t *testing.T) {
	for i, field := range reflect.VisibleFields(reflect.TypeFor[archive.Envelope]()) {
		has := func(e archive.Envelope) bool { return !reflect.ValueOf(e).Field(i).IsZero() }
		if field.IsExported() && field.Name != "Reason" && field.Name != "Decoder" && !slices.ContainsFunc(someEnvelopes(), has) { // what was refused is not in raw
			t.Errorf("no example has %s", field.Name)
		}
	}
	table := glueTables(t)["raw"]
	lines, err := archive.Lines(someEnvelopes())
	must(t, err)
	members := map[string]string{}
	for line := range bytes.Lines(lines) {
		var envelope map[string]any
		must(t, json.Unmarshal(line, &envelope))
		for name, value := range envelope {
			members[name] = "string" // text, a time, or an object as it is written
			switch value.(type) {
			case float64:
				members[name] = "bigint"
			case bool:
				members[name] = "boolean"
			}
		}
	}
	delete(members, "kind") // a partition is not a column, too
	columns := map[string]string{}
	for _, c := range table.Storage.Columns {
		columns[c.Name] = c.Type
	}
	if !maps.Equal(columns, members) || !strings.HasSuffix(table.Storage.Serde.Library, "openx.data.jsonserde.JsonSerDe") {
		t.Errorf("envelopes have the members\n%v, in Athena\n%v", members, columns)
	}
	var kinds []string
	for _, kind := range pbx.Kinds() {
		kinds = append(kinds, string(kind))
	}
	if got, want := table.Parameters["projection.kind.values"], strings.Join(kinds, ","); got != want || table.Parameters["projection.kind.type"] != "enum" {
		t.Errorf("Athena looks for the kinds %s, not %s", got, want)
	}
	if got := archive.RawFolder("cdr", pbx.UTCDay(at)); table.Storage.Location != "s3://${Bucket}/raw/" || got != "raw/kind=cdr/dt=2026-10-25/" ||
		!slices.Equal(table.Partitions, []glueColumn{{"kind", "string"}, {"dt", "string"}}) {
		t.Errorf("events lie in %s; Athena looks in %s by %v", got, table.Storage.Location, table.Partitions)
	}
}

// lake opens an archive under the names that its tables have in Athena.
func lake(t *testing.T, root string) *sql.DB {
	t.Helper()
	db, err := open(t.Context())
	must(t, err)
	t.Cleanup(func() { db.Close() })
	views, err := athena.Tables(root)
	must(t, err)
	_, err = db.ExecContext(t.Context(), views)
	must(t, err)
	return db
}

// TestDuckDBHasTheTablesOfAthena has events in objects of their own and in compacted ones.
func TestDuckDBHasTheTablesOfAthena(t *testing.T) {
	root := t.TempDir()
	for _, o := range publishedOfOneCall(t) {
		write(t, filepath.Join(root, o.Name), o.Body)
	}
	all := someEnvelopes()
	alone, err := archive.Lines(all[:1])
	must(t, err)
	write(t, filepath.Join(root, all[0].Name()), alone)
	together, err := archive.Lines(all[1:])
	must(t, err)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(together)
	must(t, err)
	must(t, w.Close())
	write(t, filepath.Join(root, path.Dir(all[0].Name()), "2026/10/25/some.ndjson.gz"), packed.Bytes())

	db := lake(t, root)
	for name, table := range glueTables(t) {
		want := append(slices.Clone(table.Storage.Columns), table.Partitions...)
		if got := columnsOf(t, db, "select * from "+name); !slices.Equal(got, want) {
			t.Errorf("%s has the columns\n%v, in Athena\n%v", name, got, want)
		}
	}
	got, err := read(t.Context(), db, "select mac, kind, dt, event, body, body_base64 from raw", []string{"mac"})
	must(t, err)
	if len(got) != 3 || got[string(macOf(2))]["body_base64"] != "/w==" || got[string(macOf(3))]["dt"] != "2026-10-25" ||
		got[string(macOf(1))]["event"] != `{"uuid":"1.1","ivr_id":"7","start":"","extra":[{"name":"new","value":"{}"}]}` {
		t.Errorf("%v", got)
	}
}
