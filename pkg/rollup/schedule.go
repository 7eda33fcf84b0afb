package rollup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"trunkline/pkg/each"
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

// Schedule marks the days that have closed, and sends a task for each day that is due. A PBX, a
// day or a mark that it fails at is skipped, and comes again with the next run; the error names
// those of each loop.
func (r *Rollup) Schedule(ctx context.Context, q Queue) (Scheduled, error) {
	var done Scheduled
	err := r.mark(ctx, &done)
	return done, errors.Join(err, r.wake(ctx, q, &done))
}

// mark marks the days of all PBXs that have closed, and some that were computed by other
// rules, or in another zone.
func (r *Rollup) mark(ctx context.Context, done *Scheduled) error {
	var mu sync.Mutex
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs of the schedule", Name: each.Text[pbx.MAC], AtOnce: store.PBXsAtOnce}
	return pbxs.Do(ctx, r.store.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		marked, err := r.markPBX(ctx, mac)
		again, againErr := Recheck(ctx, r.store, mac, r.now())
		mu.Lock()
		defer mu.Unlock()
		done.PBXs++
		done.Marked += marked + again
		return errors.Join(err, againErr)
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
	for goesOn := err == nil; goesOn && through != last && marked < DaysAtOnce; {
		until, some, someErr := r.markSome(ctx, d, mac, through, last)
		goesOn = until != through
		through, marked, err = until, marked+some, errors.Join(err, someErr)
	}
	return marked, err
}

// markSome marks the days after through, until last or for as long a time as one run may look at,
// and returns the last one; through where any of them could not be marked. A record whose
// beginning can't be read is told of, and not waited for: the day that reads it tells of it, too.
func (r *Rollup) markSome(ctx context.Context, d device, mac pbx.MAC, through, last pbx.Day) (until pbx.Day, marked int, err error) {
	if until, err = r.until(ctx, mac, d.zone, through, last); err != nil {
		return through, 0, err
	}
	// Where through is later, the PBX's zone was found to lie farther west: days that had
	// closed are open again, and will be marked again.
	recorded := r.store.RecordedDays(ctx, mac, d.zone, store.Span{From: after(through), To: after(until)})
	unmarked := false
	days := each.Loop[pbx.Day]{Of: "days that have closed", Name: each.Text[pbx.Day]}
	err = days.Do(ctx, recorded, func(ctx context.Context, day pbx.Day) error {
		sealed, err := r.markClosed(ctx, d, Task{mac, day})
		unmarked = unmarked || err != nil
		if err == nil && !sealed {
			marked++
		}
		return err
	})
	if unmarked || err != nil && !each.Only(err) {
		return through, marked, err
	}
	if saveErr := r.store.SetMarkedThrough(ctx, mac, until); saveErr != nil {
		return through, marked, errors.Join(err, saveErr)
	}
	return until, marked, err
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
	zones := r.zones()
	marks := each.Loop[store.Mark]{Of: "marks of days that are due", Name: nameOfMark}
	err := marks.Do(ctx, r.store.Due(ctx), func(ctx context.Context, mark store.Mark) error {
		zone, err := zones(ctx, mark.MAC)
		if err != nil || !r.closed(zone, mark.Day, r.now()) {
			return err
		}
		if due.of[mark.MAC] == nil {
			due.add(&share{mac: mark.MAC, zone: zone, last: zone.Local(r.now()).Day() + 1})
		}
		due.due(mark.MAC, mark.Day)
		return nil
	})
	tasks := due.tasks()
	done.Waiting = due.found - len(tasks)
	for some := range slices.Chunk(tasks, tasksAtOnce) {
		err = errors.Join(err, r.send(ctx, q, some, done))
	}
	return err
}

func nameOfMark(m store.Mark) string { return m.Day.String() + " of " + string(m.MAC) }

// zones returns a function that tells the zones of PBXs, each of which it reads once.
func (r *Rollup) zones() func(context.Context, pbx.MAC) (pbx.Zone, error) {
	type found struct {
		zone pbx.Zone
		err  error
	}
	known := map[pbx.MAC]found{}
	return func(ctx context.Context, mac pbx.MAC) (pbx.Zone, error) {
		of, ok := known[mac]
		if !ok {
			d, err := r.device(ctx, mac)
			of = found{d.zone, err}
			known[mac] = of
		}
		return of.zone, of.err
	}
}

func (r *Rollup) send(ctx context.Context, q Queue, tasks []Task, done *Scheduled) error {
	err := q.Send(ctx, tasks)
	if err == nil || each.Only(err) {
		done.Sent += len(tasks)
	}
	if err != nil {
		return fmt.Errorf("send %d tasks: %w", len(tasks), err)
	}
	return nil
}
