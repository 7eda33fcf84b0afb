package compact

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

const (
	// margin is how long after the end of a UTC day its events are packed. No write of an event
	// that was received on that day lasts so long.
	margin = time.Hour
	// longest is how long a run works if its context has no deadline.
	longest = 5 * time.Minute
	// latest is how many of the latest packed days each run visits again.
	latest = 2
	// batchesAtOnce is how many batches are packed concurrently.
	batchesAtOnce = 4
)

// Compactor packs the events of an archive. It is safe for concurrent use, by many processes.
type Compactor struct {
	bucket archive.Bucket
	now    func() time.Time
	full   int // fullBytes
}

// New makes a Compactor.
func New(b archive.Bucket, now func() time.Time) *Compactor { return &Compactor{b, now, fullBytes} }

// Report is what a run did.
type Report struct {
	Events  int     // events that were packed, and whose single objects were deleted
	Written int     // packed objects that were made or replaced
	Left    int     // objects of raw/ that are not an event, or not the event that their names say
	Failed  int     // batches (of a PBX and day) that could not be packed; the next run tries again
	Through pbx.Day // the last day that is packed; all days before it are packed, too
	More    bool    // the time ran out: the next run goes on
}

// Run packs the events of one kind, of all days that have ended, the oldest first. It also visits
// some packed days again. It skips what it can't read or pack, and the error names that. The next
// run tries it again; what was packed stays packed.
func (c *Compactor) Run(ctx context.Context, kind pbx.Kind) (Report, error) {
	r := &run{Compactor: c, kind: kind, until: c.until(ctx)}
	m, err := c.readMark(ctx, kind)
	if err != nil {
		return Report{}, err
	}
	err = r.days(ctx, &m)
	r.report.Through = m.Through
	return r.report, errors.Join(err, r.failed)
}

// until returns when a run starts no more work. It leaves a quarter of the time for calls that
// have begun.
func (c *Compactor) until(ctx context.Context) time.Time {
	now := c.now()
	work := longest
	if deadline, ok := ctx.Deadline(); ok {
		work = min(work, deadline.Sub(now)*3/4)
	}
	return now.Add(work)
}

// run is one run of a Compactor.
type run struct {
	*Compactor
	kind  pbx.Kind
	until time.Time

	failed error // what was skipped
	mu     sync.Mutex
	report Report
}

// over reports whether the run's time is used up.
func (r *run) over() bool { return !r.now().Before(r.until) }

// days packs days until none is left or the time is used up.
func (r *run) days(ctx context.Context, m *mark) error {
	ended := pbx.UTCDay(r.now().Add(-margin)) - 1
	m.Through = min(m.Through, ended)
	known := m.Through
	for m.Through < ended {
		day, err := r.next(ctx, m.Through)
		if err != nil {
			return err
		}
		if day == 0 || day > ended {
			m.Through = ended
		} else if done, err := r.day(ctx, day); err != nil || !done {
			return err
		} else {
			m.Through = day
		}
		if err := r.writeMark(ctx, r.kind, *m); err != nil {
			return err
		}
	}
	for day := known; day > known-latest && day > 0; day-- {
		if done, err := r.day(ctx, day); err != nil || !done {
			return err
		}
	}
	return r.again(ctx, m)
}

// again visits one older day: the one after the day of the last run, or the first day if no
// packed day follows.
func (r *run) again(ctx context.Context, m *mark) error {
	day, err := r.next(ctx, m.Again)
	if err != nil {
		return err
	}
	if day > m.Through {
		day = 0
	}
	if day > 0 {
		if done, err := r.day(ctx, day); err != nil || !done {
			return err
		}
	}
	if day == m.Again {
		return nil
	}
	m.Again = day
	return r.writeMark(ctx, r.kind, *m)
}

// next returns the first day after a given one that has events; 0 if there is no such day.
func (r *run) next(ctx context.Context, after pbx.Day) (pbx.Day, error) {
	folder := archive.RawKind(r.kind)
	past := ""
	if after > 0 {
		past = archive.RawFolder(r.kind, after) + "~" // sorts after all names of that day
	}
	days := each.Map(ctx, r.bucket.List(ctx, folder, past), each.Text, func(_ context.Context, name string) (pbx.Day, error) {
		partition, _, _ := strings.Cut(strings.TrimPrefix(name, folder), "/")
		day, err := pbx.ParseDay(strings.TrimPrefix(partition, "dt="))
		if err != nil {
			return 0, each.ErrNone
		}
		return day, nil
	})
	var first pbx.Day
	folders := each.Loop[pbx.Day]{Of: "folders of the archive", Name: each.Text[pbx.Day]}
	err := folders.Do(ctx, days, func(_ context.Context, day pbx.Day) error {
		first = day
		return each.ErrEnough
	})
	if err = r.note(err); err != nil {
		return 0, fmt.Errorf("find the next day: %w", err)
	}
	return first, nil
}

// day packs the events of a day, and reports whether it visited all of them. A batch that fails
// does not stop the others.
func (r *run) day(ctx context.Context, day pbx.Day) (done bool, err error) {
	batches := each.Loop[*batch]{Of: "batches of events", Name: (*batch).String, AtOnce: batchesAtOnce, Skipped: func(*each.Bad) { r.report.Failed++ }}
	err = batches.Do(ctx, r.batches(ctx, day), func(ctx context.Context, p *batch) error {
		if r.over() {
			r.more()
			return each.ErrEnough
		}
		err := p.pack(ctx)
		r.count(p)
		if err != nil && archive.Ping(ctx, r.bucket) != nil {
			return each.Stop(err)
		}
		return err
	})
	if err = r.note(err); err != nil {
		return false, fmt.Errorf("compact %s of %s: %w", r.kind, day, err)
	}
	return !r.report.More, nil
}

// note keeps an error that says only what was skipped. It returns any other error.
func (r *run) note(err error) error {
	if err != nil && !each.Only(err) {
		return err
	}
	r.failed = errors.Join(r.failed, err)
	return nil
}

func (r *run) more() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.More = true
}

// count adds what was done with a batch to the report.
func (r *run) count(p *batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Events += p.done.Events
	r.report.Written += p.done.Written
	r.report.Left += p.done.Left
	r.report.More = r.report.More || p.done.More
}
