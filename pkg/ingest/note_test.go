package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
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
)

// isNote reports whether a call writes the fleet list or the last event of a PBX.
func isNote(c storetest.Call) bool {
	return c.Method == "Put" && (strings.HasPrefix(c.Key.PK, "FLEET") || c.Key.SK == "HEARD")
}

// push has a PBX push an event to a new container, whose calls of the table may fail.
func push(t *testing.T, table *storetest.Memory, bucket archive.Bucket, fault func(storetest.Call) storetest.Fault) (ingest.Report, time.Duration) {
	t.Helper()
	faulty := storetest.NewFaulty(table, fault)
	in := ingest.New(tokentest.Fixed(keys(t)), store.New(faulty, time.Now), archive.NewDirect(bucket), bucket, time.Now)
	began := time.Now()
	a, outcome, err := in.Admit(t.Context(), string(mac), keys(t).Sign(mac, 1).Reveal())
	if outcome != ingest.Admitted || err != nil {
		t.Fatal(outcome, err)
	}
	r := in.Receive(t.Context(), a, ingest.Delivery{Body: []byte(call)})
	return r, time.Since(began)
}

func recordsOf(table *storetest.Memory) (calls int) {
	for _, item := range table.Items() {
		if strings.HasPrefix(item.SK, "CALL#") {
			calls++
		}
	}
	return calls
}

func TestTheNoteOfASenderNeitherFailsNorDelaysItsRecord(t *testing.T) {
	for fault, name := range map[storetest.Fault]string{
		storetest.Fails: "fails", storetest.FailsButPersisted: "fails but persisted", storetest.Hangs: "hangs", storetest.Throttled: "throttled",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table, bucket := storetest.NewMemory(), archivetest.NewMemory()
				r, took := push(t, table, bucket, func(c storetest.Call) storetest.Fault {
					if isNote(c) {
						return fault
					}
					return storetest.None
				})
				if r.Outcome != ingest.Stored || r.Spilled != 0 || r.Err == nil || recordsOf(table) != 1 || took > 50*time.Millisecond {
					t.Errorf("%+v after %v, %d records", r, took, recordsOf(table))
				}
				// Even if the PBX sends no other event, redriving this one puts it on the list.
				s := store.New(table, time.Now)
				if _, err := redrive.New(s, archive.NewDirect(bucket), bucket, time.Now).Run(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if listed, err := s.Listed(t.Context(), mac); err != nil || !listed {
					t.Errorf("after the hourly run it is listed: %t, %v", listed, err)
				}
			})
		})
	}
}

func TestTheNextEventNotesWhatCouldNotBeNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, bucket := storetest.NewMemory(), archivetest.NewMemory()
		push(t, table, bucket, func(c storetest.Call) storetest.Fault {
			if isNote(c) {
				return storetest.Fails
			}
			return storetest.None
		})
		s := store.New(table, time.Now)
		if listed, err := s.Listed(t.Context(), mac); err != nil || listed {
			t.Fatal(listed, err)
		}
		if r, _ := push(t, table, bucket, func(storetest.Call) storetest.Fault { return storetest.None }); r.Err != nil {
			t.Error(r.Err)
		}
		if listed, err := s.Listed(t.Context(), mac); err != nil || !listed {
			t.Errorf("listed: %t, %v", listed, err)
		}
	})
}

// The first event of a PBX may come just as the table answers again.
func TestASenderIsNotedThoughTheTableDidNotAnswerLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContainer(t)
		c.tableHangs = true
		for range 4 {
			c.push(ingest.Stored, 1)
		}
		c.tableHangs = false
		time.Sleep(10 * time.Second)
		c.push(ingest.Stored, 0)
		last := pbx.MAC(fmt.Sprintf("68692e%06x", c.sent))
		if listed, err := store.New(c.table, time.Now).Listed(t.Context(), last); err != nil || !listed {
			t.Errorf("listed: %t, %v", listed, err)
		}
	})
}

// anyToken accepts each token.
type anyToken struct{}

func (anyToken) Verify(context.Context, pbx.MAC, string) (token.Proof, error) {
	return token.Proof{KID: "k1", Generation: 1}, nil
}

// fleetload is a fleet at its busiest hour. Each event meets one of many containers, which sees the
// same PBX every 22 minutes.
type fleetload struct {
	table      *storetest.Memory
	containers []*ingest.Ingest
	now        time.Time
	random     *rand.Rand
	notes      atomic.Int64
	second     map[string]int // writes of the fleet list in a second, by partition
	most       int            // of them
}

// A fifth of 10,000 PBXs, which send 2,083 events per second to 270 containers.
const (
	fleetPBXs       = 10_000 / 5
	fleetContainers = 270 / 5
	fleetRate       = 2083 / 5 // events per second
)

func newFleetload() *fleetload {
	f := &fleetload{
		table: storetest.NewMemory(), now: time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC),
		random: rand.New(rand.NewPCG(1, 2)), second: map[string]int{},
	}
	f.deploy()
	return f
}

// deploy replaces all containers.
func (f *fleetload) deploy() {
	clock := func() time.Time { return f.now }
	table := storetest.NewFaulty(f.table, func(c storetest.Call) storetest.Fault {
		if isNote(c) {
			f.notes.Add(1)
		}
		if c.Method == "Put" && strings.HasPrefix(c.Key.PK, "FLEET") {
			f.second[c.Key.PK]++
			f.most = max(f.most, f.second[c.Key.PK])
		}
		return storetest.None
	})
	bucket := archived{backend: &backend{keep: func(context.Context) error { return nil }}}
	f.containers = nil
	for range fleetContainers {
		f.containers = append(f.containers, ingest.New(anyToken{}, store.New(table, clock), keepsNothing{}, bucket, clock))
	}
}

type keepsNothing struct{}

func (keepsNothing) Keep(context.Context, []archive.Envelope) error { return nil }

// run lets seconds pass, and returns the notes per event.
func (f *fleetload) run(t *testing.T, seconds int) float64 {
	t.Helper()
	f.notes.Store(0)
	events := 0
	for range seconds {
		clear(f.second)
		for range fleetRate {
			f.now = f.now.Add(time.Second / fleetRate)
			mac := fmt.Sprintf("02000%07x", f.random.IntN(fleetPBXs))
			in := f.containers[f.random.IntN(fleetContainers)]
			a, outcome, err := in.Admit(t.Context(), mac, "x")
			if outcome != ingest.Admitted || err != nil {
				t.Fatal(outcome, err)
			}
			r := in.Receive(t.Context(), a, ingest.Delivery{Body: []byte("{event:'hangup', uniqueid:'1325747409.260'}")})
			if r.Outcome != ingest.Stored || r.Spilled > 0 || r.Err != nil {
				t.Fatal(r.Outcome, r.Err)
			}
			events++
		}
	}
	return float64(f.notes.Load()) / float64(events)
}

// partitionWrites is a fifth of the writes per second that a partition of DynamoDB takes.
const partitionWrites = 1000 / 5

func TestALargeFleetIsNotedRarelyByManyContainers(t *testing.T) {
	synctest.Test(t, aLargeFleetIsNotedRarely) // where no timer ends on a busy machine
}

func aLargeFleetIsNotedRarely(t *testing.T) {
	f := newFleetload()
	f.run(t, 25) // each PBX is new
	if perEvent := f.run(t, 5); perEvent > 0.02 {
		t.Errorf("after its first events there are %.3f notes per event", perEvent)
	}
	f.deploy()
	if perEvent := f.run(t, 3); perEvent > 0.02 {
		t.Errorf("after a deployment there are %.3f notes per event", perEvent)
	}
	f.now = f.now.Add(15 * time.Minute) // all last events are old
	f.run(t, 25)
	if perEvent := f.run(t, 3); perEvent > 0.02 {
		t.Errorf("in the next quarter of an hour there are %.3f notes per event", perEvent)
	}
	if f.most > partitionWrites/2 {
		t.Errorf("a partition of the fleet list takes %d writes in a second", f.most)
	}
}
