package rollup_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// faulty is a world in which calls of either store fail from a given one on.
type faulty struct {
	*world
	call   int // the first that fails, from 1; 0: none
	fault  storetest.Fault
	dies   bool // all later calls fail, as if the process had died
	made   int
	cancel context.CancelFunc
}

// next returns what happens to the next call.
func (f *faulty) next() storetest.Fault {
	f.made++
	switch {
	case f.made == f.call:
		if f.fault == storetest.Hangs {
			f.cancel() // this is how a hang ends
		}
		return f.fault
	case f.dies && f.call > 0 && f.made > f.call:
		return storetest.Fails
	}
	return storetest.None
}

// run runs the schedule and its tasks, and ignores whatever fails.
func (f *faulty) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f.cancel = cancel
	table := storetest.NewFaulty(f.table, func(storetest.Call) storetest.Fault { return f.next() })
	bucket := archivetest.NewFaulty(f.bucket, func(archivetest.Call) archivetest.Fault { return f.next() })
	r := f.over(table, bucket)
	var q tasks
	r.Schedule(ctx, &q)
	for _, task := range q {
		r.Work(ctx, task)
	}
}

// scenarios are worlds in which a day is due.
var scenarios = map[string]func(testing.TB) *world{
	"a day is published first": func(t testing.TB) *world {
		w := newWorld("2026-11-23T10:00:00Z")
		w.plain = true
		record(t, w.store(), w.now, call("2026-11-23 17:59:00", nil), call("2026-11-23 11:00:00", func(c *pbx.CallRecord) { c.Queue = "631" }))
		w.now = instant("2026-11-24T01:00:00Z")
		return w
	},
	"a day is published again": func(t testing.TB) *world {
		w := newWorld("2026-11-23T10:00:00Z")
		w.plain = true
		record(t, w.store(), w.now, call("2026-11-23 17:59:00", nil))
		w.now = instant("2026-11-24T01:00:00Z")
		w.hour(t)
		record(t, w.store(), w.now, call("2026-11-23 11:00:00", func(c *pbx.CallRecord) { c.Queue = "631" }))
		w.now = w.now.Add(time.Hour)
		return w
	},
}

func TestWhereverARollupStopsTheNextOneEndsInTheSameRows(t *testing.T) {
	for name, build := range scenarios {
		t.Run(name, func(t *testing.T) {
			dry := &faulty{world: build(t)}
			dry.run()
			if dry.made < 20 {
				t.Fatalf("%d calls of the stores", dry.made)
			}
			cases := 0
			for call := 1; call <= dry.made; call++ {
				for _, fault := range []storetest.Fault{storetest.Fails, storetest.FailsButPersisted, storetest.Hangs} {
					for _, dies := range []bool{false, true} {
						cases++
						w := build(t)
						(&faulty{world: w, call: call, fault: fault, dies: dies}).run()
						w.hour(t)
						w.check(t, day("2026-11-23"))
						w.checkRestatements(t, day("2026-11-23"))
						if t.Failed() {
							t.Fatalf("after fault %d at call %d, dies %t; due: %s", fault, call, dies, w.due(t))
						}
					}
				}
			}
			t.Logf("%d calls of the stores, %d cases", dry.made, cases)
		})
	}
}

func TestAFailingPBXKeepsNoOtherFromItsRollup(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	s := w.store()
	for i := range 5 {
		m := pbx.MAC(fmt.Sprintf("68692e0b000%d", i))
		if _, err := s.Record(t.Context(), store.Origin{MAC: m, At: w.now}, call("2026-11-23 17:59:00", nil)); err != nil {
			t.Fatal(err)
		}
	}
	w.now = instant("2026-11-24T01:00:00Z")
	table := storetest.NewFaulty(w.table, func(c storetest.Call) storetest.Fault {
		if c.Key.PK == "68692e0b0002" {
			return storetest.Fails
		}
		return storetest.None
	})
	var q tasks
	_, err := w.over(table, w.bucket).Schedule(t.Context(), &q)
	if err == nil || !strings.Contains(err.Error(), "68692e0b0002") || len(q) != 4 {
		t.Errorf("%d tasks, %v", len(q), err)
	}
}
