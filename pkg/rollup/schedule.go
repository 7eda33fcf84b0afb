package rollup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Scheduled is what a run of the schedule did.
type Scheduled struct {
	PBXs   int // on the fleet list
	Marked int // days, since they have closed, or the rules or the zone changed
	Sent   int // tasks, for these and for days that were due before
	// Waiting is how many days more are due, over the shares of their PBXs. They stay due.
	Waiting int
}

// tasksAtOnce is how many tasks are handed to the queue together.
const tasksAtOnce = 1000

// Schedule marks the days that have closed, and sends a task for each day that is due. A
// PBX that it fails at does not keep it from the others; the error tells of all failures.
func (r *Rollup) Schedule(ctx context.Context, q Queue) (Scheduled, error) {
	var done Scheduled
	err := r.mark(ctx, &done)
	return done, errors.Join(err, r.wake(ctx, q, &done))
}

// mark marks the days of all PBXs that have closed, and some that were computed by other
// rules, or in another zone.
func (r *Rollup) mark(ctx context.Context, done *Scheduled) error {
	var mu sync.Mutex
	return r.store.EachPBX(ctx, func(mac pbx.MAC) error {
		marked, err := r.markPBX(ctx, mac)
		if err == nil {
			var again int
			again, err = Recheck(ctx, r.store, mac, r.now())
			marked += again
		}
		mu.Lock()
		defer mu.Unlock()
		done.PBXs++
		done.Marked += marked
		return err
	})
}

// markPBX marks the days of one PBX that have closed since the schedule last came to it.
func (r *Rollup) markPBX(ctx context.Context, mac pbx.MAC) (marked int, err error) {
	d, err := r.device(ctx, mac)
	if err != nil {
		return 0, err
	}
	through, err := r.store.MarkedThrough(ctx, mac)
	last := r.lastClosed(d.zone, r.now())
	for err == nil && through != last && marked < DaysAtOnce {
		var some int
		through, some, err = r.markSome(ctx, d, mac, through, last)
		marked += some
	}
	return marked, err
}

// markSome marks the days after through, until last or for as long a time as one run may look at,
// and returns the last one.
func (r *Rollup) markSome(ctx context.Context, d device, mac pbx.MAC, through, last pbx.Day) (until pbx.Day, marked int, err error) {
	if until, err = r.until(ctx, mac, d.zone, through, last); err != nil {
		return through, 0, err
	}
	// Where through is later, the PBX's zone was found to lie farther west: days that had
	// closed are open again, and will be marked anew.
	for day, err := range r.store.RecordedDays(ctx, mac, d.zone, store.Span{From: after(through), To: after(until)}) {
		var sealed bool
		if err == nil {
			sealed, err = r.markClosed(ctx, d, Task{mac, day})
		}
		if err != nil {
			return through, marked, err
		}
		if !sealed {
			marked++
		}
	}
	return until, marked, r.store.SetMarkedThrough(ctx, mac, until)
}

// lookedAtOnce is how many days of a PBX are looked at before it is kept how far that came. So a
// PBX with records of a hundred years is done in some runs, and keeps nobody else waiting.
const lookedAtOnce = 1000

// until is the last day to look at now, of those after through until last: so many days after
// the first one on which anything was recorded.
func (r *Rollup) until(ctx context.Context, mac pbx.MAC, zone pbx.Zone, through, last pbx.Day) (pbx.Day, error) {
	if through != 0 && last-through <= lookedAtOnce {
		return last, nil
	}
	first, err := r.store.FirstRecordedDay(ctx, mac, zone, store.Span{From: after(through), To: after(last)})
	if err != nil || first == 0 {
		return last, err
	}
	return min(last, first+lookedAtOnce), nil
}

// markClosed marks a day that has closed, unless it is sealed.
func (r *Rollup) markClosed(ctx context.Context, d device, t Task) (sealed bool, err error) {
	sealed, err = r.store.IsSealed(ctx, t.MAC, t.Day)
	if err != nil || sealed {
		return sealed, err
	}
	return false, r.store.MarkClosed(ctx, t.MAC, t.Day, earlier(d.zone.End(t.Day), r.now()))
}

// earlier is the earlier of two instants. A day whose end lies ahead has closed where the PBX's
// clock can't have reached it.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// after is the beginning of the day after, unknown where the day is.
func after(day pbx.Day) pbx.LocalTime {
	if day == 0 {
		return 0
	}
	return (day + 1).Start()
}

// wake sends tasks for the days that are due and have closed, of each PBX at most its share.
func (r *Rollup) wake(ctx context.Context, q Queue, done *Scheduled) error {
	var due shares
	for mark, err := range r.store.Due(ctx) {
		if err != nil {
			return err
		}
		if due.of[mark.MAC] == nil {
			d, err := r.device(ctx, mark.MAC)
			if err != nil {
				return err
			}
			due.add(&share{mac: mark.MAC, zone: d.zone, last: d.zone.Local(r.now()).Day() + 1})
		}
		if r.closed(due.of[mark.MAC].zone, mark.Day, r.now()) {
			due.due(mark.MAC, mark.Day)
		}
	}
	tasks := due.tasks()
	done.Waiting = due.found - len(tasks)
	for some := range slices.Chunk(tasks, tasksAtOnce) {
		if err := r.send(ctx, q, some, done); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rollup) send(ctx context.Context, q Queue, tasks []Task, done *Scheduled) error {
	if err := q.Send(ctx, tasks); err != nil {
		return fmt.Errorf("send %d tasks: %w", len(tasks), err)
	}
	done.Sent += len(tasks)
	return nil
}
