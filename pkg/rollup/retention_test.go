package rollup_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// kept returns all that is published: rows, headers, restatements and files.
func (w *world) kept(t testing.TB) string {
	t.Helper()
	var all []string
	for _, item := range w.table.Items() {
		switch kind, _, _ := strings.Cut(item.SK, "#"); kind {
		case "KPI", "DAY", "RESTATED":
			all = append(all, fmt.Sprint(item.SK, item.Version, string(item.Doc)))
		}
	}
	for name, err := range w.bucket.List(t.Context(), "", "") {
		tag, tagErr := w.bucket.Tag(t.Context(), name)
		if err != nil || tagErr != nil {
			t.Fatal(err, tagErr)
		}
		all = append(all, name+" "+tag)
	}
	return strings.Join(all, "\n")
}

// expire drops what has expired, as DynamoDB does. It returns the number of dropped call records.
func (w *world) expire(t testing.TB) (calls int) {
	t.Helper()
	for _, item := range w.table.Items() {
		if item.Expires.IsZero() || item.Expires.After(w.now) {
			continue
		}
		if err := w.table.Delete(t.Context(), item.Key, store.Condition{}); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(item.SK, "CALL#") {
			calls++
		}
	}
	return calls
}

// someDays makes a world of published days. On some of them the records of a call go on after
// midnight.
func someDays(t testing.TB, keep int, days ...string) *world {
	t.Helper()
	w := newWorld("2026-11-23T10:00:00Z")
	w.keep = keep
	for _, d := range days {
		w.now = instant(d + "T10:00:00Z")
		record(t, w.store(), w.now, call(d+" 02:00:00", nil), call(d+" 17:59:00", nil), &pbx.CDR{UniqueID: "1." + d, Start: day(d).Start() + 60})
	}
	w.now = w.now.Add(24 * time.Hour)
	w.hour(t)
	w.hour(t)
	for _, d := range days {
		w.check(t, day(d))
	}
	return w
}

var threeDays = []string{"2026-11-21", "2026-11-22", "2026-11-23"}

func TestALateRecordOfASealedDayChangesNothingThatIsPublished(t *testing.T) {
	w := someDays(t, 35, threeDays...)
	before := w.kept(t)
	w.now = instant("2026-12-27T00:00:00Z") // the second of them is sealed, and the first
	late := store.Origin{MAC: mac, At: w.now}
	sealed, err := w.store().Record(t.Context(), late, call("2026-11-22 11:00:00", nil))
	if err != nil || !sealed || w.due(t) != "2026-11-23" {
		t.Errorf("sealed %t, due %q, %v", sealed, w.due(t), err)
	}
	for _, results := range []map[rollup.Task]rollup.Result{w.hour(t), w.hour(t)} {
		for task, got := range results {
			if task.Day != day("2026-11-23") || got != rollup.Unchanged {
				t.Errorf("%s: %s", task.Day, got)
			}
		}
	}
	if got := w.kept(t); got != before || w.due(t) != "" {
		t.Errorf("due %q, published is\n%s\nwhere there was\n%s", w.due(t), got, before)
	}
	records := 0
	for _, err := range w.store().CallRecords(t.Context(), mac, pbx.UTC, store.Days(day("2026-11-22"), day("2026-11-22"))) {
		if err != nil {
			t.Fatal(err)
		}
		records++
	}
	if records != 3 {
		t.Errorf("%d records are kept, want 3", records)
	}
}

func TestAWorkerThatComesToASealedDayLeavesItAndTakesTheMarkAway(t *testing.T) {
	w := someDays(t, 35, threeDays...)
	before := w.kept(t)
	w.now = instant("2026-12-25T23:00:00Z")
	record(t, w.store(), w.now, call("2026-11-21 11:00:00", nil)) // an hour before it is sealed
	w.now = instant("2026-12-26T11:00:00Z")                       // and the schedule did not run
	results := w.hour(t)
	if got := results[rollup.Task{MAC: mac, Day: day("2026-11-21")}]; got != rollup.Sealed {
		t.Errorf("%v", results)
	}
	if w.due(t) != "" || w.kept(t) != before {
		t.Errorf("due %q, published is\n%s\nwhere there was\n%s", w.due(t), w.kept(t), before)
	}
	if got, err := w.rollup().Work(t.Context(), rollup.Task{MAC: mac, Day: day("2026-11-21")}); got != rollup.Sealed || err != nil {
		t.Errorf("without a mark: %s, %v", got, err)
	}
}

func TestFiguresOutliveTheirRecords(t *testing.T) {
	for name, keepThen := range map[string]int{"as before": 35, "records are kept for longer since": 400, "records are kept forever since": 0} {
		t.Run(name, func(t *testing.T) {
			w := someDays(t, 35, threeDays...)
			before, gone := w.kept(t), 0
			for w.now = instant("2026-12-20T00:00:00Z"); w.now.Before(instant("2027-02-05T00:00:00Z")); w.now = w.now.Add(6 * time.Hour) {
				gone += w.expire(t)
				if gone > 0 {
					w.keep = keepThen
				}
				if !w.now.Before(instant("2026-12-28T12:00:00Z")) { // all are sealed, and what was due is done
					for _, d := range threeDays {
						record(t, w.store(), w.now, call(d+" 11:00:00", func(c *pbx.CallRecord) { c.Queue = w.now.String() }))
					}
				}
				w.workAll(t)
				if got := w.kept(t); got != before {
					t.Fatalf("at %s published is\n%s\nwhere there was\n%s", w.now, got, before)
				}
			}
			if gone < 6 {
				t.Errorf("only %d records of calls are gone", gone)
			}
		})
	}
}

// workAll runs the schedule, and has a worker do every day, due or not.
func (w *world) workAll(t testing.TB) {
	t.Helper()
	w.schedule(t)
	for _, d := range threeDays {
		if err := w.store().Figures().MarkClosed(t.Context(), mac, day(d), w.now.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.rollup().Work(t.Context(), rollup.Task{MAC: mac, Day: day(d)}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADayThatIsLookedAtOnceRecordsExpireStaysSealed(t *testing.T) {
	w := someDays(t, 0, threeDays...) // kept forever
	w.keep = 35
	w.workAll(t)
	w.keep = 0
	w.now = instant("2026-12-28T00:00:00Z")
	for _, d := range threeDays {
		if sealed, err := w.store().Figures().IsSealed(t.Context(), mac, day(d)); !sealed || err != nil {
			t.Errorf("%s: %t, %v", d, sealed, err)
		}
	}
}

func TestTheScheduleDoesNotMarkSealedDays(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	w.keep = 35
	for _, d := range threeDays {
		record(t, w.store(), w.now, call(d+" 17:59:00", nil))
	}
	for mark, err := range w.store().Figures().Due(t.Context()) {
		if err == nil {
			err = w.store().Figures().Unmark(t.Context(), mark)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.now = instant("2026-12-27T00:00:00Z") // it did not run since
	var q tasks
	done, err := w.rollup().Schedule(t.Context(), &q)
	if err != nil || done.Marked != 1 || q.String() != "2026-11-23" {
		t.Errorf("%+v, %s sent, %v", done, &q, err)
	}
}

func TestSealedDaysThatAreAskedForAreToldAndNotDue(t *testing.T) {
	w := someDays(t, 35, threeDays...)
	w.now = instant("2026-12-27T12:00:00Z")
	tasks, err := w.rollup().RequestClosed(t.Context(), mac, day("2026-11-01"), 0)
	if err != nil || w.due(t) != "2026-11-23" {
		t.Errorf("due %q, %v", w.due(t), err)
	}
	results := map[string]rollup.Result{}
	for _, task := range tasks {
		if results[task.Day.String()], err = w.rollup().Work(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]rollup.Result{"2026-11-21": rollup.Sealed, "2026-11-22": rollup.Sealed, "2026-11-23": rollup.Unchanged}
	if !maps.Equal(results, want) || len(tasks) != len(want) {
		t.Errorf("%v, want %v", results, want)
	}
	w.now = instant("2027-02-01T00:00:00Z")
	w.expire(t)
	if err := w.rollup().Request(t.Context(), rollup.Task{MAC: mac, Day: day("2026-11-21")}); err != nil {
		t.Errorf("a day whose records are gone: %v", err)
	}
}

func TestWhatComesInTheLastHourBeforeItsDayIsSealedIsCounted(t *testing.T) {
	w := someDays(t, 35, threeDays...)
	w.now = instant("2026-12-27T23:59:59Z")
	sealed, err := w.store().Record(t.Context(), store.Origin{MAC: mac, At: w.now}, call("2026-11-23 11:00:00", nil))
	if sealed || err != nil {
		t.Fatalf("%t, %v", sealed, err)
	}
	d := day("2026-11-23")
	if got := w.hour(t)[rollup.Task{MAC: mac, Day: d}]; got != rollup.Published {
		t.Errorf("%s", got)
	}
	w.check(t, d)
	if q := w.queue(t, d); q.Offered != 3 {
		t.Errorf("offered %d, want 3", q.Offered)
	}
}

func TestARevisionLeftByACrashIsCompletedThoughItsDayWasSealed(t *testing.T) {
	w := someDays(t, 35, threeDays...)
	d := day("2026-11-23")
	w.now = instant("2026-12-27T23:00:00Z")
	record(t, w.store(), w.now, call("2026-11-23 11:00:00", nil))
	crash := storetest.NewFaulty(w.table, func(c storetest.Call) storetest.Fault {
		if c.Method == "Put" && strings.HasPrefix(c.Key.SK, "KPI#") {
			return storetest.Fails
		}
		return storetest.None
	})
	if _, err := w.over(crash, w.bucket).Work(t.Context(), rollup.Task{MAC: mac, Day: d}); err == nil {
		t.Fatal("it did not crash")
	}
	w.now = instant("2026-12-28T00:00:00Z")
	results := w.hour(t)
	if got := results[rollup.Task{MAC: mac, Day: d}]; got != rollup.Published {
		t.Errorf("%v", results)
	}
	w.check(t, d)
}
