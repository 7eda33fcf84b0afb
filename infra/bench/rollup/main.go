// Rollup is a part of the benchmarks. It makes a month of a fleet's call records, and computes
// their figures. It is a process of its own, so that its peak memory is its own.
//
//	rollup prepare DIR         writes DIR/records.parquet
//	rollup memory DIR          computes figures of records in memory
//	rollup prepare-store DIR   writes DIR/records.db
//	rollup store DIR           computes figures of the records there
//
// It also does this for large PBXs and fleets:
//
//	rollup prepare-large-CALLS DIR, rollup large-CALLS DIR   one PBX with that many calls in a day
//	rollup prepare-many DIR, rollup many DIR                 a day of 1,000 PBXs
//
// It prints seconds, and what it counted, as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"golang.org/x/sync/errgroup"

	"trunkline/infra/fleet"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
)

// The month has 200 PBXs × 30 days and a million records, and one record in a hundred is
// restated.
const (
	pbxs    = 200
	days    = 30
	perPBX  = 5000
	callsOf = 145 // a weekday; that gives some more records than are used
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: rollup MODE DIR"))
	}
	command := commandOf(os.Args[1])
	if command == nil {
		fail(fmt.Errorf("no such mode: %s", os.Args[1]))
	}
	r, err := command(os.Args[2])
	if err != nil {
		fail(err)
	}
	if r.Peak, err = peak(); err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fail(err)
	}
}

func commandOf(mode string) func(dir string) (result, error) {
	var calls int
	if _, err := fmt.Sscanf(mode, "prepare-large-%d", &calls); err == nil {
		return func(dir string) (result, error) { return prepareLarge(dir, calls) }
	}
	if _, err := fmt.Sscanf(mode, "large-%d", &calls); err == nil {
		return func(dir string) (result, error) { return large(dir, calls) }
	}
	return map[string]func(string) (result, error){
		"prepare": prepare, "memory": inMemory, "prepare-store": prepareStore, "store": fromStore,
		"prepare-many": prepareMany, "many": many,
	}[mode]
}

// peak returns the most memory that this process has used, in KiB. What the system reports to a
// parent may be the parent's own memory.
func peak() (kib int64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscan(after, &kib)
	return kib, err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "rollup:", err)
	os.Exit(1)
}

// result has the time, and what was counted, to be compared.
type result struct {
	Seconds   float64 `json:"seconds"`
	Records   int64   `json:"records"`
	Offered   int64   `json:"offered"`
	Answered  int64   `json:"answered"`
	Abandoned int64   `json:"abandoned"`
	Peak      int64   `json:"peak"` // memory, in KiB
}

func (r *result) add(rows kpi.Rows) {
	for _, q := range rows.Queues {
		r.Offered += q.Offered
		r.Answered += q.Answered
		r.Abandoned += q.Abandoned
	}
}

// fact is one version of a call record, as a table has it.
type fact struct {
	event    *pbx.CallRecord
	identity string
	hash     string
	received time.Time
}

func first() pbx.Day { return pbx.DayOf(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) }

func all() []fleet.PBX {
	return fleet.Config{Seed: 11, PBXs: pbxs, First: first(), Days: days, CallsPerDay: callsOf}.All()
}

// facts are the call records of a PBX, in the order of a table's keys.
func facts(p fleet.PBX) []fact {
	found := make([]fact, 0, perPBX)
	for e := range p.Events() {
		c, ok := e.Event.(*pbx.CallRecord)
		if !ok || len(found) == perPBX {
			continue
		}
		found = append(found, newFact(c, e.At))
		if len(found)%100 == 99 { // a restatement of the talk time
			again := *c
			again.TalkingTime = pbx.IntOf(again.TalkingTime.Or(0) + 1)
			found = append(found, newFact(&again, e.At.Add(time.Hour)))
		}
	}
	slices.SortFunc(found, func(a, b fact) int {
		if c := strings.Compare(a.identity, b.identity); c != 0 {
			return c
		}
		return strings.Compare(a.hash, b.hash)
	})
	return found
}

func newFact(c *pbx.CallRecord, at time.Time) fact {
	identity := strings.Join([]string{c.Start.String(), c.UUID, c.Queue, c.Agent}, "#")
	return fact{c, identity, fmt.Sprintf("%s#%016x", identity, at.UnixNano()), at}
}

// current yields the current versions of facts.
func current(facts []fact) iter.Seq[fact] {
	return func(yield func(fact) bool) {
		for i := 0; i < len(facts); {
			last := facts[i]
			for i++; i < len(facts) && facts[i].identity == last.identity; i++ {
				if facts[i].received.After(last.received) {
					last = facts[i]
				}
			}
			if !yield(last) {
				return
			}
		}
	}
}

// inMemory computes the figures PBX by PBX. Making the records is not counted.
func inMemory(string) (result, error) {
	var r result
	var took time.Duration
	for _, p := range all() {
		records := facts(p)
		r.Records += int64(len(records))
		began := time.Now()
		if err := month(p.MAC, records, &r); err != nil {
			return r, err
		}
		took += time.Since(began)
	}
	r.Seconds = took.Seconds()
	return r, nil
}

// month computes the days of one PBX.
func month(mac pbx.MAC, facts []fact, r *result) error {
	records := slices.Collect(current(facts))
	at := func(t pbx.LocalTime) int {
		i, _ := slices.BinarySearchFunc(records, t, func(f fact, t pbx.LocalTime) int { return int(f.event.Start - t) })
		return i
	}
	for d := first(); d < first()+days+1; d++ {
		day := kpi.NewDay(mac, d, kpi.DefaultSettings, pbx.UTC)
		from, to := kpi.Reach(d)
		for more := true; more; from, to, more = day.More() {
			add(day, records[at(from):at(to)])
		}
		rows, err := day.Rows()
		if err != nil {
			return err
		}
		r.add(rows)
	}
	return nil
}

func add(day *kpi.Day, records []fact) {
	for _, f := range records {
		day.AddCall(f.event, kpi.Source{Hash: f.hash, Received: f.received})
	}
}

// fromStore computes the same from a SQLite table.
func fromStore(dir string) (result, error) {
	ctx := context.Background()
	table, err := sqlite.OpenReadOnly(ctx, filepath.Join(dir, "records.db"))
	if err != nil {
		return result{}, err
	}
	defer table.Close()
	s := store.New(table, time.Now)
	var r result
	began := time.Now()
	for _, p := range all() {
		for d := first(); d < first()+days+1; d++ {
			day, err := rollup.Read(ctx, s, pbx.UTC, rollup.Task{MAC: p.MAC, Day: d})
			if err != nil {
				return r, err
			}
			rows, err := day.Rows()
			if err = errors.Join(err, day.Close()); err != nil {
				return r, err
			}
			r.add(rows)
		}
	}
	r.Seconds = time.Since(began).Seconds()
	return r, nil
}

// column is a row of the Parquet file, with the same facts.
type column struct {
	MAC       string    `parquet:"mac,dict"`
	UUID      string    `parquet:"uuid"`
	Queue     string    `parquet:"queue,dict"`
	Agent     string    `parquet:"agent,dict"`
	Start     int64     `parquet:"start,timestamp(microsecond:local)"`
	End       int64     `parquet:"end,timestamp(microsecond:local)"`
	Caller    string    `parquet:"caller,dict"`
	CallType  string    `parquet:"call_type,dict"`
	State     string    `parquet:"cdr_state,dict"`
	Wait      *int64    `parquet:"wait,optional"`
	Talk      *int64    `parquet:"talk,optional"`
	Hold      *int64    `parquet:"hold,optional"`
	WrapUp    *int64    `parquet:"wrap_up,optional"`
	Ring      *int64    `parquet:"ring,optional"`
	Score     int64     `parquet:"score"`
	Voicemail bool      `parquet:"voicemail"`
	Forwarded bool      `parquet:"forwarded"`
	MissCause string    `parquet:"miss_cause,dict"`
	Received  time.Time `parquet:"received,timestamp(microsecond)"`
	Hash      string    `parquet:"hash"`
}

func newColumn(mac pbx.MAC, f fact) column {
	e := f.event
	unix := func(t pbx.LocalTime) int64 { return t.Unix() * 1_000_000 }
	number := func(i pbx.Int) *int64 {
		if n := i.Or(0); i.Known() {
			return &n
		}
		return nil
	}
	return column{
		string(mac), e.UUID, e.Queue, e.Agent, unix(e.Start), unix(e.End), e.Caller, e.CallType, e.CDRState,
		number(e.QueueTime), number(e.TalkingTime), number(e.HoldTime), number(e.PauseTime), number(e.RingTime), e.Score.Or(0),
		e.VoicemailState != "" && e.VoicemailState != "0", e.ForwardType != "" || e.ForwardNumber != "", e.MissCause, f.received, f.hash,
	}
}

// prepare writes the records as a Parquet file.
func prepare(dir string) (result, error) {
	began := time.Now()
	file, err := os.Create(filepath.Join(dir, "records.parquet"))
	if err != nil {
		return result{}, err
	}
	defer file.Close()
	w := parquet.NewGenericWriter[column](file, parquet.Compression(&parquet.Snappy))
	var r result
	for _, p := range all() {
		rows := make([]column, 0, perPBX)
		for _, f := range facts(p) {
			rows = append(rows, newColumn(p.MAC, f))
		}
		if _, err := w.Write(rows); err != nil {
			return r, err
		}
		r.Records += int64(len(rows))
	}
	r.Seconds = time.Since(began).Seconds()
	return r, errors.Join(w.Close(), file.Sync())
}

// prepareStore writes them into a table.
func prepareStore(dir string) (result, error) {
	ctx := context.Background()
	began := time.Now()
	table, err := sqlite.Open(ctx, filepath.Join(dir, "records.db"))
	if err != nil {
		return result{}, err
	}
	defer table.Close()
	s := store.New(table, func() time.Time { return time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) })
	var r result
	for i, p := range all() {
		records := facts(p)
		if err := record(ctx, s, p, records); err != nil {
			return r, err
		}
		r.Records += int64(len(records))
		if i%50 == 49 {
			fmt.Fprintf(os.Stderr, "a month of a fleet: %d of %d PBXs\n", i+1, pbxs)
		}
	}
	r.Seconds = time.Since(began).Seconds()
	return r, nil
}

// record writes records concurrently, so that many share a transaction.
func record(ctx context.Context, s *store.Store, p fleet.PBX, records []fact) error {
	var writers errgroup.Group
	for some := range slices.Chunk(records, (len(records)+255)/256) {
		writers.Go(func() error {
			for _, f := range some {
				if _, err := s.Record(ctx, store.Origin{MAC: p.MAC, At: f.received, Zone: pbx.UTC}, f.event); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return writers.Wait()
}
