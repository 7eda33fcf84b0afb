package kpi

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

// signsOf are some signs of the agents of a world, around its day.
func signsOf(choose func(n int) int) (signs []Sign) {
	for i := range choose(12) {
		at := testZone.Time(worldDay.Start()).Add(time.Duration(choose(50)-14) * time.Hour)
		signs = append(signs, Sign{[]string{"100", "101", "102"}[choose(3)], choose(3) > 0, at, fmt.Sprint("sign ", i)})
	}
	return signs
}

// everything returns all results of a day as text, with the rules by which calls count.
func everything(all computed) string {
	day := shown(all)
	return inJSON([]any{day.rows(), all.Rows, all.AgentCalls, all.Sessions})
}

func TestALargeDayComesToTheSameAsOneThatFitsInMemory(t *testing.T) {
	folder := t.TempDir()
	worlds(t, func(t *testing.T, rng *rand.Rand, records []received) {
		signs := signsOf(rng.IntN)
		day := worldDay + pbx.Day(rng.IntN(3)) - 1
		want := everything(compute(day, DefaultSettings, testZone, records, signs...))
		for _, room := range []int{1, 1500} {
			rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			rng.Shuffle(len(signs), func(i, j int) { signs[i], signs[j] = signs[j], signs[i] })
			d := NewDay(testMAC, day, DefaultSettings, testZone).Holding(room, folder)
			if got := everything(computeIn(d, records, signs...)); got != want {
				t.Errorf("with room for %d bytes %s, in memory %s", room, got, want)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	if left, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// manyRecords adds records of many calls. Most have two records, in two of five queues.
func manyRecords(d *Day, n int) {
	received := time.Date(2018, 11, 6, 0, 0, 0, 0, time.UTC)
	for i := range n {
		call := i / 2
		start := worldDay.Start() + pbx.LocalTime(call*80_000/n*2)
		d.AddCall(&pbx.CallRecord{
			UUID: fmt.Sprintf("%d.%d", testZone.Time(start).Unix(), call), Queue: fmt.Sprint(630 + i%5), Agent: fmt.Sprint(800 + i%40),
			Start: start, End: start + 90, Caller: fmt.Sprint(5550000000 + call), CallType: "IN", CDRState: "bridged",
			QueueTime: pbx.IntOf(int64(i % 301)), TalkingTime: pbx.IntOf(int64(i % 600)),
		}, Source{Hash: hashOf(fmt.Sprint(i)) + hashOf(fmt.Sprint(-i)), Received: received})
	}
}

func TestALargeDayHoldsAFewOfItsRecordsOnly(t *testing.T) {
	const n, room, most = 30_000, 1 << 19, 4 << 20 // all of them take 15 MB
	before := liveBytes()
	check := func(when string) {
		t.Helper()
		if grown := liveBytes() - before; grown > most {
			t.Errorf("%s, %d bytes are held", when, grown)
		}
	}
	d := NewDay(testMAC, worldDay, DefaultSettings, testZone).Holding(room, t.TempDir())
	defer d.Close()
	manyRecords(d, n)
	check("when all were added")
	rows, err := d.Rows()
	if err != nil || rows.PBX.Inputs.Records != n || rows.PBX.Offered != n/2 {
		t.Fatalf("%d records, %d calls, %v", rows.PBX.Inputs.Records, rows.PBX.Offered, err)
	}
	check("with the rows")
	calls := 0
	for _, err := range d.Calls() {
		if err != nil {
			t.Fatal(err)
		}
		if calls++; calls%10_000 == 0 {
			check(fmt.Sprintf("at call %d", calls))
		}
	}
	runtime.KeepAlive(rows)
	if calls != n {
		t.Errorf("%d calls", calls)
	}
}

// liveBytes returns how much of the heap is in use.
func liveBytes() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestOfACallWithVeryManyRecordsTheFirstAreRead(t *testing.T) {
	rows := func(room int) Rows {
		d := NewDay(testMAC, worldDay, DefaultSettings, testZone).Holding(room, t.TempDir())
		defer d.Close()
		for i := range 20_000 {
			d.AddCall(&pbx.CallRecord{UUID: "1541415600.1", Queue: "630", Start: worldDay.Start() + pbx.LocalTime(i), CallType: "IN"},
				Source{Hash: fmt.Sprintf("%05d", i)})
		}
		rows, err := d.Rows()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	large, inMemory := rows(1<<20), rows(1<<30)
	if inJSON(large) != inJSON(inMemory) {
		t.Errorf("large %s, in memory %s", inJSON(large), inJSON(inMemory))
	}
	if n := large.PBX.Inputs.Records; n < 10_000 || n == 20_000 {
		t.Errorf("%d records were read", n)
	}
}

func TestADayWithoutRoomForItsFileSaysSo(t *testing.T) {
	d := NewDay(testMAC, worldDay, DefaultSettings, testZone).Holding(1, filepath.Join(t.TempDir(), "missing"))
	manyRecords(d, 3)
	_, err := d.Rows()
	_, callsErr := collect(d.Calls())
	for _, err := range []error{err, callsErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
}

func TestADayHasRowsOfSoManyQueuesAndAgents(t *testing.T) {
	const n = rowsAtMost + 5
	d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
	for i := range n {
		d.AddCall(&pbx.CallRecord{
			UUID: fmt.Sprintf("%d.1", 1541415600+n-i), Queue: fmt.Sprint("q", i), Agent: fmt.Sprint("a", i), Start: worldDay.Start() + 1, CallType: "IN",
		}, Source{Hash: fmt.Sprint(i)})
	}
	rows, err := d.Rows()
	if err != nil || len(rows.Queues) != rowsAtMost || len(rows.Agents) != rowsAtMost || rows.PBX.Offered != n || rows.PBX.Agents != n {
		t.Errorf("%d queues, %d agents, %d calls, %v", len(rows.Queues), len(rows.Agents), rows.PBX.Offered, err)
	}
	if bounded := rows.Bounded().PBX; bounded.QueuesLeftOut != n-MaxNames || bounded.AgentsLeftOut != n-MaxNames {
		t.Errorf("%d queues and %d agents are said to have no row", bounded.QueuesLeftOut, bounded.AgentsLeftOut)
	}
	if slices.ContainsFunc(rows.Queues, func(q Queue) bool { return q.Queue == "q0" }) {
		t.Error("the queue of the last call has a row")
	}
}
