package local

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/compact"
	"trunkline/pkg/each"
	"trunkline/pkg/redrive"
	"trunkline/pkg/rollup"
)

// workersAtOnce is how many days are computed concurrently.
const workersAtOnce = 2

// Worker does the tasks of a Queue.
type Worker interface {
	Compute(context.Context, rollup.Task) error
	// Pack does a compaction job. It reports whether the same job has to be done again.
	Pack(context.Context, compact.Job) (again bool, err error)
	// Redrive does a redrive job. It reports whether the same job has to be done again.
	Redrive(context.Context, redrive.Job) (again bool, err error)
}

// Queue is a maintenance.Queue within this process. Each call returns after its worker has done
// all tasks. The next run of the schedule repeats what failed.
type Queue struct{ Worker Worker }

// Pack implements maintenance.Queue. Each kind of event has one job before any has its next one.
func (q Queue) Pack(ctx context.Context, jobs []compact.Job) error {
	kinds := each.Loop[compact.Job]{Of: "kinds of events to be packed", Name: func(t compact.Job) string { return string(t.Kind) }}
	return rounds(ctx, kinds, jobs, q.Worker.Pack)
}

// Redrive implements maintenance.Queue. Each shard has one job before any has its next one.
func (q Queue) Redrive(ctx context.Context, jobs []redrive.Job) error {
	shards := each.Loop[redrive.Job]{Of: "shards of the spill", Name: func(t redrive.Job) string { return string(t.Shard) }}
	return rounds(ctx, shards, jobs, q.Worker.Redrive)
}

// rounds does jobs one after the other, and then again those that are not finished.
func rounds[J any](ctx context.Context, loop each.Loop[J], jobs []J, do func(context.Context, J) (again bool, err error)) (err error) {
	for len(jobs) > 0 {
		var again []J
		err = errors.Join(err, loop.Do(ctx, each.Of(jobs...), func(ctx context.Context, job J) error {
			more, err := do(ctx, job)
			if more {
				again = append(again, job)
			}
			return err
		}))
		jobs = again
	}
	return err
}

// Send implements rollup.Queue.
func (q Queue) Send(ctx context.Context, tasks []rollup.Task) error {
	days := each.Loop[rollup.Task]{Of: "days to be computed", Name: rollup.Task.String, AtOnce: workersAtOnce}
	return days.Do(ctx, each.Of(tasks...), q.Worker.Compute)
}

// scheduleEvery is how often the schedule runs.
const scheduleEvery = time.Hour

// Hourly calls do now and every hour, until ctx ends.
func Hourly(ctx context.Context, do func(context.Context)) {
	ticker := time.NewTicker(scheduleEvery)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
