package rollup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// busy is a PBX with many due days.
const busy = pbx.MAC("020000000001")

// mark marks days of a PBX as due.
func (w *world) mark(t testing.TB, of pbx.MAC, days ...pbx.Day) {
	t.Helper()
	for _, d := range days {
		if err := w.store().Figures().MarkClosed(t.Context(), of, d, w.now); err != nil {
			t.Fatal(err)
		}
	}
}

// before returns the days before a day, the latest first.
func before(last pbx.Day, n int) (all []pbx.Day) {
	for i := range n {
		all = append(all, last-pbx.Day(i)-1)
	}
	return all
}

func TestYesterdayDoesNotWaitBehindAThousandPastDaysOfAnotherPBX(t *testing.T) {
	w := newWorld("2026-11-24T10:00:00Z")
	w.mark(t, busy, before(day("2026-11-24"), 1000)...)
	w.mark(t, mac, before(day("2026-11-24"), 2)...)
	sent := w.schedule(t)
	for i, d := range before(day("2026-11-24"), 2) {
		if at := slices.Index(sent, rollup.Task{MAC: mac, Day: d}); at < 0 || at > 2*i+1 {
			t.Errorf("%s is task %d of %d", d, at, len(sent))
		}
	}
}

func TestAPBXHasItsShareOfDaysComputedInARunTheLatestFirst(t *testing.T) {
	w := newWorld("2026-11-24T10:00:00Z")
	past, ahead := before(day("2026-11-24"), 2*rollup.DaysAtOnce+50), []pbx.Day{day("2099-12-31"), day("2099-12-30")}
	w.mark(t, busy, append(past, ahead...)...)
	all := append(past, ahead...)
	for run, want := range slices.Collect(slices.Chunk(all, rollup.DaysAtOnce)) {
		var q tasks
		done, err := w.rollup().Schedule(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		var got []pbx.Day
		for _, task := range q {
			got = append(got, task.Day)
		}
		if waiting := len(all) - (run+1)*rollup.DaysAtOnce; !slices.Equal(got, want) || done.Waiting != max(waiting, 0) {
			t.Errorf("run %d sends %d days, %v to %v, and %d wait", run, len(got), got[0], got[len(got)-1], done.Waiting)
		}
		w.unmark(t, want...)
	}
}

// unmark removes the marks of days of the busy PBX.
func (w *world) unmark(t testing.TB, days ...pbx.Day) {
	t.Helper()
	for _, d := range days {
		m, _, err := w.store().Figures().Mark(t.Context(), busy, d)
		if err == nil {
			err = w.store().Figures().Unmark(t.Context(), m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPBXWithRecordsOfYearsKeepsNoOtherWaitingForTheirMarks(t *testing.T) {
	w := newWorld("2015-01-01T10:00:00Z")
	var days []pbx.Day
	for d := day("2015-01-01"); d < day("2026-11-24"); d += 2 { // the schedule has not run since
		w.now = d.UTC().Add(10 * time.Hour)
		if d < day("2020-01-01") {
			record(t, w.store(), w.now, call(d.String()+" 17:59:00", func(c *pbx.CallRecord) { c.UUID = "x" }))
		} else {
			record(t, w.store(), w.now, &pbx.CDR{UniqueID: "x", Start: d.Start()})
		}
		days = append(days, d)
	}
	w.now = instant("2026-11-24T10:00:00Z")
	for runs := 1; ; runs++ {
		done, err := w.rollup().Schedule(t.Context(), &tasks{})
		if err != nil || done.Marked > 3*rollup.DaysAtOnce || runs > 10 {
			t.Fatalf("run %d marks %d days, %v", runs, done.Marked, err)
		}
		if done.Marked == 0 {
			break
		}
	}
	for _, d := range days {
		if _, due, err := w.store().Figures().Mark(t.Context(), mac, d); !due || err != nil {
			t.Fatalf("%s: due %t, %v", d, due, err)
		}
	}
}

// infra/docs/security.md states the most that one event can cause.
func TestOneLateEventCausesFewDaysAndTheFilesOfOne(t *testing.T) {
	w := newWorld("2026-11-24T10:00:00Z")
	late := func(change func(*pbx.CallRecord)) *caused {
		t.Helper()
		c := &caused{}
		c.record(t, w, call("2026-03-10 02:00:00", change))
		w.now = w.now.Add(10 * time.Minute)
		c.work(t, w, "dt=2026-03-10/")
		if c.files != 6 || c.writes > 20 || c.calls > 70 || w.due(t) != "" {
			t.Errorf("%d files, %d requests of the table, %d of them writes; due still: %s", c.files, c.calls, c.writes, w.due(t))
		}
		t.Logf("%d days, %d files, %d requests of the table, %d of them writes", len(c.sent), c.files, c.calls, c.writes)
		return c
	}
	first := late(func(c *pbx.CallRecord) { c.UUID = "x" })
	if got := first.sent.String(); got != "2026-03-09 2026-03-10 2026-03-11" {
		t.Errorf("days to compute: %s", got)
	}
	late(func(c *pbx.CallRecord) { c.UUID = "of a day that is published" })
}

func TestAnEventInUTCOfAPBXWithoutAZoneCausesFourDays(t *testing.T) {
	for hour := range 24 {
		w, c := newWorld("2026-11-24T10:00:00Z"), &caused{}
		c.record(t, w, call(fmt.Sprintf("2026-03-10 %02d:30:00", hour), func(c *pbx.CallRecord) { c.InUTC = true }))
		if sent := w.schedule(t); len(sent) > 4 {
			t.Errorf("at %d:30: %s", hour, &sent)
		}
	}
}

// caused counts what an event causes.
type caused struct {
	sent          tasks
	files         int
	calls, writes int // of the table
}

func (c *caused) counting(w *world) store.Table {
	return storetest.NewFaulty(w.table, func(call storetest.Call) storetest.Fault {
		if c.calls++; call.Method == "Put" || call.Method == "Delete" {
			c.writes++
		}
		return storetest.None
	})
}

func (c *caused) record(t *testing.T, w *world, e pbx.Event) {
	t.Helper()
	if _, err := store.New(c.counting(w), w.clock).Record(t.Context(), store.Origin{MAC: mac, At: w.now}, e); err != nil {
		t.Fatal(err)
	}
}

// work does the tasks. Only files of one folder may be written.
func (c *caused) work(t *testing.T, w *world, folder string) {
	t.Helper()
	c.sent = w.schedule(t)
	files := archivetest.NewFaulty(w.bucket, func(call archivetest.Call) archivetest.Fault {
		if call.Method == "Replace" {
			if c.files++; !strings.Contains(call.Name, folder) {
				t.Errorf("a file without rows: %s", call.Name)
			}
		}
		return archivetest.None
	})
	r := w.over(c.counting(w), files)
	for _, task := range c.sent {
		if _, err := r.Work(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
}
