package curated_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/curated"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

func TestFiguresAreThoseOfTheJSON(t *testing.T) {
	d := busyDay()
	d.Thresholds = kpi.Thresholds{ServiceLevel: 19, ShortAbandon: 7} // they differ from those of the rows
	files := readAll(t, d)
	rows := map[string][]any{"pbx_kpi": {d.Rows.PBX.Figures(d.Thresholds, d.Published)}}
	for _, q := range d.Rows.Queues {
		figures := q.Figures(d.Thresholds, d.Published)
		rows["queue_kpi"] = append(rows["queue_kpi"], figures)
		for _, i := range figures.Intervals {
			rows["queue_intervals"] = append(rows["queue_intervals"], i)
		}
	}
	for _, a := range d.Rows.Agents {
		rows["agent_kpi"] = append(rows["agent_kpi"], a.Figures(d.Published))
	}
	for table, shown := range rows {
		if len(files[table].rows) != len(shown) {
			t.Fatalf("%s: %d rows, not %d", table, len(files[table].rows), len(shown))
		}
		for i, figures := range shown {
			for name, want := range flat(t, figures) {
				if got, there := files[table].rows[i][name]; !there || got != want {
					t.Errorf("%s, row %d: %s is %q, not %s", table, i, name, got, want)
				}
			}
		}
	}
}

// flat returns the members of an object, and of the objects in it, by the names of their columns.
func flat(t *testing.T, figures any) row {
	t.Helper()
	text, err := json.Marshal(figures)
	if err != nil {
		t.Fatal(err)
	}
	r := row{}
	flatten(t, r, "", text)
	maps.DeleteFunc(r, func(name, _ string) bool { return name == "ivr" || name == "intervals" })
	return r
}

func flatten(t *testing.T, r row, prefix string, object []byte) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range members {
		switch {
		case name == "score_distribution" || name == "miss_causes":
		case bytes.HasPrefix(value, []byte("{")):
			flatten(t, r, name+"_", value)
		case prefix+name == "service_level_answered_and_abandoned":
			r["service_level"] = string(value)
		default:
			r[prefix+name] = string(value)
		}
	}
}

func TestMeansAreThatOfSumsAndCallsBesideThem(t *testing.T) {
	files, means := readAll(t, busyDay()), 0
	for _, mean := range []struct{ tables, name, sum, calls string }{
		{"queue_kpi pbx_kpi queue_intervals", "asa_seconds", "answered_wait_seconds", "answered_wait_known"},
		{"queue_kpi pbx_kpi", "abandoned_wait_mean_seconds", "abandoned_wait_seconds", "abandoned_wait_known"},
		{"queue_kpi pbx_kpi", "aht_seconds", "handle_seconds", "handled"},
		{"queue_kpi pbx_kpi agent_kpi", "score_mean", "score_sum", "rated"},
	} {
		for _, table := range strings.Fields(mean.tables) {
			for _, r := range files[table].rows {
				want := "null"
				if calls := r.number(t, mean.calls); calls > 0 {
					want = strconv.FormatFloat(r.number(t, mean.sum)/calls, 'f', -1, 64)
					means++
				}
				if r[mean.name] != want {
					t.Errorf("%s: %s is %s, not %s", table, mean.name, r[mean.name], want)
				}
			}
		}
	}
	if means < 8 {
		t.Errorf("only %d means are not null", means)
	}
}

func (r row) number(t *testing.T, column string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(r[column], 64)
	if err != nil {
		t.Fatalf("%s is %q", column, r[column])
	}
	return n
}

func TestEachMissCauseHasAColumn(t *testing.T) {
	r := readAll(t, busyDay())["queue_kpi"].rows[0]
	for _, cause := range []string{"no_assign", "no_agent_answer", "no_agent_login", "member_cancel", "other"} {
		if r["miss_"+cause] != "1" {
			t.Errorf("queue %s: miss_%s is %s", r["queue"], cause, r["miss_"+cause])
		}
	}
}

func TestIntervalsAddUpToTheirQueue(t *testing.T) {
	files := readAll(t, busyDay())
	for _, queue := range files["queue_kpi"].rows {
		of := rowsOf(files["queue_intervals"], queue["queue"])
		for _, column := range []string{
			"offered", "answered", "abandoned", "short_abandoned", "voicemail", "flowed_out", "unknown",
			"answered_within_threshold", "abandoned_within_threshold",
			"answered_wait_known", "answered_wait_seconds", "abandoned_wait_known", "abandoned_wait_seconds",
		} {
			expectSum(t, queue, column, of)
		}
	}
}

func TestQueueCallsAddUpToTheirQueue(t *testing.T) {
	files := readAll(t, busyDay())
	for _, queue := range files["queue_kpi"].rows {
		of := slices.DeleteFunc(rowsOf(files["calls"], queue["queue"]), func(r row) bool { return r["class"] != `"queue"` })
		if fmt.Sprint(len(of)) != queue["offered"] {
			t.Errorf("queue %s: %d calls, where %s are offered", queue["queue"], len(of), queue["offered"])
		}
		for _, column := range []string{"wait_seconds", "talk_seconds", "hold_seconds", "ring_seconds", "visits"} {
			expectSum(t, queue, column, of)
		}
	}
}

func rowsOf(f file, queue string) []row {
	return slices.DeleteFunc(slices.Clone(f.rows), func(r row) bool { return r["queue"] != queue })
}

func expectSum(t *testing.T, queue row, column string, of []row) {
	t.Helper()
	sum := 0.
	for _, r := range of {
		if r[column] != "null" {
			sum += r.number(t, column)
		}
	}
	if sum != queue.number(t, column) {
		t.Errorf("queue %s: %s is %s, and the sum %v", queue["queue"], column, queue[column], sum)
	}
}

func TestAnIntervalBeginsAtItsMinute(t *testing.T) {
	var got []string
	for _, r := range readAll(t, busyDay())["queue_intervals"].rows {
		got = append(got, r["queue"]+r["minute"]+r["start"])
	}
	want := []string{`"630"540"09:00"`, `"630"555"09:15"`, `"630"600"10:00"`, `"631"600"10:00"`}
	if !slices.Equal(got, want) {
		t.Errorf("%s, not %s", got, want)
	}
}

func TestWaitsStandInLongForm(t *testing.T) {
	var got []string
	for _, r := range readAll(t, busyDay())["wait_histogram"].rows {
		got = append(got, fmt.Sprint(r["mac"], r["day"], r["queue"], r["outcome"], " ", r["wait_seconds"], " ", r["calls"]))
	}
	key := `"68692e0b0001""2026-10-24""630"`
	want := []string{
		key + `"answered" 12 1`, key + `"answered" 33 1`,
		key + `"abandoned" 7 1`, key + `"abandoned" 19 1`, key + `"abandoned" 40 2`,
		key + `"gave_up" 7 1`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCallsAreThoseOfTheJSON(t *testing.T) {
	d := busyDay()
	expectCalls(t, d, readAll(t, d)["calls"].rows)
}

// expectCalls expects all calls of the day, in their order.
func expectCalls(t *testing.T, d curated.Day, rows []row) {
	t.Helper()
	all := callsOf(t, d)
	if len(rows) != len(all) {
		t.Fatalf("%d calls, not %d", len(rows), len(all))
	}
	for i, c := range all {
		want := flat(t, c)
		want["start_local"], want["end_local"] = want["start"], want["end"]
		delete(want, "start")
		delete(want, "end")
		for name, value := range map[string]any{
			"mac": d.MAC, "day": d.Day, "zone": d.Zone, "start_utc": d.Zone.Time(c.Start), "interval_minute": c.Minute(),
			"gave_up": c.GaveUp, "short_abandoned": c.Short, "clock_suspect": c.Suspect,
		} {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			want[name] = string(text)
		}
		if len(c.MissCauses) > 0 {
			want["miss_causes"] = `"` + strings.Join(c.MissCauses, ",") + `"`
		}
		for name, got := range rows[i] {
			if value := want[name]; got != value && !(got == "null" && value == "") {
				t.Errorf("call %.60q: %s is %.80s, not %.80s", c.UUID, name, got, value)
			}
			delete(want, name)
		}
		for name := range maps.Keys(want) {
			if want[name] != "" {
				t.Errorf("call %.60q: there is no column %s", c.UUID, name)
			}
		}
	}
}

func TestManyCallsKeepTheirOrder(t *testing.T) {
	d := emptyDay()
	d.Calls = each(manyCalls(1000))
	expectCalls(t, d, readAll(t, d)["calls"].rows)
}

func TestManyDifferentTextsOutgrowADictionary(t *testing.T) {
	d := emptyDay()
	calls := manyCalls(5000)
	d.Calls = each(calls)
	for i, c := range calls {
		if c.AnsweredBy = ""; i%3 > 0 {
			c.AnsweredBy = fmt.Sprintf("%d%01000d", i, i)
		}
		c.Queue, c.Called = c.AnsweredBy, c.AnsweredBy
	}
	expectCalls(t, d, readAll(t, d)["calls"].rows)
}

func TestTimesOfAnyClockAreValid(t *testing.T) {
	for _, tt := range []struct{ name, zone, start, utc string }{
		{"a clock that stands at its beginning", "Europe/Berlin", "1970-01-01T00:00:00", "1969-12-31T23:00:00Z"},
		{"before clocks had zones", "UTC", "0002-01-01T00:00:01", "0002-01-01T00:00:01Z"},
		{"the last second there is", "-09:30", "9999-12-31T14:29:59", "9999-12-31T23:59:59Z"},
		{"shown twice", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"},
		{"leapt over", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"},
		{"a quarter of an hour off", "Asia/Kathmandu", "2026-10-24T00:00:00", "2026-10-23T18:15:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start, err := pbx.ParseLocalTime(tt.start)
			if err != nil {
				t.Fatal(err)
			}
			d := emptyDay()
			d.Day, d.Zone = start.Day(), zoneOf(tt.zone)
			d.Calls = each([]*kpi.Call{{UUID: "1", Class: kpi.ClassDirect, Start: start, End: start}})
			r := readAll(t, d)["calls"].rows[0]
			want := row{"day": tt.start[:10], "start_local": tt.start, "end_local": tt.start, "start_utc": tt.utc, "zone": tt.zone}
			for column, value := range want {
				if r[column] != strconv.Quote(value) {
					t.Errorf("%s is %s, not %s", column, r[column], value)
				}
			}
		})
	}
}

func TestAnyTextSurvives(t *testing.T) {
	for _, text := range []string{
		"\x00", `'"\,;`, "a,b", "\r\n\t\u2028", "é☎️𝄞", "\u202e630", "null", "\ufffd", "\U0010ffff",
		strings.Repeat("x", 32<<10), strings.Repeat("☎", 11_000), strings.Repeat("\U0010ffff", 8<<10),
	} {
		d := emptyDay()
		d.Calls = each([]*kpi.Call{
			{
				UUID: text, Queue: text, Class: kpi.ClassQueue, Outcome: kpi.Answered, Start: 1,
				Caller: text, Called: text, AnsweredBy: text, MissCauses: []string{text},
			},
			{UUID: "next", Class: kpi.ClassDirect, Start: 1},
		})
		d.Rows.Queues = []kpi.Queue{{Queue: text, Tally: kpi.Tally{MissCauses: map[string]int64{text: 1}}}}
		d.Rows.Agents = []kpi.Agent{{Agent: text}}
		files := readAll(t, d)
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []struct{ table, columns string }{
			{"calls", "uuid queue caller called answered_by miss_causes"}, {"queue_kpi", "queue"}, {"agent_kpi", "agent"},
		} {
			for _, column := range strings.Fields(of.columns) {
				if got := files[of.table].rows[0][column]; got != string(want) {
					t.Errorf("%s.%s is %.60s, not %.60s", of.table, column, got, want)
				}
			}
		}
		if next := files["calls"].rows[1]; next["uuid"] != `"next"` || next["caller"] != "null" {
			t.Errorf("the call after %.60q is %.60s, of %.60s", text, next["uuid"], next["caller"])
		}
	}
}

func TestTheSameRowsReadTheSame(t *testing.T) {
	for range 5 {
		a, b := readAll(t, busyDay()), readAll(t, busyDay())
		for _, table := range tables {
			if !reflect.DeepEqual(a[table].rows, b[table].rows) {
				t.Fatalf("%s differs", table)
			}
		}
	}
}

func TestADayWithoutAZoneHasNoTables(t *testing.T) {
	d := busyDay()
	d.Zone = pbx.Zone{}
	if objects, err := curated.Objects(d); err == nil || objects != nil {
		t.Errorf("%d objects, %v", len(objects), err)
	}
}

func TestACallThatCantBeReadFailsTheFiles(t *testing.T) {
	d, broken := emptyDay(), errors.New("the disk is gone")
	d.Calls = func(yield func(*kpi.Call, error) bool) {
		if yield(&kpi.Call{UUID: "1", Class: kpi.ClassDirect, Start: 1}, nil) {
			yield(nil, broken)
		}
	}
	if _, err := curated.Objects(d); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// A large file is made on disk, and has its calls in many row groups.
func TestALargeFileIsWrittenInRowGroups(t *testing.T) {
	d := emptyDay()
	d.Scratch = t.TempDir()
	const n = 60_000
	calls := manyCalls(n)
	for i, c := range calls {
		c.Caller = fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	d.Calls = each(calls)
	objects, err := curated.Objects(d)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(objects[0].Body), int64(len(objects[0].Body)))
	if err != nil || f.NumRows() != n || len(f.RowGroups()) != 2 || len(objects[0].Body) < 4<<20 {
		t.Errorf("%d rows in %d groups and %d bytes, %v", f.NumRows(), len(f.RowGroups()), len(objects[0].Body), err)
	}
	if left, err := os.ReadDir(d.Scratch); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
