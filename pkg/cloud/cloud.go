package cloud

import (
	"io"
	"time"

	"trunkline/pkg/config"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
)

// refreshKeys is the shortest time between two reads of the keys that unknown keys cause.
const refreshKeys = time.Minute

// ingestTimeouts leave time for a second try within the time that package ingest allows a store.
// By default the SDK may wait a second before the second try, which is too long.
var ingestTimeouts = Timeouts{Attempt: 750 * time.Millisecond, Backoff: 100 * time.Millisecond}

// Endpoint returns the ingest function's endpoint over DynamoDB, S3, Firehose and Secrets Manager. It writes
// log lines, which are also metrics, to log.
func Endpoint(c config.Ingest, log io.Writer, now func() time.Time) *ingest.Endpoint {
	settings := NewSettings(c.AWS, ingestTimeouts)
	keys := &token.Source{Read: NewSecret(settings.secrets(), c.FleetKeys).Keyring, Refresh: refreshKeys, Now: now}
	records := store.New(dynamo.New(settings.DynamoDB(), c.Table), now).Keeping(c.RecordDays)
	keeper, bucket := settings.Archive(c.Archive)
	return ingest.NewEndpoint(ingest.New(keys, records, keeper, bucket, now), telemetry.DeliveryMetrics(log, c.Metrics, c.LogAll, now), now)
}
