package faults

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store/storetest"
)

// An operation is something that calls the stores. prepare makes the world that it finds.
type operation struct {
	name    string
	prepare func(*world, *testing.T)
	do      func(ctx context.Context, w *world, t *testing.T, next breaking, dead func() bool)
}

var operations = []operation{
	{"ingest", func(*world, *testing.T) {}, func(ctx context.Context, w *world, t *testing.T, next breaking, dead func() bool) {
		w.ingest(ctx, t, day, next, dead)
	}},
	{"redrive and rollup", spillBoth, func(ctx context.Context, w *world, _ *testing.T, next breaking, _ func() bool) {
		w.hour(ctx, next)
	}},
	{"rollup again", late, func(ctx context.Context, w *world, _ *testing.T, next breaking, _ func() bool) {
		w.hour(ctx, next)
	}},
	{"retry", refused, func(ctx context.Context, w *world, _ *testing.T, next breaking, _ func() bool) {
		w.retry(ctx, next)
	}},
	{"compaction", over, func(ctx context.Context, w *world, _ *testing.T, next breaking, _ func() bool) {
		_, bucket := w.over(next)
		w.pack(ctx, bucket)
	}},
	{"replay of what is packed", packed, func(ctx context.Context, w *world, _ *testing.T, next breaking, _ func() bool) {
		records, bucket := w.over(next)
		first := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		replay.Run(ctx, bucket, records, replay.Selection{First: pbx.UTCDay(first), Last: pbx.UTCDay(w.now)}, func(replay.Report) {})
	}},
	{"replay", received, func(ctx context.Context, w *world, _ *testing.T, next breaking, _ func() bool) {
		records, bucket := w.over(next)
		replay.Run(ctx, bucket, records, replay.Selection{First: pbx.UTCDay(w.now), Last: pbx.UTCDay(w.now)}, func(replay.Report) {})
	}},
}

// untold is a context that does not tell when it ends: that is not by the world's clock.
type untold struct{ context.Context }

func (untold) Deadline() (time.Time, bool) { return time.Time{}, false }

// received is a world whose day came in.
func received(w *world, t *testing.T) { w.ingest(t.Context(), t, day, sound, alive) }

// over is a world whose day came in, and has ended.
func over(w *world, t *testing.T) {
	received(w, t)
	w.now = w.now.Add(26 * time.Hour)
}

// packed is a world whose day is packed.
func packed(w *world, t *testing.T) {
	over(w, t)
	if err := errors.Join(w.hour(t.Context(), sound), w.pack(t.Context(), w.bucket)); err != nil {
		t.Fatal(err)
	}
	for name := range w.bucket.List(t.Context(), "raw/", "") {
		if !archive.IsPacked(name) {
			t.Fatalf("%s is not packed", name)
		}
	}
}

// spillBoth is a world in which the archive was down at first, and then the table.
func spillBoth(w *world, t *testing.T) {
	w.ingest(t.Context(), t, day[:3], without(theArchive), alive)
	w.ingest(t.Context(), t, day[3:], without(theTable), alive)
	w.now = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)
}

// refused is a world whose day an older decoder could not read.
func refused(w *world, t *testing.T) {
	received(w, t)
	for _, prefix := range []string{"raw/", archive.QuarantinePrefix} {
		for name := range w.bucket.List(t.Context(), prefix, "") {
			object, err := w.bucket.Get(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			receipt, err := archive.ParseReceipt(object)
			if err == nil {
				err = w.bucket.Delete(t.Context(), name)
			}
			if err == nil {
				err = archive.Keep(t.Context(), w.bucket, receipt.Refused("it can't be read", 1).Envelope(nil))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	w.table = storetest.NewMemory()
}

// late is a world whose first day is published, and of which more came in.
func late(w *world, t *testing.T) {
	w.ingest(t.Context(), t, day[1:], sound, alive)
	w.now = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)
	for range 2 {
		if err := w.hour(t.Context(), sound); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Hour)
	}
	w.ingest(t.Context(), t, day[:1], sound, alive)
}

// counter counts calls, and has one of them go wrong.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// next has the given call go wrong, and if the process dies, all after it.
func (c *counter) next(call int, fault storetest.Fault, dies bool) breaking {
	return func(which) storetest.Fault {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.n++
		switch {
		case call > 0 && c.n == call:
			return fault
		case call > 0 && c.n > call && dies:
			return storetest.Fails
		}
		return storetest.None
	}
}

// faults are all ways in which a call goes wrong. A query that fails has yielded a page of
// one item before.
var faults = []storetest.Fault{storetest.Fails, storetest.FailsButPersisted, storetest.Hangs, storetest.Throttled}

func TestNothingAcknowledgedIsLostAndNothingIsCountedTwice(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // the worlds are small, and thousands
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			calls := op.count(t)
			visited, cases := 0, 0
			for call := 1; call <= calls; call++ {
				reached := false
				for _, fault := range faults {
					for _, dies := range []bool{false, true} {
						if dies && fault >= storetest.Hangs {
							continue // as one that fails
						}
						cases++
						reached = op.breakAt(t, call, fault, dies) || reached
						if t.Failed() {
							t.Fatalf("fault %d at call %d of %d, the process dies: %t", fault, call, calls, dies)
						}
					}
				}
				// How often what runs side by side asks for the same differs a little.
				for again := 0; !reached && again < 20; again++ {
					reached = op.breakAt(t, call, faults[0], false)
				}
				if reached {
					visited++
				}
			}
			t.Logf("%s: %d calls of the stores, %d visited, %d cases", op.name, calls, visited, cases)
			if visited != calls || calls < 10 {
				t.Errorf("%d of %d calls were visited", visited, calls)
			}
		})
	}
}

// count counts the calls of the operation. Where it makes some side by side, it makes one
// more now and then: the least counts.
func (op operation) count(t *testing.T) (calls int) {
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			op.prepare(w, t)
			var made counter
			op.do(t.Context(), w, t, made.next(0, storetest.None, false), alive)
			if calls == 0 || made.made() < calls {
				calls = made.made()
			}
		})
	}
	return calls
}

// breakAt has a call go wrong, has the faults end, and checks the world. It tells whether
// the call was made.
func (op operation) breakAt(t *testing.T, call int, fault storetest.Fault, dies bool) (reached bool) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		op.prepare(w, t)
		var made counter
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		op.do(ctx, w, t, made.next(call, fault, dies), func() bool { return dies && made.made() >= call })
		cancel()
		reached = made.made() >= call
		w.recover(t)
		w.check(t)
	})
	return reached
}
