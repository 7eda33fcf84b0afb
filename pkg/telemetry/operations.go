package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
)

// Operations reports work that no delivery waits for: the stages of the hourly run, the days that
// are computed, and the events that are compacted. Each method takes the work's error, or nil.
type Operations struct {
	log     *slog.Logger
	metrics func(metricDirective) slog.Attr
}

// OperationsLog logs each operation as a line.
func OperationsLog(log *slog.Logger) Operations {
	return Operations{log, func(metricDirective) slog.Attr { return slog.Attr{} }}
}

// OperationsMetrics logs in a form that CloudWatch also counts, in a namespace. The metrics are:
//
//   - days, by result
//   - pbxs, marked, sent and completed, of the schedule
//   - archived, recorded, quarantined and not_handed_on, of the spill; and spill_left, which remains, in total and by the
//     store that keeps it (kept_by)
//   - silent: PBXs
//   - skipped, by loop and in total
//   - events: a zero with each run of the schedule; see DeliveryMetrics
func OperationsMetrics(w io.Writer, namespace string, now func() time.Time) Operations {
	return Operations{slog.New(slog.NewJSONHandler(w, nil)), func(d metricDirective) slog.Attr {
		return metrics(now(), namespace, d)
	}}
}

// Worked reports the result of a day that was due.
func (r Operations) Worked(ctx context.Context, mac pbx.MAC, day pbx.Day, result string, err error) {
	if err != nil {
		result = "failed"
	}
	r.say(ctx, err, "rollup", slog.String("mac", string(mac)), slog.String("day", day.String()), slog.String("result", result),
		slog.Int("days", 1), r.metrics(counted([][]string{{"result"}}, metric{"days", "Count"})))
}

// Schedule is what a run of the schedule did.
type Schedule struct {
	PBXs    int // on the fleet list
	Marked  int // days to compute
	Sent    int // tasks
	Waiting int // due days that were not sent: their PBXs' shares were used up
}

// Scheduled reports a run of the schedule. A run that skipped some things has completed, too.
func (r Operations) Scheduled(ctx context.Context, s Schedule, err error) {
	completed := 1
	if failed(err) {
		completed = 0
	}
	numbers := r.counted(number{"pbxs", s.PBXs}, number{"marked", s.Marked}, number{"sent", s.Sent}, number{"completed", completed})
	r.say(ctx, err, "schedule", append(numbers, slog.Int("waiting", s.Waiting))...)
	r.pulse(ctx)
}

// pulse counts zero events as stored. So a silent fleet is a zero in CloudWatch, and not a gap.
// An alarm could not tell a gap from a stack that has no PBX yet.
func (r Operations) pulse(ctx context.Context) {
	m := r.metrics(counted([][]string{{"outcome"}}, metric{"events", "Count"}))
	if !m.Equal(slog.Attr{}) {
		r.say(ctx, nil, "pulse", slog.String("outcome", ingest.Stored.String()), slog.Int("events", 0), m)
	}
}

// Redrive says what happened to the spill: what one store kept for the other.
type Redrive struct {
	Shard       string // the part of the spill
	Archived    int    // texts of the table that went to the archive
	Recorded    int    // objects of the archive that became records
	Quarantined int    // from either store
	NotHandedOn int    // from either store; the next run tries them again
}

// Redriven reports what happened to the spill.
func (r Operations) Redriven(ctx context.Context, d Redrive, err error) {
	numbers := r.counted(number{"archived", d.Archived}, number{"recorded", d.Recorded},
		number{"quarantined", d.Quarantined}, number{"not_handed_on", d.NotHandedOn})
	r.say(ctx, err, "redrive", append(numbers, slog.String("shard", d.Shard))...)
}

// Spill is what remained in the spill for over an hour.
type Spill struct {
	Table   int // texts that the table keeps for the archive
	Archive int // objects that the archive keeps for the table
}

// SpillLeft reports what remains in the spill, and counts what each store keeps if it keeps any. If
// the error says more than that some were skipped, the number is unknown, and is not counted.
func (r Operations) SpillLeft(ctx context.Context, s Spill, err error) {
	if failed(err) {
		r.say(ctx, err, "spill")
		return
	}
	r.say(ctx, err, "spill", append(r.counted(number{"spill_left", s.Table + s.Archive}),
		slog.Int("kept_by_table", s.Table), slog.Int("kept_by_archive", s.Archive))...)
	r.kept(ctx, "table", s.Table)
	r.kept(ctx, "archive", s.Archive)
}

// kept counts what a store keeps for the other, unless it is nothing: metrics are paid for.
func (r Operations) kept(ctx context.Context, by string, left int) {
	if left > 0 {
		r.say(ctx, nil, "spill", slog.String("kept_by", by), slog.Int("spill_left", left),
			r.metrics(counted([][]string{{"kept_by"}}, metric{"spill_left", "Count"})))
	}
}

// namedAtMost is how many silent PBXs a line names.
const namedAtMost = 50

// Silent reports which PBXs are silent for longer than usual. If the error says more than that
// some were skipped, the number is unknown, and is not counted.
func (r Operations) Silent(ctx context.Context, macs []pbx.MAC, err error) {
	if failed(err) {
		r.say(ctx, err, "silence")
		return
	}
	r.say(ctx, err, "silence", slog.Any("macs", macs[:min(len(macs), namedAtMost)]), slog.Int("silent", len(macs)),
		r.metrics(counted(ofTheFleet, metric{"silent", "Count"})))
}

// Dimensions says what became of the tables of dimensions.
type Dimensions struct {
	PBXs     int      // on the fleet list
	Replaced []string // tables whose rows had changed
}

// Described reports the tables of dimensions.
func (r Operations) Described(ctx context.Context, d Dimensions, err error) {
	r.say(ctx, err, "dimensions", slog.Int("pbxs", d.PBXs), slog.Any("replaced", d.Replaced))
}

// Retry says what became of events that older versions of the decoder refused.
type Retry struct {
	Released     int // from quarantine
	RefusedAgain int // by this version
	Failed       int // the next run tries them again
}

// Retried reports a retry, unless there was nothing to retry. That happens only after an upgrade,
// so it is only logged: metrics are paid for by the month.
func (r Operations) Retried(ctx context.Context, t Retry, err error) {
	if t != (Retry{}) || err != nil {
		r.say(ctx, err, "retry", slog.Int("released", t.Released), slog.Int("refused_again", t.RefusedAgain), slog.Int("failed", t.Failed))
	}
}

// Compaction is what a compaction job of one kind of event did.
type Compaction struct {
	Kind    pbx.Kind
	Events  int     // that are compacted now
	Written int     // packed objects
	Left    int     // objects that are not the event of their name; they stay
	Through pbx.Day // the last compacted day; all days before it are compacted, too
}

// Packed reports a compaction job of one kind of event.
func (r Operations) Packed(ctx context.Context, c Compaction, err error) {
	r.say(ctx, err, "compaction", slog.String("kind", string(c.Kind)), slog.Int("events", c.Events), slog.Int("written", c.Written),
		slog.Int("left", c.Left), slog.String("through", c.Through.String()))
}

// Asked reports messages to or from the queue, if some failed.
func (r Operations) Asked(ctx context.Context, messages int, err error) {
	if err != nil {
		r.say(ctx, err, "messages", slog.Int("messages", messages))
	}
}

// Mended reports what could not be read and was repaired. The fault itself was reported before.
func (r Operations) Mended(ctx context.Context, err error) {
	if err != nil {
		r.say(ctx, err, "mend")
	}
}

// failed reports whether an error says more than that some things were skipped.
func failed(err error) bool { return err != nil && !each.Only(err) }

// number is a member of a line that is also a metric.
type number struct {
	name string
	n    int
}

// counted makes numbers of the whole fleet into members of a line, and into metrics.
func (r Operations) counted(numbers ...number) []slog.Attr {
	attrs := make([]slog.Attr, 0, len(numbers)+1)
	all := make([]metric, 0, len(numbers))
	for _, n := range numbers {
		attrs = append(attrs, slog.Int(n.name, n.n))
		all = append(all, metric{n.name, "Count"})
	}
	return append(attrs, r.metrics(counted(ofTheFleet, all...)))
}

// say writes a line, and one for each loop that has skipped anything. It writes nothing if the
// program was stopped meanwhile.
func (r Operations) say(ctx context.Context, err error, message string, attrs ...slog.Attr) {
	if errors.Is(err, context.Canceled) || err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	level := slog.LevelInfo
	if err != nil {
		level, attrs = slog.LevelError, append(attrs, slog.String("error", err.Error()))
	}
	r.log.LogAttrs(ctx, level, message, attrs...)
	for _, loop := range each.In(err) {
		r.skipped(ctx, loop)
	}
}

// skipped logs what a loop has skipped.
func (r Operations) skipped(ctx context.Context, s *each.Skipped) {
	names := make([]string, len(s.First))
	for i, bad := range s.First {
		names[i] = bad.Name
	}
	r.log.LogAttrs(ctx, slog.LevelError, "skipped", slog.String("loop", s.Of), slog.Int("skipped", s.Count), slog.Any("first", names),
		r.metrics(counted([][]string{{}, {"loop"}}, metric{"skipped", "Count"})))
}
