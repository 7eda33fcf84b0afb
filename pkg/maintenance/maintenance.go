package maintenance

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/compact"
	"trunkline/pkg/dimensions"
	"trunkline/pkg/each"
	"trunkline/pkg/redrive"
	"trunkline/pkg/replay"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/telemetry"
)

// Hourly does what is done every hour.
type Hourly struct {
	store   *store.Store
	bucket  archive.Bucket
	redrive *redrive.Redrive
	rollup  *rollup.Rollup
	dims    *dimensions.Publisher
	queue   Queue
	report  telemetry.Operations
	now     func() time.Time
}

// Queue carries to workers what takes longer. Any of it may be lost, doubled, or come late.
type Queue interface {
	rollup.Queue
	Pack(ctx context.Context, turns []compact.Turn) error
}

// New makes an Hourly over records and archive, that sends to queue days that are due, and kinds
// of events to be packed.
func New(s *store.Store, b archive.Bucket, r *rollup.Rollup, queue Queue, report telemetry.Operations, now func() time.Time) *Hourly {
	return &Hourly{s, b, redrive.New(s, b), r, dimensions.New(s, b, now), queue, report, now}
}

// stage is one of the things that are done.
type stage struct {
	do func(context.Context) error
	// part is how many such stages the time that is left would be enough for.
	part int
}

// Run does all of it. Its error tells of every stage that failed, and of what loops have skipped:
// where each.Only says so, all else is done.
func (h *Hourly) Run(ctx context.Context) error {
	var errs []error
	for _, s := range []stage{{h.handOn, 2}, {h.schedule, 2}, {h.listen, 2}, {h.describe, 2}, {h.retry, 2}, {h.pack, 1}} {
		errs = append(errs, h.within(ctx, s))
	}
	return errors.Join(errs...)
}

// within does a stage in its part of the time that is left.
func (h *Hourly) within(ctx context.Context, s stage) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deadline.Sub(h.now())/time.Duration(s.part))
		defer cancel()
	}
	return s.do(ctx)
}

// handOn hands on what is spilled.
func (h *Hourly) handOn(ctx context.Context) error {
	done, err := h.redrive.Run(ctx)
	h.report.Redriven(ctx, telemetry.Redrive{
		Archived: done.Archived, Recorded: done.Recorded, Quarantined: done.Quarantined, NotHandedOn: done.Failed,
	}, err)
	left, leftErr := h.spilled(ctx)
	h.report.SpillLeft(ctx, left, leftErr)
	return errors.Join(err, leftErr)
}

// spilledAtMost is as far as what is spilled is counted.
const spilledAtMost = 1000

// spilled counts what one store keeps for the other.
func (h *Hourly) spilled(ctx context.Context) (n int, err error) {
	texts := each.Map(ctx, h.store.AllSpilled(ctx), noName, func(_ context.Context, sp store.Spilled) (string, error) {
		if sp.Done {
			return "", each.ErrNone
		}
		return "", nil
	})
	spilled := each.Loop[string]{Of: "spilled texts and objects that are counted", Name: each.Text[string]}
	err = spilled.Do(ctx, each.Join(texts, h.bucket.List(ctx, archive.SpillPrefix, "")), func(context.Context, string) error {
		if n++; n == spilledAtMost {
			return each.ErrEnough
		}
		return nil
	})
	if s, ok := errors.AsType[*each.Skipped](err); ok {
		n += s.Count // what can't be read is there, too
	}
	return n, err
}

func noName(store.Spilled) string { return "" }

// schedule has days rolled up that have closed.
func (h *Hourly) schedule(ctx context.Context) error {
	done, err := h.rollup.Schedule(ctx, h.queue)
	h.report.Scheduled(ctx, telemetry.Schedule{PBXs: done.PBXs, Marked: done.Marked, Sent: done.Sent, Waiting: done.Waiting}, err)
	mendErr := h.store.Mend(ctx, err) // now that it was told of
	h.report.Mended(ctx, mendErr)
	return errors.Join(err, mendErr)
}

// describe publishes what operators named.
func (h *Hourly) describe(ctx context.Context) error {
	done, err := h.dims.Run(ctx)
	h.report.Described(ctx, telemetry.Dimensions{PBXs: done.PBXs, Replaced: done.Replaced}, err)
	return err
}

// retry releases what an older decoder refused, and this one reads.
func (h *Hourly) retry(ctx context.Context) error {
	done, err := replay.Retry(ctx, h.store, h.bucket, h.now)
	h.report.Retried(ctx, telemetry.Retry{Released: done.Released, RefusedAgain: done.Refused, Failed: done.Failed}, err)
	return err
}

// pack has the events of days that are over packed.
func (h *Hourly) pack(ctx context.Context) error {
	turns := compact.Turns(h.now())
	err := h.queue.Pack(ctx, turns)
	h.report.Asked(ctx, len(turns), err)
	return err
}
