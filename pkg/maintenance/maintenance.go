package maintenance

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/compact"
	"trunkline/pkg/dimensions"
	"trunkline/pkg/redrive"
	"trunkline/pkg/replay"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/telemetry"
)

// Worker does the hourly run, and the tasks that the run sends to a queue. It is safe for
// concurrent use, by many processes.
type Worker struct {
	store      *store.Store
	keeper     archive.Keeper
	bucket     archive.Bucket
	redrive    *redrive.Redrive
	rollup     *rollup.Rollup
	compact    *compact.Compactor
	dimensions *dimensions.Publisher
	report     telemetry.Operations
	now        func() time.Time
}

// Queue carries tasks to workers. A task may be lost, doubled, or late.
type Queue interface {
	rollup.Queue
	Pack(ctx context.Context, jobs []compact.Job) error
	Redrive(ctx context.Context, jobs []redrive.Job) error
}

// New makes a Worker for records and archive. It reports its work to report. Events that are redriven
// and released go to the keeper.
func New(
	s *store.Store, k archive.Keeper, b archive.Bucket, r *rollup.Rollup, report telemetry.Operations, now func() time.Time,
) *Worker {
	return &Worker{s, k, b, redrive.New(s, k, b, now), r, compact.New(b, now), dimensions.New(s, b, now), report, now}
}

// Compute computes a day, and publishes its figures where they have changed.
func (w *Worker) Compute(ctx context.Context, t rollup.Task) error {
	result, err := w.compute(ctx, t)
	w.report.Worked(ctx, t.MAC, t.Day, string(result), err)
	return err
}

func (w *Worker) compute(ctx context.Context, t rollup.Task) (rollup.Result, error) {
	if err := t.Check(); err != nil {
		return "", err
	}
	return w.rollup.Work(ctx, t)
}

// Pack does one compaction job. It reports whether the same job has to be done again.
func (w *Worker) Pack(ctx context.Context, t compact.Job) (again bool, err error) {
	done, again, err := w.compact.Do(ctx, t)
	w.report.Packed(ctx, telemetry.Compaction{
		Kind: t.Kind, Events: done.Events, Written: done.Written, Left: done.Left, Through: done.Through,
	}, err)
	return again, err
}

// Redrive does one redrive job. It reports whether the same job has to be done again.
func (w *Worker) Redrive(ctx context.Context, t redrive.Job) (again bool, err error) {
	done, again, err := w.redrive.Do(ctx, t)
	w.redriven(ctx, string(t.Shard), done, err)
	return again, err
}

func (w *Worker) redriven(ctx context.Context, shard string, done redrive.Report, err error) {
	w.report.Redriven(ctx, telemetry.Redrive{
		Shard: shard, Archived: done.Archived, Recorded: done.Recorded, Quarantined: done.Quarantined, NotHandedOn: done.Failed,
	}, err)
}

// stage is one of the stages of the hourly run.
type stage struct {
	do func(context.Context) error
	// part says how much time the stage may use: 1/part of the remaining time.
	part int
}

// Run does the hourly run. It sends to q the days that are due, and the kinds of events to
// compact. Its error names the stages that failed, and what loops have skipped. If each.Only
// reports true for the error, all else is done.
func (w *Worker) Run(ctx context.Context, q Queue) error {
	handOn := func(ctx context.Context) error { return w.handOn(ctx, q) }
	schedule := func(ctx context.Context) error { return w.schedule(ctx, q) }
	pack := func(ctx context.Context) error { return w.sendJobs(ctx, q) }
	var errs []error
	for _, s := range []stage{{handOn, 2}, {schedule, 2}, {w.findSilent, 2}, {w.describe, 2}, {w.retry, 2}, {pack, 1}} {
		errs = append(errs, w.within(ctx, s))
	}
	return errors.Join(errs...)
}

// within runs a stage in its part of the remaining time.
func (w *Worker) within(ctx context.Context, s stage) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deadline.Sub(w.now())/time.Duration(s.part))
		defer cancel()
	}
	return s.do(ctx)
}

// handOn archives what delivery streams could not deliver, and enqueues the shards of the spill that
// keep anything.
func (w *Worker) handOn(ctx context.Context, q Queue) error {
	done, redeliverErr := w.redrive.Redeliver(ctx)
	w.redriven(ctx, "failures", done, redeliverErr)
	return errors.Join(redeliverErr, w.sendShards(ctx, q))
}

func (w *Worker) sendShards(ctx context.Context, q Queue) error {
	found, err := w.redrive.Look(ctx)
	w.report.SpillLeft(ctx, telemetry.Spill{Table: found.Table, Archive: found.Archive}, err)
	if len(found.Jobs) == 0 {
		return err
	}
	sendErr := q.Redrive(ctx, found.Jobs)
	w.report.Asked(ctx, len(found.Jobs), sendErr)
	return errors.Join(err, sendErr)
}

// schedule enqueues the days that have closed.
func (w *Worker) schedule(ctx context.Context, q Queue) error {
	done, err := w.rollup.Schedule(ctx, q)
	w.report.Scheduled(ctx, telemetry.Schedule{PBXs: done.PBXs, Marked: done.Marked, Sent: done.Sent, Waiting: done.Waiting}, err)
	mendErr := w.store.Repair(ctx, err) // after it was reported
	w.report.Mended(ctx, mendErr)
	return errors.Join(err, mendErr)
}

// describe publishes the operator's names.
func (w *Worker) describe(ctx context.Context) error {
	done, err := w.dimensions.Run(ctx)
	w.report.Described(ctx, telemetry.Dimensions{PBXs: done.PBXs, Replaced: done.Replaced}, err)
	return err
}

// retry releases from quarantine what an older decoder refused and this one can read.
func (w *Worker) retry(ctx context.Context) error {
	done, err := replay.Retry(ctx, w.store, w.keeper, w.bucket, w.now)
	w.report.Retried(ctx, telemetry.Retry{Released: done.Released, RefusedAgain: done.Refused, Failed: done.Failed}, err)
	return err
}

// sendJobs enqueues the compaction of events of past days.
func (w *Worker) sendJobs(ctx context.Context, q Queue) error {
	jobs := compact.Jobs(w.now())
	err := q.Pack(ctx, jobs)
	w.report.Asked(ctx, len(jobs), err)
	return err
}
