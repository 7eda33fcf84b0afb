package local

import (
	"context"
	"time"

	"trunkline/pkg/compact"
	"trunkline/pkg/each"
	"trunkline/pkg/rollup"
)

// workersAtOnce is how many days are computed side by side.
const workersAtOnce = 2

// Queue is a maintenance.Queue within this process, which has all done that it is sent. What fails
// comes again with the next run of the schedule.
type Queue struct {
	Compute func(context.Context, rollup.Task) error
	Take    func(context.Context, compact.Turn) error
}

// Pack implements maintenance.Queue.
func (q Queue) Pack(ctx context.Context, turns []compact.Turn) error {
	kinds := each.Loop[compact.Turn]{Of: "kinds of events to be packed", Name: func(t compact.Turn) string { return string(t.Kind) }}
	return kinds.Do(ctx, each.Of(turns...), q.Take)
}

// Send implements rollup.Queue.
func (q Queue) Send(ctx context.Context, tasks []rollup.Task) error {
	days := each.Loop[rollup.Task]{Of: "days to be computed", Name: rollup.Task.String, AtOnce: workersAtOnce}
	return days.Do(ctx, each.Of(tasks...), q.Compute)
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
