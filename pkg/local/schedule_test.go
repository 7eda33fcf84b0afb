package local

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/compact"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/rollup"
)

func tasks(n int) (all []rollup.Task) {
	for i := range n {
		all = append(all, rollup.Task{MAC: mac, Day: pbx.Day(i + 1)})
	}
	return all
}

// worker is a Worker of two functions.
type worker struct {
	compute func(context.Context, rollup.Task) error
	pack    func(compact.Job) (again bool, err error)
	redrive func(redrive.Job) (again bool, err error)
}

func (w worker) Compute(ctx context.Context, t rollup.Task) error { return w.compute(ctx, t) }

func (w worker) Redrive(_ context.Context, t redrive.Job) (bool, error) { return w.redrive(t) }

func (w worker) Pack(_ context.Context, t compact.Job) (bool, error) { return w.pack(t) }

func TestAllTasksAreDoneOnceTwoAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var done []rollup.Task
		q := Queue{worker{compute: func(_ context.Context, task rollup.Task) error {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			done = append(done, task)
			return nil
		}}}
		began := time.Now()
		if err := q.Send(t.Context(), tasks(7)); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(done, func(a, b rollup.Task) int { return int(a.Day - b.Day) })
		if took := time.Since(began); !slices.Equal(done, tasks(7)) || took != 4*time.Second {
			t.Errorf("%v after %v", done, took)
		}
	})
}

func TestTurnsAtPackingAreTakenOneAfterTheOther(t *testing.T) {
	var taken []compact.Job
	q := Queue{worker{pack: func(job compact.Job) (bool, error) {
		taken = append(taken, job)
		return false, nil
	}}}
	jobs := compact.Jobs(time.Now())
	if err := q.Pack(t.Context(), jobs); err != nil || !slices.Equal(taken, jobs) {
		t.Errorf("%v, %v", taken, err)
	}
}

func TestATurnThatWasTooShortIsFollowedByAnotherOnceAllKindsHadOne(t *testing.T) {
	var taken []pbx.Kind
	left := map[pbx.Kind]int{"a": 2, "b": 0, "c": 1} // jobs after the first
	q := Queue{worker{pack: func(job compact.Job) (bool, error) {
		taken = append(taken, job.Kind)
		left[job.Kind]--
		return left[job.Kind] >= 0, errors.New("one batch can't be read")
	}}}
	err := q.Pack(t.Context(), []compact.Job{{Kind: "a"}, {Kind: "b"}, {Kind: "c"}})
	if want := []pbx.Kind{"a", "b", "c", "a", "c", "a"}; !slices.Equal(taken, want) || !each.Only(err) {
		t.Errorf("%v, %v", taken, err)
	}
}

func TestAShardThatIsNotFinishedHasAnotherTurnOnceAllShardsHadOne(t *testing.T) {
	var taken []redrive.Shard
	q := Queue{worker{redrive: func(job redrive.Job) (bool, error) {
		taken = append(taken, job.Shard)
		return len(taken) == 1, errors.New("one text can't be archived")
	}}}
	err := q.Redrive(t.Context(), []redrive.Job{{Shard: "table/0"}, {Shard: "archive/f"}})
	if want := []redrive.Shard{"table/0", "archive/f", "table/0"}; !slices.Equal(taken, want) || !each.Only(err) {
		t.Errorf("%v, %v", taken, err)
	}
}

func TestNoTasksAreNoWork(t *testing.T) {
	if err := (Queue{worker{}}).Send(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestAQueueThatIsStoppedSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	q := Queue{worker{compute: func(given context.Context, _ rollup.Task) error {
		cancel()
		if given.Err() == nil {
			t.Error("a worker does not learn that it should stop")
		}
		return nil
	}}}
	if err := q.Send(ctx, tasks(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped with %v", err)
	}
}

func TestTheScheduleRunsAtOnceAndEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var runs []time.Duration
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			Hourly(ctx, func(context.Context) {
				runs = append(runs, time.Since(began))
				time.Sleep(10 * time.Minute)
			})
		}()
		time.Sleep(2*time.Hour + time.Minute)
		cancel()
		<-ended
		if want := []time.Duration{0, time.Hour, 2 * time.Hour}; !slices.Equal(runs, want) {
			t.Errorf("ran after %v", runs)
		}
		if took := time.Since(began); took != 2*time.Hour+10*time.Minute {
			t.Errorf("a run under way was not joined: ended after %v", took)
		}
	})
}

func TestADayThatFailsKeepsNoOtherFromBeingComputed(t *testing.T) {
	var mu sync.Mutex
	computed := 0
	q := Queue{worker{compute: func(_ context.Context, task rollup.Task) error {
		if task.Day == 3 {
			return errors.New("its records can't be read")
		}
		mu.Lock()
		defer mu.Unlock()
		computed++
		return nil
	}}}
	if err := q.Send(t.Context(), tasks(7)); !each.Only(err) || computed != 6 {
		t.Errorf("%d computed, %v", computed, err)
	}
}
