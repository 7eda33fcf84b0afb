package replay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/compact"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
	"trunkline/pkg/zycoo"
)

const mac = pbx.MAC("68692e0b0001")

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func day(s string) pbx.Day { return pbx.UTCDay(instant(s + "T00:00:00Z")) }

// receive takes deliveries in, each at its time.
func receive(t testing.TB, table store.Table, bucket archive.Bucket, deliveries ...fleet.Delivery) {
	t.Helper()
	receiveKeeping(t, 0, table, bucket, deliveries...)
}

// receiveKeeping is receive where records are kept for so many days.
func receiveKeeping(t testing.TB, days int, table store.Table, bucket archive.Bucket, deliveries ...fleet.Delivery) {
	t.Helper()
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	clock := func() time.Time { return now }
	in := ingest.New(tokentest.Fixed(keys), store.New(table, clock).Keeping(days), archive.NewDirect(bucket), bucket, clock)
	for _, d := range deliveries {
		now = d.At
		admission, _, err := in.Admit(context.Background(), string(d.MAC), keys.Sign(d.MAC, 1).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if r := in.Receive(context.Background(), admission, ingest.Delivery{Body: d.Body}); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

// records are all items of a table but those that say what is due, when a PBX was heard, and
// that the table works.
func records(table *storetest.Memory) string {
	var all strings.Builder
	for _, item := range table.Items() {
		if !strings.HasPrefix(item.PK, "DUE#") && item.SK != "HEARD" && item.PK != "PING" {
			fmt.Fprintln(&all, item.PK, item.SK, item.Version, item.Expires, string(item.Doc))
		}
	}
	return all.String()
}

// before is when nothing had expired yet.
func before() time.Time { return instant("2026-11-16T00:00:00Z") }

func run(t testing.TB, bucket archive.Bucket, table store.Table, sel replay.Selection) replay.Report {
	t.Helper()
	report, err := replay.Run(context.Background(), bucket, store.New(table, before), before, sel, func(replay.Report) {})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// week is what two PBXs of a made-up fleet deliver in a week.
func week(t testing.TB) (*storetest.Memory, *archivetest.Memory) {
	t.Helper()
	return weekKeeping(t, 0)
}

// weekKeeping is week where records are kept for so many days.
func weekKeeping(t testing.TB, days int) (*storetest.Memory, *archivetest.Memory) {
	t.Helper()
	table, bucket := storetest.NewMemory(), archivetest.NewMemory()
	first, _ := pbx.ParseDay("2026-11-16")
	config := fleet.Config{Seed: 1, PBXs: 2, First: first, Days: 7, CallsPerDay: 8, Zones: []string{"Europe/Berlin", "Asia/Shanghai"},
		Duplicates: 0.1, Late: 0.1, Restated: 0.1}
	for _, p := range config.All() {
		for d := range p.Deliveries() {
			receiveKeeping(t, days, table, bucket, d)
		}
	}
	receive(t, table, bucket, fleet.Delivery{MAC: mac, At: instant("2026-11-20T12:00:00Z"), Body: []byte(
		"[{event:'hangup', uniqueid:'1'}, {event:'hangup', uniqueid:'2'}, {event:'x'}, {event:'hangup'}]")})
	return table, bucket
}

var all = replay.Selection{First: day("2026-11-01"), Last: day("2026-12-24")}

func TestAnEmptyTableReplayedEqualsTheOriginal(t *testing.T) {
	original, bucket := week(t)
	table := storetest.NewMemory()
	report := run(t, bucket, table, all)
	if got, want := records(table), records(original); got != want {
		t.Errorf("the replayed table has %d bytes, the original %d", len(got), len(want))
	}
	objects := 0
	for range bucket.List(t.Context(), "raw/", "") {
		objects++
	}
	if report.Done != objects || report.Held != 0 || objects < 300 {
		t.Errorf("%+v of %d objects", report, objects)
	}
}

func TestAnEmptyTableReplayedFromAPackedArchiveEqualsTheOriginal(t *testing.T) {
	original, bucket := week(t)
	single := run(t, bucket, storetest.NewMemory(), all)
	for _, kind := range pbx.Kinds() {
		if _, err := compact.New(bucket, func() time.Time { return instant("2026-12-20T00:00:00Z") }).Run(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
	}
	table := storetest.NewMemory()
	report := run(t, bucket, table, all)
	if got, want := records(table), records(original); got != want {
		t.Errorf("the replayed table has %d bytes, the original %d", len(got), len(want))
	}
	if report.Events != single.Events || report.Done*3 > single.Done || report.Held != 0 {
		t.Errorf("%+v, before it was packed %+v", report, single)
	}
}

func TestAnEmptyTableReplayedEqualsTheOriginalThoughRecordsExpire(t *testing.T) {
	const keep = 35
	original, bucket := weekKeeping(t, keep)
	for _, c := range []struct {
		now   string
		there bool // any of the calls
	}{{"2026-12-20T00:00:00Z", true}, {"2026-12-25T12:00:00Z", true}, {"2027-02-01T00:00:00Z", false}} {
		now := func() time.Time { return instant(c.now) }
		for _, item := range original.Items() {
			if item.Expires.IsZero() || item.Expires.After(now()) {
				continue
			}
			if err := original.Delete(t.Context(), item.Key, store.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
		table := storetest.NewMemory()
		if _, err := replay.Run(t.Context(), bucket, store.New(table, now).Keeping(keep), now, all, func(replay.Report) {}); err != nil {
			t.Fatal(err)
		}
		got, want := records(table), records(original)
		if got != want || strings.Contains(got, "CALL#") != c.there {
			t.Errorf("at %s the replayed table has %d bytes, the original %d", c.now, len(got), len(want))
		}
	}
}

func TestAReplayOntoALiveTableChangesNothing(t *testing.T) {
	table, bucket := week(t)
	was := records(table)
	dry := replay.NewDryRun(table)
	run(t, bucket, dry, all)
	if n := len(dry.Writes()); n > 1 || n == 1 && dry.Writes()["DUE"] == 0 {
		t.Errorf("a dry run would write %v", dry.Writes())
	}
	run(t, bucket, table, all)
	if records(table) != was {
		t.Error("it changes the records")
	}
}

// olderReading is an event as an older decoder read it, which did not know hangupSide, or could not
// read queueTime.
func olderReading(body []byte, nth int) *pbx.CallRecord {
	decoded, err := zycoo.Decode(body)
	if err != nil {
		panic(err)
	}
	e := decoded.Elements[0].Event.(*pbx.CallRecord)
	if nth%2 == 0 {
		e.HangupSide, e.Extra = "", append(e.Extra, pbx.Member{Name: "hangupSide", Value: "agent"})
	} else {
		e.QueueTime, e.Unreadable = pbx.Int{}, []pbx.Member{{Name: "queueTime", Value: "12"}}
	}
	return e
}

// Both readings have the same receipt. Their hashes are in either order.
func TestAReplayOntoALiveTableRestatesWhatTheDecoderReadsBetter(t *testing.T) {
	table, bucket := storetest.NewMemory(), archivetest.NewMemory()
	records := store.New(table, before)
	const calls = 40
	for i := range calls {
		body := fmt.Appendf(nil, "{event:'cc_cdr', uuid:'%d', startTime:'2026-11-15 11:00:00', queueTime:'12', hangupSide:'agent', later:'x'}", i+1)
		at := before().Add(time.Duration(i) * time.Second)
		receive(t, storetest.NewMemory(), bucket, fleet.Delivery{MAC: mac, At: at, Body: body})
		if _, err := records.Record(t.Context(), store.Origin{MAC: mac, At: at}, olderReading(body, i)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, bucket, table, all)
	read := 0
	for r, err := range records.CallRecords(t.Context(), mac, pbx.UTC, store.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		read++
		if r.Event.HangupSide != "agent" || len(r.Event.Extra) != 1 || !r.Event.QueueTime.Known() || r.Restatements != 1 {
			t.Errorf("%s is still as the older decoder read it: %+v", r.Event.UUID, r)
		}
	}
	if read != calls {
		t.Errorf("%d calls, want %d", read, calls)
	}
}

func TestADryRunTellsWhatWouldBeWrittenAndWritesNothing(t *testing.T) {
	original, bucket := week(t)
	table := storetest.NewMemory()
	dry := replay.NewDryRun(table)
	run(t, bucket, dry, all)
	if n := len(table.Items()); n != 0 {
		t.Errorf("it wrote %d items", n)
	}
	want := map[string]int{}
	for _, item := range original.Items() {
		kind, _, _ := strings.Cut(item.SK, "#")
		if _, err := pbx.ParseMAC(item.PK); err != nil {
			kind, _, _ = strings.Cut(item.PK, "#")
		}
		want[kind]++
	}
	for kind, n := range dry.Writes() {
		if kind != "DUE" && n != want[kind] {
			t.Errorf("%d of %s would be written, the original has %d", n, kind, want[kind])
		}
	}
	if dry.Writes()["CALL"] == 0 {
		t.Errorf("%v", dry.Writes())
	}
}

func TestAReplayGoesOnWhereItStopped(t *testing.T) {
	original, bucket := week(t)
	table := storetest.NewMemory()
	random := rand.New(rand.NewPCG(1, 2))
	sel, stops := all, 0
	for range 1000 {
		last := 20 + random.Int64N(100)
		var gets atomic.Int64
		failing := archivetest.NewFaulty(bucket, func(c archivetest.Call) archivetest.Fault {
			if c.Method == "Open" && gets.Add(1) > last {
				return archivetest.Fails
			}
			return archivetest.None
		})
		report, err := replay.Run(t.Context(), failing, store.New(table, before), before, sel, func(replay.Report) {})
		if report.Last != "" {
			sel.After = report.Last
		}
		if err == nil {
			break
		}
		stops++
	}
	if records(table) != records(original) || stops < 3 {
		t.Errorf("after %d stops the table is another one", stops)
	}
}

func TestASelectionIsReplayedAndNothingElse(t *testing.T) {
	_, bucket := week(t)
	table := storetest.NewMemory()
	report := run(t, bucket, table, replay.Selection{First: day("2026-11-20"), Last: day("2026-11-20"), MAC: mac})
	if report.Done != 2 || report.Events != 3 || strings.Contains(records(table), "0200") {
		t.Errorf("%+v\n%s", report, records(table))
	}
}

// A decoder that misunderstood something is put right by a replay: what it made of a body
// is not looked at.
func TestAReplayRepairsWhatADecoderMisunderstood(t *testing.T) {
	table, bucket := storetest.NewMemory(), archivetest.NewMemory()
	receive(t, table, bucket, fleet.Delivery{MAC: mac, At: instant("2026-11-20T12:00:00Z"), Body: []byte(
		"{event:'cc_cdr', uuid:'1.1', queueCode:'630', talkingTime:'42', startTime:'2026-11-20 11:00:00'}")})
	var name string
	for name = range bucket.List(t.Context(), "raw/", "") {
	}
	object, err := bucket.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.ReplaceAll(object, []byte(`"talk_seconds":42`), []byte(`"talk_seconds":4`))
	if bytes.Equal(wrong, object) {
		t.Fatalf("%s", object)
	}
	if err := bucket.Put(t.Context(), name, wrong); err != nil {
		t.Fatal(err)
	}
	again := storetest.NewMemory()
	run(t, bucket, again, all)
	if !strings.Contains(records(again), `"talk_seconds":42`) || records(again) != records(table) {
		t.Errorf("got\n%s", records(again))
	}
}

func TestWhatCantBeRecordedIsToldAndStopsNothing(t *testing.T) {
	table, bucket := storetest.NewMemory(), archivetest.NewMemory()
	receive(t, table, bucket, fleet.Delivery{MAC: mac, At: instant("2026-11-20T12:00:00Z"), Body: []byte("{event:'hangup', uniqueid:'1'}")})
	for name, object := range map[string]string{
		"raw/kind=cc_cdr/dt=2026-11-20/" + string(mac) + "-1-a.json": "no envelope",
		"raw/kind=cc_cdr/dt=2026-11-20/" + string(mac) + "-1-b.json": `{"id":"b","mac":"68692e0b0001","received":"2026-11-20T12:00:00Z","body":"{broken"}`,
	} {
		if err := bucket.Put(t.Context(), name, []byte(object)); err != nil {
			t.Fatal(err)
		}
	}
	report := run(t, bucket, storetest.NewMemory(), all)
	if report.Done != 3 || report.Held != 2 || !errors.Is(report.Why, replay.ErrHeld) {
		t.Errorf("%+v", report)
	}
}

func TestAQuarantinedEventIsReleasedWhenItsMACIsKnown(t *testing.T) {
	table, bucket := storetest.NewMemory(), archivetest.NewMemory()
	now := func() time.Time { return instant("2026-11-20T13:00:00Z") }
	s := store.New(table, now)
	receive(t, table, bucket, fleet.Delivery{MAC: mac, At: instant("2026-11-20T12:00:00Z"), Body: []byte(
		"{event:'ivr', uuid:'1.1', ivrId:'610', startTime:'2026-11-20 11:00:00', mac:'68692e0b00ff'}")})
	var name string
	for name = range bucket.List(t.Context(), archive.QuarantinePrefix, "") {
	}
	if err := replay.Release(t.Context(), s, archive.NewDirect(bucket), bucket, name); !errors.Is(err, replay.ErrHeld) || !strings.Contains(err.Error(), "68692e0b00ff") {
		t.Errorf("before: %v", err)
	}
	if err := s.SetDevice(t.Context(), mac, store.Device{Aliases: []pbx.MAC{"68692e0b00ff"}}); err != nil {
		t.Fatal(err)
	}
	if err := replay.Release(t.Context(), s, archive.NewDirect(bucket), bucket, name); err != nil {
		t.Fatal(err)
	}
	var left []string
	for name := range bucket.List(t.Context(), "", "") {
		left = append(left, strings.Split(name, "/")[0])
	}
	if fmt.Sprint(left) != "[raw]" || !strings.Contains(records(table), "IVR#") {
		t.Errorf("the archive has %s, the table\n%s", left, records(table))
	}
}

func TestAReplayKnowsTheKeyOfTheLastEvent(t *testing.T) {
	table, bucket := storetest.NewMemory(), archivetest.NewMemory()
	receive(t, table, bucket, fleet.Delivery{MAC: mac, At: instant("2026-11-20T12:00:00Z"), Body: []byte("{event:'hangup', uniqueid:'1'}")})
	empty := storetest.NewMemory()
	run(t, bucket, empty, all)
	for _, of := range []store.Table{table, empty} {
		if heard, err := store.New(of, before).LastEvent(t.Context(), mac); err != nil || heard.KID != "k1" {
			t.Errorf("%+v, %v", heard, err)
		}
	}
}

func TestEachFormOfAnObjectIsReplayedAlike(t *testing.T) {
	first, last := archivetest.PreviousDays()
	want := ""
	for form, bucket := range archivetest.Forms(t) {
		table := storetest.NewMemory()
		report := run(t, bucket, table, replay.Selection{First: first, Last: last})
		if want == "" {
			want = records(table)
		}
		if got := records(table); report.Held > 0 || report.Events < 10 || got != want {
			t.Errorf("%s: %+v\n%s\nwant\n%s", form, report, got, want)
		}
	}
}
