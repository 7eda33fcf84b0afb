package rollup

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/retry"
	"trunkline/pkg/store"
)

// Result says what a worker did with a task.
type Result string

// The results of tasks.
const (
	NotDue    Result = "not_due"   // nothing has changed since the day was published
	StillOpen Result = "open"      // the day has not closed; it stays due
	Empty     Result = "empty"     // the PBX sent nothing on that day
	Unchanged Result = "unchanged" // the published figures are right
	Published Result = "published"
	Sealed    Result = "sealed" // its records expire: the published figures stay
	Failed    Result = "failed" // the task could not be done
)

const (
	// unmarkAfter is the age from which a mark may be removed. The record it was made for is
	// written by then.
	unmarkAfter = 5 * time.Minute
	// finishWithin is how long a day that was due may still be computed after it was sealed. None
	// of its records has expired by then.
	finishWithin = 12 * time.Hour
)

// Work does a task. Any number of workers may do it, at any time, any number of times. Workers
// that share a Rollup do a day one after the other; others may have to begin again.
func (r *Rollup) Work(ctx context.Context, t Task) (Result, error) {
	day := r.days[maphash.Comparable(r.seed, t)%uint64(len(r.days))]
	if err := day.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("wait for another worker, to roll up %s of %s: %w", t.Day, t.MAC, err)
	}
	defer day.Release(1)
	var result Result
	err := retry.OnConflict(ctx, store.ErrCondition, func() (err error) {
		result, err = r.try(ctx, t)
		return err
	})
	if errors.Is(err, store.ErrCondition) {
		return "", fmt.Errorf("roll up %s of %s: other workers compute it at the same time: it stays due", t.Day, t.MAC)
	}
	if err != nil {
		return "", fmt.Errorf("roll up %s of %s: %w", t.Day, t.MAC, err)
	}
	return result, nil
}

// try does a task once. The error store.ErrCondition means that another worker was faster.
func (r *Rollup) try(ctx context.Context, t Task) (Result, error) {
	began := r.now()
	mark, due, err := r.store.Figures().Mark(ctx, t.MAC, t.Day)
	if err != nil {
		return "", err
	}
	header, err := r.store.Figures().Header(ctx, t.MAC, t.Day)
	if err != nil {
		return "", err
	}
	result, asOf := NotDue, began
	if due {
		asOf = began.Add(-finishWithin)
	}
	switch {
	case r.store.Figures().Sealed(t.Day, header, asOf):
		result = Sealed
	case due:
		result, err = r.compute(ctx, t, header, began)
	}
	if err != nil || !due || result == StillOpen {
		return result, err
	}
	if mark.At.Add(unmarkAfter).Before(began) {
		err = r.store.Figures().Unmark(ctx, mark)
	}
	return result, err
}

// compute computes a day, and publishes it if that changes anything.
func (r *Rollup) compute(ctx context.Context, t Task, header store.Header, began time.Time) (Result, error) {
	d, err := r.device(ctx, t.MAC)
	if err != nil {
		return "", err
	}
	in, err := r.read(ctx, t, d, header.ComputedAt)
	if err != nil {
		return "", err
	}
	defer func() { in.close() }()
	readIn := d.zone.String()
	if d, err = r.inferZone(ctx, t.MAC, d, in); err != nil {
		return "", err
	}
	if !r.closed(d.zone, t.Day, began) {
		return StillOpen, nil
	}
	if d.zone.String() != readIn {
		in.close()
		if in, err = r.read(ctx, t, d, header.ComputedAt); err != nil {
			return "", err
		}
	}
	p, err := newPublication(t, d, header, in, began)
	switch {
	case err != nil:
		return "", err
	case p.records == 0 && header == store.Header{}:
		return Empty, nil
	case p.hash == header.Hash && header.Claimed == 0:
		return Unchanged, r.store.Figures().Confirm(ctx, t.MAC, t.Day, header, d.basis())
	}
	return Published, r.publish(ctx, p)
}

// inferZone saves the zone that the records imply.
func (r *Rollup) inferZone(ctx context.Context, mac pbx.MAC, d device, in *reading) (device, error) {
	inferred := in.zone(d.inferred)
	if inferred.String() == d.inferred.String() {
		return d, nil
	}
	d.inferred, d.zone = inferred, store.ClockZone(d.Device, store.Seen{Zone: inferred}, d.zone)
	return d, r.store.SetSeen(ctx, mac, store.Seen{Zone: inferred})
}
