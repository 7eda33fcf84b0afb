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
	// retriesAtOnce is how many objects are tried concurrently, and retryWithin how long one
	// may take.
	retriesAtOnce = 32
	retryWithin   = 30 * time.Second
	// TriesAtMost is how many runs try to record an event while the table works. After that,
	// the event is refused.
	TriesAtMost = 24
	// againAtMost is how many failed objects stop a run from trying new ones.
	againAtMost = 100
	// overlap is how long after the first run of a version an older one may still refuse events.
	overlap = 30 * time.Minute
)

// Retried is what a run did.
type Retried struct {
	Released int // from quarantine
	Refused  int // again, by this version of the decoder
	Failed   int // the next run tries them again
}

// Retry releases events that older versions of the decoder refused and this version reads. An
// event that is refused again is marked with this version, and not retried before the next one. A
// run may stop or die anywhere: the next one goes on. Once all are tried, a run costs one read. The
// error says why some could not be tried.
func Retry(ctx context.Context, s *store.Store, k archive.Keeper, b archive.Bucket, now func() time.Time) (Retried, error) {
	m, err := readMark(ctx, b, now())
	if err != nil || m.Through {
		return Retried{}, err
	}
	r := &retry{store: s, keeper: k, bucket: b, now: now, mark: m, limit: retryLimit(ctx, now())}
	err = r.run(ctx)
	return r.report, errors.Join(r.failed, err, writeMark(ctx, b, r.mark))
}

// retryLimit returns when a run starts no more work. It leaves a quarter of the time for calls that
// have begun. It is zero if ctx has no deadline.
func retryLimit(ctx context.Context, now time.Time) time.Time {
	deadline, limited := ctx.Deadline()
	if !limited {
		return time.Time{}
	}
	return now.Add(deadline.Sub(now) * 3 / 4)
}

// retry is one run.
type retry struct {
	store  *store.Store
	keeper archive.Keeper
	bucket archive.Bucket
	now    func() time.Time
	mark   mark
	limit  time.Time
	report Retried
	failed error // what was skipped
}

// run first tries the objects that failed before, and then new ones.
func (r *retry) run(ctx context.Context) error {
	for names := range slices.Chunk(slices.Sorted(maps.Keys(r.mark.Again)), retriesAtOnce) {
		if !r.batch(ctx, names) {
			return nil
		}
	}
	listed := each.Where(r.bucket.List(ctx, archive.QuarantinePrefix, r.mark.After), func(name string) bool {
		return r.mark.Again[name] == 0 // otherwise this run has tried it already
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

// next tries the names that follow the mark. It returns false if the run must stop.
func (r *retry) next(ctx context.Context, names []string) bool {
	if len(r.mark.Again) >= againAtMost || !r.batch(ctx, names) {
		return false
	}
	if len(names) > 0 {
		r.mark.After = names[len(names)-1]
	}
	return true
}

// finish notes that all objects are tried. If some could not be listed, or an older version may
// still add some, the next run lists the quarantine again.
func (r *retry) finish(ctx context.Context, all bool) error {
	complete, err := r.isComplete(ctx)
	if complete = complete && all; err != nil && !each.Only(err) {
		return err
	}
	if !complete {
		r.mark.After = ""
	}
	r.mark.Through = complete && len(r.mark.Again) == 0
	return err
}

// isComplete reports whether no older version can add refused events: none runs any more, and none
// has left a spilled text.
func (r *retry) isComplete(ctx context.Context) (bool, error) {
	if r.now().Sub(r.mark.Since) < overlap {
		return false, nil
	}
	complete := true
	texts := each.Loop[store.Spilled]{Of: "spilled texts that are waited for", Name: func(sp store.Spilled) string { return string(sp.MAC) }}
	err := texts.Do(ctx, r.store.AllSpilled(ctx), func(_ context.Context, sp store.Spilled) error {
		if complete = sp.Done; !complete {
			return each.ErrEnough
		}
		return nil
	})
	return complete && err == nil, err
}

// result is what was done with an object.
type result int

const (
	passed result = iota // it is gone, or was not refused by an older version
	released
	refused
)

// batch tries a few objects concurrently. It returns false if the run must stop: its time is used
// up, or the table is down. While the table is down, no attempt counts.
func (r *retry) batch(ctx context.Context, names []string) bool {
	if !r.limit.IsZero() && !r.now().Before(r.limit) {
		return false
	}
	type outcome struct {
		result
		err error
	}
	var mu sync.Mutex
	outcomes := map[string]outcome{}
	objects := each.Loop[string]{Of: "quarantined objects", Name: each.Text[string], AtOnce: retriesAtOnce}
	err := objects.Do(ctx, each.Of(names...), func(ctx context.Context, name string) error {
		result, err := r.object(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		outcomes[name] = outcome{result, err}
		return err
	})
	down := err != nil && r.store.Ping(ctx) != nil
	for name, of := range outcomes {
		r.note(name, of.result, of.err, down)
	}
	r.failed = errors.Join(r.failed, err)
	return !down && ctx.Err() == nil
}

// note counts the result of an object.
func (r *retry) note(name string, of result, err error, down bool) {
	switch {
	case err != nil:
		if r.report.Failed++; !down {
			r.mark.Again[name]++
		}
		return
	case of == released:
		r.report.Released++
	case of == refused:
		r.report.Refused++
	}
	delete(r.mark.Again, name)
}

// object tries an object again.
func (r *retry) object(ctx context.Context, name string) (result, error) {
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
		return refused, nil // without an envelope, it can't be marked with the version
	}
	if receipt.Decoder >= zycoo.Version {
		return passed, nil
	}
	err = release(ctx, r.store, r.keeper, r.bucket, name, receipt)
	if err == nil {
		return released, nil
	}
	h, ok := r.refusal(ctx, name, err)
	if !ok {
		return passed, err
	}
	return refused, r.refuse(ctx, name, tag, receipt.Refused(h.why, zycoo.Version).Envelope(h.event))
}

// refusal returns why an object that could not be released is refused. It returns false if the
// object is to be tried again.
func (r *retry) refusal(ctx context.Context, name string, err error) (h held, ok bool) {
	if h, ok := errors.AsType[held](err); ok {
		return h, true
	}
	if r.mark.Again[name] >= TriesAtMost-1 && r.store.Ping(ctx) == nil {
		return held{why: "not recorded: " + err.Error()}, true
	}
	return held{}, false
}

// refuse replaces an envelope, if it is unchanged since it was read.
func (r *retry) refuse(ctx context.Context, name, tag string, e archive.Envelope) error {
	line, err := archive.Lines([]archive.Envelope{e})
	if err != nil {
		return err
	}
	return r.bucket.Replace(ctx, name, line, tag)
}
