package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"

	"trunkline/pkg/pbx"
)

// Rollups tells of the computing of days.
type Rollups struct {
	log     *slog.Logger
	metrics func(dimensions [][]string, m ...metric) slog.Attr
}

// RollupLog logs each day that was computed, and each run of the schedule.
func RollupLog(log *slog.Logger) Rollups {
	return Rollups{log, func([][]string, ...metric) slog.Attr { return slog.Attr{} }}
}

// RollupMetrics logs in a form that CloudWatch also counts: the metric days by result, and
// the metrics pbxs, marked and sent of the schedule, and archived, recorded, quarantined and
// not_handed_on of the spill.
func RollupMetrics(w io.Writer, now func() time.Time) Rollups {
	return Rollups{slog.New(slog.NewJSONHandler(w, nil)), func(dimensions [][]string, m ...metric) slog.Attr {
		return metrics(now(), dimensions, m...)
	}}
}

// Worked tells what became of a day that was due.
func (r Rollups) Worked(ctx context.Context, mac pbx.MAC, day pbx.Day, result string, err error) {
	if err != nil {
		result = "failed"
	}
	r.say(ctx, err, "rollup", slog.String("mac", string(mac)), slog.String("day", day.String()), slog.String("result", result),
		slog.Int("days", 1), r.metrics([][]string{{"result"}}, metric{"days", "Count"}))
}

// Scheduled tells of a run of the schedule: how many PBXs there are, how many days were
// marked, and how many tasks sent.
func (r Rollups) Scheduled(ctx context.Context, pbxs, marked, sent int, err error) {
	r.say(ctx, err, "schedule", slog.Int("pbxs", pbxs), slog.Int("marked", marked), slog.Int("sent", sent),
		r.metrics([][]string{{}}, metric{"pbxs", "Count"}, metric{"marked", "Count"}, metric{"sent", "Count"}))
}

// Redriven tells of what one store had kept for the other: how many texts were archived,
// objects recorded, of either quarantined, and not handed on yet.
func (r Rollups) Redriven(ctx context.Context, archived, recorded, quarantined, failed int, err error) {
	r.say(ctx, err, "redrive", slog.Int("archived", archived), slog.Int("recorded", recorded),
		slog.Int("quarantined", quarantined), slog.Int("not_handed_on", failed),
		r.metrics([][]string{{}}, metric{"archived", "Count"}, metric{"recorded", "Count"}, metric{"quarantined", "Count"}, metric{"not_handed_on", "Count"}))
}

func (r Rollups) say(ctx context.Context, err error, message string, attrs ...slog.Attr) {
	level := slog.LevelInfo
	if err != nil {
		level, attrs = slog.LevelError, append(attrs, slog.String("error", err.Error()))
	}
	r.log.LogAttrs(ctx, level, message, attrs...)
}
