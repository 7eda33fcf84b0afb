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

// Rollups tells of the hourly schedule, and of the computing of days.
type Rollups struct {
	log     *slog.Logger
	metrics func(metricDirective) slog.Attr
}

// RollupLog logs each day that was computed, and each run of the schedule.
func RollupLog(log *slog.Logger) Rollups {
	return Rollups{log, func(metricDirective) slog.Attr { return slog.Attr{} }}
}

// RollupMetrics logs in a form that CloudWatch also counts, in a namespace: the metric days
// by result; pbxs, marked, sent and completed of the schedule; archived, recorded, quarantined
// and not_handed_on of the spill, and spill_left, that is there still; silent PBXs; what was
// skipped, by loop and in all; and with
// each run of the schedule a zero of the metric events, as that of deliveries.
func RollupMetrics(w io.Writer, namespace string, now func() time.Time) Rollups {
	return Rollups{slog.New(slog.NewJSONHandler(w, nil)), func(d metricDirective) slog.Attr {
		return metrics(now(), namespace, d)
	}}
}

// Worked tells what became of a day that was due.
func (r Rollups) Worked(ctx context.Context, mac pbx.MAC, day pbx.Day, result string, err error) {
	if err != nil {
		result = "failed"
	}
	r.say(ctx, err, "rollup", slog.String("mac", string(mac)), slog.String("day", day.String()), slog.String("result", result),
		slog.Int("days", 1), r.metrics(counted([][]string{{"result"}}, metric{"days", "Count"})))
}

// Scheduled tells of a run of the schedule: how many PBXs there are, how many days were
// marked, and how many tasks sent. A run has completed that came to its end, though it may have
// skipped some things.
func (r Rollups) Scheduled(ctx context.Context, pbxs, marked, sent int, err error) {
	completed := 1
	if failed(err) {
		completed = 0
	}
	r.count(ctx, err, "schedule", number{"pbxs", pbxs}, number{"marked", marked}, number{"sent", sent}, number{"completed", completed})
	r.pulse(ctx)
}

// pulse counts no event as stored, so that in CloudWatch a fleet that is silent is a zero, and
// not a gap, which no alarm could tell from a stack that has no PBX yet.
func (r Rollups) pulse(ctx context.Context) {
	m := r.metrics(counted([][]string{{"outcome"}}, metric{"events", "Count"}))
	if !m.Equal(slog.Attr{}) {
		r.say(ctx, nil, "pulse", slog.String("outcome", ingest.Stored.String()), slog.Int("events", 0), m)
	}
}

// Redriven tells of what one store had kept for the other: how many texts were archived,
// objects recorded, of either quarantined, and not handed on yet.
func (r Rollups) Redriven(ctx context.Context, archived, recorded, quarantined, failed int, err error) {
	r.count(ctx, err, "redrive", number{"archived", archived}, number{"recorded", recorded},
		number{"quarantined", quarantined}, number{"not_handed_on", failed})
}

// SpillLeft tells how many texts of the table and objects of the archive one store still
// keeps for the other, after what could be was handed on. With an error that says more than
// that some could not be read, nothing is counted, since it is not known.
func (r Rollups) SpillLeft(ctx context.Context, left int, err error) {
	if failed(err) {
		r.say(ctx, err, "spill")
		return
	}
	r.count(ctx, err, "spill", number{"spill_left", left})
}

// namedAtMost is how many silent PBXs a line names.
const namedAtMost = 50

// Silent tells which PBXs are silent for longer than is their habit. With an error that says
// more than that some were skipped, nothing is counted, since it is not known.
func (r Rollups) Silent(ctx context.Context, macs []pbx.MAC, err error) {
	if failed(err) {
		r.say(ctx, err, "silence")
		return
	}
	r.say(ctx, err, "silence", slog.Any("macs", macs[:min(len(macs), namedAtMost)]), slog.Int("silent", len(macs)),
		r.metrics(counted(ofTheFleet, metric{"silent", "Count"})))
}

// Described tells of the tables of what operators named: how many PBXs they are of, and which
// of them were replaced since they had changed.
func (r Rollups) Described(ctx context.Context, pbxs int, replaced []string, err error) {
	r.say(ctx, err, "dimensions", slog.Int("pbxs", pbxs), slog.Any("replaced", replaced))
}

// Retried tells of what older versions of the decoder refused: how many of it were released from
// quarantine, refused again, and not settled yet. Where there was none it says nothing. It happens
// once after an upgrade, so it is for the log alone: metrics are paid for by the month.
func (r Rollups) Retried(ctx context.Context, released, refused, failed int, err error) {
	if released+refused+failed > 0 || err != nil {
		r.say(ctx, err, "retry", slog.Int("released", released), slog.Int("refused_again", refused), slog.Int("failed", failed))
	}
}

// Packed tells of a kind of event: how many were packed, and into how many objects; how many
// objects stay since they are not the event of their name; and the last day that is packed.
func (r Rollups) Packed(ctx context.Context, kind pbx.Kind, events, written, left int, through pbx.Day, err error) {
	r.say(ctx, err, "compaction", slog.String("kind", string(kind)), slog.Int("events", events), slog.Int("written", written), slog.Int("left", left),
		slog.String("through", through.String()))
}

// Asked tells of messages that were sent to the queue, or came from it, where some failed.
func (r Rollups) Asked(ctx context.Context, messages int, err error) {
	if err != nil {
		r.say(ctx, err, "messages", slog.Int("messages", messages))
	}
}

// Mended tells of things that could not be read and were set right, after they were told of.
func (r Rollups) Mended(ctx context.Context, err error) {
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

// count tells numbers of the whole fleet.
func (r Rollups) count(ctx context.Context, err error, message string, numbers ...number) {
	attrs := make([]slog.Attr, 0, len(numbers)+1)
	all := make([]metric, 0, len(numbers))
	for _, n := range numbers {
		attrs = append(attrs, slog.Int(n.name, n.n))
		all = append(all, metric{n.name, "Count"})
	}
	r.say(ctx, err, message, append(attrs, r.metrics(counted(ofTheFleet, all...)))...)
}

// say writes a line, and one for each loop that has skipped anything, unless the program was told to stop in the midst of what it tells.
func (r Rollups) say(ctx context.Context, err error, message string, attrs ...slog.Attr) {
	if errors.Is(err, context.Canceled) {
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
func (r Rollups) skipped(ctx context.Context, s *each.Skipped) {
	names := make([]string, len(s.First))
	for i, bad := range s.First {
		names[i] = bad.Name
	}
	r.log.LogAttrs(ctx, slog.LevelError, "skipped", slog.String("loop", s.Of), slog.Int("skipped", s.Count), slog.Any("first", names),
		r.metrics(counted([][]string{{}, {"loop"}}, metric{"skipped", "Count"})))
}
