package redrive_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
	"trunkline/pkg/zycoo"
)

const mac = pbx.MAC("68692e0b0001")

// world is both stores, either of which may be down.
type world struct {
	table              *storetest.Memory
	bucket             *archivetest.Memory
	noTable, noArchive bool
	now                time.Time
}

func newWorld() *world {
	return &world{table: storetest.NewMemory(), bucket: archivetest.NewMemory(), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}

func (w *world) clock() time.Time { return w.now }

func (w *world) store() *store.Store {
	return store.New(storetest.NewFaulty(w.table, func(storetest.Call) storetest.Fault {
		if w.noTable {
			return storetest.Fails
		}
		return storetest.None
	}), w.clock)
}

func (w *world) archive() archive.Bucket {
	return archivetest.NewFaulty(w.bucket, func(archivetest.Call) archivetest.Fault {
		if w.noArchive {
			return archivetest.Fails
		}
		return archivetest.None
	})
}

// receive takes a body in, and checks that it is acknowledged.
func (w *world) receive(t testing.TB, body string) {
	t.Helper()
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	in := ingest.New(tokentest.Fixed(keys), w.store(), archive.NewDirect(w.archive()), w.archive(), w.clock)
	admission, _, err := in.Admit(context.Background(), string(mac), keys.Sign(mac, 1).Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if r := in.Receive(context.Background(), admission, ingest.Delivery{Body: []byte(body)}); r.Outcome == ingest.Unavailable {
		t.Fatalf("%s: %v", r.Outcome, r.Err)
	}
	w.now = w.now.Add(time.Second)
}

func (w *world) redrive(t testing.TB, want redrive.Report) {
	t.Helper()
	got, err := redrive.New(w.store(), archive.NewDirect(w.archive()), w.archive(), w.clock).Run(context.Background(), nil)
	if down := w.noTable || w.noArchive; down && got.Failed > 1 {
		got.Failed = 1 // some more were under way when the first one failed
	}
	if got != want || (err != nil) != (w.noTable || w.noArchive) {
		t.Errorf("redrive: %+v, %v, want %+v", got, err, want)
	}
}

// contents are the records of the PBX and the objects of the archive.
func (w *world) contents(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	for _, item := range w.table.Items() {
		if item.PK != "PING" && item.SK != "HEARD" {
			fmt.Fprintln(&all, item.PK, item.SK, item.Version, string(item.Doc))
		}
	}
	for name, err := range w.bucket.List(context.Background(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		body, err := w.bucket.Get(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, name, string(body))
	}
	return all.String()
}

var bodies = []string{
	"{event:'cc_cdr', uuid:'1795431600.1', queueCode:'630', startTime:'2026-11-23 11:00:00'}",
	"[{event:'extensionstatus', exten:'808', statustext:'Idle'}, {event:'x'}, {event:'hangup'}, {event:'hangup', uniqueid:'1', mac:'68692e0b0002'}]",
	"{event:'ivr', uuid:'1795431600.1', ivrId:'610', startTime:'2026-11-23 11:00:00'}",
	"{broken",
	"{event:'hangup', uniqueid:'1', x:'" + strings.Repeat("é\\u0001\"", 2000) + "'}",
}

func TestWhatWasSpilledEndsWhereItWouldHaveBeen(t *testing.T) {
	want := newWorld()
	for _, body := range bodies {
		want.receive(t, body)
	}
	for name, c := range map[string]struct {
		noTable, noArchive bool
		down, report       redrive.Report
	}{
		"the archive was down": {false, true, redrive.Report{Failed: 1}, redrive.Report{Archived: len(bodies)}},
		"the table was down":   {true, false, redrive.Report{Failed: 1}, redrive.Report{Recorded: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.noTable, w.noArchive = c.noTable, c.noArchive
			for _, body := range bodies {
				w.receive(t, body)
			}
			before := w.contents(t)
			w.redrive(t, c.down)
			if w.contents(t) != before {
				t.Error("a redrive while it is down changes something")
			}
			w.noTable, w.noArchive = false, false
			w.redrive(t, c.report)
			if got, want := w.contents(t), want.contents(t); got != want {
				t.Errorf("there is\n%s\nwant\n%s", got, want)
			}
			w.redrive(t, redrive.Report{})
		})
	}
}

// A busy machine may need longer for it than ingest waits, so its time stands still.
func TestALargeDeliveryIsSpilledWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want, w := newWorld(), newWorld()
		w.noArchive = true
		var body strings.Builder
		for i := range 900 {
			fmt.Fprintf(&body, "{event:'hangup', uniqueid:'%d', x:'%s'},", i, strings.Repeat("\u0001", 100))
		}
		for _, one := range []*world{want, w} {
			one.receive(t, "["+body.String()+"]")
		}
		if n := strings.Count(w.contents(t), "SPILL#"); n < 2 {
			t.Errorf("%d items", n)
		}
		w.noArchive = false
		w.redrive(t, redrive.Report{Archived: 1})
		if w.contents(t) != want.contents(t) {
			t.Error("it is not what it would have been")
		}
	})
}

func TestPoisonGoesToQuarantineAndStopsNothing(t *testing.T) {
	w := newWorld()
	w.noTable = true
	for _, uuid := range []string{"1795431600.1", "1795431600.2", "1795431600.3"} {
		w.receive(t, "{event:'cc_cdr', uuid:'"+uuid+"', startTime:'2026-11-23 11:00:00'}")
	}
	w.noTable = false
	ctx := t.Context()
	if err := w.bucket.Put(ctx, archive.SpillPrefix+"0000000000000-x.json", []byte("no envelope\n")); err != nil {
		t.Fatal(err)
	}
	poisoned := store.New(storetest.NewFaulty(w.table, func(c storetest.Call) storetest.Fault {
		if strings.Contains(c.Key.SK, "1795431600.2") {
			return storetest.Fails
		}
		return storetest.None
	}), w.clock)
	run := func() redrive.Report {
		report, err := redrive.New(poisoned, archive.NewDirect(w.bucket), w.bucket, w.clock).Run(ctx, nil)
		if err != nil && !errors.Is(err, storetest.ErrInjected) {
			t.Fatal(err)
		}
		return report
	}
	if got, want := run(), (redrive.Report{Recorded: 3, Quarantined: 1, Failed: 1}); got != want {
		t.Errorf("first run: %+v, want %+v", got, want)
	}
	for range 23 {
		if got, want := run(), (redrive.Report{Failed: 1}); got != want {
			t.Fatalf("further run: %+v, want %+v", got, want)
		}
	}
	if got, want := run(), (redrive.Report{Recorded: 1, Quarantined: 1}); got != want {
		t.Errorf("last run: %+v, want %+v", got, want)
	}
	contents := w.contents(t)
	if strings.Count(contents, "quarantine/") != 2 || !strings.Contains(contents, "not recorded: ") || strings.Contains(contents, archive.SpillPrefix) {
		t.Errorf("there is\n%s", contents)
	}
}

func TestWhileTheTableIsDownNoTryCounts(t *testing.T) {
	w := newWorld()
	w.noTable = true
	w.receive(t, bodies[0])
	for range 30 {
		w.redrive(t, redrive.Report{Failed: 1})
	}
	w.noTable = false
	w.redrive(t, redrive.Report{Recorded: 1})
}

func TestWhereverARedriveStopsNothingIsLost(t *testing.T) {
	want := newWorld()
	for _, body := range bodies {
		want.receive(t, body)
	}
	for name, down := range map[string]func(*world, bool){
		"from the table":   func(w *world, d bool) { w.noArchive = d },
		"from the archive": func(w *world, d bool) { w.noTable = d },
	} {
		t.Run(name, func(t *testing.T) {
			build := func() *world {
				w := newWorld()
				down(w, true)
				for _, body := range bodies {
					w.receive(t, body)
				}
				down(w, false)
				return w
			}
			calls := 0
			count := func() int { calls++; return 0 }
			faulty(build(), count).Run(context.Background(), nil)
			for call := 1; call <= calls; call++ {
				for fault := 1; fault <= 2; fault++ { // fails; fails but persisted
					for _, dies := range []bool{false, true} {
						w := build()
						made := 0
						faulty(w, func() int {
							made++
							if made == call || dies && made > call {
								return fault
							}
							return 0
						}).Run(context.Background(), nil)
						w.now = w.now.Add(2 * time.Hour)
						if _, err := redrive.New(w.store(), archive.NewDirect(w.archive()), w.archive(), w.clock).Run(context.Background(), nil); err != nil {
							t.Fatal(err)
						}
						if got, want := w.contents(t), want.contents(t); got != want {
							t.Fatalf("after fault %d at call %d of %d, dies %t, there is\n%s\nwant\n%s", fault, call, calls, dies, got, want)
						}
					}
				}
			}
			t.Logf("%d calls of the stores", calls)
		})
	}
}

// faulty is a redrive whose calls of either store go wrong as next says.
func faulty(w *world, next func() int) *redrive.Redrive {
	var mu sync.Mutex
	one := func() int {
		mu.Lock()
		defer mu.Unlock()
		return next()
	}
	table := storetest.NewFaulty(w.table, func(storetest.Call) storetest.Fault { return storetest.Fault(one()) })
	bucket := archivetest.NewFaulty(w.bucket, func(archivetest.Call) archivetest.Fault { return archivetest.Fault(one()) })
	return redrive.New(store.New(table, w.clock), archive.NewDirect(bucket), bucket, w.clock)
}

func TestNothingOfAReceiptIsLostOnItsWayToQuarantine(t *testing.T) {
	w, was := newWorld(), archivetest.FullReceipt(t)
	was = was.Refused("", 0)
	was.Body = []byte("{broken")
	was.ID = was.Envelope(nil).ID()
	if err := archive.Spill(t.Context(), w.bucket, []archive.Envelope{was.Envelope(&pbx.Hangup{UniqueID: "1"})}); err != nil {
		t.Fatal(err)
	}
	w.redrive(t, redrive.Report{Recorded: 1, Quarantined: 1})
	for name := range w.bucket.List(t.Context(), "", "") {
		object, err := w.bucket.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		is, err := archive.ParseReceipt(object)
		if got := fmt.Sprint(archivetest.Differences(was, is)); err != nil || got != "[Kind Reason Decoder]" || is.Decoder != zycoo.Version || name != is.Name() {
			t.Errorf("%s differs in %s, %v: %s", name, got, err, object)
		}
	}
}
