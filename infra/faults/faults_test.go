package faults

import (
	"context"
	"flag"
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

// An operation calls the stores. prepare makes the world in which it begins.
type operation struct {
	name    string
	prepare func(*world, *testing.T)
	do      func(ctx context.Context, w *world, t *testing.T, next breaking, dead func() bool)
}

var operations = []operation{
	{"ingest", nothing, ingestDay},
	{"ingest into segments", inSegments(nothing), ingestDay},
	{"replay of segments, that are open", inSegments(received), replayToday},
	{"the hourly run, with what both stores spilled", spillBoth, hour},
	{"the hourly run, with a late record, what a decoder refused, and a day to pack", lateAndRefused, hour},
	{"replay of what is packed", packed, func(ctx context.Context, w *world, t *testing.T, next breaking, _ func() bool) {
		records, bucket := w.over(t, next)
		first := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		replay.Run(ctx, bucket.Bucket, records, time.Now, replay.Selection{First: pbx.UTCDay(first), Last: pbx.UTCDay(time.Now())}, func(replay.Report) {})
	}},
	{"replay", received, replayToday},
}

// longer are operations that are tried with -full only, and then in one way for each call: they take long,
// and others make the same calls.
var longer = []operation{
	{"the hourly run over segments, with what both stores spilled", inSegments(spillBoth), hour},
	{"the hourly run over segments whose day is over", inSegments(over), hour},
}

func nothing(*world, *testing.T) {}

// inSegments prepares a world in which events are appended to segments.
func inSegments(prepare func(*world, *testing.T)) func(*world, *testing.T) {
	return func(w *world, t *testing.T) {
		w.segments = true
		prepare(w, t)
	}
}

// ingestDay receives the events of a day.
func ingestDay(ctx context.Context, w *world, t *testing.T, next breaking, dead func() bool) {
	w.ingest(ctx, t, day, next, dead)
}

// hour is an hourly run.
func hour(ctx context.Context, w *world, t *testing.T, next breaking, _ func() bool) {
	w.hour(ctx, t, next)
}

// replayToday records again what was received today.
func replayToday(ctx context.Context, w *world, t *testing.T, next breaking, _ func() bool) {
	records, bucket := w.over(t, next)
	replay.Run(ctx, bucket.Bucket, records, time.Now, replay.Selection{First: pbx.UTCDay(time.Now()), Last: pbx.UTCDay(time.Now())}, func(replay.Report) {})
}

// received returns a world in which the events of a day were received.
func received(w *world, t *testing.T) { w.ingest(t.Context(), t, day, sound, alive) }

// over returns a world in which the events of a day were received, and the day has ended.
func over(w *world, t *testing.T) {
	received(w, t)
	time.Sleep(26 * time.Hour)
}

// packed returns a world in which the events of a day are packed.
func packed(w *world, t *testing.T) {
	over(w, t)
	if err := w.hour(t.Context(), t, sound); err != nil {
		t.Fatal(err)
	}
	for name := range w.bucket.List(t.Context(), "raw/", "") {
		if form, _ := archive.FormOf(name); form != archive.Packed {
			t.Fatalf("%s is not packed", name)
		}
	}
}

// spillBoth returns a world in which the archive was down at first, and then the table.
func spillBoth(w *world, t *testing.T) {
	w.ingest(t.Context(), t, day[:3], without(theArchive), alive)
	w.ingest(t.Context(), t, day[3:], without(theTable), alive)
	until(time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC))
}

// lateAndRefused returns a world whose first day is published. An older decoder refused all of it,
// and an array that has no records yet. Then a late record came in, and both days are over.
func lateAndRefused(w *world, t *testing.T) {
	w.ingest(t.Context(), t, day[2:], sound, alive)
	until(time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC))
	for range 2 {
		if err := w.hour(t.Context(), t, sound); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
	}
	before := w.table
	w.table = storetest.NewMemory()
	w.ingest(t.Context(), t, day[1:2], sound, alive)
	w.table = before
	w.refuse(t)
	w.ingest(t.Context(), t, day[:1], sound, alive)
	time.Sleep(26 * time.Hour)
}

// refuse makes all archived events ones that an older decoder refused. Then this decoder is
// deployed.
func (w *world) refuse(t *testing.T) {
	for name := range w.bucket.List(t.Context(), archive.RetriedPrefix, "") {
		if err := w.bucket.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	for _, prefix := range []string{archive.RawPrefix, archive.QuarantinePrefix} {
		for name := range w.bucket.List(t.Context(), prefix, "") {
			if err := w.refuseOne(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *world) refuseOne(ctx context.Context, name string) error {
	object, err := w.bucket.Get(ctx, name)
	if err != nil {
		return err
	}
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return err
	}
	if err := w.bucket.Delete(ctx, name); err != nil {
		return err
	}
	return archive.Keep(ctx, w.bucket, receipt.Refused("it can't be read", 1).Envelope(nil))
}

// counter counts calls, and lets one of them fail.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// next lets the given call fail. If the process dies, it lets all later calls fail, too.
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

// way is how a call fails. A query that fails has yielded a page of one item before.
type way struct {
	fault storetest.Fault
	dies  bool // the process dies with it
}

// ways are all ways. A process that dies while a call hangs is the same as one that dies when the
// call fails.
var ways = []way{
	{storetest.Fails, false}, {storetest.Fails, true},
	{storetest.FailsButPersisted, false}, {storetest.FailsButPersisted, true},
	{storetest.Hangs, false}, {storetest.Throttled, false},
}

// full lets each call fail in each way: go test ./infra/faults -full. Without it each call fails in
// one way, and the next call in the next way.
var full = flag.Bool("full", false, "have each call of the stores go wrong in each way")

func waysOf(call int) []way {
	if *full {
		return ways
	}
	return oneWay(call)
}

func oneWay(call int) []way { return ways[call%len(ways):][:1] }

func TestNothingAcknowledgedIsLostAndNothingIsCountedTwice(t *testing.T) {
	before := debug.SetGCPercent(800) // the worlds are small, and thousands
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			op.breakAll(t, waysOf)
		})
	}
	if !*full {
		return
	}
	for _, op := range longer {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			op.breakAll(t, oneWay)
		})
	}
}

// breakAll lets each call of the operation go wrong, in each of its ways.
func (op operation) breakAll(t *testing.T, wrong func(call int) []way) {
	found := op.found(t)
	calls := op.count(t, found)
	visited, cases := 0, 0
	for call := 1; call <= calls; call++ {
		reached := false
		for _, way := range wrong(call) {
			cases++
			reached = op.breakAt(t, found, call, way) || reached
			if t.Failed() {
				t.Fatalf("%+v at call %d of %d", way, call, calls)
			}
		}
		// The number of concurrent calls for the same thing differs a little.
		for again := 0; !reached && again < 20; again++ {
			reached = op.breakAt(t, found, call, ways[0])
		}
		if reached {
			visited++
		}
	}
	t.Logf("%s: %d calls of the stores, %d visited, %d cases", op.name, calls, visited, cases)
	if visited != calls || calls < 10 {
		t.Errorf("%d of %d calls were visited", visited, calls)
	}
}

// found is the world in which the operation begins, made once. It is called in a bubble of
// synctest.
type found func() *world

// found makes the world in which the operation begins.
func (op operation) found(t *testing.T) found {
	var w *world
	var at time.Time
	synctest.Test(t, func(t *testing.T) {
		w = newWorld()
		op.prepare(w, t)
		at = time.Now()
	})
	return func() *world { return w.clone(at) }
}

// count counts the calls of the operation. Concurrent calls sometimes make it one more, so the
// least number counts.
func (op operation) count(t *testing.T, found found) (calls int) {
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			w := found()
			var made counter
			op.do(t.Context(), w, t, made.next(0, storetest.None, false), alive)
			if calls == 0 || made.made() < calls {
				calls = made.made()
			}
		})
	}
	return calls
}

// breakAt lets a call fail, ends the faults, and checks the world. It reports whether the call was
// made.
func (op operation) breakAt(t *testing.T, found found, call int, way way) (reached bool) {
	synctest.Test(t, func(t *testing.T) {
		w := found()
		var made counter
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		op.do(ctx, w, t, made.next(call, way.fault, way.dies), func() bool { return way.dies && made.made() >= call })
		cancel()
		reached = made.made() >= call
		w.recover(t)
		w.check(t)
	})
	return reached
}
