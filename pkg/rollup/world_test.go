package rollup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/config"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

const mac = pbx.MAC("68692e0b0001")

// world is a fleet's stores, and a clock.
type world struct {
	table  *storetest.Memory
	bucket *archivetest.Memory
	now    time.Time
	plain  bool // its files are plainFiles
	keep   int  // days that records are kept
}

func newWorld(at string) *world {
	return &world{table: storetest.NewMemory(), bucket: archivetest.NewMemory(), now: instant(at)}
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func day(s string) pbx.Day {
	d, err := pbx.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func zone(s string) pbx.Zone {
	z, err := pbx.ParseZone(s)
	if err != nil {
		panic(err)
	}
	return z
}

func (w *world) clock() time.Time { return w.now }

func (w *world) store() *store.Store { return store.New(w.table, w.clock).Keeping(w.keep) }

func (w *world) rollup() *rollup.Rollup { return w.over(w.table, w.bucket) }

// over returns a rollup on these stores, which wrap those of the world.
func (w *world) over(table store.Table, bucket archive.Bucket) *rollup.Rollup {
	r := rollup.New(store.New(table, w.clock).Keeping(w.keep), bucket, config.DefaultSchedule(), w.clock)
	if w.plain {
		r = r.WithFiles(plainFiles)
	}
	return r
}

// call is a queue call in a PBX whose clock stands in +08:00, unless the uuid implies another
// zone.
func call(start string, change func(*pbx.CallRecord)) *pbx.CallRecord {
	local, err := pbx.ParseLocalTime(start)
	if err != nil {
		panic(err)
	}
	at := zone("+08:00").Time(local)
	c := &pbx.CallRecord{
		UUID: fmt.Sprintf("%d.1", at.Unix()), Queue: "630", Agent: "801", Start: local, End: local + 40, CallType: "IN",
		CDRState: "bridged", QueueTime: pbx.IntOf(7), TalkingTime: pbx.IntOf(30), Caller: "5550100",
	}
	if change != nil {
		change(c)
	}
	return c
}

func record(t testing.TB, s *store.Store, at time.Time, events ...pbx.Event) {
	t.Helper()
	for i, e := range events {
		if _, err := s.Record(context.Background(), store.Origin{MAC: mac, At: at, Index: i}, e); err != nil {
			t.Fatal(err)
		}
	}
}

// tasks is a queue that remembers what it was sent.
type tasks []rollup.Task

func (q *tasks) Send(_ context.Context, sent []rollup.Task) error {
	*q = append(*q, sent...)
	return nil
}

func (q *tasks) String() string {
	var all []string
	for _, t := range *q {
		all = append(all, t.Day.String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// schedule runs the schedule, and returns the days that it sends.
func (w *world) schedule(t testing.TB) tasks {
	t.Helper()
	var q tasks
	if _, err := w.rollup().Schedule(context.Background(), &q); err != nil {
		t.Fatal(err)
	}
	return q
}

// hour runs the schedule and all tasks that it sends, an hour later.
func (w *world) hour(t testing.TB) map[rollup.Task]rollup.Result {
	t.Helper()
	w.now = w.now.Add(time.Hour)
	results := map[rollup.Task]rollup.Result{}
	for _, task := range w.schedule(t) {
		result, err := w.rollup().Work(context.Background(), task)
		if err != nil {
			t.Fatal(err)
		}
		results[task] = result
	}
	return results
}

// published returns a day's rows, without the times of their computation.
func (w *world) published(t testing.TB, d pbx.Day) string {
	t.Helper()
	var rows []string
	for row, err := range w.store().Figures().Rows(context.Background(), mac, d) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s %s %s", row.Scope, row.Name, row.Row))
	}
	return strings.Join(rows, "\n")
}

// computed returns the figures of the present records of a day, which are not published.
func (w *world) computed(t testing.TB, d pbx.Day) kpi.Rows {
	t.Helper()
	read, err := rollup.Read(context.Background(), w.store(), pbx.UTC, rollup.Task{MAC: mac, Day: d})
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	rows, err := read.Rows()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// expected returns the rows that the present records of a day should give.
func (w *world) expected(t testing.TB, d pbx.Day) string {
	t.Helper()
	rows := w.computed(t, d)
	var all []string
	add := func(scope store.Scope, name string, row any) {
		doc, err := json.Marshal(row)
		if err == nil {
			doc, err = store.Canonical(doc)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s %s", scope, name, doc))
	}
	for _, a := range rows.Agents {
		add(store.ScopeAgent, a.Agent, a)
	}
	if rows.PBX.Inputs.Records > 0 {
		add(store.ScopePBX, "", rows.PBX)
	}
	for _, q := range rows.Queues {
		add(store.ScopeQueue, q.Queue, q)
	}
	return strings.Join(all, "\n")
}

// queue returns the published row of queue 630.
func (w *world) queue(t testing.TB, d pbx.Day) (q kpi.Queue) {
	t.Helper()
	for row, err := range w.store().Figures().Rows(context.Background(), mac, d) {
		if err == nil && row.Scope == store.ScopeQueue && row.Name == "630" {
			err = json.Unmarshal(row.Row, &q)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return q
}

// due returns the days that are due.
func (w *world) due(t testing.TB) string {
	t.Helper()
	var days []string
	for mark, err := range w.store().Figures().Due(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, mark.Day.String())
	}
	return strings.Join(days, " ")
}

// check checks that a day's figures and files agree with its records, have one revision, and that
// the day is not due any more.
func (w *world) check(t testing.TB, d pbx.Day) {
	t.Helper()
	if got, want := w.published(t, d), w.expected(t, d); got != want {
		t.Errorf("%s is published as\n%s\nwant\n%s", d, got, want)
	}
	header, err := w.store().Figures().Header(context.Background(), mac, d)
	if err != nil || header.Claimed != 0 {
		t.Errorf("%s: header %+v, %v", d, header, err)
	}
	if got := revisions(t, w.bucket, d); header.Revision > 0 && (len(got) == 0 || slices.ContainsFunc(got, func(r int64) bool { return r != header.Revision })) {
		t.Errorf("%s: files of revisions %d, want %d", d, got, header.Revision)
	}
	if strings.Contains(w.due(t), d.String()) {
		t.Errorf("%s is due still", d)
	}
}

// checkRestatements checks that each revision that was replaced is kept whole.
func (w *world) checkRestatements(t testing.TB, d pbx.Day) {
	t.Helper()
	for r, err := range w.store().Figures().Restatements(context.Background(), mac, d) {
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		for row, err := range w.store().Figures().RestatedRows(context.Background(), mac, d, r.Revision) {
			if err != nil || row.Revision != r.Revision {
				t.Errorf("the restatement of revision %d has a row of revision %d, %v", r.Revision, row.Revision, err)
			}
			rows++
		}
		if rows == 0 {
			t.Errorf("the restatement of revision %d has no rows", r.Revision)
		}
	}
}
