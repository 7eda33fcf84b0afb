package compact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

const mac, other = pbx.MAC("68692e0b0001"), pbx.MAC("68692e0b0002")

var now = time.Date(2026, 11, 24, 1, 30, 0, 0, time.UTC)

func clock() time.Time { return now }

// event is one that was received at a time.
func event(mac pbx.MAC, at time.Time, n int) archive.Envelope {
	return archive.Envelope{
		MAC: mac, Received: at, Event: &pbx.Hangup{UniqueID: fmt.Sprint(n)}, Body: fmt.Appendf(nil, "{event:'hangup',uniqueid:'%d'}", n),
	}
}

func keep(t testing.TB, b archive.Bucket, events ...archive.Envelope) {
	t.Helper()
	for _, e := range events {
		if err := archive.Keep(context.Background(), b, e); err != nil {
			t.Fatal(err)
		}
	}
}

// days is an archive of two PBXs and three days, the last of which is not over.
func days(t testing.TB) (*archivetest.Memory, []archive.Envelope) {
	b := archivetest.NewMemory()
	var events []archive.Envelope
	for n := range 14 {
		of := []pbx.MAC{mac, other}[n%2]
		events = append(events, event(of, now.Add(-time.Duration(n)*5*time.Hour), n))
	}
	keep(t, b, events...)
	return b, events
}

func runOnce(t testing.TB, b archive.Bucket) Report {
	t.Helper()
	report, err := New(b, clock).Run(context.Background(), pbx.KindHangup)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// objects counts the lines of each object of raw/, by ID, without the package's code.
func objects(t testing.TB, b archive.Bucket) map[string]map[string]int {
	t.Helper()
	found := map[string]map[string]int{}
	for name, err := range b.List(context.Background(), "raw/", "") {
		var text []byte
		if err == nil {
			text, err = b.Get(context.Background(), name)
		}
		if err == nil && strings.HasSuffix(name, ".gz") {
			text, err = archive.Unpack(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		found[name] = map[string]int{}
		for line := range bytes.Lines(text) {
			receipt, err := archive.ParseReceipt(line)
			if err != nil {
				t.Fatal(err)
			}
			found[name][receipt.ID]++
		}
	}
	return found
}

// check holds an archive against the events: each is there; once all is packed, it is there
// once, in a packed object where its day is over.
func check(t testing.TB, b archive.Bucket, events []archive.Envelope, packed bool) {
	t.Helper()
	times, in := map[string]int{}, map[string]string{}
	for name, ids := range objects(t, b) {
		for id, n := range ids {
			times[id] += n
			in[id] = name
		}
	}
	for _, e := range events {
		id := e.ID()
		over := e.Received.Before(now.Truncate(24 * time.Hour))
		form, _ := archive.FormOf(in[id])
		if times[id] == 0 || packed && (times[id] != 1 || (form == archive.Packed) != over) {
			t.Errorf("%s of %s is there %d times, in %s", id, e.Received, times[id], in[id])
		}
	}
	if len(times) != len(events) {
		t.Errorf("%d events of %d", len(times), len(events))
	}
}

func TestEventsOfPastDaysArePacked(t *testing.T) {
	b, events := days(t)
	report := runOnce(t, b)
	check(t, b, events, true)
	if report.Events == 0 || report.Written != 6 || report.Through.String() != "2026-11-23" || report.More {
		t.Errorf("%+v", report) // two PBXs on three days
	}
	if _, err := b.Tag(t.Context(), "raw/kind=hangup/dt=2026-11-23/68692e0b0001.0001.ndjson.gz"); err != nil {
		t.Error(err)
	}
}

func TestADayIsPackedOnlyAnHourAfterItEnded(t *testing.T) {
	b := archivetest.NewMemory()
	e := event(mac, time.Date(2026, 11, 23, 23, 59, 59, 0, time.UTC), 1)
	keep(t, b, e)
	for _, c := range []struct {
		at     time.Time
		events int
	}{{time.Date(2026, 11, 24, 0, 59, 0, 0, time.UTC), 0}, {time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC), 1}} {
		report, err := New(b, func() time.Time { return c.at }).Run(t.Context(), pbx.KindHangup)
		if err != nil || report.Events != c.events {
			t.Errorf("at %s: %+v, %v", c.at, report, err)
		}
	}
}

func TestLateEventsArePackedWithTheOthers(t *testing.T) {
	b, events := days(t)
	runOnce(t, b)
	for n, age := range []time.Duration{12 * time.Hour, 30 * time.Hour, 60 * time.Hour} {
		late := event(mac, now.Add(-age), 100+n)
		events = append(events, late)
		keep(t, b, late, events[3]) // and one that is packed is archived again
	}
	for range 4 { // each run visits one of the older days
		runOnce(t, b)
	}
	check(t, b, events, true)
}

func TestWhatIsNotTheEventOfItsNameStays(t *testing.T) {
	b, events := days(t)
	folder := archive.RawFolder(pbx.KindHangup, pbx.UTCDay(now)-1)
	line, err := b.Get(t.Context(), events[2].Name())
	if err != nil {
		t.Fatal(err)
	}
	strange := map[string][]byte{
		folder + string(mac) + "-1-none.json":     []byte("no envelope"),
		folder + string(mac) + "-1-empty.json":    {},
		folder + string(mac) + "-1-other.json":    line,
		events[4].Name():                          bytes.TrimSuffix(line, []byte("\n")),
		folder + "x-1.json":                       line,
		folder + string(other) + "-1-double.json": append(line, line...),
	}
	for name, body := range strange {
		if err := b.Put(t.Context(), name, body); err != nil {
			t.Fatal(err)
		}
	}
	if report := runOnce(t, b); report.Left != len(strange)-1 { // x-1.json has no PBX's name: it may have lines of many
		t.Errorf("%+v", report)
	}
	for name, body := range strange {
		if got, err := b.Get(t.Context(), name); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAnotherBodyUnderThePackedIDStays(t *testing.T) {
	b, events := days(t)
	runOnce(t, b)
	e := events[2]
	line, err := archive.Lines([]archive.Envelope{e})
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(line, []byte(`uniqueid:'2'`), []byte(`uniqueid:'7'`), 1)
	if err := b.Put(t.Context(), e.Name(), changed); err != nil {
		t.Fatal(err)
	}
	if report := runOnce(t, b); report.Left != 1 {
		t.Errorf("%+v", report)
	}
	if got, err := b.Get(t.Context(), e.Name()); err != nil || !bytes.Equal(got, changed) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAPackedObjectThatIsBrokenKeepsTheSingleOnes(t *testing.T) {
	b, events := days(t)
	if err := b.Put(t.Context(), archive.PackedName(pbx.KindHangup, pbx.UTCDay(now)-1, mac, 1), []byte("no gzip")); err != nil {
		t.Fatal(err)
	}
	report, err := New(b, clock).Run(t.Context(), pbx.KindHangup)
	if err == nil || report.Failed == 0 || report.Written != 5 {
		t.Errorf("%+v, %v", report, err)
	}
	for _, e := range events {
		if e.MAC == mac && e.Received.Truncate(24*time.Hour).Equal(now.Add(-24*time.Hour).Truncate(24*time.Hour)) {
			if _, err := b.Get(t.Context(), e.Name()); err != nil {
				t.Error(err)
			}
		}
	}
}

// left is an archive of a PBX and two days that are over, of which a run has packed some events
// and deleted none.
func left(t testing.TB) (*archivetest.Memory, []archive.Envelope) {
	b := archivetest.NewMemory()
	var events []archive.Envelope
	for n := range 6 {
		events = append(events, event(mac, now.Add(-time.Duration(4+n)*5*time.Hour), n))
	}
	lines, err := archive.Lines(events[:2])
	if err == nil {
		lines, err = archive.Pack(lines)
	}
	if err == nil {
		err = b.Put(context.Background(), archive.PackedName(pbx.KindHangup, pbx.UTCDay(events[0].Received), mac, 1), lines)
	}
	if err != nil {
		t.Fatal(err)
	}
	keep(t, b, events...)
	return b, events
}

// TestNoEventIsLostWhereverARunFails has every call of a run go wrong in every way, and the
// run go on or end there.
func TestNoEventIsLostWhereverARunFails(t *testing.T) {
	calls := 0
	{
		b, _ := left(t)
		f := archivetest.NewFaulty(b, func(archivetest.Call) archivetest.Fault { return archivetest.None })
		runOnce(t, f)
		calls = f.Calls()
	}
	cases := 0
	for call := 1; call <= calls; call++ {
		for _, fault := range []archivetest.Fault{archivetest.Fails, archivetest.FailsButPersisted, archivetest.Hangs, archivetest.Throttled} {
			for _, dies := range []bool{false, true} {
				if dies && fault >= archivetest.Hangs {
					continue // as one that fails
				}
				cases++
				synctest.Test(t, func(t *testing.T) {
					b, events := left(t)
					f := archivetest.NewFaulty(b, func(c archivetest.Call) archivetest.Fault {
						switch {
						case c.N == call:
							return fault
						case c.N > call && dies:
							return archivetest.Fails
						}
						return archivetest.None
					})
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					New(f, clock).Run(ctx, pbx.KindHangup)
					check(t, b, events, false)
					for range 4 {
						runOnce(t, b)
					}
					check(t, b, events, true)
				})
				if t.Failed() {
					t.Fatalf("fault %d at call %d of %d, the process dies: %t", fault, call, calls, dies)
				}
			}
		}
	}
	t.Logf("%d calls, %d cases", calls, cases)
	if calls < 28 {
		t.Errorf("%d calls", calls)
	}
}

// yielding is a Bucket whose calls are made at random times.
type yielding struct {
	archive.Bucket
	random *rand.Rand
	mu     *sync.Mutex
}

func (y yielding) wait() {
	y.mu.Lock()
	d := time.Duration(y.random.IntN(1000)) * time.Millisecond
	y.mu.Unlock()
	time.Sleep(d)
}

func (y yielding) Get(ctx context.Context, name string) ([]byte, error) {
	y.wait()
	return y.Bucket.Get(ctx, name)
}

func (y yielding) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	y.wait()
	return y.Bucket.Open(ctx, name)
}

func (y yielding) Replace(ctx context.Context, name string, body []byte, tag string) error {
	y.wait()
	defer y.wait()
	return y.Bucket.Replace(ctx, name, body, tag)
}

func (y yielding) Delete(ctx context.Context, name string) error {
	y.wait()
	return y.Bucket.Delete(ctx, name)
}

func TestConcurrentRunsLoseAndDoubleNothing(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			b, events := days(t)
			slow := yielding{b, rand.New(rand.NewPCG(seed, 0)), &sync.Mutex{}}
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					time.Sleep(time.Duration(seed) * 50 * time.Millisecond)
					New(slow, clock).Run(t.Context(), pbx.KindHangup) // may fail where others are faster
				})
			}
			for n := range 10 {
				late := event(mac, now.Add(-20*time.Hour), 200+n)
				events = append(events, late)
				all.Go(func() {
					slow.wait()
					slow.wait()
					keep(t, b, late)
				})
			}
			all.Go(func() { // a reader, who lists names and reads them later
				seen := map[string]bool{}
				part := archive.Part{Kinds: []pbx.Kind{pbx.KindHangup}, First: pbx.UTCDay(now) - 30, Last: pbx.UTCDay(now)}
				for line, err := range part.Lines(t.Context(), slow) {
					if err != nil {
						t.Error(err)
						return
					}
					receipt, _ := archive.ParseReceipt(line.Text)
					seen[receipt.ID] = true
				}
				for _, e := range events[:14] {
					if !seen[e.ID()] {
						t.Errorf("the reader has not seen %s", e.ID())
					}
				}
			})
			all.Wait()
			check(t, b, events, false)
			for range 4 {
				runOnce(t, b)
			}
			check(t, b, events, true)
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestAPBXWithManyEventsHasSeveralObjects(t *testing.T) {
	b := archivetest.NewMemory()
	var events []archive.Envelope
	for n := range 40 {
		e := event(mac, now.Add(-3*time.Hour), n)
		e.Body = append(e.Body, strings.Repeat(" ", 1<<10)...)
		events = append(events, e)
	}
	c := New(b, clock)
	c.full = 16 << 10
	for _, some := range [][]archive.Envelope{events[:30], events[30:]} {
		keep(t, b, some...)
		if _, err := c.Run(t.Context(), pbx.KindHangup); err != nil {
			t.Fatal(err)
		}
	}
	check(t, b, events, true)
	for name, ids := range objects(t, b) {
		if len(ids) > 32 {
			t.Errorf("%s has %d events", name, len(ids))
		}
	}
	if n := len(objects(t, b)); n != 3 {
		t.Errorf("%d objects", n)
	}
}

func TestARunEndsBeforeItsTimeDoesAndTheNextGoesOn(t *testing.T) {
	b, events := days(t)
	runs := 0
	for more := true; more; runs++ {
		var calls atomic.Int64
		report, err := New(b, func() time.Time { return now.Add(time.Duration(calls.Add(1)) * 40 * time.Second) }).Run(t.Context(), pbx.KindHangup)
		if err != nil || runs > 50 {
			t.Fatalf("%+v, %v", report, err)
		}
		more = report.More
	}
	check(t, b, events, true)
	if runs < 2 {
		t.Error("one run did all of it")
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		if got := New(b, time.Now).until(ctx); !got.Equal(time.Now().Add(3 * time.Minute)) {
			t.Errorf("of four minutes it works until %s", got)
		}
	})
}

func TestAnHourWithoutWorkCostsFewCalls(t *testing.T) {
	b, _ := days(t)
	for n := range 100 {
		keep(t, b, event(mac, now.AddDate(0, 0, -10-n), n))
	}
	runOnce(t, b)
	f := archivetest.NewFaulty(b, func(archivetest.Call) archivetest.Fault { return archivetest.None })
	runOnce(t, f)
	if f.Calls() > 6 {
		t.Errorf("%d calls", f.Calls())
	}
}

func TestAMarkThatIsLostOrBrokenCostsNoEvent(t *testing.T) {
	for _, text := range []string{"", "{", `{"through":"9999-12-31"}`, `{"through":7}`} {
		b, events := days(t)
		if err := b.Put(t.Context(), markName(pbx.KindHangup), []byte(text)); err != nil {
			t.Fatal(err)
		}
		for range 6 {
			runOnce(t, b)
		}
		check(t, b, events, true)
	}
}

// forgetful is a Bucket that acknowledges what it does not keep.
type forgetful struct{ archive.Bucket }

func (forgetful) Replace(context.Context, string, []byte, string) error { return nil }

func TestNothingIsDeletedThatWasNotReadBack(t *testing.T) {
	b, events := days(t)
	if report, err := New(forgetful{b}, clock).Run(t.Context(), pbx.KindHangup); err == nil || report.Events != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	check(t, b, events, false)
}

func TestKindsArePackedApart(t *testing.T) {
	b, _ := days(t)
	e := event(mac, now.Add(-24*time.Hour), 1)
	e.Event = &pbx.CallRecord{}
	keep(t, b, e)
	report, err := New(b, clock).Run(t.Context(), pbx.KindCallRecord)
	if err != nil || report.Events != 1 || report.Written != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if report := runOnce(t, b); report.Written != 6 {
		t.Errorf("%+v", report)
	}
}

func TestATurnIsFollowedByAnotherWhileThereIsMoreAndTime(t *testing.T) {
	for _, c := range []struct {
		slow, until time.Duration
		fails       bool
		again       bool
	}{
		{0, time.Hour, false, false},
		{40 * time.Second, time.Hour, false, true},
		{40 * time.Second, time.Minute, false, false},
		{40 * time.Second, time.Hour, true, false}, // or it would fail, and fail again, for an hour
	} {
		b, _ := days(t)
		f := archivetest.NewFaulty(b, func(call archivetest.Call) archivetest.Fault {
			if c.fails && call.Method == "Replace" {
				return archivetest.Fails
			}
			return archivetest.None
		})
		var looks atomic.Int64
		compactor := New(f, func() time.Time { return now.Add(time.Duration(looks.Add(1)) * c.slow) })
		done, again, err := compactor.Do(t.Context(), Job{pbx.KindHangup, now.Add(c.until)})
		if again != c.again || (err != nil) != c.fails || done.More != (c.slow > 0) {
			t.Errorf("%+v: %+v, %t, %v", c, done, again, err)
		}
	}
}

func TestAPackedObjectThatCannotBeReadKeepsNoJobFromBeingFollowed(t *testing.T) {
	b, _ := days(t)
	for name := range b.List(t.Context(), archive.RawKind(pbx.KindHangup), "") {
		_, mac := archive.FormOf(name)
		bad := name[:strings.LastIndex(name, "/")+1] + string(mac) + ".0001.ndjson.gz"
		if err := b.Put(t.Context(), bad, []byte("not gzip")); err != nil {
			t.Fatal(err)
		}
		break
	}
	var looks atomic.Int64
	compactor := New(b, func() time.Time { return now.Add(time.Duration(looks.Add(1)) * 40 * time.Second) })
	done, again, err := compactor.Do(t.Context(), Job{pbx.KindHangup, now.Add(time.Hour)})
	if !again || !each.Only(err) || done.Failed != 1 || done.Events == 0 {
		t.Errorf("%+v, again %t, %v", done, again, err)
	}
}

func TestEveryKindHasAJob(t *testing.T) {
	jobs := Jobs(now)
	for i, kind := range pbx.Kinds() {
		if jobs[i].Kind != kind || jobs[i].Check() != nil {
			t.Errorf("%+v", jobs[i])
		}
	}
	for _, kind := range []pbx.Kind{"", "../raw", "CC_CDR"} {
		if (Job{Kind: kind}).Check() == nil {
			t.Errorf("%q is a kind", kind)
		}
	}
}

func TestAFailureIsReported(t *testing.T) {
	b, _ := days(t)
	f := archivetest.NewFaulty(b, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Replace" {
			return archivetest.Fails
		}
		return archivetest.None
	})
	report, err := New(f, clock).Run(t.Context(), pbx.KindHangup)
	if !errors.Is(err, archivetest.ErrInjected) || report.Failed < 6 || report.Events != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
