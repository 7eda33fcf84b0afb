package redrive_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

const (
	spilledInOutage = 1_250_000 // events of 10 minutes, at 2,083 a second
	workers         = 4         // RollupConcurrency
	tried           = 8_000     // events of the test
)

// slowTable and slowBucket are stores whose calls take as long as those of DynamoDB and S3.
func slowTable(t store.Table) store.Table {
	return storetest.NewFaulty(t, func(storetest.Call) storetest.Fault {
		time.Sleep(4 * time.Millisecond)
		return storetest.None
	})
}

func slowBucket(b archive.Bucket) archive.Bucket {
	return archivetest.NewFaulty(b, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Put" || c.Method == "Delete" {
			time.Sleep(30 * time.Millisecond)
		} else {
			time.Sleep(20 * time.Millisecond)
		}
		return archivetest.None
	})
}

// work does all jobs, as workers that take them from a queue do, and returns how many turns they had.
func work(ctx context.Context, t *testing.T, r *redrive.Redrive, jobs []redrive.Job) (turns int) {
	var mu sync.Mutex
	for len(jobs) > 0 {
		var again []redrive.Job
		turns += len(jobs)
		each.Concurrently(workers, len(jobs), func(i int) {
			ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond) // so that jobs need several turns
			defer cancel()
			_, more, err := r.Do(ctx, jobs[i])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if more {
				again = append(again, jobs[i])
			}
		})
		jobs = again
	}
	return turns
}

func TestTheEventsOfAnOutageAreRedrivenInUnderAnHour(t *testing.T) {
	for name, spill := range map[string]func(context.Context, *store.Store, archive.Bucket, archive.Envelope) error{
		"the archive was down": func(ctx context.Context, s *store.Store, _ archive.Bucket, e archive.Envelope) error {
			lines, err := archive.Lines([]archive.Envelope{e})
			if err != nil {
				return err
			}
			return s.Spill(ctx, e.MAC, e.Received, lines)
		},
		"the table was down": func(ctx context.Context, _ *store.Store, b archive.Bucket, e archive.Envelope) error {
			return archive.Spill(ctx, b, []archive.Envelope{e})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table, bucket := storetest.NewMemory(), archivetest.NewMemory()
				for i := range tried {
					mac := pbx.MAC(fmt.Sprintf("0200000%05x", i)) // so that the settings of each are read
					e := archive.Envelope{MAC: mac, Received: time.Now().Add(time.Duration(i) * time.Millisecond), Event: &pbx.Hangup{UniqueID: fmt.Sprint(i)},
						Body: fmt.Appendf(nil, "{event:'hangup', uniqueid:'%d'}", i)}
					if err := spill(t.Context(), store.New(table, time.Now), bucket, e); err != nil {
						t.Fatal(err)
					}
				}
				slow := slowBucket(bucket)
				r := redrive.New(store.New(slowTable(table), time.Now), archive.NewDirect(slow), slow, time.Now)
				began := time.Now()
				found, err := r.Look(t.Context())
				if err != nil || len(found.Jobs) != 16 {
					t.Fatalf("%d jobs, %v", len(found.Jobs), err)
				}
				turns := work(t.Context(), t, r, found.Jobs)
				took := time.Since(began)
				perSecond := tried / took.Seconds()
				t.Logf("%d events in %v, %d turns: %.0f a second", tried, took, turns, perSecond)
				if perSecond < 2*spilledInOutage/time.Hour.Seconds() { // half of the hour is for the CPU
					t.Errorf("%.0f events a second", perSecond)
				}
				if turns <= len(found.Jobs) {
					t.Errorf("%d turns: no job was followed by another", turns)
				}
				if left, err := r.Look(t.Context()); err != nil || len(left.Jobs) > 0 {
					t.Errorf("left: %+v, %v", left, err)
				}
			})
		})
	}
}

func TestWhatTheVersionBeforeSpilledIsRedriven(t *testing.T) {
	w := newWorld()
	e := archive.Envelope{MAC: mac, Received: w.now, Event: &pbx.Hangup{UniqueID: "1"}, Body: []byte("{event:'hangup', uniqueid:'1'}")}
	lines, err := archive.Lines([]archive.Envelope{e})
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s%013d-%s.json", archive.SpillPrefix, e.Received.UnixMilli(), e.ID())
	if err := w.bucket.Put(t.Context(), name, lines); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Hour)
	r := redrive.New(w.store(), archive.NewDirect(w.bucket), w.bucket, w.clock)
	found, err := r.Look(t.Context())
	if err != nil || len(found.Jobs) != 1 || found.Archive != 1 || found.Table != 0 {
		t.Fatalf("found %+v, %v", found, err)
	}
	if done, again, err := r.Do(t.Context(), found.Jobs[0]); done.Recorded != 1 || again || err != nil {
		t.Errorf("%+v, again %t, %v", done, again, err)
	}
}

func TestAJobOfNoShardIsRefused(t *testing.T) {
	for _, shard := range []redrive.Shard{"", "table", "table/", "table/g", "archive/01", "raw/0"} {
		if err := (redrive.Job{Shard: shard}).Check(); err == nil {
			t.Errorf("%q is accepted", shard)
		}
	}
}
