package rollup

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
	Marked int // days that have closed, or whose rules or zone changed
	Sent   int // tasks, for these days and for days that were due before
	// Waiting is how many more days are due, beyond the shares of their PBXs. They stay due.
	Waiting int
}

const (
	// tasksAtOnce is how many tasks go to the queue in one call.
	tasksAtOnce = 1000
	// marksAhead is for how many marks the zones are read before the first of them is used.
	marksAhead = 512
)

// Schedule marks the days that have closed, and sends a task for each day that is due. It skips a
// PBX, a day or a mark that fails, and the next run tries it again. The error names what each
// loop skipped. A run that is cut off sends what it has found until then. The next run goes on: what
// was marked stays marked, and what was computed is no longer due.
func (r *Rollup) Schedule(ctx context.Context, q Queue) (Scheduled, error) {
	var done Scheduled
	marking, cancel := r.half(ctx)
	defer cancel()
	err := r.mark(marking, &done)
	return done, errors.Join(err, r.enqueue(ctx, q, &done))
}

// half returns a context that ends after half of the remaining time, if that is limited.
func (r *Rollup) half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, deadline.Sub(r.now())/2)
}

// mark marks the days of all PBXs that have closed, and some days that are outdated: see Recheck.
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

// markPBX marks the days of one PBX that have closed since the last run of the schedule.
func (r *Rollup) markPBX(ctx context.Context, mac pbx.MAC) (marked int, err error) {
	d, err := r.device(ctx, mac)
	if err != nil {
		return 0, err
	}
	through, err := r.store.Figures().MarkedThrough(ctx, mac)
	last := r.lastClosed(d.zone, r.now())
	for goesOn := err == nil; goesOn && through != last && marked < DaysAtOnce; {
		until, some, someErr := r.markSome(ctx, d, mac, through, last)
		goesOn = until != through
		through, marked, err = until, marked+some, errors.Join(err, someErr)
	}
	return marked, err
}

// markSome marks days after through, up to last, as many as one run may look at. It returns the
// last day it looked at, or through if any day could not be marked. If the beginning of a record
// can't be read, it reports that and goes on: computing that day will report it, too.
func (r *Rollup) markSome(ctx context.Context, d device, mac pbx.MAC, through, last pbx.Day) (until pbx.Day, marked int, err error) {
	if until, err = r.until(ctx, mac, d.zone, through, last); err != nil {
		return through, 0, err
	}
	// If through is later, the PBX's zone was corrected to one farther west. Days that had closed
	// are open again, and will be marked again.
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
	if saveErr := r.store.Figures().SetMarkedThrough(ctx, mac, until); saveErr != nil {
		return through, marked, errors.Join(err, saveErr)
	}
	return until, marked, err
}

// lookedAtOnce is how many days of a PBX are looked at before the progress is saved. So a PBX
// with records of a hundred years takes several runs, and no other PBX waits for it.
const lookedAtOnce = 1000

// until returns the last day to look at now, between through and last. It counts lookedAtOnce
// from the first day that has records.
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
	sealed, err = r.store.Figures().IsSealed(ctx, t.MAC, t.Day)
	if err != nil || sealed {
		return sealed, err
	}
	return false, r.store.Figures().MarkClosed(ctx, t.MAC, t.Day, earlier(d.zone.End(t.Day), r.now()))
}

// earlier returns the earlier of two instants. A day that ends in the future may have closed: the
// PBX's clock can't have reached it.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// after returns the beginning of the day after, or unknown for an unknown day.
func after(day pbx.Day) pbx.LocalTime {
	if day == 0 {
		return 0
	}
	return (day + 1).Start()
}

// enqueue sends tasks for the days that are due and have closed: of each PBX at most its share.
func (r *Rollup) enqueue(ctx context.Context, q Queue, done *Scheduled) error {
	var due shares
	marks := each.Loop[markIn]{Of: "marks of days that are due", Name: func(m markIn) string { return nameOfMark(m.Mark) }}
	reading, cancel := r.half(ctx)
	defer cancel()
	err := marks.Do(ctx, r.due(reading), func(_ context.Context, mark markIn) error {
		if !r.closed(mark.zone, mark.Day, r.now()) {
			return nil
		}
		if due.of[mark.MAC] == nil {
			due.add(&share{mac: mark.MAC, zone: mark.zone, last: mark.zone.Local(r.now()).Day() + 1})
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

// markIn is a mark, and the zone of its PBX.
type markIn struct {
	store.Mark
	zone pbx.Zone
}

// due yields the marks of all due days, with the zones of their PBXs. It reads the zones concurrently.
func (r *Rollup) due(ctx context.Context) iter.Seq2[markIn, error] {
	zones := r.zones()
	return each.MapAhead(ctx, store.PBXsAtOnce, marksAhead, r.store.Figures().Due(ctx), nameOfMark, func(ctx context.Context, mark store.Mark) (markIn, error) {
		zone, err := zones(ctx, mark.MAC)
		return markIn{mark, zone}, err
	})
}

func nameOfMark(m store.Mark) string { return m.Day.String() + " of " + string(m.MAC) }

// zones returns a function that returns the zones of PBXs, and reads each only once. The function is
// safe for concurrent use. A caller that waits for another one's read stops waiting when its context ends.
func (r *Rollup) zones() func(context.Context, pbx.MAC) (pbx.Zone, error) {
	var mu sync.Mutex
	known := map[pbx.MAC]*zoneRead{}
	return func(ctx context.Context, mac pbx.MAC) (pbx.Zone, error) {
		mu.Lock()
		read, begun := known[mac]
		if !begun {
			read = &zoneRead{done: make(chan struct{})}
			known[mac] = read
		}
		mu.Unlock()
		if !begun {
			read.zone, read.err = r.zone(ctx, mac)
			close(read.done)
		}
		select {
		case <-read.done:
			return read.zone, read.err
		case <-ctx.Done():
			return pbx.Zone{}, ctx.Err()
		}
	}
}

// zoneRead is a read of a PBX's zone: zone and err are set once done is closed.
type zoneRead struct {
	done chan struct{}
	zone pbx.Zone
	err  error
}

func (r *Rollup) zone(ctx context.Context, mac pbx.MAC) (pbx.Zone, error) {
	d, err := r.device(ctx, mac)
	return d.zone, err
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
