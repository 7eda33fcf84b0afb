package ingest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token/tokentest"
)

// The latencies of the stores in virtual time.
const (
	tableTakes   = 4 * time.Millisecond
	archiveTakes = 30 * time.Millisecond
)

// container is an Ingest over stores that take some time, and may hang.
type container struct {
	*testing.T
	*ingest.Ingest
	table                    *storetest.Memory
	bucket                   *archivetest.Memory
	tableHangs, archiveHangs bool
	sent                     int
}

func newContainer(t *testing.T) *container {
	c := &container{T: t, table: storetest.NewMemory(), bucket: archivetest.NewMemory()}
	table := storetest.NewFaulty(c.table, func(storetest.Call) storetest.Fault {
		time.Sleep(tableTakes)
		if c.tableHangs {
			return storetest.Hangs
		}
		return storetest.None
	})
	bucket := archivetest.NewFaulty(c.bucket, func(archivetest.Call) archivetest.Fault {
		time.Sleep(archiveTakes)
		if c.archiveHangs {
			return archivetest.Hangs
		}
		return archivetest.None
	})
	c.Ingest = ingest.New(tokentest.Fixed(keys(t)), store.New(table, time.Now), archive.NewDirect(bucket), bucket, time.Now)
	return c
}

// push has the next PBX of a fleet push an event, and returns how long the answer took.
func (c *container) push(want ingest.Outcome, spilled int) time.Duration {
	c.Helper()
	c.sent++
	mac := pbx.MAC(fmt.Sprintf("68692e%06x", c.sent))
	began := time.Now()
	a, outcome, err := c.Admit(c.Context(), string(mac), keys(c.T).Sign(mac, 1).Reveal())
	if outcome != ingest.Admitted || err != nil {
		c.Fatal(outcome, err)
	}
	r := c.Receive(c.Context(), a, ingest.Delivery{Body: []byte(call)})
	if r.Outcome != want || r.Spilled != spilled {
		c.Errorf("event %d: %v, %d spilled, %v", c.sent, r.Outcome, r.Spilled, r.Err)
	}
	return time.Since(began)
}

// An event waits at most so long for a store that hangs, once it has not answered three times.
const soonEnough = 100 * time.Millisecond

func TestAnEventDoesNotWaitForAStoreThatHangs(t *testing.T) {
	for name, hangs := range map[string]func(c *container, hangs bool){
		"the table":   func(c *container, hangs bool) { c.tableHangs = hangs },
		"the archive": func(c *container, hangs bool) { c.archiveHangs = hangs },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newContainer(t)
				for range 3 {
					c.push(ingest.Stored, 0)
				}
				hangs(c, true)
				for range 3 {
					if took := c.push(ingest.Stored, 1); took > 700*time.Millisecond {
						t.Errorf("one of the first events took %v", took)
					}
				}
				for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(100 * time.Millisecond) {
					if took := c.push(ingest.Stored, 1); took >= soonEnough {
						t.Fatalf("an event took %v, %v after the store began to hang", took, time.Since(began))
					}
				}
				hangs(c, false)
				time.Sleep(10 * time.Second)
				for range 3 {
					if took := c.push(ingest.Stored, 0); took >= soonEnough {
						t.Errorf("once the store answers again, an event took %v", took)
					}
				}
			})
		})
	}
}

// While both hang, each event is tried, and refused within the deadline. Once they answer, the next one
// is stored.
func TestBothStoresAreTriedThoughNeitherHasAnsweredLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContainer(t)
		c.tableHangs, c.archiveHangs = true, true
		for range 6 {
			if took := c.push(ingest.Unavailable, 0); took > 3*time.Second {
				t.Errorf("the answer took %v", took)
			}
		}
		c.tableHangs, c.archiveHangs = false, false
		c.push(ingest.Stored, 0)
	})
}

func TestAWriteThatIsSlowIsSpilledAndTheFirstThatIsDurableAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		records, spill time.Duration
		first          bool // in this container
		took           time.Duration
		spilled        int
	}{
		"not slow":                           {399 * time.Millisecond, 0, false, 399 * time.Millisecond, 0},
		"slow":                               {1500 * time.Millisecond, 30 * time.Millisecond, false, 430 * time.Millisecond, 1},
		"slow, and so is the spill":          {500 * time.Millisecond, 200 * time.Millisecond, false, 500 * time.Millisecond, 0},
		"the first, not slow":                {1100 * time.Millisecond, 0, true, 1100 * time.Millisecond, 0},
		"the first, slow":                    {1600 * time.Millisecond, 30 * time.Millisecond, true, 1230 * time.Millisecond, 1},
		"the first, slow, as is the spill":   {1600 * time.Millisecond, 500 * time.Millisecond, true, 1600 * time.Millisecond, 0},
		"slower than the deadline of either": {time.Hour, time.Hour, false, 1700 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				takes := func(d time.Duration) func(context.Context) error {
					return func(ctx context.Context) error {
						select {
						case <-time.After(d):
							return nil
						case <-ctx.Done():
							return ctx.Err()
						}
					}
				}
				b := &backend{record: takes(c.records), keepSpill: takes(c.spill)}
				if c.first {
					b.device = hangs
				}
				began := time.Now()
				w, r := postValid(t, b, call)
				want := http.StatusOK
				if c.records == time.Hour {
					want = http.StatusServiceUnavailable
				}
				took := time.Since(began)
				if c.first {
					took -= 200 * time.Millisecond // the settings
				}
				if w.Code != want || r.Spilled != c.spilled || took != c.took {
					t.Errorf("answer %d, %d spilled, after %v, want %v", w.Code, r.Spilled, took, c.took)
				}
				checkPrompt(t, b, began)
			})
		})
	}
}

// A large array takes longer than a slow write, but its writes go on.
func TestALargeArrayIsNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{record: func(ctx context.Context) error {
			time.Sleep(300 * time.Millisecond)
			return ctx.Err()
		}}
		body := "["
		for range 4*32 - 1 {
			body += call + ","
		}
		if w, r := postValid(t, b, body+call+"]"); w.Code != http.StatusOK || r.Spilled != 0 || len(b.recorded) != 4*32 {
			t.Errorf("answer %d, %d spilled, %d recorded", w.Code, r.Spilled, len(b.recorded))
		}
	})
}

func TestASpilledDeliveryIsOneObjectOrItem(t *testing.T) {
	array := "[" + call + ",{event:'hangup', uniqueid:'1'},{event:'hangup', uniqueid:'2'}]"
	for _, tableHangs := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c := newContainer(t)
			c.tableHangs, c.archiveHangs = tableHangs, !tableHangs
			if r := c.Receive(t.Context(), ingest.Admission{MAC: mac}, ingest.Delivery{Body: []byte(array)}); r.Spilled != 3 {
				t.Errorf("%+v", r)
			}
			spilled := 0
			for range c.bucket.List(t.Context(), archive.SpillPrefix, "") {
				spilled++
			}
			for _, item := range c.table.Items() {
				if item.PK[:min(len(item.PK), 5)] == "SPILL" {
					spilled++
				}
			}
			if spilled != 1 {
				t.Errorf("%d objects or items", spilled)
			}
		})
	}
}
