package rollup_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

func TestADayIsPublishedWhenItHasClosed(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z") // 18:00 by the PBX's clock
	s := w.store()
	record(t, s, w.now, call("2026-11-23 17:59:00", nil))
	if sent := w.schedule(t); len(sent) > 0 || w.due(t) != "" {
		t.Errorf("before the day is over: %s sent, %q due", &sent, w.due(t))
	}
	// The PBX's zone is not registered, so the default applies until its records imply one.
	w.now = instant("2026-11-24T00:14:59Z")
	if sent := w.schedule(t); len(sent) > 0 {
		t.Errorf("within the grace period: %s", &sent)
	}
	w.now = instant("2026-11-24T00:15:00Z")
	sent := w.schedule(t)
	if sent.String() != "2026-11-23" {
		t.Fatalf("when the day has closed: %q", &sent)
	}
	for _, want := range []rollup.Result{rollup.Published, rollup.NotDue} {
		got, err := w.rollup().Work(t.Context(), sent[0])
		if got != want || err != nil {
			t.Errorf("work: %s, %v, want %s", got, err, want)
		}
	}
	w.check(t, day("2026-11-23"))
	if q := w.queue(t, day("2026-11-23")); q.Offered != 1 || q.Answered != 1 {
		t.Errorf("queue: %+v", q)
	}
	if sent := w.schedule(t); len(sent) > 0 {
		t.Errorf("once it is published: %s", &sent)
	}
}

func TestAPBXsZoneIsTheRegisteredOneElseInferredElseTheDefault(t *testing.T) {
	for name, c := range map[string]struct{ registered, closes string }{
		"registered":            {"America/Los_Angeles", "2026-11-24T08:15:00Z"},
		"inferred from records": {"", "2026-11-23T16:15:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld("2026-11-22T10:00:00Z")
			s := w.store()
			if c.registered != "" {
				if err := s.SetDevice(t.Context(), mac, store.Device{Zone: zone(c.registered)}); err != nil {
					t.Fatal(err)
				}
			}
			record(t, s, w.now, call("2026-11-22 17:59:00", nil))
			w.now = instant("2026-11-23T09:00:00Z")
			w.hour(t) // the zone is inferred from the day before
			record(t, s, w.now, call("2026-11-23 17:59:00", nil))
			w.now = instant(c.closes).Add(-time.Second)
			if sent := w.schedule(t); strings.Contains(sent.String(), "2026-11-23") {
				t.Errorf("sent before it closes: %s", &sent)
			}
			w.now = instant(c.closes)
			if sent := w.schedule(t); !strings.Contains(sent.String(), "2026-11-23") {
				t.Errorf("not sent when it closes: %q", &sent)
			}
		})
	}
}

func TestADayThatTheDefaultZoneClosesTooEarlyIsComputedLater(t *testing.T) {
	w := newWorld("2026-11-23T20:00:00Z")
	s := w.store()
	losAngeles := func(c *pbx.CallRecord) { // 12:00 there
		c.UUID = "1795464000.1"
	}
	record(t, s, w.now, call("2026-11-23 12:00:00", losAngeles))
	w.now = instant("2026-11-24T00:15:00Z")
	for _, task := range w.schedule(t) {
		if got, err := w.rollup().Work(t.Context(), task); got != rollup.StillOpen || err != nil {
			t.Errorf("%s, %v, want it open still", got, err)
		}
	}
	if w.due(t) != "2026-11-23" || w.published(t, day("2026-11-23")) != "" {
		t.Errorf("due are %q", w.due(t))
	}
	w.now = instant("2026-11-24T07:59:00Z")
	record(t, s, w.now, call("2026-11-23 23:59:00", func(c *pbx.CallRecord) { c.UUID = "1795507140.1" }))
	if sent := w.schedule(t); len(sent) > 0 {
		t.Errorf("sent before it is over there: %s", &sent)
	}
	w.now = instant("2026-11-24T07:15:00Z")
	w.hour(t)
	w.check(t, day("2026-11-23"))
	if q := w.queue(t, day("2026-11-23")); q.Offered != 2 {
		t.Errorf("offered %d, want 2", q.Offered)
	}
}

func TestDaysThatTheScheduleMissedAreMadeUp(t *testing.T) {
	w := newWorld("2026-11-01T10:00:00Z")
	s := w.store()
	days := []string{"2026-11-01", "2026-11-02", "2026-11-05", "2026-11-20"} // silent between
	for _, d := range days {
		w.now = instant(d + "T10:00:00Z")
		record(t, s, w.now, call(d+" 17:59:00", nil))
	}
	w.now = instant("2026-11-23T10:00:00Z")
	if sent := w.schedule(t); sent.String() != strings.Join(days, " ") {
		t.Errorf("the first run ever sends %q", &sent)
	}
	w.hour(t)
	for _, d := range days {
		w.check(t, day(d))
	}
	if results := w.hour(t); len(results) > 0 {
		t.Errorf("nothing is due, but %v", results)
	}
}

func TestALateRecordRestatesItsDay(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-23 17:59:00", nil))
	w.now = instant("2026-11-24T01:00:00Z")
	w.hour(t)
	before := w.published(t, day("2026-11-23"))

	w.now = instant("2026-11-27T10:00:00Z")
	late := call("2026-11-23 12:00:00", func(c *pbx.CallRecord) { c.Queue = "631" })
	record(t, w.store(), w.now, late)
	if w.due(t) != "2026-11-23 2026-11-24" { // it also decides what belongs to the next day
		t.Errorf("due are %q", w.due(t))
	}
	w.hour(t)
	w.hour(t)
	w.check(t, day("2026-11-23"))
	w.checkRestatements(t, day("2026-11-23"))
	n := 0
	for r, err := range w.store().Figures().Restatements(t.Context(), mac, day("2026-11-23")) {
		n++
		if err != nil || r.Revision != 1 || r.Late != 1 || len(r.LateRecords) != 1 || r.LateRecords[0].ID != late.UUID || r.LateRecords[0].Queue != "631" {
			t.Errorf("%+v, %v", r, err)
		}
		var kept []string
		for row, err := range w.store().Figures().RestatedRows(t.Context(), mac, day("2026-11-23"), r.Revision) {
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, string(row.Scope)+" "+row.Name+" "+string(row.Row))
		}
		if got := strings.Join(kept, "\n"); got != before {
			t.Errorf("the restatement keeps\n%s\nwant\n%s", got, before)
		}
	}
	if n != 1 {
		t.Errorf("%d restatements, want 1", n)
	}
}

func TestARecomputeOfTheSameRecordsWritesNothing(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-23 17:59:00", nil))
	w.now = instant("2026-11-24T01:00:00Z")
	w.hour(t)
	w.hour(t)
	before := w.table.Items()
	task := rollup.Task{MAC: mac, Day: day("2026-11-23")}
	if err := w.rollup().Request(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if got, err := w.rollup().Work(t.Context(), task); got != rollup.Unchanged || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	after := w.table.Items()
	if len(after) != len(before) {
		t.Fatalf("%d items, before there were %d", len(after), len(before))
	}
	for i := range after {
		if after[i].Version != before[i].Version {
			t.Errorf("%s of %s was written again", after[i].SK, after[i].PK)
		}
	}
}

func TestOtherThresholdsPublishAgain(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-23 17:59:00", func(c *pbx.CallRecord) {
		c.CDRState, c.TalkingTime, c.Agent = "queue", pbx.IntOf(0), ""
	}))
	w.now = instant("2026-11-24T01:00:00Z")
	w.hour(t)
	if q := w.queue(t, day("2026-11-23")); q.ShortAbandoned != 1 {
		t.Fatalf("short abandoned %d", q.ShortAbandoned)
	}
	if err := w.store().SetDevice(t.Context(), mac, store.Device{ShortAbandon: pbx.IntOf(5)}); err != nil {
		t.Fatal(err)
	}
	task := rollup.Task{MAC: mac, Day: day("2026-11-23")}
	if err := w.rollup().Request(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if got, err := w.rollup().Work(t.Context(), task); got != rollup.Published || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if q := w.queue(t, day("2026-11-23")); q.ShortAbandoned != 0 {
		t.Errorf("short abandoned %d", q.ShortAbandoned)
	}
}

func TestWhatCantBeRequestedSaysWhy(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-22 17:59:00", nil))
	for d, want := range map[string]string{
		"2026-11-23": "2026-11-23 has not closed for 68692e0b0001: it closes at 2026-11-24T00:15:00Z, by its zone UTC",
		"2099-01-01": "68692e0b0001 sent nothing on 2099-01-01", // its clock can't have reached it, so it has closed
		"2026-11-20": "68692e0b0001 sent nothing on 2026-11-20",
	} {
		err := w.rollup().Request(t.Context(), rollup.Task{MAC: mac, Day: day(d)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", d, err)
		}
	}
}

func TestAPBXWhoseClockIsYearsOffIsKeptUnderTheDayItClaimsAndFlagged(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	for _, start := range []string{"1970-01-01 08:00:30", "2099-01-01 10:00:00"} {
		record(t, w.store(), w.now, call(start, nil))
	}
	w.hour(t)
	for _, d := range []string{"1970-01-01", "2099-01-01"} {
		if q := w.queue(t, day(d)); q.Offered != 1 || q.ClockSuspect != 1 {
			t.Errorf("%s: offered %d, %d suspect", d, q.Offered, q.ClockSuspect)
		}
	}
	w.hour(t)
	w.check(t, day("1970-01-01"))
	w.check(t, day("2099-01-01"))
}

func TestACallOverMidnightIsOneDays(t *testing.T) {
	w := newWorld("2026-11-23T15:59:00Z")
	first := call("2026-11-23 23:58:00", func(c *pbx.CallRecord) { c.TalkingTime, c.CDRState = pbx.IntOf(0), "queue" })
	second := call("2026-11-24 00:05:00", func(c *pbx.CallRecord) { c.UUID = first.UUID })
	record(t, w.store(), w.now, first)
	w.now = instant("2026-11-23T16:06:00Z")
	record(t, w.store(), w.now, second)
	w.now = instant("2026-11-24T16:15:00Z")
	w.hour(t)
	w.hour(t)
	w.check(t, day("2026-11-23"))
	if q := w.queue(t, day("2026-11-23")); q.Offered != 1 || q.Answered != 1 || q.Visits != 2 {
		t.Errorf("%+v", q)
	}
	if q := w.queue(t, day("2026-11-24")); q.Offered != 0 {
		t.Errorf("the next day has it, too: %+v", q)
	}
}

func TestAZoneThatTurnsOutFartherWestOpensDaysAgain(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	s := w.store()
	set := func(name string) {
		if err := s.SetDevice(context.Background(), mac, store.Device{Zone: zone(name)}); err != nil {
			t.Fatal(err)
		}
	}
	set("Asia/Shanghai")
	record(t, s, w.now, call("2026-11-23 17:59:00", nil))
	w.now = instant("2026-11-23T16:15:00Z")
	w.hour(t)
	w.check(t, day("2026-11-23"))
	set("America/Los_Angeles")
	if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: w.now, Zone: zone("America/Los_Angeles")}, call("2026-11-23 18:30:00", nil)); err != nil {
		t.Fatal(err)
	}
	w.hour(t)
	w.now = instant("2026-11-24T08:15:00Z")
	w.hour(t)
	w.check(t, day("2026-11-23"))
	if q := w.queue(t, day("2026-11-23")); q.Offered != 2 {
		t.Errorf("offered %d, want 2", q.Offered)
	}
}
