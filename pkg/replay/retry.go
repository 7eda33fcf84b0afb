package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

const (
	// retriesAtOnce is how many objects are tried side by side, and retryWithin how long one
	// may take.
	retriesAtOnce = 32
	retryWithin   = 30 * time.Second
	// triesAtMost is how many runs try to record an event, with a table that works, before it
	// is refused for that.
	triesAtMost = 24
	// againAtMost is with how many that failed a run begins no others.
	againAtMost = 100
	// settling is how long after a version's first run an older one may still refuse something.
	settling = 30 * time.Minute
)

// Retried is what a run has done.
type Retried struct {
	Released int // out of quarantine
	Refused  int // again, by this version of the decoder
	Failed   int // to be tried again
}

// Retry releases what older versions of the decoder refused, and this one reads. What is refused
// again says so, and is not tried before there is another version. A run may stop or die
// anywhere: the next one goes on. When all is tried, a run costs one read. The error tells why
// some of it is not.
func Retry(ctx context.Context, s *store.Store, b archive.Bucket, now func() time.Time) (Retried, error) {
	m, err := readMark(ctx, b, now())
	if err != nil || m.Through {
		return Retried{}, err
	}
	r := &retry{store: s, bucket: b, now: now, mark: m, limit: retryLimit(ctx, now())}
	err = r.run(ctx)
	return r.report, errors.Join(r.failed, err, writeMark(ctx, b, r.mark))
}

// retryLimit is when a run begins nothing more; it leaves a quarter of its time for what is under
// way. It is zero where the time has no end.
func retryLimit(ctx context.Context, now time.Time) time.Time {
	deadline, limited := ctx.Deadline()
	if !limited {
		return time.Time{}
	}
	return now.Add(deadline.Sub(now) * 3 / 4)
}

// retry is a run.
type retry struct {
	store  *store.Store
	bucket archive.Bucket
	now    func() time.Time
	mark   mark
	limit  time.Time
	report Retried
	failed error // the first failure of an object
}

// run tries those again that failed, and then goes on with the others.
func (r *retry) run(ctx context.Context) error {
	for names := range slices.Chunk(slices.Sorted(maps.Keys(r.mark.Again)), retriesAtOnce) {
		if !r.batch(ctx, names) {
			return nil
		}
	}
	var names []string
	for name, err := range r.bucket.List(ctx, archive.QuarantinePrefix, r.mark.After) {
		if err != nil {
			return fmt.Errorf("list the quarantine: %w", err)
		}
		if r.mark.Again[name] > 0 { // this run has tried it
			continue
		}
		if names = append(names, name); len(names) < retriesAtOnce {
			continue
		}
		if !r.next(ctx, names) {
			return nil
		}
		names = names[:0]
	}
	if !r.next(ctx, names) {
		return nil
	}
	return r.finish(ctx)
}

// next tries the names that follow the mark. It returns false where the run is to stop.
func (r *retry) next(ctx context.Context, names []string) bool {
	if len(r.mark.Again) >= againAtMost || !r.batch(ctx, names) {
		return false
	}
	if len(names) > 0 {
		r.mark.After = names[len(names)-1]
	}
	return true
}

// finish notes that all is tried, unless more may come of an older version: of one that runs
// still, or that spilled what it refused. Then the next run looks again.
func (r *retry) finish(ctx context.Context) error {
	settled, err := r.settled(ctx)
	if err != nil {
		return err
	}
	if !settled {
		r.mark.After = ""
	}
	r.mark.Through = settled && len(r.mark.Again) == 0
	return nil
}

func (r *retry) settled(ctx context.Context) (bool, error) {
	if r.now().Sub(r.mark.Since) < settling {
		return false, nil
	}
	for sp, err := range r.store.AllSpilled(ctx) {
		if err != nil || !sp.Done {
			return false, err
		}
	}
	return true, nil
}

// fate is what became of an object.
type fate int

const (
	passed fate = iota // it is gone, or was not refused by an older version
	released
	refused
)

// batch tries a few objects side by side. It returns false where the run is to stop: its time
// is used up, or the table is down, and no try counts.
func (r *retry) batch(ctx context.Context, names []string) bool {
	if !r.limit.IsZero() && !r.now().Before(r.limit) {
		return false
	}
	fates, errs := make([]fate, len(names)), make([]error, len(names))
	var workers sync.WaitGroup
	for i, name := range names {
		workers.Go(func() { fates[i], errs[i] = r.object(ctx, name) })
	}
	workers.Wait()
	err := errors.Join(errs...)
	down := err != nil && r.store.Ping(ctx) != nil
	for i, name := range names {
		r.note(name, fates[i], errs[i], down)
	}
	return !down
}

// note counts what became of an object.
func (r *retry) note(name string, f fate, err error, down bool) {
	switch {
	case err != nil:
		if r.report.Failed++; r.failed == nil {
			r.failed = fmt.Errorf("try %s again: %w", name, err)
		}
		if !down {
			r.mark.Again[name]++
		}
		return
	case f == released:
		r.report.Released++
	case f == refused:
		r.report.Refused++
	}
	delete(r.mark.Again, name)
}

// object tries an object again.
func (r *retry) object(ctx context.Context, name string) (fate, error) {
	ctx, cancel := context.WithTimeout(ctx, retryWithin)
	defer cancel()
	tag, err := r.bucket.Tag(ctx, name)
	var object []byte
	if err == nil {
		object, err = r.bucket.Get(ctx, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return passed, nil
	}
	if err != nil {
		return passed, err
	}
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return refused, nil // it is no envelope that could say so
	}
	if receipt.Decoder >= zycoo.Version {
		return passed, nil
	}
	err = release(ctx, r.store, r.bucket, name, receipt)
	if err == nil {
		return released, nil
	}
	h, ok := r.verdict(ctx, name, err)
	if !ok {
		return passed, err
	}
	return refused, r.refuse(ctx, name, tag, receipt.Refused(h.why, zycoo.Version).Envelope(h.event))
}

// verdict is why an object is refused that could not be released; false where it is to be tried
// again.
func (r *retry) verdict(ctx context.Context, name string, err error) (h held, ok bool) {
	if h, ok := errors.AsType[held](err); ok {
		return h, true
	}
	if r.mark.Again[name] >= triesAtMost-1 && r.store.Ping(ctx) == nil {
		return held{why: "not recorded: " + err.Error()}, true
	}
	return held{}, false
}

// refuse writes an envelope where it still is as it was read.
func (r *retry) refuse(ctx context.Context, name, tag string, e archive.Envelope) error {
	line, err := archive.Lines([]archive.Envelope{e})
	if err != nil {
		return err
	}
	return r.bucket.Replace(ctx, name, line, tag)
}
