package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/segments"
	"trunkline/pkg/cloud/worker"
	"trunkline/pkg/config"
	"trunkline/pkg/doctor"
	"trunkline/pkg/each"
	"trunkline/pkg/erase"
	"trunkline/pkg/local"
	"trunkline/pkg/maintenance"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/telemetry"
)

// visits are the loops that were seen to skip something.
type visits map[string]bool

var skippedOf = regexp.MustCompile(`skipped \d+ of the ([^:]+?): `)

// told notes the loops that an error, or what a program has printed, names.
func (v visits) told(text string) {
	for _, found := range skippedOf.FindAllStringSubmatch(text, -1) {
		v[found[1]] = true
	}
}

func (v visits) failed(err error) {
	for _, s := range each.In(err) {
		v[s.Of] = true
	}
}

// garble is a table and an archive of which some things can't be read or written.
type garble struct {
	*storetest.Memory
	objects  *archivetest.Memory
	table    func(storetest.Call) bool
	bucket   func(archivetest.Call) bool
	unlisted string // what a list of the archive begins with, in vain; empty: nothing
	now      time.Time
	log      strings.Builder
}

func newGarble() *garble {
	return &garble{
		Memory: storetest.NewMemory(), objects: archivetest.NewMemory(),
		table: func(storetest.Call) bool { return false }, bucket: func(archivetest.Call) bool { return false },
		now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
	}
}

func (g *garble) clock() time.Time { return g.now }

func (g *garble) store() *store.Store {
	return store.New(storetest.NewFaulty(g.Memory, func(c storetest.Call) storetest.Fault {
		if g.table(c) {
			return storetest.Fails
		}
		return storetest.None
	}), g.clock)
}

// List yields what can't be listed first.
func (g *garble) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	names := g.faulty().List(ctx, prefix, after)
	if g.unlisted == "" || !strings.HasPrefix(g.unlisted, prefix) {
		return names
	}
	return each.Join(func(yield func(string, error) bool) { yield("", &each.Bad{Name: g.unlisted, Err: errGarbled}) }, names)
}

var errGarbled = errors.New("garbled")

func (g *garble) faulty() *archivetest.Faulty {
	return archivetest.NewFaulty(g.objects, func(c archivetest.Call) archivetest.Fault {
		if g.bucket(c) {
			return archivetest.Fails
		}
		return archivetest.None
	})
}

// lists is the archive, with what can't be listed.
type lists struct {
	archive.Bucket
	g *garble
}

func (l lists) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return l.g.List(ctx, prefix, after)
}

func (g *garble) archive() archive.Bucket { return lists{g.faulty(), g} }

// hourly does what is done every hour.
func (g *garble) hourly(t *testing.T, v visits) error {
	t.Helper()
	s, b := g.store(), g.archive()
	r := rollup.New(s, b, config.DefaultSchedule(), g.clock)
	worker := maintenance.New(s, archive.NewDirect(b), b, r, telemetry.OperationsMetrics(&g.log, "any", g.clock), g.clock)
	err := worker.Run(t.Context(), local.Queue{Worker: worker})
	v.failed(err)
	for line := range strings.Lines(g.log.String()) {
		var told struct{ Msg, Loop string }
		if err := json.Unmarshal([]byte(line), &told); err != nil {
			t.Fatal(err)
		}
		if told.Msg == "skipped" {
			v[told.Loop] = true
		}
	}
	return err
}

// garbage puts an item that can't be read in the place of another.
func garbage(t *testing.T, table store.Table, key store.Key, doc string) {
	t.Helper()
	if err := table.Put(t.Context(), store.Item{Key: key, Version: "~", Doc: []byte(doc)}, store.Condition{}); err != nil {
		t.Fatal(err)
	}
}

const three = 3

func macOf(i int) pbx.MAC { return pbx.MAC(fmt.Sprintf("68692e0b000%d", i)) }

// yesterday is when each PBX had a call.
func yesterday() time.Time { return time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC) }

func dayOfCalls() pbx.Day { return pbx.UTCDay(yesterday()) }

func callOf(t *testing.T, s *store.Store, mac pbx.MAC, at time.Time) {
	t.Helper()
	e := &pbx.CallRecord{UUID: fmt.Sprintf("%d.1", at.Unix()), Queue: "630", Start: pbx.LocalTimeOf(at), CallType: "IN", CDRState: "queue"}
	if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: at.Add(time.Minute), Zone: pbx.UTC}, e); err != nil {
		t.Fatal(err)
	}
}

// kept keeps the state of an extension of each PBX in the archive, each received a second later.
func (g *garble) kept(t *testing.T) (names []string) {
	t.Helper()
	for i := range three {
		e := archive.Envelope{MAC: macOf(i), Received: yesterday().Add(time.Duration(i) * time.Second), Event: &pbx.ExtensionStatus{}, Body: state(i)}
		if err := archive.Keep(t.Context(), g.objects, e); err != nil {
			t.Fatal(err)
		}
	}
	for name := range g.objects.List(t.Context(), "raw/", "") {
		names = append(names, name)
	}
	return names
}

func state(i int) []byte {
	return fmt.Appendf(nil, "{event:'extensionstatus', exten:'80%d', statustext:'Idle'}", i)
}

// envelopes are those states as the archive keeps them.
func envelopes(t *testing.T) []byte {
	t.Helper()
	g := newGarble()
	var all []byte
	for _, name := range g.kept(t) {
		line, err := g.objects.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, line...)
	}
	return all
}

// recorded reports whether a PBX's state was recorded.
func (g *garble) recorded(i int) bool {
	return slices.ContainsFunc(g.Items(), func(item store.Item) bool { return item.PK == string(macOf(i)) && strings.HasPrefix(item.SK, "EXT") })
}

// writes reports whether a call records the state of a PBX.
func writes(i int) func(storetest.Call) bool {
	return func(c storetest.Call) bool {
		return c.Method == "Put" && c.Key.PK == string(macOf(i)) && strings.HasPrefix(c.Key.SK, "EXT")
	}
}

func (g *garble) there(name string) bool {
	_, err := g.objects.Get(context.Background(), name)
	return err == nil
}

// unreadable is a kind of thing, of which one can't be read or done.
type unreadable struct {
	name string
	// run breaks thing number i, goes through all of them, and reports which were done.
	run func(t *testing.T, g *garble, v visits, i int) (done func(int) bool)
	// also is whether the bad thing itself is done in the end.
	also bool
}

func (g *garble) published(t *testing.T) func(int) bool {
	return func(i int) bool {
		h, err := store.New(g.Memory, g.clock).Figures().Header(t.Context(), macOf(i), dayOfCalls())
		return err == nil && h.Revision > 0
	}
}

// calls has each PBX have had a call, breaks something, and runs what is done hourly.
func calls(doc string, key func(i int) store.Key) func(*testing.T, *garble, visits, int) func(int) bool {
	return func(t *testing.T, g *garble, v visits, i int) func(int) bool {
		for n := range three {
			callOf(t, g.store(), macOf(n), yesterday())
		}
		garbage(t, g.Memory, key(i), doc)
		if err := g.hourly(t, v); !each.Only(err) {
			t.Errorf("the run ends with %v", err)
		}
		return g.published(t)
	}
}

func itemOf(sk string) func(int) store.Key {
	return func(i int) store.Key { return store.Key{PK: string(macOf(i)), SK: sk} }
}

func unreadables() []unreadable {
	return []unreadable{
		{"entry of the fleet list", calls(`{}`, func(int) store.Key { return store.Key{PK: "FLEET", SK: "68692e0b0000x"} }), true},
		{"what was learnt of a PBX", calls(`{"zone":5}`, itemOf("SEEN")), false},
		{"names of a PBX", calls(`{"names":5}`, itemOf("NAMES")), true},
		{"when a PBX was heard", calls(`{"last":5}`, itemOf("HEARD")), true},
		{"until when days are marked", calls(`{"through":5}`, itemOf("MARKED")), true},
		{"which days were looked at", calls(`{"rules":"x"}`, itemOf("CHECKED")), true},
		{"header of another day", calls(`{"revision":"x"}`, itemOf("DAY#2026-11-01")), true},
		{"mark with a day of eleven letters", calls(`{"at":"2026-11-23T11:00:00Z"}`, func(i int) store.Key {
			return store.Key{PK: fmt.Sprint("DUE#", i), SK: "10000-01-01#" + string(macOf(i))}
		}), true},
		{"mark of no PBX", calls(`{"at":"2026-11-23T11:00:00Z"}`, func(int) store.Key { return store.Key{PK: "DUE#0", SK: "2026-11-23#x"} }), true},
		{"mark whose document is garbage", calls(`{"at":5}`, func(i int) store.Key {
			return store.Key{PK: fmt.Sprint("DUE#", i), SK: "2026-11-22#" + string(macOf(i))}
		}), true},
		{"key of an old record", calls(`{}`, itemOf("CALL#2020-01-01 x#1#2#3#4")), true},
		{"record of the day", calls(`{"received":5}`, itemOf("CALL#2026-11-23T11:00:01#1#2#3#4")), false},
		{"spilled text", spilledText, false},
		{"spilled text that can't be put aside", spilledTextThatStays, false},
		{"line of a spilled text", spilledLine, false},
		{"spilled object", spilledObject, false},
		{"line of a spilled object", lineOfSpilledObject, false},
		{"failed delivery", redelivering(func(g *garble, lines [][]byte, i int) {
			for n, line := range lines {
				g.objects.Put(context.Background(), fmt.Sprint("failures/", n), line)
			}
			g.bucket = func(c archivetest.Call) bool { return c.Name == fmt.Sprint("failures/", i) }
		}), false},
		{"line of a failed delivery", redelivering(func(g *garble, lines [][]byte, i int) {
			lines[i] = []byte("garbage\n")
			g.objects.Put(context.Background(), "failures/0", bytes.Join(lines, nil))
		}), false},
		{"event of a failed delivery", redelivering(func(g *garble, lines [][]byte, i int) {
			g.objects.Put(context.Background(), "failures/0", bytes.Join(lines, nil))
			g.bucket = func(c archivetest.Call) bool { return c.Method == "Put" && strings.Contains(c.Name, string(macOf(i))) }
		}), false},
		{"packed object", packing(func(g *garble, _ string, i int) {
			g.objects.Put(context.Background(), archive.PackedName(pbx.KindExtensionStatus, dayOfCalls(), macOf(i), 1), []byte("garbage"))
		}), false},
		{"event to be packed", packing(func(g *garble, name string, _ int) {
			g.bucket = func(c archivetest.Call) bool { return c.Method == "Get" && c.Name == name }
		}), false},
		{"event that is packed", packing(func(g *garble, name string, _ int) {
			g.bucket = func(c archivetest.Call) bool { return c.Method == "Delete" && c.Name == name }
		}), false},
		{"folder of the archive", packing(func(g *garble, _ string, _ int) { g.unlisted = "raw/kind=extensionstatus/dt=2026-11-01" }), true},
		{"mark of another kind", packing(func(g *garble, _ string, _ int) {
			g.bucket = func(c archivetest.Call) bool { return c.Method == "Get" && c.Name == "compaction/cdr.json" }
		}), true},
		{"closed segment", finishing, false},
		{"archived object", replaying(func(g *garble, name string, _ int) {
			g.bucket = func(c archivetest.Call) bool { return c.Method == "Open" && c.Name == name }
		}), false},
		{"archived line", replaying(func(g *garble, _ string, i int) { g.table = writes(i) }), false},
		{"quarantined object", retrying(func(g *garble, name string) {
			g.bucket = func(c archivetest.Call) bool { return c.Name == name }
		}), false},
		{"part of the quarantine", retrying(func(g *garble, _ string) { g.unlisted = "quarantine/dt=2026-11-01" }), true},
		{"event of a quarantined array", quarantinedArray, false},
		{"kind of a quarantined array", quarantinedKind, false},
		{"records of a PBX to erase from", erasing(func(t *testing.T, g *garble, i int) {
			g.table = func(c storetest.Call) bool { return c.Key == store.Key{PK: string(macOf(i)), SK: "DEVICE"} }
		}), false},
		{"item to erase from", erasing(func(t *testing.T, g *garble, i int) {
			g.table = func(c storetest.Call) bool {
				return c.Method == "Put" && c.Key.PK == string(macOf(i)) && strings.HasPrefix(c.Key.SK, "CALL#")
			}
		}), false},
		{"object to erase from", erasing(func(t *testing.T, g *garble, i int) {
			e := archive.Envelope{MAC: macOf(i), Received: yesterday(), Event: &pbx.CallRecord{}, Body: []byte("{}")}
			if err := archive.Keep(t.Context(), g.objects, e); err != nil {
				t.Fatal(err)
			}
			g.bucket = func(c archivetest.Call) bool { return c.Method == "Get" && strings.Contains(c.Name, string(macOf(i))) }
		}), true},
		{"line of a large object to erase from", erasing(func(t *testing.T, g *garble, i int) {
			object := []byte(strings.Repeat("x", 17<<20) + "\n" + number + "\n")
			if err := g.objects.Put(t.Context(), fmt.Sprintf("raw/kind=cdr/dt=2026-11-23/%d", i), object); err != nil {
				t.Fatal(err)
			}
		}), true},
		{"spilled text to erase from", erasing(func(t *testing.T, g *garble, i int) {
			spill(t, g)
			garbleSpilled(t, g, i)
		}), true},
		{"day to compute again", recomputed, false},
		{"PBX that may confirm the clock", confirming, false},
	}
}

// redelivering has the state of an extension of each PBX not be delivered, breaks something, and
// archives them.
func redelivering(breakIt func(g *garble, lines [][]byte, i int)) func(*testing.T, *garble, visits, int) func(int) bool {
	return func(t *testing.T, g *garble, v visits, i int) func(int) bool {
		breakIt(g, slices.Collect(bytes.Lines(envelopes(t))), i)
		_, err := archive.Redeliver(t.Context(), g.archive())
		v.failed(err)
		return func(n int) bool {
			for name := range g.objects.List(t.Context(), "raw/", "") {
				if strings.Contains(name, string(macOf(n))) {
					return true
				}
			}
			return false
		}
	}
}

// finishing has each of three kinds have a closed segment, and has them compressed.
func finishing(t *testing.T, g *garble, v visits, i int) func(int) bool {
	kinds := []pbx.Kind{pbx.KindHangup, pbx.KindIVR, pbx.KindCallRecord}
	for n, event := range []pbx.Event{&pbx.Hangup{}, &pbx.IVRStep{}, &pbx.CallRecord{}} {
		a := g.segments(t, g.objects)
		err := a.Keep(t.Context(), []archive.Envelope{{MAC: macOf(n), Received: g.now, Event: event, Body: []byte("{}")}})
		if err = errors.Join(err, a.Close()); err != nil {
			t.Fatal(err)
		}
	}
	broken := archivetest.NewFaultyGrowing(g.objects, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Stream" && strings.HasPrefix(c.Name, archive.RawKind(kinds[i])) {
			return archivetest.Fails
		}
		return archivetest.None
	})
	v.failed(g.segments(t, broken).Tend(t.Context()))
	return func(n int) bool {
		for name := range g.objects.List(t.Context(), archive.RawKind(kinds[n]), "") {
			return strings.HasSuffix(name, ".ndjson.gz")
		}
		return false
	}
}

// segments is an archive that appends to segments in a folder.
func (g *garble) segments(t *testing.T, f segments.Folder) *segments.Archive {
	t.Helper()
	a, err := segments.Open(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	a.Begin(g.clock)
	return a
}

// confirming has PBXs report calls of a time that the machine's clock has jumped to.
func confirming(t *testing.T, g *garble, v visits, i int) func(int) bool {
	shows := g.now
	clock, err := store.OpenClock(t.Context(), g.Memory, func() time.Time { return shows }, func() time.Duration { return 0 })
	if err == nil {
		err = clock.Keep(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	for n := range three {
		callOf(t, store.New(g.Memory, clock.Now), macOf(n), shows.Add(-time.Minute))
	}
	garbage(t, g.Memory, store.Key{PK: string(macOf(i)), SK: "HEARD"}, `{"last":5}`)
	shows = shows.AddDate(1, 0, 0)
	confirm := func(n int) {
		start := pbx.LocalTimeOf(shows)
		e := &pbx.CallRecord{UUID: fmt.Sprintf("%d.%d", shows.Unix(), n), Queue: "630", Start: start, CallType: "IN", CDRState: "queue"}
		if _, err := store.New(g.Memory, clock.Now).Record(t.Context(), store.Origin{MAC: macOf(n), At: clock.Now()}, e); err != nil {
			t.Fatal(err)
		}
	}
	for n := range three {
		if n != i {
			confirm(n)
		}
	}
	v.failed(clock.Keep(t.Context()))
	_, doubted := clock.Doubt()
	return func(n int) bool { return n != i && !doubted }
}

func spill(t *testing.T, g *garble) {
	t.Helper()
	for i, line := range slices.Collect(strings.Lines(string(envelopes(t)))) {
		if err := g.store().Spill(t.Context(), macOf(i), yesterday().Add(time.Duration(i)*time.Second), []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
}

func garbleSpilled(t *testing.T, g *garble, i int) {
	t.Helper()
	for _, item := range g.Items() {
		if strings.HasPrefix(item.PK, "SPILL") && strings.Contains(item.SK, string(macOf(i))) {
			garbage(t, g.Memory, item.Key, `{"part":"x"}`)
		}
	}
}

func (g *garble) archived(t *testing.T) func(int) bool {
	return func(i int) bool {
		for name := range g.objects.List(t.Context(), "raw/", "") {
			if strings.Contains(name, string(macOf(i))) {
				return true
			}
		}
		return false
	}
}

func spilledText(t *testing.T, g *garble, v visits, i int) func(int) bool {
	spill(t, g)
	garbleSpilled(t, g, i)
	g.hourly(t, v)
	kept := 0
	for name := range g.objects.List(t.Context(), archive.QuarantinePrefix, "") {
		if strings.Contains(name, string(macOf(i))) {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("%d objects are in quarantine", kept)
	}
	if err := g.hourly(t, visits{}); err != nil {
		t.Errorf("the next run: %v", err)
	}
	return g.archived(t)
}

func spilledTextThatStays(t *testing.T, g *garble, v visits, i int) func(int) bool {
	spill(t, g)
	garbleSpilled(t, g, i)
	g.bucket = func(c archivetest.Call) bool {
		return c.Method == "Put" && strings.HasPrefix(c.Name, archive.QuarantinePrefix)
	}
	g.hourly(t, v)
	g.now = g.now.Add(time.Hour)
	g.hourly(t, v)
	return g.archived(t)
}

func spilledLine(t *testing.T, g *garble, v visits, i int) func(int) bool {
	if err := g.store().Spill(t.Context(), macOf(0), yesterday(), envelopes(t)); err != nil {
		t.Fatal(err)
	}
	g.bucket = func(c archivetest.Call) bool {
		return c.Method == "Put" && strings.HasPrefix(c.Name, "raw/") && strings.Contains(c.Name, string(macOf(i)))
	}
	g.hourly(t, v)
	return g.archived(t)
}

func spilledObject(t *testing.T, g *garble, v visits, i int) func(int) bool {
	for n, line := range slices.Collect(strings.Lines(string(envelopes(t)))) {
		g.objects.Put(t.Context(), fmt.Sprintf("spill/%d.json", n), []byte(line))
	}
	g.bucket = func(c archivetest.Call) bool { return c.Method == "Get" && c.Name == fmt.Sprintf("spill/%d.json", i) }
	g.hourly(t, v)
	return g.recorded
}

func lineOfSpilledObject(t *testing.T, g *garble, v visits, i int) func(int) bool {
	g.objects.Put(t.Context(), "spill/1.json", envelopes(t))
	g.table = writes(i)
	g.hourly(t, v)
	return g.recorded
}

func packing(breakIt func(g *garble, name string, i int)) func(*testing.T, *garble, visits, int) func(int) bool {
	return func(t *testing.T, g *garble, v visits, i int) func(int) bool {
		names := g.kept(t)
		breakIt(g, names[i], i)
		g.hourly(t, v)
		return func(i int) bool { return !g.there(names[i]) }
	}
}

func replaying(breakIt func(g *garble, name string, i int)) func(*testing.T, *garble, visits, int) func(int) bool {
	return func(t *testing.T, g *garble, v visits, i int) func(int) bool {
		names := g.kept(t)
		breakIt(g, names[i], i)
		sel := replay.Selection{First: dayOfCalls(), Last: dayOfCalls()}
		report, err := replay.Run(t.Context(), g.archive(), g.store(), time.Now, sel, func(replay.Report) {})
		if v.failed(err); !each.Only(err) || i > 0 != (report.Last == names[max(0, i-1)]) {
			t.Errorf("replayed until %q, %v", report.Last, err)
		}
		return g.recorded
	}
}

func retrying(breakIt func(g *garble, name string)) func(*testing.T, *garble, visits, int) func(int) bool {
	return func(t *testing.T, g *garble, v visits, i int) func(int) bool {
		for n := range three {
			e := archive.Envelope{MAC: macOf(n), Received: yesterday(), Reason: "no event", Decoder: 1, Body: state(n)}
			if err := archive.Keep(t.Context(), g.objects, e); err != nil {
				t.Fatal(err)
			}
		}
		for name := range g.objects.List(t.Context(), archive.QuarantinePrefix, "") {
			if strings.Contains(name, string(macOf(i))) {
				breakIt(g, name)
			}
		}
		g.hourly(t, v)
		return g.recorded
	}
}

func quarantinedArray(t *testing.T, g *garble, v visits, i int) func(int) bool {
	body := fmt.Sprintf("[%s, %s, %s]", state(0), state(1), state(2))
	e := archive.Envelope{MAC: macOf(0), Received: yesterday(), Reason: "no event", Decoder: 1, Body: []byte(body)}
	if err := archive.Keep(t.Context(), g.objects, e); err != nil {
		t.Fatal(err)
	}
	recorded := func(n int) func(store.Key) bool {
		return func(k store.Key) bool { return strings.HasPrefix(k.SK, fmt.Sprintf("EXT#80%d", n)) }
	}
	g.table = func(c storetest.Call) bool { return c.Method == "Put" && recorded(i)(c.Key) }
	g.hourly(t, v)
	return func(n int) bool {
		return slices.ContainsFunc(g.Items(), func(item store.Item) bool { return recorded(n)(item.Key) })
	}
}

func quarantinedKind(t *testing.T, g *garble, v visits, i int) func(int) bool {
	kinds := []pbx.Kind{pbx.KindExtensionStatus, pbx.KindHangup, pbx.KindUnrecognised}
	body := fmt.Sprintf("[%s, {event:'hangup', uniqueid:'1'}, {event:'survey'}]", state(0))
	e := archive.Envelope{MAC: macOf(0), Received: yesterday(), Reason: "no event", Decoder: 1, Body: []byte(body)}
	if err := archive.Keep(t.Context(), g.objects, e); err != nil {
		t.Fatal(err)
	}
	g.bucket = func(c archivetest.Call) bool {
		return c.Method == "Put" && strings.HasPrefix(c.Name, archive.RawKind(kinds[i]))
	}
	g.hourly(t, v)
	return func(n int) bool {
		for range g.objects.List(t.Context(), archive.RawKind(kinds[n]), "") {
			return true
		}
		return false
	}
}

const number = "4915112345678"

// erasing erases a number from the records of all PBXs.
func erasing(breakIt func(t *testing.T, g *garble, i int)) func(*testing.T, *garble, visits, int) func(int) bool {
	return func(t *testing.T, g *garble, v visits, i int) func(int) bool {
		for n := range three {
			e := &pbx.CallRecord{UUID: "1", Caller: "+" + number, Queue: "630", Start: pbx.LocalTimeOf(yesterday())}
			if _, err := g.store().Record(t.Context(), store.Origin{MAC: macOf(n), At: yesterday(), Zone: pbx.UTC}, e); err != nil {
				t.Fatal(err)
			}
		}
		breakIt(t, g, i)
		numbers, err := erase.ParseNumbers([]string{number}, erase.DefaultPrefixes())
		if err != nil {
			t.Fatal(err)
		}
		e := erase.Erasure{Records: g.store(), Archive: g.archive(), Numbers: numbers, Found: func(erase.Finding) {}}
		_, err = e.Run(t.Context())
		v.failed(err)
		return func(n int) bool {
			return !slices.ContainsFunc(g.Items(), func(item store.Item) bool {
				return item.PK == string(macOf(n)) && strings.Contains(string(item.Doc), number)
			})
		}
	}
}

func recomputed(t *testing.T, g *garble, v visits, i int) func(int) bool {
	days := map[pbx.MAC]map[pbx.Day]bool{}
	for n := range three {
		callOf(t, g.store(), macOf(n), yesterday())
		if err := g.store().Figures().MarkClosed(t.Context(), macOf(n), dayOfCalls(), g.now); err != nil {
			t.Fatal(err)
		}
		days[macOf(n)] = map[pbx.Day]bool{dayOfCalls(): true}
	}
	garbage(t, g.Memory, itemOf("CALL#2026-11-23T11:00:01#1#2#3#4")(i), `{"received":5}`)
	r := rollup.New(g.store(), g.archive(), config.DefaultSchedule(), g.clock)
	_, err := r.Recompute(t.Context(), days)
	v.failed(err)
	return g.published(t)
}

func TestOneUnreadableThingKeepsNoOtherFromBeingDone(t *testing.T) {
	t.Parallel()
	v := visits{}
	for _, u := range unreadables() {
		for i := range three {
			t.Run(fmt.Sprint(u.name, " ", i), func(t *testing.T) {
				seen := visits{}
				done := u.run(t, newGarble(), seen, i)
				for n := range three {
					if got := done(n); got != (n != i || u.also) {
						t.Errorf("number %d is done: %t", n, got)
					}
				}
				if len(seen) == 0 {
					t.Error("nothing is reported")
				}
				for of := range seen {
					v[of] = true
				}
			})
		}
	}
	t.Run("messages", func(t *testing.T) { messages(t, v) })
	t.Run("commands", func(t *testing.T) { commandsOver(t, v) })
	loops := code(t).loops
	delete(loops, "lines that are searched") // its package tests it: a line that stays is a finding, and no error
	for _, missing := range v.missing(loops) {
		t.Error(missing)
	}
}

// missing lists which loops in the code were not visited, and which visits belong to no loop.
func (v visits) missing(loops map[string]string) (all []string) {
	for of, function := range loops {
		if !v[of] {
			all = append(all, fmt.Sprintf("%s: the loop over %s is visited by no case of this test", function, of))
		}
	}
	for of := range v {
		if loops[of] == "" {
			all = append(all, fmt.Sprintf("%q is no loop in the code", of))
		}
	}
	slices.Sort(all)
	return all
}

func TestALoopThatNoCaseVisitsIsFound(t *testing.T) {
	t.Parallel()
	loops := map[string]string{"things": "pkg/x f", "days": "pkg/x g"}
	v := visits{}
	v.failed(fmt.Errorf("read: %w", &each.Skipped{Of: "days", Count: 1}))
	v.told("pbxctl: skipped 3 of the marks: a: no; b: no")
	want := []string{`"marks" is no loop in the code`, "pkg/x f: the loop over things is visited by no case of this test"}
	if got := v.missing(loops); !slices.Equal(got, want) {
		t.Errorf("found %q", got)
	}
}

// messages has AWS deliver, and take, messages of which one is bad.
func messages(t *testing.T, v visits) {
	sends := 0
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); {
		case operation == "Query":
			io.WriteString(w, `{"Items":[],"Count":0,"ScannedCount":0}`)
		case operation == "SendMessageBatch":
			if sends++; sends == 1 {
				io.WriteString(w, `{"Failed":[{"Id":"0","Code":"InternalError","Message":"not now","SenderFault":false}]}`)
				return
			}
			io.WriteString(w, "{}")
		case operation == "" && strings.Contains(r.URL.Path, "compaction/cdr.json"):
			w.WriteHeader(http.StatusForbidden)
		case operation == "" && r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
			io.WriteString(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
		case operation == "" && r.Method == http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `<Error><Code>NoSuchKey</Code></Error>`)
		default:
			io.WriteString(w, "{}")
		}
	}))
	defer aws.Close()
	var log strings.Builder
	f := worker.New(config.Rollup{
		AWS:   config.AWS{Region: "eu-central-1", AccessKeyID: "id", SecretAccessKey: "anExampleThatSignsNoRealURLs", Endpoint: aws.URL},
		Table: "records", Archive: config.Archive{Bucket: "archive"}, Queue: "https://sqs.eu-central-1.amazonaws.com/123456789012/due",
		Schedule: config.Schedule{DefaultZone: pbx.UTC, Grace: 15 * time.Minute},
	}, &log, time.Now)
	answer, err := f.Handle(t.Context(), json.RawMessage(`{"Records":[
		{"messageId":"a","body":"garbage"}, {"messageId":"b","body":"{\"mac\":\"68692e0b0001\",\"day\":\"2026-11-23\"}"},
		{"messageId":"c","body":"{\"pack\":\"cdr\",\"until\":\"2020-01-01T00:00:00Z\"}"},
		{"messageId":"d","body":"{\"pack\":\"hangup\",\"until\":\"2020-01-01T00:00:00Z\"}"}]}`))
	if text, _ := json.Marshal(answer); err != nil || string(text) != `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}` {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := f.Handle(t.Context(), json.RawMessage(`{"schedule":"hourly"}`)); err != nil || sends != 2 {
		t.Errorf("sent %d batches, %v", sends, err)
	}
	v.told(log.String())
}

// commandsOver runs those that go through many things, of which the second can't be read.
func commandsOver(t *testing.T, v visits) {
	bad := func(sk string) func(int) store.Key {
		return func(int) store.Key { return store.Key{PK: string(macOf(1)), SK: sk} }
	}
	for _, c := range []struct {
		name    string
		key     func(int) store.Key
		doc     string
		command []string
		says    []string // of the others
	}{
		{"names list", bad("NAMES"), `{"names":5}`, []string{"names", "list"}, []string{"Support 0", "Support 2"}},
		{"doctor silence", bad("HEARD"), `{"last":5}`, []string{"doctor", "silence", "--all"}, []string{string(macOf(0)), string(macOf(2))}},
		{"rollup of PBXs", bad("SEEN"), `{"zone":5}`, []string{"rollup", "--all", "--day", "2026-11-01.."}, []string{"2 days: 2 published"}},
		{"rollup of days", bad("CALL#2026-11-23T11:00:01#1#2#3#4"), `{"received":5}`, []string{"rollup", "--all", "--day", "2026-11-01.."}, []string{"3 days: 2 published, 1 failed"}},
		{"rollup of records", bad("CALL#2026-11-10 x#1#2#3#4"), `{}`, []string{"rollup", "--all", "--day", "2026-11-01.."}, []string{"3 days: 3 published"}},
		{"import", bad("NAMES"), `{"names":5}`, []string{"names", "import", "names.csv"}, []string{"2 of 3 PBXs changed."}},
		{"import into a fleet list with a stranger", func(int) store.Key { return store.Key{PK: "FLEET", SK: "x"} }, `{}`, []string{"names", "import", "names.csv"}, []string{"3 of 3 PBXs changed."}},
		{"replacement", func(int) store.Key { return store.Key{PK: "FLEET", SK: "x"} }, `{}`, []string{"device", "replace", string(macOf(0)), string(macOf(2)), "--base", "https://pbx.example.com"}, nil},
		{"import of settings", bad("CHECKED"), `{"rules":"x"}`, []string{"device", "import", "devices.csv"}, nil},
		{"restatements", bad("RESTATED#2026-11-23#0000000001"), `{"revision":"x"}`, []string{"kpi", "restatements", string(macOf(1)), "--day", "2026-11-23"}, nil},
		{"quarantine discard", bad("X"), `{}`, []string{"quarantine", "discard", "--yes", "quarantine/1", "quarantine/2", "quarantine/3"}, []string{"discarded  quarantine/1", "discarded  quarantine/3"}},
		{"completeness", bad("X"), `{}`, []string{"completeness", string(macOf(0)), "--day", "2026-11-23"}, nil},
		{"doctor check", bad("HEARD"), `{"last":5}`, []string{"doctor", "check"}, []string{"FAILED  unreadable", string(macOf(1))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			fill(t, folder)
			if c.command[0] == "kpi" {
				do(t, "rollup", "--all", "--day", "2026-11-01..", "--data", folder)
			}
			data, err := local.Open(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			garbage(t, data.Table, c.key(1), c.doc)
			if err := data.Close(); err != nil {
				t.Fatal(err)
			}
			args := slices.Clone(c.command)
			for i, arg := range args {
				if strings.HasSuffix(arg, ".csv") {
					args[i] = filepath.Join(folder, arg)
				}
			}
			got := do(t, append(args, "--data", folder)...)
			if got.code != 1 {
				t.Errorf("exit code %d", got.code)
			}
			for _, text := range c.says {
				if !strings.Contains(got.out, text) {
					t.Errorf("no %q in %+v", text, got)
				}
			}
			v.told(got.out + got.errs)
		})
	}
	g := newGarble()
	for n := range three {
		e := archive.Envelope{MAC: macOf(n), Received: yesterday(), Reason: "no event", Decoder: 1, Body: state(n)}
		if err := archive.Keep(t.Context(), g.objects, e); err != nil {
			t.Fatal(err)
		}
	}
	g.bucket = func(c archivetest.Call) bool { return c.Method == "Get" && strings.Contains(c.Name, string(macOf(1))) }
	var found string
	checkup := &doctor.Checkup{Now: g.clock, Report: func(r doctor.Result) { found = r.Found }}
	if checkup.Quarantine(t.Context(), g.archive()); !strings.HasPrefix(found, "2 events of 2 PBXs") {
		t.Error(found)
	}
	g.bucket = func(c archivetest.Call) bool { return c.Method == "Get" }
	checkup.Quarantine(t.Context(), g.archive())
	v.told(found)
}

// fill makes a data folder of three PBXs that had a call each.
func fill(t *testing.T, folder string) {
	t.Helper()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if _, err := data.MakeKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := store.New(data.Table, func() time.Time { return at(t, "2026-11-24T12:00:00Z") })
	names, devices := "mac,kind,id,name\n", "mac,name,zone\n"
	for i := range three {
		callOf(t, s, macOf(i), yesterday())
		_, err := s.ChangeNames(t.Context(), macOf(i), func(all store.Names) (store.Names, error) {
			return all.With(store.Name{Kind: naming.Queue, ID: "630", Name: fmt.Sprint("Support ", i)}), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		names += fmt.Sprintf("%s,queue,630,New %d\n", macOf(i), i)
		devices += fmt.Sprintf("%s,New %d,Europe/Berlin\n", macOf(i), i)
	}
	err = errors.Join(os.Chmod(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "names.csv"), []byte(names), 0o600), os.WriteFile(filepath.Join(folder, "devices.csv"), []byte(devices), 0o600),
		data.Bucket.Put(t.Context(), "quarantine/1", []byte("x")), data.Bucket.Put(t.Context(), "quarantine/3", []byte("x")),
		data.Bucket.Put(t.Context(), "raw/kind=hangup/dt=2026-11-23/"+string(macOf(0))+"-1.json", []byte("garbage\n")),
	)
	if err != nil {
		t.Fatal(err)
	}
}
