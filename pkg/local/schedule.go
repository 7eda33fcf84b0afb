package local

import (
	"context"
	"sync"
	"time"

	"trunkline/pkg/compact"
	"trunkline/pkg/rollup"
)

// workersAtOnce is how many days are computed side by side.
const workersAtOnce = 2

// Queue is an hourly.Queue within this process, which has all done that it is sent. What fails
// comes again with the next run of the schedule.
type Queue struct {
	Compute func(context.Context, rollup.Task)
	Take    func(context.Context, compact.Turn)
}

// Pack implements hourly.Queue.
func (q Queue) Pack(ctx context.Context, turns []compact.Turn) error {
	for _, turn := range turns {
		q.Take(ctx, turn)
	}
	return ctx.Err()
}

// Send implements rollup.Queue.
func (q Queue) Send(ctx context.Context, tasks []rollup.Task) error {
	next := make(chan rollup.Task)
	var workers sync.WaitGroup
	for range workersAtOnce {
		workers.Go(func() {
			for task := range next {
				q.Compute(ctx, task)
			}
		})
	}
	for _, task := range tasks {
		next <- task
	}
	close(next)
	workers.Wait()
	return ctx.Err()
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
