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

// Operations tells what became of work that no delivery waits for: of the stages of the hourly run,
// of days that are computed, and of events that are packed. Each method takes the error of what it
// tells of, or nil.
type Operations struct {
	log     *slog.Logger
	metrics func(metricDirective) slog.Attr
}

// OperationsLog logs each operation as a line.
func OperationsLog(log *slog.Logger) Operations {
	return Operations{log, func(metricDirective) slog.Attr { return slog.Attr{} }}
}

// OperationsMetrics logs in a form that CloudWatch also counts, in a namespace: the metric days
// by result; pbxs, marked, sent and completed of the schedule; archived, recorded, quarantined
// and not_handed_on of the spill, and spill_left, that is there still; silent PBXs; what was
// skipped, by loop and in all; and with each run of the schedule a zero of the metric events, as
// that of deliveries.
func OperationsMetrics(w io.Writer, namespace string, now func() time.Time) Operations {
	return Operations{slog.New(slog.NewJSONHandler(w, nil)), func(d metricDirective) slog.Attr {
		return metrics(now(), namespace, d)
	}}
}

// Worked tells what became of a day that was due.
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
	Marked  int // days, to be computed
	Sent    int // tasks
	Waiting int // days that are due and were not sent, since their PBXs had their shares
}

// Scheduled tells of a run of the schedule. A run has completed that came to its end, though it may
// have skipped some things.
func (r Operations) Scheduled(ctx context.Context, s Schedule, err error) {
	completed := 1
	if failed(err) {
		completed = 0
	}
	numbers := r.counted(number{"pbxs", s.PBXs}, number{"marked", s.Marked}, number{"sent", s.Sent}, number{"completed", completed})
	r.say(ctx, err, "schedule", append(numbers, slog.Int("waiting", s.Waiting))...)
	r.pulse(ctx)
}

// pulse counts no event as stored, so that in CloudWatch a fleet that is silent is a zero, and
// not a gap, which no alarm could tell from a stack that has no PBX yet.
func (r Operations) pulse(ctx context.Context) {
	m := r.metrics(counted([][]string{{"outcome"}}, metric{"events", "Count"}))
	if !m.Equal(slog.Attr{}) {
		r.say(ctx, nil, "pulse", slog.String("outcome", ingest.Stored.String()), slog.Int("events", 0), m)
	}
}

// Redrive is what was done with what one store had kept for the other.
type Redrive struct {
	Archived    int // texts of the table that went to the archive
	Recorded    int // objects of the archive that became records
	Quarantined int // of either
	NotHandedOn int // of either, which the next run tries again
}

// Redriven tells of what one store had kept for the other.
func (r Operations) Redriven(ctx context.Context, d Redrive, err error) {
	r.say(ctx, err, "redrive", r.counted(number{"archived", d.Archived}, number{"recorded", d.Recorded},
		number{"quarantined", d.Quarantined}, number{"not_handed_on", d.NotHandedOn})...)
}

// SpillLeft tells how many texts of the table and objects of the archive one store still
// keeps for the other, after what could be was handed on. With an error that says more than
// that some could not be read, nothing is counted, since it is not known.
func (r Operations) SpillLeft(ctx context.Context, left int, err error) {
	if failed(err) {
		r.say(ctx, err, "spill")
		return
	}
	r.say(ctx, err, "spill", r.counted(number{"spill_left", left})...)
}

// namedAtMost is how many silent PBXs a line names.
const namedAtMost = 50

// Silent tells which PBXs are silent for longer than is their habit. With an error that says
// more than that some were skipped, nothing is counted, since it is not known.
func (r Operations) Silent(ctx context.Context, macs []pbx.MAC, err error) {
	if failed(err) {
		r.say(ctx, err, "silence")
		return
	}
	r.say(ctx, err, "silence", slog.Any("macs", macs[:min(len(macs), namedAtMost)]), slog.Int("silent", len(macs)),
		r.metrics(counted(ofTheFleet, metric{"silent", "Count"})))
}

// Dimensions are the tables of what operators named.
type Dimensions struct {
	PBXs     int      // on the fleet list
	Replaced []string // tables, since their rows had changed
}

// Described tells of the tables of what operators named.
func (r Operations) Described(ctx context.Context, d Dimensions, err error) {
	r.say(ctx, err, "dimensions", slog.Int("pbxs", d.PBXs), slog.Any("replaced", d.Replaced))
}

// Retry is what became of events that older versions of the decoder refused.
type Retry struct {
	Released     int // from quarantine
	RefusedAgain int // by this version
	Failed       int // to be tried again by the next run
}

// Retried tells of what older versions of the decoder refused. Where there was none it says nothing.
// It happens once after an upgrade, so it is for the log alone: metrics are paid for by the month.
func (r Operations) Retried(ctx context.Context, t Retry, err error) {
	if t != (Retry{}) || err != nil {
		r.say(ctx, err, "retry", slog.Int("released", t.Released), slog.Int("refused_again", t.RefusedAgain), slog.Int("failed", t.Failed))
	}
}

// Compaction is what a turn at packing a kind of event did.
type Compaction struct {
	Kind    pbx.Kind
	Events  int     // that are packed now
	Written int     // packed objects
	Left    int     // objects that are not the event of their name, and stay
	Through pbx.Day // the last day that is packed, and all before it
}

// Packed tells of a turn at packing a kind of event.
func (r Operations) Packed(ctx context.Context, c Compaction, err error) {
	r.say(ctx, err, "compaction", slog.String("kind", string(c.Kind)), slog.Int("events", c.Events), slog.Int("written", c.Written),
		slog.Int("left", c.Left), slog.String("through", c.Through.String()))
}

// Asked tells of messages that were sent to the queue, or came from it, where some failed.
func (r Operations) Asked(ctx context.Context, messages int, err error) {
	if err != nil {
		r.say(ctx, err, "messages", slog.Int("messages", messages))
	}
}

// Mended tells of things that could not be read and were set right, after they were told of.
func (r Operations) Mended(ctx context.Context, err error) {
	if err != nil {
		r.say(ctx, err, "mend")
	}
}

// failed reports whether an error says more than that some things were skipped.
func failed(err error) bool { return err != nil && !each.Only(err) }

// number is a member of a line that is a metric too.
type number struct {
	name string
	n    int
}

// counted makes members of a line of numbers of the whole fleet, and their metrics.
func (r Operations) counted(numbers ...number) []slog.Attr {
	attrs := make([]slog.Attr, 0, len(numbers)+1)
	all := make([]metric, 0, len(numbers))
	for _, n := range numbers {
		attrs = append(attrs, slog.Int(n.name, n.n))
		all = append(all, metric{n.name, "Count"})
	}
	return append(attrs, r.metrics(counted(ofTheFleet, all...)))
}

// say writes a line, and one for each loop that has skipped anything. It writes nothing where the
// program was told to stop meanwhile.
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

// skipped tells what a loop has skipped.
func (r Operations) skipped(ctx context.Context, s *each.Skipped) {
	names := make([]string, len(s.First))
	for i, bad := range s.First {
		names[i] = bad.Name
	}
	r.log.LogAttrs(ctx, slog.LevelError, "skipped", slog.String("loop", s.Of), slog.Int("skipped", s.Count), slog.Any("first", names),
		r.metrics(counted([][]string{{}, {"loop"}}, metric{"skipped", "Count"})))
}
