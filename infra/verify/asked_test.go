package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trunkline/infra/athena"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/curated"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// asked is a month of a fleet, and what is asked about it: not all of its days.
type asked struct {
	all     []receipt
	devices map[pbx.MAC]store.Device
	named   map[pbx.MAC]curated.PBX // the rows of dimensions
	days    []computedDay           // of all days
	zones   map[pbx.MAC]pbx.Zone
	root    string // of the archive
	params  athena.Params
}

// answers are the columns that name a row of each query's answer. The place is that in the
// order of the answer.
var answers = map[string][]string{
	"service_level":     {"month", "site"},
	"queue_targets":     {"month", "mac", "queue"},
	"lost_callers":      {"mac", "caller"},
	"agents":            {"mac", "agent"},
	"ivr_paths":         {"mac", "ivr_id", "key", "leads_to", "target"},
	"load_by_hour":      {"site", "weekday", "hour"},
	"staffing":          {"place"},
	"longest_waits":     {"place"},
	"abandoned_by_wait": {"site", "from_seconds"},
	"data_quality":      {"mac"},
	"receipts":          {"kind", "dt"},
}

// TestWhatPeopleAsk holds the answers of each query, over what the rollup publishes of a
// month, against what is counted here of the product's rows, calls and records.
func TestWhatPeopleAsk(t *testing.T) {
	a := newAsked(t)
	db := lake(t, a.root)
	counted := map[string]func(*testing.T, *asked, counter){
		"service_level": countServiceLevel, "queue_targets": countTargets, "lost_callers": countLost, "agents": countAgents,
		"ivr_paths": countPaths, "load_by_hour": countLoad, "staffing": countStaffing, "longest_waits": countWaits,
		"abandoned_by_wait": countAbandoned, "data_quality": countQuality, "receipts": countReceipts,
	}
	for _, name := range athena.Queries() {
		t.Run(name, func(t *testing.T) {
			key, count := answers[name], counted[name]
			if key == nil || count == nil {
				t.Fatal("nothing is known of its answer")
			}
			want := counter{table{name, key}, rows{}}
			count(t, a, want)
			got := answer(t, db, name, a.params, key)
			var r report
			r.compare(name, want.rows, got)
			expectSame(t, &r)
			checkExamples(t, name, got)
		})
	}
}

// answer asks a query.
func answer(t *testing.T, db *sql.DB, name string, p athena.Params, key []string) rows {
	t.Helper()
	text, err := athena.Query(name, athena.DuckDB, p)
	must(t, err)
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	got, err := read(t.Context(), db, "select row_number() over () as place, * from ("+text+")", key)
	must(t, err)
	for _, r := range got {
		if !slices.Contains(key, "place") {
			delete(r, "place")
		}
	}
	return got
}

// newAsked makes the month, some of whose PBXs have sites, names and targets.
func newAsked(t *testing.T) *asked {
	c := month()
	c.Seed, c.First, c.PBXs, c.CallsPerDay = 11, on("2026-10-15"), 6, 25
	p := athena.Defaults()
	p.First, p.Last, p.Rows = on("2026-10-17"), on("2026-11-12"), 300
	a := &asked{devices: map[pbx.MAC]store.Device{}, named: map[pbx.MAC]curated.PBX{}, zones: map[pbx.MAC]pbx.Zone{}, params: p}
	published := archivetest.NewMemory()
	take := func(i int, mac pbx.MAC, queues, agents []string, d store.Device, some []receipt) {
		a.all, a.devices[mac] = append(a.all, some...), d
		if i != 5 { // of which nobody has said anything
			a.named[mac] = nameAll(i, mac, queues, agents, d)
		}
		must(t, roll(t.Context(), published, d, some))
	}
	for i, p := range c.All() {
		a.zones[p.MAC] = p.Zone
		take(i, p.MAC, p.Queues, p.Agents, deviceOf(i, p), received(t, p, rand.New(rand.NewPCG(11, uint64(i)))))
	}
	utc, err := pbx.ParseZone("UTC")
	must(t, err)
	for i, some := range [][]receipt{append(lostCallers(), menuPaths()...), {outboundTo("6.9", "2026-10-20 11:00:00", "5550166")}} {
		for j := range some {
			some[j].mac = macOf(0x100 + i)
		}
		a.zones[macOf(0x100+i)] = utc
		take(6, macOf(0x100+i), []string{"630"}, nil, store.Device{Zone: utc}, some)
	}
	a.named[macOf(0x1ff)] = curated.PBX{MAC: macOf(0x1ff), Site: "north", Disabled: true} // without calls
	a.publish(t, published)
	for d := range computedDays(t, a.all, a.clocked()) {
		a.days = append(a.days, d)
	}
	return a
}

// clocked are the devices with the zones that their clocks stand in, also where nobody has set
// one: the rollup learns it.
func (a *asked) clocked() map[pbx.MAC]store.Device {
	all := maps.Clone(a.devices)
	for mac, d := range all {
		d.Zone = a.zones[mac]
		all[mac] = d
	}
	return all
}

func nameAll(i int, mac pbx.MAC, queues, agents []string, d store.Device) curated.PBX {
	p := curated.PBX{
		MAC: mac, Site: []string{"north", "south", ""}[i%3], Name: fmt.Sprint("PBX ", i), Zone: d.Zone,
		ZoneInferred: !d.Zone.Known(), Thresholds: rollup.Thresholds(d), TalkIncludesHold: d.TalkIncludesHold,
	}
	for j, queue := range queues {
		if j%2 == 0 {
			p.Queues = append(p.Queues, curated.Queue{Named: curated.Named{ID: queue, Name: "Sales " + queue}, TargetPercent: 40 * (i % 3), TargetSeconds: 12 + i})
		}
	}
	for j, agent := range agents {
		if j%3 > 0 {
			p.Agents = append(p.Agents, curated.Named{ID: agent, Name: "Agent " + agent})
		}
	}
	return p
}

// publish writes the archive to a folder.
func (a *asked) publish(t *testing.T, published *archivetest.Memory) {
	a.root = filepath.Dir(keep(t, a.all))
	for name, err := range published.List(t.Context(), "curated/", "") {
		must(t, err)
		body, err := published.Get(t.Context(), name)
		must(t, err)
		write(t, filepath.Join(a.root, name), body)
	}
	named := func(yield func(curated.PBX, error) bool) {
		for _, p := range a.named {
			if !yield(p, nil) {
				return
			}
		}
	}
	dimensions, err := curated.Dimensions(t.Context(), named, nil, at)
	must(t, err)
	for _, d := range dimensions {
		write(t, filepath.Join(a.root, d.Name), d.Body)
	}
}

// lostCallers are calls of one PBX of which it is known what became of their callers.
func lostCallers() (all []receipt) {
	lost := func(id, start, number string) {
		all = append(all, later(0, 0, call(id, start, wait(40), caller(number))))
	}
	lost("1.1", "2026-10-20 10:00:00", "03012345671") // is never called back
	lost("2.1", "2026-10-20 10:00:00", "03012345672") // is called back the next morning, with a 0 to dial out
	all = append(all, outboundTo("2.2", "2026-10-21 09:59:59", "003012345672"))
	lost("3.1", "2026-10-20 10:00:00", "03012345673") // is called back too late
	all = append(all, outboundTo("3.2", "2026-10-21 10:00:01", "03012345673"))
	lost("4.1", "2026-10-20 10:00:00", "03012345674") // calls again, and is answered
	all = append(all, later(0, 0, call("4.2", "2026-10-20 10:10:00", agent("801"), talk(5), caller("03012345674"))))
	lost("5.1", "2026-10-20 10:00:00", "03012345675") // calls again, and is lost again
	lost("5.2", "2026-10-20 10:10:00", "03012345675")
	lost("6.1", "2026-10-20 10:00:00", "5550166") // is called back by another PBX, and before
	all = append(all, outboundTo("6.2", "2026-10-20 09:00:00", "5550166"))
	lost("7.1", "2026-11-12 23:30:00", "03012345677") // is called back after the days that are asked about
	return append(all, outboundTo("7.2", "2026-11-13 08:00:00", "03012345677"))
}

func outboundTo(id, start, number string) receipt {
	c := call(id, start, kind("OUT"), agent("801"))
	c.Called = number
	return later(0, 0, c)
}

// menuPaths are steps of the same PBX of which it is known where they led.
func menuPaths() []receipt {
	const noon, soon = "2026-10-20 12:00:00", "2026-10-20 12:00:30"
	named := menu("26.1", noon, "7", "6")
	named.Queue = "631"
	return []receipt{
		later(0, 0, menu("21.1", noon, "7", "1")), later(0, 0, menu("21.1", soon, "8", "2")), later(0, 0, call("21.1", "2026-10-20 12:01:00", wait(5), talk(9))),
		later(0, 0, menu("22.1", noon, "7", "")), // of which there is no record
		later(0, 0, menu("22.1", noon, "7", "")), // and which stands in two objects
		later(0, 0, menu("23.1", noon, "7", "3")), later(0, 0, call("23.1", soon, queue(""), state("bridged"))),
		later(0, 0, menu("24.1", noon, "7", "4")), later(0, 0, call("24.1", soon, queue(""), state("ivr"))),
		later(0, 0, menu("25.1", soon, "7", "5")), later(0, 0, call("25.1", noon, state("ivr"), wait(9))), // comes from the queue
		later(0, 0, named), later(0, 0, call("26.1", soon, wait(9))),
		later(0, 0, menu("27.1", noon, "9", "1")), later(2, 0, menu("27.1", noon, "9", "2")), later(3, 0, menu("27.1", noon, "9", "1")), // restated
		later(0, 0, menu("28.1", noon, "9", "2")), later(0, 0, menu("28.1", soon, "9", "2")), later(0, 0, menu("28.1", "2026-10-20 12:01:00", "9", "2")),
	}
}

// examples are what is known of the answers about that PBX, by queries and columns.
var examples = map[string]struct{ columns, rows []string }{
	"lost_callers": {[]string{"caller", "lost_calls"}, []string{"03012345671 1", "03012345673 1", "03012345675 2", "5550166 1"}},
	"ivr_paths": {[]string{"ivr_id", "key", "leads_to", "target"}, []string{
		"7  unknown ", "7 1 menu 8", "7 3 direct ", "7 4 hung_up ", "7 5 hung_up ", "7 6 queue 631", "8 2 queue 630", "9 2 menu 9", "9 2 unknown "}},
}

// checkExamples says by example what is counted besides.
func checkExamples(t *testing.T, name string, got rows) {
	want, ok := examples[name]
	if !ok {
		return
	}
	var all []string
	for _, r := range got {
		if r["mac"] == string(macOf(0x100)) {
			all = append(all, r.name(want.columns))
		}
	}
	slices.Sort(all)
	if !slices.Equal(all, want.rows) {
		t.Errorf("%q, not %q", all, want.rows)
	}
}

// counter takes what an answer should be.
type counter struct {
	in table
	rows
}

func (c counter) put(t *testing.T, r row) {
	t.Helper()
	name := r.name(c.in.key)
	if c.rows[name] != nil {
		t.Fatalf("%s is there twice", name)
	}
	for column, v := range r {
		switch v := v.(type) {
		case int64:
			r[column] = asNumber(v)
		case int:
			r[column] = asNumber(int64(v))
		case float64:
			r[column] = json.Number(strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
	c.rows[name] = r
}

// share is a by b, or nothing.
func share(a, b int64) any {
	if b == 0 {
		return nil
	}
	return float64(a) / float64(b)
}

// orNull is null for an empty text.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (a *asked) site(mac pbx.MAC) string { return a.named[mac].Site }

// within yields the days that are asked about.
func (a *asked) within(yield func(computedDay) bool) {
	for _, d := range a.days {
		if a.params.First <= d.day.day && d.day.day <= a.params.Last && !yield(d) {
			return
		}
	}
}

func monthOf(d pbx.Day) string { return d.String()[:7] }

// weekdayOf is 1 on Monday, as 2026-10-19 was.
func weekdayOf(d pbx.Day) int64 { return ((int64(d-on("2026-10-19"))%7)+7)%7 + 1 }

// sums adds up by keys.
type sums[K comparable] map[K]map[string]int64

func (s sums[K]) add(key K, name string, n int64) {
	if s[key] == nil {
		s[key] = map[string]int64{}
	}
	s[key][name] += n
}
