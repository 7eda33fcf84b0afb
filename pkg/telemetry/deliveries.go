package telemetry

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"trunkline/pkg/ingest"
)

// slow is the time from which a delivery is remarkable, though all of it is stored.
const slow = time.Second

// countedEvery is the least time between two counts of what is not remarkable.
const countedEvery = time.Minute

// DeliveryMetrics returns an observer of deliveries that logs in a form which CloudWatch also counts,
// in a namespace. The metric events is counted by outcome, and by outcome and kind. The metrics
// spilled and quarantined are those of the whole fleet, and so is sealed, if it is not zero.
//
// If all is true, each delivery is a line. If not, only a remarkable one is: one that is slow, of
// which something is not stored, or stored in an unusual way. All others are only counted. The first
// of them is counted at once, so that the metric shows a fleet that is alive. Then a line for each
// kind counts those of a minute, when a delivery arrives after it. When a container ends, the counts
// since its last such lines are missing, which is less than a minute of deliveries. No failure is
// among them.
func DeliveryMetrics(w io.Writer, namespace string, all bool, now func() time.Time) func(context.Context, ingest.Report) {
	d := deliveries{log: slog.New(slog.NewJSONHandler(w, nil)), namespace: namespace, now: now, stored: map[string]tally{}}
	return func(ctx context.Context, r ingest.Report) {
		if all || remarkable(r) {
			d.line(ctx, r)
		} else {
			d.add(r)
		}
		d.count(ctx)
	}
}

// remarkable reports whether anything but its numbers is worth a line.
func remarkable(r ingest.Report) bool {
	return r.Outcome != ingest.Stored || r.Err != nil || r.Spilled > 0 || r.Sealed > 0 || r.Took >= slow ||
		quarantined(r) > 0 || unrecognised(r) != ""
}

// deliveries logs deliveries, and counts those that are not remarkable.
type deliveries struct {
	log       *slog.Logger
	namespace string
	now       func() time.Time

	mu      sync.Mutex
	stored  map[string]tally // by kind
	counted time.Time        // when it was counted last
}

type tally struct{ deliveries, events int }

// line logs a delivery, which is counted with this line.
func (d *deliveries) line(ctx context.Context, r ingest.Report) {
	ofAll := []metric{{"spilled", "Count"}, {"quarantined", "Count"}}
	if r.Sealed > 0 {
		ofAll = append(ofAll, metric{"sealed", "Count"})
	}
	logDelivery(ctx, d.log, r, metrics(d.now(), d.namespace, eventsByOutcome(), counted(ofTheFleet, ofAll...)))
}

// eventsByOutcome counts events by outcome, and by outcome and kind.
func eventsByOutcome() metricDirective {
	return counted([][]string{{"outcome"}, {"outcome", "kind"}}, metric{"events", "Count"})
}

func (d *deliveries) add(r ingest.Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.stored[kind(r)]
	d.stored[kind(r)] = tally{t.deliveries + 1, t.events + events(r)}
}

// count logs a line for each kind that was added since the last count, if that is a minute ago.
func (d *deliveries) count(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.now()
	if len(d.stored) == 0 || at.Sub(d.counted) < countedEvery {
		return
	}
	for _, kind := range slices.Sorted(maps.Keys(d.stored)) {
		t := d.stored[kind]
		d.log.LogAttrs(ctx, slog.LevelInfo, "deliveries", slog.String("outcome", ingest.Stored.String()), slog.String("kind", kind),
			slog.Int("deliveries", t.deliveries), slog.Int("events", t.events), metrics(at, d.namespace, eventsByOutcome()))
	}
	clear(d.stored)
	d.counted = at
}
