package rollup_test

import (
	"testing"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
)

func TestAPublishedDayIsReadByQueueAndByThreshold(t *testing.T) {
	w := newWorld("2026-11-24T12:00:00Z")
	other := func(r *pbx.CallRecord) { r.UUID, r.Queue = "x", "999" }
	record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil), call("2026-11-22 11:00:00", other))
	task := rollup.Task{MAC: mac, Day: day("2026-11-22")}
	none, err := rollup.ReadShown(t.Context(), w.store(), rollup.Asked{Task: task})
	if err != nil || none.Latest.Revision != 0 || len(none.All) != 0 {
		t.Errorf("before its publication: %+v, %v", none, err)
	}
	if _, err := w.rollup().Work(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	zero := int64(0)
	for name, test := range map[string]struct {
		asked             rollup.Asked
		queues, rows      int
		answeredAtOnce    bool
		shortAbandonLimit int64
	}{
		"queues":         {rollup.Asked{Task: task}, 2, 2, false, 10},
		"one queue":      {rollup.Asked{Task: task, Queue: "999"}, 1, 1, false, 10},
		"no such queue":  {rollup.Asked{Task: task, Queue: "1"}, 0, 0, false, 10},
		"all rows":       {rollup.Asked{Task: task, All: true}, 2, 4, false, 10},
		"no time at all": {rollup.Asked{Task: task, ServiceLevel: &zero, ShortAbandon: &zero}, 2, 2, true, 0},
	} {
		got, err := rollup.ReadShown(t.Context(), w.store(), test.asked)
		if err != nil || len(got.Queues) != test.queues || len(got.All) != test.rows || got.Latest.Revision != 1 {
			t.Errorf("%s: %d queues, %d rows, %+v, %v", name, len(got.Queues), len(got.All), got.Latest, err)
		}
		if at := got.Thresholds; (at.ServiceLevel == 0) != test.answeredAtOnce || at.ShortAbandon != test.shortAbandonLimit {
			t.Errorf("%s: %+v", name, at)
		}
	}
}

func TestDaysAreComputedAgainAndThoseThatChangedAreCounted(t *testing.T) {
	w := newWorld("2026-11-24T12:00:00Z")
	record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil))
	days := map[pbx.MAC]map[pbx.Day]bool{mac: {day("2026-11-21"): true, day("2026-11-22"): true}}
	for run, want := range []int{1, 0} {
		if changed, err := w.rollup().Recompute(t.Context(), days); changed != want || err != nil {
			t.Errorf("run %d: %d days changed, %v", run, changed, err)
		}
	}
}
