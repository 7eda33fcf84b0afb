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
	"trunkline/pkg/each"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

const (
	// retriesAtOnce is how many objects are tried side by side, and retryWithin how long one
	// may take.
	retriesAtOnce = 32
	retryWithin   = 30 * time.Second
	// TriesAtMost is how many runs try to record an event, with a table that works, before it
	// is refused for that.
	TriesAtMost = 24
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
	failed error // what was skipped
}

// run tries those again that failed, and then goes on with the others.
func (r *retry) run(ctx context.Context) error {
	for names := range slices.Chunk(slices.Sorted(maps.Keys(r.mark.Again)), retriesAtOnce) {
		if !r.batch(ctx, names) {
			return nil
		}
	}
	listed := each.Where(r.bucket.List(ctx, archive.QuarantinePrefix, r.mark.After), func(name string) bool {
		return r.mark.Again[name] == 0 // else this run has tried it
	})
	var names []string
	ended := false
	objects := each.Loop[string]{Of: "names of quarantined objects", Name: each.Text[string]}
	err := objects.Do(ctx, listed, func(ctx context.Context, name string) error {
		if names = append(names, name); len(names) < retriesAtOnce {
			return nil
		}
		if ended = !r.next(ctx, names); ended {
			return each.ErrEnough
		}
		names = names[:0]
		return nil
	})
	if err != nil && !each.Only(err) {
		return fmt.Errorf("list the quarantine: %w", err)
	}
	if ended || !r.next(ctx, names) {
		return err
	}
	return errors.Join(err, r.finish(ctx, err == nil))
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

// finish notes that all is tried, unless some could not be listed, or more may come of an older
// version: of one that runs still, or that spilled what it refused. Then the next run looks again.
func (r *retry) finish(ctx context.Context, all bool) error {
	settled, err := r.settled(ctx)
	if settled = settled && all; err != nil && !each.Only(err) {
		return err
	}
	if !settled {
		r.mark.After = ""
	}
	r.mark.Through = settled && len(r.mark.Again) == 0
	return err
}

func (r *retry) settled(ctx context.Context) (bool, error) {
	if r.now().Sub(r.mark.Since) < settling {
		return false, nil
	}
	settled := true
	texts := each.Loop[store.Spilled]{Of: "spilled texts that are waited for", Name: func(sp store.Spilled) string { return string(sp.MAC) }}
	err := texts.Do(ctx, r.store.AllSpilled(ctx), func(_ context.Context, sp store.Spilled) error {
		if settled = sp.Done; !settled {
			return each.ErrEnough
		}
		return nil
	})
	return settled && err == nil, err
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
	type outcome struct {
		fate
		err error
	}
	var mu sync.Mutex
	became := map[string]outcome{}
	objects := each.Loop[string]{Of: "quarantined objects", Name: each.Text[string], AtOnce: retriesAtOnce}
	err := objects.Do(ctx, each.Of(names...), func(ctx context.Context, name string) error {
		fate, err := r.object(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		became[name] = outcome{fate, err}
		return err
	})
	down := err != nil && r.store.Ping(ctx) != nil
	for name, of := range became {
		r.note(name, of.fate, of.err, down)
	}
	r.failed = errors.Join(r.failed, err)
	return !down && ctx.Err() == nil
}

// note counts what became of an object.
func (r *retry) note(name string, f fate, err error, down bool) {
	switch {
	case err != nil:
		if r.report.Failed++; !down {
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
	object, tag, err := archive.GetTagged(ctx, r.bucket, name)
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
	if r.mark.Again[name] >= TriesAtMost-1 && r.store.Ping(ctx) == nil {
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
