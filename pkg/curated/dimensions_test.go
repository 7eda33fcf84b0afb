package curated_test

import (
	"errors"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/curated"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// readAt is when the fleets of these tests were read.
var readAt = time.Date(2026, 10, 25, 9, 0, 0, 0, time.UTC)

// branch is a PBX with all settings.
func branch() curated.PBX {
	return curated.PBX{
		MAC: "68692e0b0001", Name: "Reception", Site: "Berlin", Zone: zoneOf("Europe/Berlin"), ZoneInferred: true,
		Thresholds: kpi.Thresholds{ServiceLevel: 20, ShortAbandon: 5}, TalkIncludesHold: true, Disabled: true,
		Queues: []curated.Queue{
			{
				Named: curated.Named{ID: "630", Name: "Support"}, Opens: "Mo 08:00-12:00,13:00-24:00; Su 00:00-01:00",
				Hours: []curated.Opening{{1, 480, 720}, {1, 780, 1440}, {7, 0, 60}}, TargetPercent: 80, TargetSeconds: 20,
			},
			{Named: curated.Named{ID: "631", Name: "Sales"}},
		},
		Agents: []curated.Named{{ID: "800", Name: "Ana"}, {ID: "801", Name: "Бо"}},
		DIDs:   []curated.Named{{ID: "+49301234567", Name: "Hotline"}},
	}
}

// bare is a PBX without any settings.
func bare() curated.PBX { return curated.PBX{MAC: "68692e0b0002"} }

func fleetOf(all ...curated.PBX) iter.Seq2[curated.PBX, error] {
	return func(yield func(curated.PBX, error) bool) {
		for _, p := range all {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// dimensions returns the files of a fleet by their tables, and the hashes of their contents.
func dimensions(t *testing.T, at time.Time, all ...curated.PBX) (files map[string]file, contents map[string]string) {
	t.Helper()
	made, err := curated.Dimensions(t.Context(), fleetOf(all...), nil, at)
	if err != nil {
		t.Fatal(err)
	}
	files, contents = map[string]file{}, map[string]string{}
	for i, table := range curated.DimensionNames() {
		d := made[i]
		files[table], contents[table] = read(t, d.Body), d.Content
		if d.Name != "curated/"+table+"/fleet.parquet" || d.Name != curated.DimensionObject(table) {
			t.Errorf("%s is %s", table, d.Name)
		}
		if d.Rows != len(files[table].rows) || curated.ContentOf(d.Body) != d.Content || len(d.Content) != 32 {
			t.Errorf("%s: %d rows of %d, content %q, and %q in the file", table, len(files[table].rows), d.Rows, d.Content, curated.ContentOf(d.Body))
		}
	}
	if len(made) != len(files) {
		t.Errorf("%d files", len(made))
	}
	return files, contents
}

func TestSchemasOfDimensionsAreFrozen(t *testing.T) {
	empty, _ := dimensions(t, readAt)
	full, _ := dimensions(t, readAt, branch())
	for table, f := range empty {
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
		if got != string(want) || schemaOf(full[table]) != got {
			t.Errorf("queries that people wrote stand on the columns of %s; they are now\n%s", golden, got)
		}
	}
}

func TestDimensionsSayWhatTheOperatorSaid(t *testing.T) {
	files, _ := dimensions(t, readAt, branch(), bare())
	for table, want := range map[string]string{
		"dim_site": `"68692e0b0001" "Reception" "Berlin" "Europe/Berlin" true 20 5 true true
"68692e0b0002" null null null false 0 0 false false`,
		"dim_queue": `"68692e0b0001" "630" "Support" "Mo 08:00-12:00,13:00-24:00; Su 00:00-01:00" 80 20
"68692e0b0001" "631" "Sales" null null null`,
		"dim_queue_hours": `"68692e0b0001" "630" 1 480 720
"68692e0b0001" "630" 1 780 1440
"68692e0b0001" "630" 7 0 60`,
		"dim_agent": `"68692e0b0001" "800" "Ana"
"68692e0b0001" "801" "Бо"`,
		"dim_did": `"68692e0b0001" "+49301234567" "Hotline"`,
	} {
		var got []string
		for _, r := range files[table].rows {
			var cells []string
			for _, column := range files[table].Root().Columns() {
				cells = append(cells, r[column.Name()])
			}
			got = append(got, strings.Join(cells, " "))
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%s:\n%s\nnot\n%s", table, text, want)
		}
	}
}

// Facts and dimensions are joined by columns of the same name and type.
func TestDimensionsJoinTheFacts(t *testing.T) {
	facts := readAll(t, emptyDay())
	dims, _ := dimensions(t, readAt)
	typeOf := func(f file, name string) string {
		for _, column := range f.Root().Columns() {
			if column.Name() == name {
				return column.Type().String()
			}
		}
		return "none"
	}
	for _, c := range []struct{ dim, column, table, to string }{
		{"dim_site", "mac", "calls", "mac"}, {"dim_queue", "queue", "queue_kpi", "queue"}, {"dim_queue_hours", "queue", "queue_intervals", "queue"},
		{"dim_agent", "agent", "agent_kpi", "agent"}, {"dim_did", "did", "calls", "called"},
	} {
		if a, b := typeOf(dims[c.dim], c.column), typeOf(facts[c.table], c.to); a != "STRING" || a != b || typeOf(dims[c.dim], "mac") != "STRING" {
			t.Errorf("%s.%s is %s, and %s.%s %s", c.dim, c.column, a, c.table, c.to, b)
		}
	}
}

func TestContentChangesWithTheRowsOfItsTableAlone(t *testing.T) {
	_, before := dimensions(t, readAt, branch(), bare())
	if _, later := dimensions(t, readAt.Add(time.Hour), branch(), bare()); !maps.Equal(before, later) {
		t.Errorf("the same fleet an hour later: %v, not %v", later, before)
	}
	for _, c := range []struct {
		what   string
		change func(*curated.PBX)
		tables string
	}{
		{"a name of a PBX", func(p *curated.PBX) { p.Name = "x" }, "dim_site"},
		{"a zone", func(p *curated.PBX) { p.Zone = pbx.UTC }, "dim_site"},
		{"one more PBX", func(p *curated.PBX) { *p = curated.PBX{MAC: "68692e0b0003"} }, "dim_site"},
		{"a name of a queue", func(p *curated.PBX) { p.Queues = []curated.Queue{{Named: curated.Named{ID: "1", Name: "x"}}} }, "dim_queue"},
		{"a target", func(p *curated.PBX) { p.Queues = []curated.Queue{{Named: curated.Named{ID: "1"}, TargetPercent: 90}} }, "dim_queue"},
		{"an agent", func(p *curated.PBX) { p.Agents = []curated.Named{{ID: "1", Name: "x"}} }, "dim_agent"},
		{"a number", func(p *curated.PBX) { p.DIDs = []curated.Named{{ID: "1", Name: "x"}} }, "dim_did"},
		{"hours", func(p *curated.PBX) {
			p.Queues = []curated.Queue{{Opens: "Mo 00:00-01:00", Hours: []curated.Opening{{1, 0, 60}}}}
		}, "dim_queue dim_queue_hours"},
	} {
		fleet := []curated.PBX{branch(), bare()}
		if c.what == "one more PBX" {
			fleet = append(fleet, curated.PBX{})
		}
		c.change(&fleet[len(fleet)-1])
		_, after := dimensions(t, readAt, fleet...)
		var changed []string
		for _, table := range curated.DimensionNames() {
			if after[table] != before[table] {
				changed = append(changed, table)
			}
		}
		if got := strings.Join(changed, " "); got != c.tables {
			t.Errorf("%s changes %s, not %s", c.what, got, c.tables)
		}
	}
}

// A bucket may make a tag of the content alone. So each write must have a new content.
func TestFilesReadAtAnotherTimeDiffer(t *testing.T) {
	var bodies [][]byte
	for _, at := range []time.Time{readAt, readAt.Add(time.Nanosecond)} {
		made, err := curated.Dimensions(t.Context(), fleetOf(branch()), nil, at)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, made[0].Body)
	}
	if slices.Equal(bodies[0], bodies[1]) {
		t.Error("they are the same")
	}
}

func TestAFleetThatCannotBeReadHasNoTables(t *testing.T) {
	lost := errors.New("the connection was lost")
	made, err := curated.Dimensions(t.Context(), func(yield func(curated.PBX, error) bool) {
		_ = yield(branch(), nil) && yield(curated.PBX{}, lost)
	}, nil, readAt)
	if !errors.Is(err, lost) || made != nil {
		t.Errorf("%d files, %v", len(made), err)
	}
}

func TestTheContentOfAnotherFileIsNotKnown(t *testing.T) {
	objects, err := curated.Objects(emptyDay())
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{nil, []byte("PAR1"), []byte(strings.Repeat("no parquet", 100)), objects[0].Body} {
		if content := curated.ContentOf(body); content != "" {
			t.Errorf("%.20q has the content %q", body, content)
		}
	}
}
