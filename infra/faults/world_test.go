package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/segments"
	"trunkline/pkg/config"
	"trunkline/pkg/ingest"
	"trunkline/pkg/kpi"
	"trunkline/pkg/local"
	"trunkline/pkg/maintenance"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
	"trunkline/pkg/zycoo"
)

const mac = pbx.MAC("68692e0b0001")

// world is the stores, and what was acknowledged.
type world struct {
	table  *storetest.Memory
	bucket *archivetest.Memory
	sent   []string
	acked  map[string]bool // bodies
	// segments means that events are appended to segments, as on one machine. Otherwise each delivery
	// has an object of its own.
	segments bool
}

// newWorld returns an empty world at noon, by the PBX's clock. The time is that of synctest.
func newWorld() *world {
	until(time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC))
	return &world{table: storetest.NewMemory(), bucket: archivetest.NewMemory(), acked: map[string]bool{}}
}

// clone returns the same world in another bubble, whose time is set to an instant.
func (w *world) clone(at time.Time) *world {
	until(at)
	return &world{table: w.table.Clone(), bucket: w.bucket.Clone(), sent: slices.Clone(w.sent), acked: maps.Clone(w.acked), segments: w.segments}
}

// until waits until an instant.
func until(at time.Time) { time.Sleep(time.Until(at)) }

// breaking returns the fault of each call of a store.
type breaking func(which) storetest.Fault

// which store is called.
type which string

const (
	theTable   which = "table"
	theArchive which = "archive"
)

func sound(which) storetest.Fault { return storetest.None }

// without returns a world in which one store is down.
func without(down which) breaking {
	return func(w which) storetest.Fault {
		if w == down {
			return storetest.Fails
		}
		return storetest.None
	}
}

func alive() bool { return false }

// kept is the archive: a Bucket and a Keeper, and what compresses segments.
type kept struct {
	archive.Bucket
	archive.Keeper
	tend func(context.Context) error
}

// over returns the stores of a process that begins. One of their calls may fail.
func (w *world) over(t testing.TB, next breaking) (*store.Store, kept) {
	table := storetest.NewFaulty(w.table, func(storetest.Call) storetest.Fault { return next(theTable) })
	bucket := archivetest.NewFaultyGrowing(w.bucket, func(archivetest.Call) archivetest.Fault { return next(theArchive) })
	if !w.segments {
		nothing := func(context.Context) error { return nil }
		return store.New(table, time.Now), kept{bucket, archive.NewDirect(bucket), nothing}
	}
	a, err := segments.Open(context.Background(), w.bucket)
	if err != nil {
		t.Fatal(err)
	}
	a.Folder = bucket
	a.Begin(time.Now)
	return store.New(table, time.Now), kept{a, a, a.Tend}
}

// day returns the bodies that a PBX sends: of the day before and of this one, single and in arrays.
// Some of them are refused.
var day = []string{
	"{event:'cc_cdr', uuid:'1795403000.1', queueCode:'630', agentCode:'801', callType:'IN', cdrState:'bridged', talkingTime:30, queueTime:5, startTime:'2026-11-23 11:03:20'}",
	"[{event:'cc_cdr', uuid:'1795403100.2', queueCode:'630', callType:'IN', cdrState:'queue', queueTime:40, startTime:'2026-11-23 11:05:00'}," +
		"{event:'extensionstatus', exten:'808', statustext:'Idle'}, {event:'somethingelse', x:1}]",
	"{event:'ivr', uuid:'1795403100.2', ivrId:'610', startTime:'2026-11-23 11:04:50'}",
	"{event:'cc_cdr', uuid:'1795489800.3', queueCode:'631', agentCode:'802', callType:'IN', cdrState:'bridged', talkingTime:9, queueTime:1, startTime:'2026-11-24 11:10:00'}",
	"{event:'cdr', uniqueid:'1795403200.4', starttime:'2026-11-23 11:06:40', destination:'801', disposition:'ANSWERED', billableseconds:12, calltype:'inbound'}",
	"{event:'dialbegein', uniqueid:'1795489800.3', destuniqueid:'1795489800.4', timestamp:'1795489800.5'}",
	"{broken",
}

// ingest sends bodies, one after the other. Each is sent once. One that is not acknowledged is
// lost, since a PBX never sends it again.
func (w *world) ingest(ctx context.Context, t testing.TB, bodies []string, next breaking, dead func() bool) {
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	records, bucket := w.over(t, next)
	in := ingest.New(tokentest.Fixed(keys), records, bucket.Keeper, bucket.Bucket, time.Now)
	for _, body := range bodies {
		w.sent = append(w.sent, body)
		admission, _, err := in.Admit(ctx, string(mac), keys.Sign(mac, 1).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		report := in.Receive(ctx, admission, ingest.Delivery{Body: []byte(body)})
		w.acked[body] = report.Outcome != ingest.Unavailable && !dead()
		time.Sleep(time.Second)
	}
}

// hour does the hourly run, and the tasks that it enqueues.
func (w *world) hour(ctx context.Context, t testing.TB, next breaking) error {
	records, bucket := w.over(t, next)
	r := rollup.New(records, bucket.Bucket, config.DefaultSchedule(), time.Now)
	worker := maintenance.New(records, bucket.Keeper, bucket.Bucket, r, telemetry.OperationsLog(slog.New(slog.DiscardHandler)), time.Now)
	return errors.Join(worker.Run(ctx, local.Queue{Worker: worker}), bucket.tend(ctx))
}

// recover ends the faults, and runs the hourly function until all is done.
func (w *world) recover(t testing.TB) {
	t.Helper()
	for _, wait := range []time.Duration{time.Hour, 24 * time.Hour, time.Hour} { // until both days have closed
		time.Sleep(wait)
		if err := w.hour(context.Background(), t, sound); err != nil {
			t.Fatal(err)
		}
	}
}

// check reads the stores with its own code. It checks that all acknowledged events are there, each
// of them once.
func (w *world) check(t testing.TB) {
	t.Helper()
	raw, quarantined := w.archived(t)
	items := map[string]int{}
	for _, item := range w.table.Items() {
		if kind, _, fact := strings.Cut(item.SK, "#"); fact && item.PK == string(mac) {
			items[kind]++
		}
		if strings.HasPrefix(item.PK, "SPILL#") || strings.HasPrefix(item.PK, "DUE#") {
			t.Errorf("left over: %s %s", item.PK, item.SK)
		}
	}
	for _, body := range w.sent {
		decoded, err := zycoo.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, element := range decoded.Elements {
			text := body
			if decoded.Array {
				text = element.Text
			}
			kept := raw[text]
			if element.Err != nil {
				kept = quarantined[text]
			}
			if w.acked[body] && kept != 1 || kept > 1 {
				t.Errorf("archived %d times, acknowledged %t: %s", kept, w.acked[body], text)
			}
			if element.Err == nil && w.acked[body] && !w.recorded(element.Event) {
				t.Errorf("acknowledged, but not recorded: %s", text)
			}
		}
	}
	for kind, most := range map[string]int{"CALL": 3, "CDR": 1, "IVR": 1, "EXT": 1, "EXTLOG": 1, "LIVE": 1} {
		if items[kind] > most {
			t.Errorf("%d items of %s, of %d that were sent", items[kind], kind, most)
		}
	}
	w.checkFigures(t)
}

// archived counts the bodies that are archived. The same event may be in segments twice, under one ID.
func (w *world) archived(t testing.TB) (raw, quarantined map[string]int) {
	t.Helper()
	raw, quarantined = map[string]int{}, map[string]int{}
	var seen map[string]bool
	if w.segments {
		seen = map[string]bool{}
	}
	for name, err := range w.bucket.List(context.Background(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		object, err := w.bucket.Get(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		switch folder, _, _ := strings.Cut(name, "/"); folder {
		case "raw":
			if !strings.HasSuffix(name, ".ndjson.gz") {
				t.Errorf("its day is over, and it is not packed: %s", name)
				continue
			}
			lines, err := gzip.NewReader(bytes.NewReader(object))
			if err != nil {
				t.Fatal(err)
			}
			count(t, lines, raw, seen)
		case "quarantine":
			count(t, bytes.NewReader(object), quarantined, nil)
		case "spill":
			t.Errorf("left over: %s", name)
		}
	}
	return raw, quarantined
}

// count counts the bodies of envelopes. If seen is not nil, those whose IDs it has are left out.
func count(t testing.TB, lines io.Reader, bodies map[string]int, seen map[string]bool) {
	t.Helper()
	for all := json.NewDecoder(lines); ; {
		var envelope struct{ ID, Body string }
		switch err := all.Decode(&envelope); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Fatal(err)
		}
		if seen[envelope.ID] {
			continue
		}
		if bodies[envelope.Body]++; seen != nil {
			seen[envelope.ID] = true
		}
	}
}

// recorded reports whether there is a record of an event.
func (w *world) recorded(event pbx.Event) bool {
	var want string
	switch e := event.(type) {
	case *pbx.CallRecord:
		want = "CALL#" + e.Start.String() + "#" + e.UUID + "#" + e.Queue
	case *pbx.CDR:
		want = "CDR#" + e.Start.String() + "#" + e.UniqueID
	case *pbx.IVRStep:
		want = "IVR#" + e.Start.String() + "#" + e.UUID
	case *pbx.ExtensionStatus:
		want = "EXTLOG#" + e.Exten
	case *pbx.DialBegin:
		want = "LIVE#" + e.UniqueID
	default:
		return true // leaves none
	}
	for _, item := range w.table.Items() {
		if item.PK == string(mac) && strings.HasPrefix(item.SK, want) {
			return true
		}
	}
	return false
}

// checkFigures checks that the figures count each record once.
func (w *world) checkFigures(t testing.TB) {
	t.Helper()
	records := 0
	for _, item := range w.table.Items() {
		if strings.HasPrefix(item.SK, "CALL#") {
			records++
		}
	}
	offered, cdrs := int64(0), int64(0)
	s := store.New(w.table, time.Now)
	for _, name := range []string{"2026-11-23", "2026-11-24"} {
		d, err := pbx.ParseDay(name)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range s.Figures().Rows(context.Background(), mac, d) {
			if err != nil {
				t.Fatal(err)
			}
			if row.Scope == store.ScopePBX {
				var p kpi.PBX
				if err := json.Unmarshal(row.Row, &p); err != nil {
					t.Fatal(err)
				}
				offered, cdrs = offered+p.Offered, cdrs+p.CDR.Calls
			}
		}
	}
	if int(offered) != records {
		t.Errorf("%d calls are counted, %d are recorded", offered, records)
	}
	if w.acked[day[4]] && cdrs != 1 {
		t.Errorf("%d plain calls are counted", cdrs)
	}
}
