package rollup

import (
	"context"
	"maps"
	"slices"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// RequestFleet is RequestClosed for all PBXs of the fleet. PBXs that it fails at are skipped.
func (r *Rollup) RequestFleet(ctx context.Context, first, last pbx.Day) (tasks []Task, err error) {
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that were asked for", Name: each.Text[pbx.MAC]}
	err = pbxs.Do(ctx, r.store.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		some, err := r.RequestClosed(ctx, mac, first, last)
		tasks = append(tasks, some...)
		return err
	})
	return tasks, err
}

// tasksOf returns a task for each day of each PBX, in their order.
func tasksOf(days map[pbx.MAC]map[pbx.Day]bool) (tasks []Task) {
	for _, mac := range slices.Sorted(maps.Keys(days)) {
		for _, day := range slices.Sorted(maps.Keys(days[mac])) {
			tasks = append(tasks, Task{MAC: mac, Day: day})
		}
	}
	return tasks
}

// Recompute computes the figures of closed days again, and returns of how many days they have changed.
// A day that fails keeps no other from being computed.
func (r *Rollup) Recompute(ctx context.Context, days map[pbx.MAC]map[pbx.Day]bool) (changed int, err error) {
	err = r.WorkAll(ctx, tasksOf(days), func(_ Task, result Result, _ error) error {
		if result == Published {
			changed++
		}
		return nil
	})
	return changed, err
}

// WorkAll does tasks, one after the other, and calls did with the result or the error of each. A
// task that fails keeps no other from being done. An error of did ends it.
func (r *Rollup) WorkAll(ctx context.Context, tasks []Task, did func(Task, Result, error) error) error {
	days := each.Loop[Task]{Of: "days that are rolled up", Name: Task.String}
	return days.Do(ctx, each.Of(tasks...), func(ctx context.Context, t Task) error {
		result, err := r.Work(ctx, t)
		if ctx.Err() != nil {
			return err
		}
		if didErr := did(t, result, err); didErr != nil {
			return each.Stop(didErr)
		}
		return err
	})
}
