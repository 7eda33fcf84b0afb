package bill

import (
	"context"
	"strings"
	"time"

	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/telemetry"
)

// CountBytes is how many bytes are logged at most of an event of a kind, if its delivery is only
// counted: a whole line. Events share a line if a container gets several of a kind in a minute.
func CountBytes(kind pbx.Kind) float64 {
	var log strings.Builder
	at := time.Date(2026, 11, 18, 9, 0, 0, 123456789, time.UTC)
	telemetry.DeliveryMetrics(&log, "Trunkline/trunkline", false, func() time.Time { return at })(
		context.Background(), ingest.Report{Events: []ingest.Result{{Kind: kind}}})
	return float64(log.Len())
}
