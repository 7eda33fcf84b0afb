package rollup_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// busy is the PBX that has many days due.
const busy = pbx.MAC("020000000001")

// mark has days of a PBX due.
func (w *world) mark(t testing.TB, of pbx.MAC, days ...pbx.Day) {
	t.Helper()
	for _, d := range days {
		if err := w.store().MarkClosed(t.Context(), of, d, w.now); err != nil {
			t.Fatal(err)
		}
	}
}

// before are the days before a day, the latest first.
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

// unmark takes the marks of days of the busy PBX away.
func (w *world) unmark(t testing.TB, days ...pbx.Day) {
	t.Helper()
	for _, d := range days {
		m, _, err := w.store().Mark(t.Context(), busy, d)
		if err == nil {
			err = w.store().Unmark(t.Context(), m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What one event can cause at the most is what README's table of threats states.
func TestOneLateEventCausesThreeDaysAndTheFilesOfOne(t *testing.T) {
	w := newWorld("2026-11-24T10:00:00Z")
	var calls, writes int
	counting := storetest.NewFaulty(w.table, func(c storetest.Call) storetest.Fault {
		if calls++; c.Method == "Put" || c.Method == "Delete" {
			writes++
		}
		return storetest.None
	})
	s := store.New(counting, w.clock)
	event := call("2026-03-10 02:00:00", func(c *pbx.CallRecord) { c.UUID = "x" })
	if err := s.Record(t.Context(), store.Receipt{MAC: mac, At: w.now}, event); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(10 * 60e9)
	sent := w.schedule(t)
	if got := sent.String(); got != "2026-03-09 2026-03-10 2026-03-11" {
		t.Errorf("days to compute: %s", got)
	}
	var puts int
	files := archivetest.NewFaulty(w.bucket, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Replace" {
			puts++
			if !strings.Contains(c.Name, "dt=2026-03-10") {
				t.Errorf("a file without rows: %s", c.Name)
			}
		}
		return archivetest.None
	})
	r := w.over(counting, files)
	for _, task := range sent {
		if _, err := r.Work(context.Background(), task); err != nil {
			t.Fatal(err)
		}
	}
	if puts != 6 || writes > 20 || calls > 80 {
		t.Errorf("%d files, %d requests of the table, %d of them writes", puts, calls, writes)
	}
	t.Logf("%d files, %d requests of the table, %d of them writes", puts, calls, writes)
	if got := w.due(t); got != "" {
		t.Errorf("due still: %s", got)
	}
}
