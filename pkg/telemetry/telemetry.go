// Package telemetry reports to operators: structured logs, and metrics in CloudWatch's embedded
// metric format. A delivery's line of JSON serves as both. It has the PBX's MAC, the outcome, kinds,
// counts and times. It never has a path, a token, or anything of a body. Deliveries of which all is
// stored may be counted by the minute instead; see DeliveryMetrics.
package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/ingest"
	"trunkline/pkg/zycoo"
)

// Deliveries logs each delivery.
func Deliveries(log *slog.Logger) func(context.Context, ingest.Report) {
	return func(ctx context.Context, r ingest.Report) { logDelivery(ctx, log, r) }
}

// ofTheFleet are the dimensions of a metric without any. Never use a PBX's MAC as one: each value
// of a dimension is a metric of its own, and costs money.
var ofTheFleet = [][]string{{}}

// metrics makes metrics from members of the line that has this attribute.
func metrics(at time.Time, namespace string, directives ...metricDirective) slog.Attr {
	for i := range directives {
		directives[i].Namespace = namespace
	}
	return slog.Any("_aws", embeddedMetrics{at.UnixMilli(), directives})
}

func counted(dimensions [][]string, m ...metric) metricDirective {
	return metricDirective{Dimensions: dimensions, Metrics: m}
}

// embeddedMetrics is the member _aws of the embedded metric format, which the Amazon CloudWatch
// user guide specifies.
type embeddedMetrics struct {
	Timestamp         int64 // milliseconds since 1970
	CloudWatchMetrics []metricDirective
}

type metricDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

type metric struct{ Name, Unit string }

func logDelivery(ctx context.Context, log *slog.Logger, r ingest.Report, more ...slog.Attr) {
	level := slog.LevelInfo
	attrs := append([]slog.Attr{
		slog.String("mac", string(r.MAC)),
		slog.String("outcome", r.Outcome.String()),
		slog.String("kind", kind(r)),
		slog.Int("events", events(r)),
		slog.Int("spilled", r.Spilled),
		slog.Int("quarantined", quarantined(r)),
		slog.Float64("took_ms", float64(r.Took.Microseconds())/1000),
	}, more...)
	if r.Sealed > 0 {
		attrs = append(attrs, slog.Int("sealed", r.Sealed))
	}
	if names := unrecognised(r); names != "" {
		attrs = append(attrs, slog.String("unrecognised", names))
	}
	if at := firstUnreadable(r); at != nil {
		level = slog.LevelWarn
		if at.Line > 0 { // else the place is unknown
			attrs = append(attrs, slog.Int("line", at.Line), slog.Int("column", at.Column), slog.String("member", at.Member))
		}
	}
	if r.Err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", r.Err.Error()))
	}
	log.LogAttrs(ctx, level, "delivery", attrs...)
}

// events is how many events a delivery has: one if its body was not read, none if it only tried a
// URL.
func events(r ingest.Report) int {
	if r.Outcome == ingest.Admitted {
		return 0
	}
	return max(1, len(r.Events))
}

// kind returns the kind of a delivery's event: a label with few values.
func kind(r ingest.Report) string {
	switch {
	case r.Array:
		return "array"
	case len(r.Events) == 1 && r.Events[0].Kind != "":
		return string(r.Events[0].Kind)
	}
	return "none"
}

// quarantined returns how many of a delivery's events were refused and quarantined.
func quarantined(r ingest.Report) int {
	n := 0
	for _, e := range r.Events {
		switch e.Outcome {
		case ingest.Undecodable, ingest.Mismatch, ingest.UnknownCoding:
			n++
		}
	}
	return n
}

// unrecognised returns the number of events of each name without a record type, such as
// "Newchannel 2, other 1".
func unrecognised(r ingest.Report) string {
	counts := map[string]int{}
	for _, e := range r.Events {
		if e.Name != "" {
			counts[e.Name]++
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprint(name, " ", counts[name]))
	}
	return strings.Join(all, ", ")
}

func firstUnreadable(r ingest.Report) *zycoo.Error {
	for _, e := range r.Events {
		if e.Err != nil {
			return e.Err
		}
	}
	return nil
}
